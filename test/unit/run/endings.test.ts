/** Every ending that can be caused for real, and the ones that only look like it. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sha256Hex } from '../../../src/core/json.ts';
import type { Runner } from '../../../src/run/runner.ts';
import {
  belongings,
  folder,
  invocationOf,
  needsGroups,
  needsSandbox,
  perl,
  permitFor,
  run,
  runnerFor,
  sh,
  type Wish,
  workspaceIn,
} from './fixture.ts';

describe('a run ends', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  let workspace: string;
  before(async () => {
    runner = await runnerFor(ours);
    workspace = workspaceIn(folder(ours));
  });

  const cases: readonly (readonly [
    name: string,
    wish: Wish,
    status: string,
    exitCode: number | null,
    signal: string | null,
    errorCode: string | null,
  ])[] = [
    ['ok with exit code 0', { argv: sh('exit 0') }, 'ok', 0, null, null],
    [
      'failed with its exit code',
      { argv: sh('exit 7') },
      'failed',
      7,
      null,
      'COMMAND_EXIT_NON_ZERO',
    ],
    [
      'by its own 137, which proves nothing',
      { argv: sh('exit 137') },
      'failed',
      137,
      null,
      'COMMAND_EXIT_NON_ZERO',
    ],
    ['by its own 152', { argv: sh('exit 152') }, 'failed', 152, null, 'COMMAND_EXIT_NON_ZERO'],
    ['by its own 153', { argv: sh('exit 153') }, 'failed', 153, null, 'COMMAND_EXIT_NON_ZERO'],
    ['by its own 159', { argv: sh('exit 159') }, 'failed', 159, null, 'COMMAND_EXIT_NON_ZERO'],
    [
      "by git's 129 for wrong usage",
      { argv: sh('exit 129') },
      'failed',
      129,
      null,
      'COMMAND_EXIT_NON_ZERO',
    ],
    ['by its own 143', { argv: sh('exit 143') }, 'failed', 143, null, 'COMMAND_EXIT_NON_ZERO'],
    ['by its own 130', { argv: sh('exit 130') }, 'failed', 130, null, 'COMMAND_EXIT_NON_ZERO'],
    [
      'by a SIGTERM that nobody can tell from its own 143',
      { argv: sh('kill -TERM $$') },
      'failed',
      143,
      null,
      'COMMAND_EXIT_NON_ZERO',
    ],
    ['by a crash', { argv: sh('kill -SEGV $$') }, 'failed', null, 'SIGSEGV', 'COMMAND_SIGNALLED'],
    [
      'by SIGABRT',
      { argv: perl('kill "ABRT", $$; sleep 5') },
      'failed',
      null,
      'SIGABRT',
      'COMMAND_SIGNALLED',
    ],
    [
      'at the output limit',
      { argv: ['/usr/bin/yes'], limits: { output: 1024 } },
      'failed',
      null,
      'SIGKILL',
      'OUTPUT_LIMIT',
    ],
    [
      'at the time limit',
      { argv: ['/bin/sleep', '60'], timeoutMs: 200 },
      'timeout',
      null,
      'SIGTERM',
      'COMMAND_TIMEOUT',
    ],
    [
      'by a program that is not there',
      { argv: ['/nowhere/x'], executable: { path: '/nowhere/x', source: '/bin/sh', sha256: '' } },
      'failed',
      null,
      null,
      'COMMAND_EXECUTION_FAILED',
    ],
  ];
  test('says of 143 that it may be a signal and may not', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ended = await run(runner, { argv: sh('exit 143') });
    assert.match(ended.errorMessage!, /exit code 143\..*SIGTERM ended shows 143 too/);
  });
  for (const [name, wish, status, exitCode, signal, errorCode] of cases) {
    test(name, async (t) => {
      if (!needsSandbox(t, runner)) return;
      const executable = wish.executable && { ...wish.executable, sha256: hashOf('/bin/sh') };
      const ended = await run(runner, executable ? { ...wish, executable } : wish);
      assert.deepEqual(
        [ended.status, ended.exitCode, ended.signal, ended.errorCode],
        [status, exitCode, signal, errorCode],
        ended.errorMessage ?? '',
      );
      assert.equal(ended.errorMessage === null, errorCode === null);
    });
  }

  test('with its output where it fails', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ended = await run(runner, { argv: sh('echo useful; echo why >&2; exit 3') });
    assert.deepEqual([ended.out, ended.err, ended.exitCode], ['useful\n', 'why\n', 3]);
  });

  test('at the memory limit, counted by the kernel', async (t) => {
    if (!needsGroups(t, runner)) return;
    const ended = await run(runner, {
      argv: perl('my @a; push @a, "x" x 16777216 for 1..60; print "kept"'),
      limits: { memory: 64 * 2 ** 20 },
    });
    assert.equal(ended.errorCode, 'MEMORY_LIMIT', ended.errorMessage ?? '');
    assert.match(ended.errorMessage!, /64MiB/);
  });

  test('at the memory limit where many small processes use it up', async (t) => {
    if (!needsGroups(t, runner)) return;
    const ended = await run(runner, {
      argv: perl(
        'for (1..8) { if (!fork) { my $a = "x" x 33554432; sleep 3; exit 0 } } 1 while wait > 0',
      ),
      limits: { memory: 96 * 2 ** 20 },
    });
    assert.equal(ended.errorCode, 'MEMORY_LIMIT', ended.errorMessage ?? '');
  });

  test('at the limit of processes if it fails for it', async (t) => {
    if (!needsGroups(t, runner)) return;
    const forks =
      'my $n = 0; for (1..60) { my $p = fork; last if !defined $p; if (!$p) { sleep 5; exit } $n++ } print $n;';
    const failed = await run(runner, { argv: perl(`${forks} exit 3`), limits: { processes: 20 } });
    assert.deepEqual([failed.errorCode, failed.out], ['PROCESS_LIMIT', '19']);
    const coped = await run(runner, { argv: perl(`${forks} exit 0`), limits: { processes: 20 } });
    assert.deepEqual([coped.status, coped.errorCode, coped.out], ['ok', null, '19']);
    assert.match(coped.errorMessage!, /limit of 20 processes was reached/);
    assert.equal(coped.usage.peakProcesses, 20);
  });

  test('at the processor time limit, over all of its processes', async (t) => {
    if (!needsGroups(t, runner)) return;
    const ended = await run(runner, {
      argv: sh('for i in 1 2 3 4; do (while :; do :; done) & done; wait'),
      limits: { cpuTimeMs: 400 },
    });
    assert.equal(ended.errorCode, 'CPU_LIMIT', ended.errorMessage ?? '');
    assert.ok(ended.usage.cpuMs! >= 400);
  });

  test('at the file size limit, with the file as proof', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ended = await run(runner, {
      argv: sh('head -c 3000000 /dev/zero > big'),
      workspace,
      limits: { fileSize: 2 ** 20 },
    });
    assert.deepEqual([ended.errorCode, ended.signal], ['FILE_SIZE_LIMIT', 'SIGXFSZ']);
  });

  test('with the interpreter named that is not there', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const script = join(workspace, 'script');
    writeFileSync(script, '#!/opt/none/interpreter -x\n');
    chmodSync(script, 0o755);
    const executable = { path: '/workspace/script', source: script, sha256: hashOf(script) };
    const ended = await run(runner, { argv: ['/workspace/script'], executable, workspace });
    assert.equal(ended.errorCode, 'COMMAND_EXECUTION_FAILED');
    assert.match(ended.errorMessage!, /\/opt\/none\/interpreter/);
  });

  test('with a plain word where the executable may not be executed', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const file = join(workspace, 'data');
    writeFileSync(file, 'x');
    const executable = { path: '/workspace/data', source: file, sha256: hashOf(file) };
    const ended = await run(runner, { argv: ['/workspace/data'], executable, workspace });
    assert.equal(ended.errorCode, 'COMMAND_EXECUTION_FAILED');
    assert.match(ended.errorMessage!, /Permission denied/);
  });

  test('before it starts where the working directory is missing', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ended = await run(runner, {
      argv: sh('echo ran'),
      workspace,
      workingDirectory: '/workspace/none',
    });
    assert.deepEqual([ended.errorCode, ended.out], ['COMMAND_EXECUTION_FAILED', '']);
    assert.match(ended.errorMessage!, /working directory \/workspace\/none/);
  });

  test('before it starts where the executable changed', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const file = join(workspace, 'tool');
    writeFileSync(file, '#!/bin/sh\ntouch /workspace/ran\n');
    chmodSync(file, 0o755);
    const executable = { path: '/workspace/tool', source: file, sha256: hashOf(file) };
    const wish = { argv: ['/workspace/tool'], executable, workspace };
    assert.equal((await run(runner, { ...wish, argv: ['/workspace/tool'] })).status, 'ok');
    writeFileSync(file, '#!/bin/sh\necho changed\n');
    await assert.rejects(run(runner, wish), {
      code: 'COMMAND_EXECUTION_FAILED',
      message: /changed since it was decided; nothing was started/,
    });
  });

  test('never twice on one permit', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const permit = permitFor(invocationOf({ argv: ['/bin/true'] }));
    const control = { signal: new AbortController().signal, onStarted() {}, onOutput() {} };
    assert.equal((await runner.run(permit, control)).status, 'ok');
    await assert.rejects(runner.run(permit, control), { code: 'COMMAND_EXECUTION_FAILED' });
  });
});

function hashOf(path: string): string {
  return sha256Hex(readFileSync(path));
}
