/** Retention with the real program: pruned, held and checked, in local mode and through a gateway that runs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Answer } from '../../src/edge/answer.ts';
import type {
  CheckReport,
  DueReport,
  HoldReport,
  PrunedReport,
} from '../../src/edge/rest/convert-retention.ts';
import { reeve, Stage } from '../real/stage.ts';

function run(stage: Stage, ...args: readonly string[]) {
  const done = spawnSync(reeve, [...args, ...stage.options()], {
    encoding: 'utf8',
    timeout: 60_000,
    cwd: stage.folder,
    env: { PATH: process.env.PATH, HOME: stage.folder },
  });
  return { stdout: done.stdout, stderr: done.stderr, exitCode: done.status };
}
function json<T>(stage: Stage, ...args: readonly string[]): T {
  const done = run(stage, ...args, '--output', 'json');
  assert.equal(done.exitCode, 0, done.stderr);
  return JSON.parse(done.stdout) as T;
}

/** As if everything so far had ended so many days ago. */
function age(stage: Stage, days: number): void {
  const db = new DatabaseSync(join(stage.state(), 'reeve.db'));
  try {
    db.exec(`update executions set requested_at = requested_at - ${days * 86_400_000},
      finished_at = finished_at - ${days * 86_400_000}`);
  } finally {
    db.close();
  }
}

const settings = 'retention: { default: 30d, rules: [{ environment: staging, keep: 7d }] }\n';

for (const mode of ['local mode', 'a gateway that runs'] as const) {
  test(`in ${mode}: what is due is told, held, taken, and every verb says so`, async () => {
    await using stage = new Stage(settings);
    const gateway = mode === 'local mode' ? null : await stage.serve();
    const say = (text: string, env: string) =>
      json<Answer>(stage, 'run', 'say', '--param', `text=${text}`, '--env', env).result.requestId;
    const kept = say('nonce-held', 'staging');
    const gone = say('nonce-gone', 'staging');
    const young = say('nonce-young', 'development');
    assert.deepEqual(json<DueReport>(stage, 'audit', 'prune', '--dry-run').due, []);
    assert.match(run(stage, 'audit', 'check', gone).stdout, /outcome +stdout +holds/);

    age(stage, 8);
    const hold = json<HoldReport>(
      stage,
      ...['audit', 'hold', 'add', '--request', kept, '--reason', 'case 7'],
    );
    const { due } = json<DueReport>(stage, 'audit', 'prune', '--dry-run');
    assert.deepEqual(
      due.map((d) => [d.rule, d.what, d.count, d.held]),
      [['rules[0]', 'payloads', 1, 1]],
    );
    assert.match(run(stage, 'audit', 'prune', '--dry-run').stderr, /Nothing was taken/);
    const pruned = json<PrunedReport>(stage, 'audit', 'prune');
    assert.deepEqual(
      pruned.expired.map((e) => [e.rule, e.what, e.count]),
      [['rules[0]', 'payloads', 1]],
    );
    assert.equal(pruned.purged, true);

    const shown = run(stage, 'show', gone).stdout;
    assert.match(shown, /expired by retention on 2/);
    assert.ok(!shown.includes('nonce-gone'));
    assert.match(run(stage, 'logs', gone).stderr, /expired by retention on 2/);
    const { findings, payloadsExpiredAt } = json<CheckReport>(stage, 'audit', 'check', gone);
    assert.deepEqual([...new Set(findings.map((f) => f.verdict))], ['expired']);
    assert.ok(payloadsExpiredAt !== null);
    assert.match(run(stage, 'logs', kept).stdout, /nonce-held/);
    assert.match(run(stage, 'logs', young).stdout, /nonce-young/);
    assert.ok(!readFileSync(join(stage.state(), 'reeve.db')).includes('nonce-gone'));

    assert.match(run(stage, 'audit', 'hold', 'list').stdout, /holds +case 7/);
    run(stage, 'audit', 'hold', 'release', hold.id, '--reason', 'closed');
    assert.equal(json<PrunedReport>(stage, 'audit', 'prune').expired[0]?.count, 1);
    assert.match(run(stage, 'audit', 'hold', 'list').stdout, /released/);
    assert.equal(run(stage, 'audit', 'verify').exitCode, 0);
    await gateway?.stop();
  });
}

test('what cannot be meant is told before anything is asked', async () => {
  await using stage = new Stage(settings);
  const wrong: readonly (readonly [RegExp, ...string[]])[] = [
    [/What is to be held/, 'add', '--reason', 'r'],
    [/Why\?/, 'add', '--request', 'x'],
    [/Which hold/, 'release', '--reason', 'r'],
    [/takes no hold/, 'list', 'hold_1'],
    [/add, list and release/, 'remove'],
    [/is not a time/, 'add', '--since', 'soon', '--reason', 'r'],
  ];
  for (const [expected, ...args] of wrong) {
    const done = run(stage, 'audit', 'hold', ...args);
    assert.equal(done.exitCode, 2, args.join(' '));
    assert.match(done.stderr, expected);
  }
});

test('the audit file has the plain hashes of what was called, from the state', async () => {
  await using stage = new Stage(settings);
  const { requestId } = json<Answer>(stage, 'run', 'say', '--param', 'text=x').result;
  const { parametersHash, digest } = json<Answer>(stage, 'show', requestId).result;
  const lines = readFileSync(join(stage.folder, 'audit.log'), 'utf8').split('\n').slice(0, -1);
  const line = lines.map((l) => JSON.parse(l)).find((l) => l.event === 'outcome');
  assert.deepEqual([line.parametersHash, line.digest], [parametersHash, digest]);
  assert.match(parametersHash!, /^sha256:/);
});
