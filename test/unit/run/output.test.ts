/** What comes out of a command, what goes in, and what is kept of it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Runner } from '../../../src/run/runner.ts';
import { belongings, here, needsSandbox, perl, run, runnerFor, sh } from './fixture.ts';

describe('output', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  before(async () => {
    runner = await runnerFor(ours);
  });

  test('may be reopened by name', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ran = await run(runner, {
      argv: sh(
        'echo x > /dev/stdout; echo y > /dev/stderr; echo z | tee /dev/stderr; cat < /dev/stdin',
      ),
      stdin: Buffer.from('in'),
    });
    assert.deepEqual([ran.out, ran.err], ['x\nz\nin', 'y\nz\n']);
  });

  test('keeps bytes that are not UTF-8, and NUL', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ran = await run(runner, { argv: perl('print map(chr, 0..255), "\\xc3"') });
    const expected = Buffer.from([...Array.from({ length: 256 }, (_, i) => i), 0xc3]);
    assert.deepEqual(Buffer.from(ran.stdout.bytes), expected);
  });

  test('comes live, exactly up to the limit, and whole where it fits', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const live: Record<string, Buffer[]> = { stdout: [], stderr: [] };
    const onOutput = (stream: string, chunk: Uint8Array) => live[stream]!.push(Buffer.from(chunk));
    const ran = await run(
      runner,
      {
        argv: perl('$| = 1; for (1..50) { print "line $_\\n"; print STDERR "e" }'),
        limits: { output: 100 },
      },
      { onOutput },
    );
    assert.equal(Buffer.concat(live['stdout']!).length, 100);
    assert.equal(Buffer.concat(live['stderr']!).toString(), 'e'.repeat(50));
    assert.equal(ran.err, 'e'.repeat(50));
    assert.deepEqual([ran.stdout.truncated, ran.stderr.truncated], [true, false]);
    assert.match(ran.out, /^line 1\n.*\n\[… 2\d\d bytes left out …\]\n.*line 50\n$/s);
  });

  test('is never missing its end, however soon the command ends', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const sizes = [1, 4096, 65_536, 65_537, 200_000];
    for (const size of sizes) {
      const ran = await run(runner, {
        argv: perl(`print "x" x ${size}; print STDERR "y" x ${size}`),
        limits: { output: 2 ** 20 },
      });
      assert.deepEqual([ran.stdout.bytes.length, ran.stderr.bytes.length], [size, size]);
    }
  });

  test('of a gigabyte does not fill the memory of the gateway', { timeout: 60_000 }, async (t) => {
    if (!needsSandbox(t, runner)) return;
    const wish = {
      argv: ['/usr/bin/head', '-c', String(2 ** 30), '/dev/zero'],
      limits: { output: 17 * 2 ** 20, cpuTimeMs: 60_000 },
      timeoutMs: 60_000,
    };
    const { stdout: said } = spawnSync(
      process.execPath,
      [join(here, 'gateway-process.ts'), JSON.stringify(wish)],
      { encoding: 'utf8', timeout: 60_000 },
    );
    assert.match(said, new RegExp(`"total":${2 ** 30}`));
    assert.match(said, /^growth \d+$/m);
    const growth = Number(/^growth (\d+)$/m.exec(said)![1]);
    assert.ok(growth < 16 * 2 ** 20, `${growth}`);
  });

  test('standard input comes whole and then ends, and is empty where none is given', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const bytes = Buffer.alloc(3_000_000, 'abc');
    const counted = await run(runner, { argv: ['/usr/bin/sha256sum'], stdin: bytes });
    const { createHash } = await import('node:crypto');
    assert.match(counted.out, new RegExp(createHash('sha256').update(bytes).digest('hex')));
    assert.equal((await run(runner, { argv: ['/usr/bin/wc', '-c'] })).out, '0\n');
    assert.equal(
      (await run(runner, { argv: ['/usr/bin/wc', '-c'], stdin: Buffer.of() })).out,
      '0\n',
    );
  });

  test('a command that does not read its input is not at fault', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const ran = await run(runner, {
      argv: sh('exec 0<&-; echo fine'),
      stdin: Buffer.alloc(3_000_000),
    });
    assert.deepEqual([ran.status, ran.out], ['ok', 'fine\n']);
  });

  test('arguments and variables arrive byte by byte, whatever they look like', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const awkward = [
      '',
      ' ',
      '--',
      '--bind',
      '$(id)',
      '`id`',
      '"\'\\',
      'a\nb',
      '*',
      '-c',
      '\u{1f980}',
      '%s%n',
      '&&',
      'x'.repeat(100_000),
    ];
    const ran = await run(runner, {
      argv: [
        '/usr/bin/perl',
        '-e',
        'print join("\\0", @ARGV, $ENV{V}, $ENV{"odd name"})',
        '--',
        ...awkward,
      ],
      variables: { V: '--setenv\nX=1', 'odd name': '-e' },
      limits: { output: 2 ** 20 },
    });
    assert.deepEqual(ran.out.split('\0'), [...awkward, '--setenv\nX=1', '-e']);
  });

  test('a NUL in argument or variable is refused before anything starts', async (t) => {
    if (!needsSandbox(t, runner)) return;
    for (const wish of [
      { argv: ['/bin/echo', 'a\0b'] },
      { argv: ['/bin/echo'], variables: { A: 'x\0--bind\0/\0/host' } },
    ]) {
      await assert.rejects(run(runner, wish), { code: 'COMMAND_EXECUTION_FAILED', message: /NUL/ });
    }
  });

  test('more arguments than the kernel takes are a refusal with the reason', async (t) => {
    if (!needsSandbox(t, runner)) return;
    await assert.rejects(run(runner, { argv: ['/bin/echo', 'x'.repeat(200_000)] }), {
      code: 'COMMAND_EXECUTION_FAILED',
      message: /larger than the kernel takes/,
    });
  });
});
