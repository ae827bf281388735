/** How two people approve. In: a request that awaits them. Out: what each of them was told; the request has run once. */
import { type Printed, parse, readAnswer } from './client.ts';
import { condense } from './condense.ts';
import { answer, check } from './page.ts';
import type { Told } from './story.ts';

/** Two people answer, each with a token of their own; the wrong one first. */
export async function approve(
  run: (line: string) => Promise<Printed>,
  requestId: string,
  told: Told[],
  curl: string,
): Promise<void> {
  const as = (who: string) => `REEVE_TOKEN=$(cat $REEVE_STATE/${who}.token) `;
  for (const who of ['olga', 'sam']) {
    await run(
      `reeve token create ${who} --for ${who} --kind person --scope read --scope approve > $REEVE_STATE/${who}.token`,
    );
  }
  const listed = await run(`${as('olga')}reeve --output json approvals`);
  const [waiting] =
    ((parse(listed.stdout) ?? {}) as { approvals?: readonly Waiting[] }).approvals ?? [];
  answer([`${waiting?.command} ${JSON.stringify(waiting?.dossier.argv)} · ${waiting?.digest}`]);
  check('Olga finds it among what she may answer', waiting?.requestId === requestId);
  const yes = `reeve approve ${requestId} --yes --digest ${waiting?.digest}`;
  const early = await run(`${as('sam')}${yes}`);
  answer(early.stderr.trim().split('\n').slice(-3));
  check(
    'Sam comes second, so his answer is refused',
    early.exitCode === 3,
    `exit ${early.exitCode}`,
  );
  const first = await run(`${as('olga')}${yes}`);
  check(
    'Olga grants the first stage',
    first.exitCode === 0,
    `exit ${first.exitCode}: ${first.stderr}`,
  );
  const second = await run(`${as('sam')}${yes}`);
  check(
    'Sam grants the second',
    second.exitCode === 0,
    `exit ${second.exitCode}: ${second.stderr}`,
  );
  const line = `${curl} -H "Prefer: wait=20" $URL/v1/commands/executions/${requestId}`;
  const printed = await run(line);
  const ended = readAnswer(printed.stdout);
  answer(condense(ended, printed));
  check(
    'it has run, once',
    ended.status === 'ok' && ended.stdout.trim() === 'deploying v1.2.3',
    `${ended.status}`,
  );
  const mine = told.findIndex((t) => t.requestId === requestId);
  told.splice(mine, 1, { requestId, status: 'ok', errorCode: null });
}

interface Waiting {
  readonly requestId: string;
  readonly command: string;
  readonly digest: string;
  readonly dossier: { readonly argv: readonly string[] };
}
