/**
 * The second act: a real Loco application, a runbook over it, and a gateway that is killed in the middle. In: nothing. Out:
 * a story with checks; told in one line where the application cannot be built here. Never: a step that has run twice.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Printed, parse, runLine } from './client.ts';
import { answer, ask, check, head, heading, say, showCommand } from './page.ts';
import { project, type Stage, setStage } from './stage.ts';

const runbook = 'migrate-rotate-clean';

/** Nothing where the application has not been built; `setup` says why. */
export async function operateLoco(): Promise<void> {
  if (!existsSync(join(project, 'examples/loco-app/bin/loco-app-cli'))) {
    say(
      '\nThe Loco application is not there (see setup above), so its part of the story is left out.',
    );
    return;
  }
  heading('A Loco application: migrate, rotate, clean');
  const stage = await setStage('loco-app', layOut);
  try {
    await tell(stage);
  } finally {
    await stage.stop();
  }
}

function layOut(example: string): void {
  const prepared = spawnSync(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      join(project, 'scripts/loco/prepare.ts'),
      '--fresh',
      join(example, 'workspace'),
    ],
    { encoding: 'utf8' },
  );
  if (prepared.status !== 0) throw new Error(`no workspace could be laid out: ${prepared.stderr}`);
}

interface Run {
  readonly runId: string;
  readonly status: string;
  readonly steps: readonly {
    readonly name: string;
    readonly status: string;
    readonly requests: readonly { readonly requestId: string; readonly status: string }[];
  }[];
}

