/** The filter of system calls, by programs that make them. */
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { after, before, describe, test } from 'node:test';
import type { Runner } from '../../../src/run/runner.ts';
import { seccompProgram } from '../../../src/run/seccomp.ts';
import { filteredCalls, refusedCalls } from '../../../src/run/seccomp-calls.ts';
import { belongings, needsSandbox, perl, run, runnerFor } from './fixture.ts';

const { EPERM, ENOSYS, EAFNOSUPPORT, EINVAL } = constants.errno;
const column = process.arch === 'arm64' ? 1 : 0;

describe('the filter', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  before(async () => {
    runner = await runnerFor(ours);
  });
  /** The error number of each call with these arguments; 0 where it succeeds. */
  const errnos = async (calls: readonly (readonly number[])[]) => {
    const script = calls
      .map((call) => `$! = 0; print((syscall(${call.join(', ')}) < 0 ? $! + 0 : 0), " ");`)
      .join('\n');
    const ran = await run(runner, { argv: perl(script) });
    return ran.out.trim().split(' ').map(Number);
  };

  test('refuses every call of the table', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const calls = Object.entries(refusedCalls).filter(([, numbers]) => numbers[column] !== null);
    const refused = await errnos(calls.map(([, numbers]) => [numbers[column]!, 0, 0, 0, 0, 0]));
    assert.deepEqual(
      calls.map(([name], i) => [name, refused[i]]),
      calls.map(([name]) => [name, EPERM]),
    );
  });

  test('has no call that takes a disk in a moment: programs write instead', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const [answer] = await errnos([[filteredCalls.fallocate[column], 1, 0, 0, 4096]]);
    assert.equal(answer, constants.errno.EOPNOTSUPP);
  });

  test('opens sockets of four families and no other', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const families = [1, 2, 10, 16, 3, 17, 31, 38, 40, 44];
    const socket = filteredCalls.socket[column];
    assert.deepEqual(
      await errnos(families.map((family) => [socket, family, family === 16 ? 3 : 1, 0])),
      [0, 0, 0, 0, ...families.slice(4).map(() => EAFNOSUPPORT)],
    );
  });

  test('lets nothing be typed into a terminal, however the request is dressed up', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ioctl = filteredCalls.ioctl[column];
    const dressed = 0x5412 + 2 ** 32;
    const [typed, pasted, high, other] = await errnos([
      [ioctl, 0, 0x5412, 0],
      [ioctl, 0, 0x541c, 0],
      [ioctl, 0, dressed, 0],
      [ioctl, 0, 0x5401, 0],
    ]);
    assert.deepEqual([typed, pasted, high], [EPERM, EPERM, EPERM]);
    assert.equal(other, constants.errno.ENOTTY);
  });

  test('makes no namespaces and no processes whose flags it cannot see', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const clone = filteredCalls.clone[column];
    const flags = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000];
    assert.deepEqual(
      await errnos(flags.map((flag) => [clone, flag, 0, 0, 0, 0])),
      flags.map(() => EPERM),
    );
    assert.deepEqual(await errnos([[filteredCalls.clone3[column], 0, 0]]), [ENOSYS]);
    assert.notEqual(EINVAL, EPERM);
  });

  test('has no x32 calls', {
    skip: process.arch === 'x64' ? false : 'only on x86_64',
  }, async (t) => {
    if (!needsSandbox(t, runner)) return;
    assert.deepEqual(await errnos([[0x40000000 + 39], [0x40000000 + 521]]), [ENOSYS, ENOSYS]);
  });

  test('kills what makes calls by the 32-bit door', {
    skip: process.arch === 'x64' ? false : 'only on x86_64',
  }, async (t) => {
    if (!needsSandbox(t, runner)) return;
    // mov eax, 20 (getpid); int 0x80 — run from memory that perl asks the kernel for.
    const script = `
      my $m = syscall(9, 0, 4096, 7, 0x22, -1, 0);
      my $code = "\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3";
      open my $f, "+<", "/proc/self/mem" or die; sysseek $f, $m, 0; syswrite $f, $code; close $f;
      require DynaLoader; DynaLoader::dl_install_xsub("main::go", $m); go(); print "lived";`;
    const ran = await run(runner, { argv: perl(script) });
    assert.deepEqual([ran.out, ran.exitCode], ['', 159]);
    assert.match(ran.errorMessage!, /forbidden system call/);
  });
});

test('both programs are whole instructions of one size, and end by allowing', () => {
  for (const arch of ['x64', 'arm64'] as const) {
    const program = Buffer.from(seccompProgram(arch));
    assert.equal(program.length % 8, 0);
    assert.equal(program.readUInt32LE(program.length - 4), 0x7fff0000);
    assert.ok(program.length / 8 < 4096);
    // No jump leads out of the program.
    for (let i = 0; i * 8 < program.length; i++) {
      const farthest = Math.max(program[i * 8 + 2]!, program[i * 8 + 3]!);
      assert.ok(i + 1 + farthest < program.length / 8 || farthest === 0);
    }
  }
});
