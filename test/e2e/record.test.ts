/** Why, show and export with the real program: through a gateway and on the state itself, the same record. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvHead } from '../../src/edge/cli/csv.ts';
import { Stage } from '../real/stage.ts';

interface Why {
  readonly requestId: string;
  readonly errorCode: string | null;
  readonly headline: string;
  readonly because: readonly { readonly fact: string; readonly source: string }[];
  readonly timeline: readonly { readonly at: string; readonly kind: string }[];
}

test('why, show and export say the same over a gateway and in local mode, and REST does too', async () => {
  await using stage = new Stage();
  const gateway = await stage.serve();
  const reeve = (...args: string[]) => stage.run([...args, ...stage.options()]);
  reeve('run', 'say', '--param', 'text==cmd|calc');
  reeve('run', 'fail');
  assert.equal(reeve('run', 'slow', '--param', 'seconds=0').exitCode, 3);

  const exported = reeve('audit', 'export');
  assert.equal(exported.exitCode, 0, exported.stderr);
  assert.match(exported.stderr, /3 requests/);
  const records = exported.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    records.map(({ command, status }) => `${command} ${status}`),
    ['slow rejected', 'fail failed', 'say ok'],
  );
  const [refused, failed, said] = records.map(({ requestId }) => String(requestId));

  const text = reeve('why', refused!);
  assert.equal(text.exitCode, 0, text.stderr);
  assert.match(text.stdout, /^slow was refused because of its argument seconds\./);
  assert.match(text.stdout, /inventory\.yaml:\d+\]/);
  assert.match(text.stdout, /what happened\n.*local asked for slow/);
  const json = JSON.parse(reeve('why', failed!, '--output', 'json').stdout) as Why;
  assert.equal(json.errorCode, 'COMMAND_EXIT_NON_ZERO');
  assert.match(json.headline, /exit code 3/);
  const headers = { Authorization: `Bearer ${stage.token()}` };
  const overRest = async (path: string) =>
    (await fetch(`${gateway.url}${path}`, { headers })).json();
  assert.deepEqual(await overRest(`/v1/commands/executions/${failed}/why`), json);

  const entries = reeve('audit', 'show', said!, '--output', 'json').stdout.trim().split('\n');
  assert.deepEqual(
    entries.map((line) => JSON.parse(line).kind),
    ['asked', 'decided', 'intent', 'outcome'],
  );
  const { seq } = JSON.parse(entries[0]!);
  assert.equal(reeve('audit', 'show', String(seq), '--output', 'json').stdout, `${entries[0]}\n`);
  assert.equal(((await overRest(`/v1/audit/entries/${seq}`)) as { text: string }).text, entries[0]);
  assert.match(
    reeve('audit', 'show', String(seq)).stdout,
    new RegExp(`^#${seq} asked .* by local`),
  );
  for (const none of ['0', '99999999', 'x'])
    assert.equal((await fetch(`${gateway.url}/v1/audit/entries/${none}`, { headers })).status, 404);

  const csv = reeve('audit', 'export', '--format', 'csv', '--command', 'say');
  const [head, row] = csv.stdout.split('\r\n');
  assert.equal(`${head}\r\n`, csvHead);
  assert.ok(row!.includes('{""text"":""=cmd|calc""}'), row);
  assert.equal(reeve('audit', 'export', '--format', 'xml').exitCode, 2);
  assert.equal(
    reeve('audit', 'export', '--status', 'rejected').stdout.trim().split('\n').length,
    1,
  );
  const metrics = await (await fetch(`${gateway.url}/metrics`, { headers })).text();
  assert.match(metrics, /\nreeve_log_signed 1\n/);
  assert.match(metrics, /\nreeve_log_lag_entries \d+\n/);
  const bad = await fetch(`${gateway.url}/v1/commands/audit?status=nonsense`, { headers });
  assert.equal(bad.status, 400);
  await gateway.stop();

  const locally = JSON.parse(reeve('why', failed!, '--output', 'json').stdout) as Why;
  assert.deepEqual(locally, json);
  assert.equal(reeve('audit', 'export').stdout, exported.stdout);
});
