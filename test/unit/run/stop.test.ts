/** Runs that are ended: by time, by whoever asked, by the gateway's own end. Afterwards nothing of them is left. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runner } from '../../../src/run/runner.ts';
import {
  belongings,
  folder,
  needsSandbox,
  processesWith,
  run,
  runnerFor,
  sh,
  uniqueSleep,
  workspaceIn,
} from './fixture.ts';

describe('a run that is ended', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  let workspace: string;
  before(async () => {
    runner = await runnerFor(ours);
    workspace = workspaceIn(folder(ours));
  });

  test('takes the whole tree with it: daemons of their own session, and those who ignore SIGTERM', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const mark = uniqueSleep();
    const ended = await run(runner, {
      argv: sh(
        'trap "" TERM; setsid sleep "$1" & (setsid sh -c "trap \\"\\" TERM HUP; sleep $1" &) ; nohup sleep "$1" & sleep "$1"; sleep "$1"',
        mark,
      ),
      timeoutMs: 400,
    });
    assert.deepEqual([ended.status, ended.signal], ['timeout', 'SIGKILL']);
    assert.match(ended.errorMessage!, /400ms.*SIGTERM.*300ms later, killed.*partial work/);
    assert.deepEqual(processesWith(mark), []);
  });

  test('may tidy up within the grace period, and its output is kept', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ended = await run(runner, {
      argv: sh('trap "echo tidied; exit 5" TERM; echo begun; while :; do sleep 0.02; done'),
      timeoutMs: 300,
    });
    assert.deepEqual(
      [ended.status, ended.errorCode, ended.exitCode, ended.out],
      ['timeout', 'COMMAND_TIMEOUT', 5, 'begun\ntidied\n'],
    );
  });

  test('is cancelled with the reason that was given', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const mark = uniqueSleep();
    const controller = new AbortController();
    const ended = await run(
      runner,
      { argv: sh('echo begun; sleep "$1"', mark) },
      { signal: controller.signal, onOutput: () => controller.abort('wrong\u001b[2J database') },
    );
    assert.deepEqual(
      [ended.status, ended.errorCode, ended.out],
      ['cancelled', 'COMMAND_CANCELLED', 'begun\n'],
    );
    assert.match(ended.errorMessage!, /wrong\\u\{1b\}\[2J database/);
    assert.deepEqual(processesWith(mark), []);
  });

  test('is never started where it was cancelled before', async (t) => {
    if (!needsSandbox(t, runner)) return;
    await assert.rejects(
      run(
        runner,
        { argv: sh('touch /workspace/ran'), workspace },
        { signal: AbortSignal.abort('no') },
      ),
      { code: 'COMMAND_CANCELLED', message: /nothing was started/ },
    );
  });

  test('is cancelled at the very moment of its start, and leaves nothing', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const mark = uniqueSleep();
    const controller = new AbortController();
    const ended = await run(
      runner,
      { argv: ['/bin/sleep', mark] },
      { signal: controller.signal, onStarted: () => controller.abort('at once') },
    );
    assert.equal(ended.status, 'cancelled');
    assert.deepEqual(processesWith(mark), []);
  });

  test('answers at once when the command ends, though children hold its output', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const mark = uniqueSleep();
    const ended = await run(runner, {
      argv: sh('setsid sleep "$1" & sleep "$1" & echo done', mark),
    });
    assert.deepEqual([ended.status, ended.out], ['ok', 'done\n']);
    assert.ok(ended.durationMs < 10_000);
    assert.deepEqual(processesWith(mark), []);
  });

  test('does not hear the end of the run before it', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const controller = new AbortController();
    const first = await run(runner, { argv: ['/bin/true'] }, { signal: controller.signal });
    controller.abort('too late');
    assert.equal(first.status, 'ok');
    assert.equal((await run(runner, { argv: ['/bin/true'] })).status, 'ok');
  });

  test('ends with the runner, and no other is started', async (t) => {
    const own = await runnerFor(t);
    if (!needsSandbox(t, own)) return;
    const mark = uniqueSleep();
    const begun = new Promise<void>((resolve) => {
      void run(own, { argv: ['/bin/sleep', mark] }, { onStarted: () => resolve() }).then(
        (ended) => {
          assert.equal(ended.status, 'cancelled');
          assert.match(ended.errorMessage!, /the gateway is stopping/);
        },
      );
    });
    await begun;
    await own.close();
    assert.deepEqual(processesWith(mark), []);
    await assert.rejects(run(own, { argv: ['/bin/true'] }), { code: 'SHUTTING_DOWN' });
    await sleep(0);
  });

  test('many at once end each with their own output', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        run(runner, { argv: sh(`echo ${i}; cat; exit ${i % 3}`), stdin: Buffer.from(`in${i}`) }),
      ),
    );
    all.forEach((ended, i) => {
      assert.deepEqual([ended.out, ended.exitCode], [`${i}\nin${i}`, i % 3]);
    });
    assert.deepEqual(processesWith(join(workspace, 'none')), []);
  });
});
