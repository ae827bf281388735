/** How a sandbox gets into its control groups before its command is let in. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { enterGroups } from '../../../src/run/enter.ts';
import type { Runner } from '../../../src/run/runner.ts';
import { belongings, folder, needsGroups, perl, run, runnerFor, sh } from './fixture.ts';

describe('control groups', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  before(async () => {
    runner = await runnerFor(ours);
  });

  test('hold the command from its very first moment', async (t) => {
    if (!needsGroups(t, runner)) return;
    let groups: readonly string[] = [];
    const members: string[] = [];
    const ended = await run(
      runner,
      { argv: perl('print getppid; $| = 1; print "\\n"; sleep 1') },
      {
        onStarted: (handle) => {
          groups = handle.cgroups;
        },
        onOutput: () => {
          for (const path of groups) members.push(readFileSync(join(path, 'cgroup.procs'), 'utf8'));
        },
      },
    );
    assert.equal(ended.status, 'ok', ended.errorMessage ?? '');
    assert.ok(groups.length > 0 && members.length >= groups.length);
    // bubblewrap, the first process of the sandbox, and the command.
    for (const list of members) assert.equal(list.trim().split('\n').length, 3, list);
  });

  test('are entered however many runs start at once', async (t) => {
    if (!needsGroups(t, runner)) return;
    const all = await Promise.all(
      Array.from({ length: 12 }, () => run(runner, { argv: sh('echo in') })),
    );
    assert.deepEqual(
      new Set(all.map((ended) => `${ended.status} ${ended.out}`)),
      new Set(['ok in\n']),
    );
  });

  test('that cannot be entered let nothing in', async (t) => {
    let letIn = false;
    const running = {
      pid: process.pid,
      pidStart: null,
      status: { begun: Promise.resolve(), childPid: process.pid },
      ended: new Promise(() => {}),
      letIn: () => {
        letIn = true;
      },
    };
    const missing = join(folder(t), 'cgroup.procs');
    const group = { paths: [], entries: [missing] } as unknown as Parameters<typeof enterGroups>[0];
    await assert.rejects(
      enterGroups(group, running as unknown as Parameters<typeof enterGroups>[1]),
      { code: 'ENOENT' },
    );
    assert.equal(letIn, false);
  });
});
