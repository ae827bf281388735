/** No command leaves a program behind with which somebody else becomes its user. */
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Runner } from '../../../src/run/runner.ts';
import { filteredCalls, modeCalls } from '../../../src/run/seccomp-calls.ts';
import { belongings, folder, needsSandbox, perl, run, runnerFor, workspaceIn } from './fixture.ts';

const { EPERM, ENOSYS } = constants.errno;
const column = process.arch === 'arm64' ? 1 : 0;

describe('set-user-ID and set-group-ID bits', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  before(async () => {
    runner = await runnerFor(ours);
  });

  test('are given to no file, by whichever call, and ordinary modes are', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const numbers = Object.fromEntries(
      Object.entries(modeCalls).map(([name, { numbers }]) => [name, numbers[column]]),
    );
    const at = -100;
    const ways: [name: string, (mode: number) => string][] = [
      ['chmod', (m) => `$p, ${m}`],
      ['fchmod', (m) => `fileno($f), ${m}`],
      ['fchmodat', (m) => `${at}, $p, ${m}`],
      ['fchmodat2', (m) => `${at}, $p, ${m}, 0`],
      ['mkdir', (m) => `"/tmp/d$n", ${m}`],
      ['mkdirat', (m) => `${at}, "/tmp/d$n", ${m}`],
      ['mknod', (m) => `"/tmp/d$n", ${0o100000 | m}, 0`],
      ['mknodat', (m) => `${at}, "/tmp/d$n", ${0o100000 | m}, 0`],
      ['creat', (m) => `"/tmp/d$n", ${m}`],
      ['open', (m) => `"/tmp/d$n", ${0o102}, ${m}`],
      ['openat', (m) => `${at}, "/tmp/d$n", ${0o102}, ${m}`],
    ];
    assert.deepEqual(ways.map(([name]) => name).sort(), Object.keys(modeCalls).sort());
    const calls = ways
      .filter(([name]) => numbers[name] !== null)
      .flatMap(([name, args]) => [0o4755, 0o2755, 0o755].map((mode) => ({ name, mode, args })));
    const script = [
      '$p = "/tmp/f"; open($f, "+>", $p); $n = 0;',
      ...calls.map(
        ({ name, mode, args }) =>
          `$n++; $! = 0; print((syscall(${numbers[name]}, ${args(mode)}) < 0 ? $! + 0 : 0), " ");`,
      ),
      // Without O_CREAT the mode is whatever stood in the register.
      `print(syscall(${numbers.openat}, ${at}, $p, 0, ${0o4755}) < 0 ? "refused" : "opened");`,
    ].join('\n');
    const answers = (await run(runner, { argv: perl(script) })).out.trim().split(' ');
    assert.equal(answers.pop(), 'opened');
    assert.deepEqual(
      calls.map(({ name, mode }, i) => [name, mode, Number(answers[i])]),
      calls.map(({ name, mode }) => [name, mode, mode === 0o755 ? 0 : EPERM]),
    );
    const hidden = perl(
      `$! = 0; syscall(${filteredCalls.openat2[column]}, 0, 0, 0, 0); print $! + 0;`,
    );
    assert.equal(Number((await run(runner, { argv: hidden })).out), ENOSYS);
  });

  test('do not come with a copy, while cp, tar, install, git and python go on working', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const script = [
      'cp /usr/bin/id own; chmod 4755 own; install -m 4755 /usr/bin/id own2',
      'mkdir a && echo x > a/f && tar cf a.tar a && rm -r a && tar xf a.tar && chmod 640 a/f',
      "python3 -c \"import os; os.makedirs('p/q'); open('p/q/r','w').write('y')\"",
      'git init -q r && echo done',
    ].join('\n');
    const workspace = workspaceIn(folder(t));
    const ran = await run(runner, { argv: ['/bin/sh', '-c', script], workspace });
    assert.match(ran.out, /done/);
    for (const name of readdirSync(workspace, { recursive: true, encoding: 'utf8' })) {
      const { mode } = statSync(join(workspace, name));
      assert.equal(mode & 0o6000, 0, name);
    }
    assert.equal(statSync(join(workspace, 'a/f')).mode & 0o777, 0o640);
  });
});
