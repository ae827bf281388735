/** Each limit met by a real program, told apart from the others and from what only looks like it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Runner } from '../../../src/run/runner.ts';
import {
  belongings,
  folder,
  isRoot,
  needsGroups,
  needsSandbox,
  perl,
  run,
  runnerFor,
  sh,
  user,
  workspaceIn,
} from './fixture.ts';

const MiB = 2 ** 20;

describe('a workspace that grows too much', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  let parent: string;
  let made = 0;
  const workspace = (): string => workspaceIn(parent, `w${made++}`);
  before(async () => {
    runner = await runnerFor(ours);
    parent = folder(ours);
  });

  test('ends the run while it writes, told by bytes', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ended = await run(runner, {
      argv: sh('i=0; while :; do i=$((i+1)); head -c 1000000 /dev/zero > f$i || exit 9; done'),
      workspace: workspace(),
      limits: { workspaceGrowth: 16 * MiB },
    });
    assert.deepEqual(
      [ended.status, ended.errorCode, ended.signal],
      ['failed', 'WORKSPACE_LIMIT', 'SIGKILL'],
      ended.errorMessage ?? '',
    );
    assert.match(ended.errorMessage!, /limits\.workspaceGrowth is 16MiB/);
    assert.ok(ended.sandbox.enforced.includes('workspaceGrowth'));
  });

  test('ends the run while it makes ever more empty files, told by their number', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ended = await run(runner, {
      argv: perl('for (my $i = 0; ; $i++) { open my $f, ">", "f$i" or die }'),
      workspace: workspace(),
      limits: { workspaceFiles: 2_000 },
    });
    assert.equal(ended.errorCode, 'WORKSPACE_LIMIT', ended.errorMessage ?? '');
    assert.match(ended.errorMessage!, /limits\.workspaceFiles is 2000/);
  });

  test('fails a run that ended by itself before anybody looked', async (t) => {
    if (!needsSandbox(t, runner)) return;
    for (let attempt = 1; ; attempt++) {
      const ended = await run(runner, {
        argv: sh('head -c 9000000 /dev/zero > big'),
        workspace: workspace(),
        limits: { workspaceGrowth: 4 * MiB },
      });
      assert.deepEqual([ended.status, ended.errorCode], ['failed', 'WORKSPACE_LIMIT']);
      // On a busy machine it may be looked at while it writes.
      if (ended.exitCode === null && attempt < 9) continue;
      assert.equal(ended.exitCode, 0);
      assert.match(ended.errorMessage!, /ended \(exit code 0\)/);
      break;
    }
  });

  test('does not blame a run for what lay there before, for holes, or for what it deleted again', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const path = workspace();
    mkdirSync(join(path, 'old'));
    for (let i = 0; i < 300; i++) writeFileSync(join(path, 'old', `o${i}`), 'x'.repeat(50_000));
    if (isRoot) chownSync(join(path, 'old'), user, user);
    const ended = await run(runner, {
      argv: sh(
        'truncate -s 60M hole; for i in 1 2 3 4 5 6 7 8 9; do head -c 3000000 /dev/zero > t; rm t; sleep 0.05; done; rm -r old; head -c 12000000 /dev/zero > new',
      ),
      workspace: path,
      limits: { workspaceGrowth: 4 * MiB, workspaceFiles: 50 },
    });
    assert.deepEqual([ended.status, ended.errorMessage], ['ok', null]);
  });

  test('does not blame a run that adds a little to a file that was large before', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const path = workspace();
    writeFileSync(join(path, 'large'), Buffer.alloc(30 * MiB, 1));
    if (isRoot) chownSync(join(path, 'large'), user, user);
    const ended = await run(runner, {
      argv: sh('for i in 1 2 3 4; do head -c 500000 /dev/zero >> large; sleep 0.1; done'),
      workspace: path,
      limits: { workspaceGrowth: 4 * MiB },
    });
    assert.deepEqual([ended.status, ended.errorMessage], ['ok', null]);
  });

  test('does not blame a run for what is written elsewhere on the same disk', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const path = workspace();
    const elsewhere = folder(ours);
    const running = run(runner, {
      argv: sh('for i in 1 2 3 4 5 6 7 8; do echo line >> log; sleep 0.1; done'),
      workspace: path,
      limits: { workspaceGrowth: MiB, workspaceFiles: 20 },
    });
    for (let i = 0; i < 40; i++) {
      writeFileSync(join(elsewhere, `e${i}`), Buffer.alloc(MiB, 1));
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    const ended = await running;
    assert.deepEqual([ended.status, ended.errorMessage], ['ok', null]);
  });

  test('finds what is written to a file that was deleted and is still open', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ended = await run(runner, {
      argv: perl(
        'open my $f, ">", "gone"; unlink "gone"; for (1..60) { syswrite $f, "x" x 1000000; select undef, undef, undef, 0.02 } sleep 9',
      ),
      workspace: workspace(),
      limits: { workspaceGrowth: 8 * MiB },
      timeoutMs: 8_000,
    });
    assert.equal(ended.errorCode, 'WORKSPACE_LIMIT', ended.errorMessage ?? '');
  });

  test('finds what is hidden in a folder that the command closed', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const path = workspace();
    const ended = await run(runner, {
      argv: sh(
        'mkdir d; for i in 1 2 3 4 5 6; do head -c 3000000 /dev/zero > d/$i; done; chmod 0 d; ln -s / link; sleep 9',
      ),
      workspace: path,
      limits: { workspaceGrowth: 8 * MiB },
      timeoutMs: 8_000,
    });
    assert.equal(ended.errorCode, 'WORKSPACE_LIMIT', ended.errorMessage ?? '');
    execFileSync('chmod', ['700', join(path, 'd')]);
  });

  test('counts by itself where other file systems are mounted in it', async (t) => {
    if (!needsSandbox(t, runner) || !isRoot) return t.skip('mounting needs root');
    const path = workspace();
    mkdirSync(join(path, 'mounted'));
    try {
      execFileSync(
        'mount',
        ['-t', 'tmpfs', '-o', `size=64m,uid=${user}`, 'tmpfs', join(path, 'mounted')],
        { stdio: 'ignore' },
      );
    } catch {
      return t.skip('nothing can be mounted here');
    }
    t.after(() => execFileSync('umount', [join(path, 'mounted')]));
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const ended = await run(runner, {
      argv: sh('for i in 1 2 3 4 5 6; do head -c 3000000 /dev/zero > mounted/$i; done; sleep 9'),
      workspace: path,
      limits: { workspaceGrowth: 8 * MiB },
      timeoutMs: 8_000,
    });
    assert.equal(ended.errorCode, 'WORKSPACE_LIMIT', ended.errorMessage ?? '');
  });

  test('leaves the files where they are', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const path = workspace();
    await run(runner, {
      argv: sh('head -c 3000000 /dev/zero > a; head -c 3000000 /dev/zero > b'),
      workspace: path,
      limits: { workspaceGrowth: MiB },
    });
    assert.deepEqual(readdirSync(path).sort(), ['a', 'b']);
    rmSync(path, { recursive: true });
  });
});

describe('limits that the kernel holds without telling', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  before(async () => {
    runner = await runnerFor(ours);
  });
  const hoard = (then: string): readonly string[] =>
    perl(`my @f; while (open my $f, "<", "/dev/null") { push @f, $f } ${then}`);

  test('open files: a program that fails at the limit, and was seen there', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ended = await run(runner, {
      argv: hoard('print STDERR "$!\\n"; sleep 1; exit 1'),
      limits: { openFiles: 40 },
    });
    assert.equal(ended.errorCode, 'OPEN_FILES_LIMIT', ended.errorMessage ?? '');
    assert.match(ended.errorMessage!, /all of the 40 open files/);
    assert.match(ended.err, /Too many open files/);
  });

  test('open files: a program that copes is left alone', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ended = await run(runner, { argv: hoard('sleep 1; exit 0'), limits: { openFiles: 40 } });
    assert.deepEqual([ended.status, ended.errorCode], ['ok', null]);
  });

  test('open files: what a program says of itself proves nothing', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ended = await run(runner, { argv: sh('echo "x: Too many open files" >&2; exit 1') });
    assert.equal(ended.errorCode, 'COMMAND_EXIT_NON_ZERO');
    assert.match(ended.errorMessage!, /not seen with that many: limits\.openFiles is 256/);
  });

  test('memory: a child is killed for it and the parent ends with 1', async (t) => {
    if (!needsGroups(t, runner)) return;
    const ended = await run(runner, {
      argv: sh('/usr/bin/perl -e \'my @a; push @a, "x" x 16777216 for 1..60\'; exit 1'),
      limits: { memory: 64 * MiB },
    });
    assert.equal(ended.errorCode, 'MEMORY_LIMIT', ended.errorMessage ?? '');
  });

  test('memory: empty files without end in /tmp count as memory', async (t) => {
    if (!needsGroups(t, runner)) return;
    const ended = await run(runner, {
      argv: perl('for (my $i = 0; ; $i++) { open my $f, ">", "/tmp/f$i" or exit 3 }'),
      limits: { memory: 64 * MiB },
      timeoutMs: 60_000,
    });
    assert.equal(ended.errorCode, 'MEMORY_LIMIT', ended.errorMessage ?? '');
  });

  test("a full /tmp is the command's to report", async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ended = await run(runner, {
      argv: sh('for i in 1 2 3; do head -c 40000000 /dev/zero > /tmp/$i || exit 4; done'),
      limits: { memory: 512 * MiB },
    });
    assert.deepEqual([ended.errorCode, ended.exitCode], ['COMMAND_EXIT_NON_ZERO', 4]);
    assert.match(ended.err, /No space left on device/);
  });

  test('a time limit that is reached first is told first', async (t) => {
    if (!needsGroups(t, runner)) return;
    const argv = sh('for i in 1 2 3 4; do (while :; do :; done) & done; wait');
    const slow = await run(runner, { argv, timeoutMs: 500, limits: { cpuTimeMs: 15_000 } });
    assert.equal(slow.errorCode, 'COMMAND_TIMEOUT', slow.errorMessage ?? '');
    const busy = await run(runner, { argv, timeoutMs: 15_000, limits: { cpuTimeMs: 500 } });
    assert.equal(busy.errorCode, 'CPU_LIMIT', busy.errorMessage ?? '');
  });
});
