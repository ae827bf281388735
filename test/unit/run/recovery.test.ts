/** Gateways that are killed: what they ran is found, ended and proven gone. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import type { RunHandle } from '../../../src/core/ports.ts';
import type { Runner } from '../../../src/run/runner.ts';
import {
  belongings,
  here,
  needsSandbox,
  newId,
  processesWith,
  run,
  runnerFor,
  sh,
  uniqueSleep,
} from './fixture.ts';

describe('what a killed gateway ran', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  before(async () => {
    runner = await runnerFor(ours, { sandbox: 'unsandboxed' });
  });

  /** Starts a gateway, waits until its command has spoken, kills it. */
  async function killed(wish: object): Promise<{ handle: RunHandle; requestId: string }> {
    const child: ChildProcess = spawn(
      process.execPath,
      [join(here, 'gateway-process.ts'), JSON.stringify(wish)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let handle: RunHandle | null = null;
    for await (const line of createInterface({ input: child.stdout! })) {
      if (line.startsWith('started ')) handle = JSON.parse(line.slice(8)) as RunHandle;
      if (line === 'output') break;
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    const requestId = handle!.cgroups[0]?.split('/').at(-1) ?? '';
    return { handle: handle!, requestId };
  }

  for (const withHandle of [true, false]) {
    test(`is proven gone ${withHandle ? 'by its handle' : 'by its request id alone'}`, async (t) => {
      if (!needsSandbox(t, runner)) return;
      const mark = uniqueSleep();
      const { handle, requestId } = await killed({
        argv: sh('setsid sleep "$1" & echo x; sleep "$1"', mark),
      });
      const id = requestId === '' ? newId() : requestId;
      assert.equal(await runner.proveGone(id, withHandle ? handle : null), true);
      assert.deepEqual(processesWith(mark), []);
      for (const group of handle.cgroups) assert.ok(!existsSync(group), group);
    });
  }

  test('is killed first where it still lives', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const mark = uniqueSleep();
    let requestId = '';
    const going = run(
      runner,
      { argv: sh('echo "$REEVE_REQUEST_ID"; sleep "$1"', mark) },
      {
        onOutput: (_, chunk) => {
          requestId = Buffer.from(chunk).toString().trim();
          void runner.proveGone(requestId, null).then((gone) => assert.equal(gone, true));
        },
      },
    );
    const ended = await going;
    assert.equal(ended.requestId, requestId);
    assert.deepEqual([ended.status, ended.errorCode], ['failed', 'COMMAND_SIGNALLED']);
    assert.deepEqual(processesWith(mark), []);
  });

  test('of another boot is gone, and an id that never ran is too', async () => {
    const handle = { bootId: 'another', pid: process.pid, pidStart: '1', cgroups: [] };
    assert.equal(await runner.proveGone(newId(), handle), true);
    assert.equal(await runner.proveGone(newId(), null), true);
  });

  test('never names a group that is not its own', async () => {
    const id = newId();
    const own = { bootId: '', pid: null, pidStart: null };
    const handle = { ...own, cgroups: ['/sys/fs/cgroup', '/sys/fs/cgroup/pids', `/tmp/${id}`] };
    assert.equal(await runner.proveGone(id, handle), true);
  });
});