async function tell(stage: Stage): Promise<void> {
  const run = (line: string): Promise<Printed> => {
    showCommand(line);
    return runLine(stage, line.replaceAll(/\\\n\s*/g, ''));
  };
  const shown = async (line: string, lines = 12): Promise<Printed> => {
    const printed = await run(line);
    answer(head(printed.stdout.trim() === '' ? printed.stderr : printed.stdout, lines));
    return printed;
  };
  const status = async (id: string): Promise<Run> =>
    (
      parse((await runLine(stage, `reeve --output json runbook status ${id}`)).stdout) as {
        readonly run: Run;
      }
    ).run;
  const until = async (id: string, holds: (run: Run) => boolean): Promise<Run> => {
    for (let looks = 0; ; looks += 1) {
      const now = await status(id);
      if (holds(now) || looks > 150) return now;
      await sleep(200);
    }
  };
  const step = (at: Run, name: string) => at.steps.find((s) => s.name === name)?.status;
  /** The request of a step that waits for people; undefined where it does not. */
  const waits = (at: Run, name: string) =>
    at.steps.find((s) => s.name === name)?.requests.find((r) => r.status === 'awaiting_approval')
      ?.requestId;
  const data = join(stage.workspace, 'development');
  const applied = () => {
    const db = new DatabaseSync(join(data, 'data/app.sqlite'), { readOnly: true });
    try {
      return Number(db.prepare('select count(*) as n from seaql_migrations').get()?.['n']);
    } catch {
      return 0;
    } finally {
      db.close();
    }
  };
  const key = () => readFileSync(join(data, 'keys/active.key'), 'utf8');
  const approve = async (who: string, requestId: string) => {
    const token = `REEVE_TOKEN=$(cat $REEVE_STATE/${who}.token) `;
    const listed = parse(
      (await runLine(stage, `${token}reeve --output json approvals`)).stdout,
    ) as { approvals?: readonly { requestId: string; digest: string }[] } | null;
    const digest = listed?.approvals?.find((a) => a.requestId === requestId)?.digest;
    const said = await run(`${token}reeve approve ${requestId} --yes --digest ${digest}`);
    check(`${who} approves`, said.exitCode === 0, `exit ${said.exitCode}: ${said.stderr}`);
  };

  for (const who of ['olga', 'sam', 'chris']) {
    await runLine(
      stage,
      `reeve token create ${who} --for ${who} --kind person --scope read --scope approve > $REEVE_STATE/${who}.token`,
    );
  }
  const oldKey = key();

  ask('What would happen?', 'an operator, at the command line');
  const planned = await shown(`reeve runbook plan ${runbook} --param label=demo`, 16);
  check('every step is named, and nothing has run', planned.exitCode === 0 && applied() === 0);

  ask('Start it', 'an agent, by MCP Inspector over HTTP');
  const made = await run(
    'reeve token create shop-agent --for shop-agent --kind agent --role operator --scope read --scope run > $REEVE_STATE/agent.token',
  );
  check('the agent has a token of its own', made.exitCode === 0, made.stderr);
  const called = await run(
    `mcp-inspector --cli -q --format json $URL/mcp --transport http --header "Authorization: Bearer $(cat $REEVE_STATE/agent.token)" \\\n  --method tools/call --tool-name migrate_rotate_clean --tool-args-json '{"label":"demo"}'`,
  );
  const [id] = /run_[0-9a-f]{32}/.exec(called.stdout) ?? [''];
  check('a run has begun', id !== '', called.stdout + called.stderr);
  const waiting = await until(
    id,
    (now) => waits(now, 'migrate') !== undefined || now.status === 'failed',
  );
  await shown(`reeve runbook status ${id}`, 16);
  check(
    'the database was backed up, and the migration waits for two people',
    step(waiting, 'backup') === 'completed' && applied() === 0,
    `${JSON.stringify(waiting.steps)}`,
  );

  ask(
    'Two people approve, and the gateway is killed while the migration starts',
    'olga, sam, and a power cut',
  );
  const request = waits(waiting, 'migrate') ?? '';
  await approve('olga', request);
  await approve('sam', request);
  say('   $ kill -9 (the gateway), and start another one on its state');
  await stage.crash();
  const after = await until(id, (now) => step(now, 'migrate') !== 'running');
  await shown(`reeve runbook status ${id}`, 16);
  const lost = step(after, 'migrate');
  check(
    'what ended is known to have ended, and what is not known waits for a person: nothing runs by itself again',
    lost === 'unknown' || lost === 'completed',
    `${lost}`,
  );

  if (after.status === 'unknown') {
    ask('What is known? A person decides', 'an operator');
    await shown(`reeve why ${request}`, 8);
    // Killed between two of them, it has applied some: the others are still to come.
    const done = applied() === 5;
    say(`   The database itself says: ${applied()} migrations are applied.`);
    await shown(
      `reeve runbook resolve ${id} migrate ${done ? 'done' : 'retry'} --reason "the database has ${applied()} migrations"`,
      4,
    );
    const again = await until(
      id,
      (now) =>
        waits(now, 'migrate') !== undefined ||
        step(now, 'migrate') === 'completed' ||
        now.status === 'failed',
    );
    if (waits(again, 'migrate') !== undefined) {
      const second = waits(again, 'migrate') ?? '';
      check('a new attempt is a new request, approved anew', second !== request);
      await approve('olga', second);
      await approve('sam', second);
    }
  }
  const rotating = await until(
    id,
    (now) => waits(now, 'rotate') !== undefined || now.status === 'failed',
  );
  check('all five migrations are applied, once', applied() === 5, `${applied()}`);

  ask('Pause, look, go on', 'an operator');
  await shown(`reeve runbook pause ${id} --reason "looking at the keys"`, 3);
  await shown(`reeve runbook resume ${id}`, 1);
  const rotation = waits(rotating, 'rotate') ?? '';
  await approve('sam', rotation);
  await approve('chris', rotation);
  const cleaning = await until(
    id,
    (now) => waits(now, 'clean') !== undefined || now.status === 'failed',
  );
  check(
    'the key is another one, and the old one is kept',
    key() !== oldKey && readdirSync(join(data, 'keys/retired')).length === 1,
  );
  await approve('olga', waits(cleaning, 'clean') ?? '');
  const over = await until(id, (now) => now.status === 'completed' || now.status === 'failed');
  await shown(`reeve runbook status ${id}`, 16);
  check('the run is completed', over.status === 'completed', over.status);
  const left = readdirSync(join(data, 'tmp'), { recursive: true }).map(String).sort();
  check(
    'files older than a day are gone, and no others',
    left.join() === 'cache,cache/page.css,export.csv',
    left.join(),
  );

  ask('Does the tool do what the command line does?', 'an operator');
  const assured = await shown('reeve assure migrate-db --env staging', 8);
  check('the record of assurance passes', assured.exitCode === 0);

  ask('Does the record tell all of it, and is it whole?', 'an auditor');
  const verified = await shown('reeve audit verify', 3);
  check('the log verifies, across the crash', verified.exitCode === 0, verified.stderr);
}
