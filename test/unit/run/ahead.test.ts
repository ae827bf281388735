/** Sandboxes that are started ahead: what runs in one cannot tell, and nothing of one is left. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Hex } from '../../../src/core/json.ts';
import type { RunHandle } from '../../../src/core/ports.ts';
import { namesAhead, signalPid } from '../../../src/run/processes.ts';
import type { Runner } from '../../../src/run/runner.ts';
import {
  belongings,
  folder,
  here,
  needsSandbox,
  newId,
  perl,
  processesWith,
  type Ran,
  run,
  runnerFor,
  sh,
  uniqueSleep,
  type Wish,
  workspaceIn,
} from './fixture.ts';

const own = `-${process.pid}-`;
/** bubblewraps of this process that wait. Each has a child of the same command line. */
const waiting = (pid = own): readonly string[] => [
  ...new Set((namesAhead() ?? []).map(({ name }) => name).filter((name) => name.includes(pid))),
];
const isAhead = (ran: Ran): boolean => ran.handle!.cgroups.some((path) => path.includes('ahead-'));

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; !holds(); i++) {
    assert.ok(i < 2_000, `never: ${what}`);
    await sleep(5);
  }
}

describe('a sandbox that was started ahead', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  let workspace: string;
  before(async () => {
    runner = await runnerFor(ours);
    workspace = workspaceIn(folder(ours));
  });

  function needsPool(t: TestContext): boolean {
    if (!needsSandbox(t, runner)) return false;
    if (!existsSync('/usr/bin/perl')) {
      t.skip('perl is not installed');
      return false;
    }
    if (runner.capabilities.cgroup === null) {
      t.skip('without control groups the tests cannot tell one from the other');
      return false;
    }
    return true;
  }
  const wish = (more: Partial<Wish>): Wish => ({ argv: sh('true'), workspace, ...more });

  /** The same wish twice: in a sandbox of its own, then in one that waited. */
  async function both(more: Partial<Wish>): Promise<readonly [own: Ran, ahead: Ran]> {
    for (;;) {
      const first = await run(runner, wish({ ...more, limits: { output: 60_000 + turn++ } }));
      assert.equal(isAhead(first), false);
      await until('one waits', () => waiting().length > 0);
      await sleep(30);
      const second = await run(runner, wish({ ...more, limits: { output: 60_000 + turn - 1 } }));
      if (isAhead(second)) return [first, second];
    }
  }
  let turn = 0;
  const unlike = (text: string) => text.replaceAll(/req_[0-9a-f]+|\/closed\/p\d+/g, '…');

  test('gives the command the same as one of its own', async (t) => {
    if (!needsPool(t)) return;
    const script =
      'ls -l /proc/self/fd | cut -c1-10,40- | grep -v pipe:; env | sort; pwd; id; grep -E "^Sig|^Cap|^Seccomp|^NoNew|^Groups|^Umask" /proc/self/status; ulimit -a; cat /proc/self/comm; echo $$ $PPID; ls -la / /tmp /run | grep -v proc; grep -v " /proc/\\| /dev" /proc/self/mountinfo | cut -d" " -f4- | sort | wc -l; cat /proc/self/stat | cut -d" " -f5-8; echo made > made-$REEVE_REQUEST_ID; cat made-*  | wc -l | grep -q . ; kill -0 2 2>&1; echo err >&2';
    const variables = { A: 'x=y z', PERL5LIB: '/workspace', PERL5OPT: '-Mnothing', LD_DEBUG: '' };
    const [first, second] = await both({ argv: sh(script), variables });
    const shown = (ran: Ran) => unlike(ran.out).replaceAll(/\d\d:\d\d|\bNov \d+|total \d+/g, '');
    assert.equal(shown(second), shown(first));
    assert.deepEqual([second.status, second.err], [first.status, first.err]);
    assert.match(second.out, new RegExp(`REEVE_REQUEST_ID=${second.requestId}\\n`));
  });

  test('hands over arguments exactly', async (t) => {
    if (!needsPool(t)) return;
    const awkward = [
      '',
      ' ',
      "'",
      '"',
      '$(id)',
      '`',
      '\n',
      '-',
      '--',
      'ü\u{1f600}',
      '\u0001',
      '%s',
    ];
    const [first, second] = await both({
      argv: [...perl('print join "\\0", @ARGV'), '--', ...awkward, 'x'.repeat(40_000)],
    });
    assert.deepEqual(second.out.split('\0').slice(0, -1), awkward);
    assert.equal(second.out, first.out);
  });

  const endings: readonly (readonly [what: string, more: Partial<Wish>])[] = [
    ['an exit code', { argv: sh('exit 7') }],
    ['a signal', { argv: sh('kill -SEGV $$') }],
    ['a timeout', { argv: sh('sleep 5'), timeoutMs: 300 }],
    ['a file that is no program', { argv: ['/etc/passwd'], executable: data() }],
    ['a program that is not there', { argv: ['/usr/bin/no-such'], executable: data() }],
    ['a folder that is not there', { workingDirectory: '/workspace/none' }],
    ['what bubblewrap says when it fails', { argv: sh('echo "bwrap: execvp x: No" >&2; exit 1') }],
  ];
  for (const [what, more] of endings) {
    test(`tells the same of ${what}`, async (t) => {
      if (!needsPool(t)) return;
      const [first, second] = await both(more);
      const told = ({ status, exitCode, signal, errorCode, errorMessage, err }: Ran) => [
        ...[status, exitCode, signal, errorCode, errorMessage, err],
      ];
      assert.deepEqual(told(second), told(first));
    });
  }

  test('counts processor time and growth from when the command came', async (t) => {
    if (!needsPool(t)) return;
    const spin = perl('my $x; $x++ while (times)[0] < 0.3; print "done"');
    const [, second] = await both({ argv: spin });
    assert.equal(second.status, 'ok');
    assert.ok(second.usage.cpuMs! >= 200, String(second.usage.cpuMs));
    const limited = { argv: perl('1 while 1'), limits: { cpuTimeMs: 300, output: 50_000 } };
    await run(runner, wish(limited));
    await until('one waits', () => waiting().length > 0);
    assert.equal((await run(runner, wish(limited))).errorCode, 'CPU_LIMIT');
  });

  test('is used once, and not by runs of another kind', async (t) => {
    if (!needsPool(t)) return;
    const [, second] = await both({ argv: sh('echo x > /tmp/x; ls /tmp') });
    const limits = { output: 60_000 + turn - 1 };
    let third = second;
    do {
      await sleep(20);
      third = await run(runner, wish({ argv: sh('ls /tmp'), limits }));
    } while (!isAhead(third));
    assert.equal(third.out, '');
    assert.notDeepEqual(third.handle!.cgroups, second.handle!.cgroups);
    for (const more of [
      { network: 'host' as const },
      { limits: { memory: 100 * 2 ** 20 } },
      { stdin: new TextEncoder().encode('x') as never },
      { workspaceAccess: 'read-only' as const },
      { mounts: [{ source: '/usr/share', target: '/opt/share' }] },
    ]) {
      await until('one waits', () => waiting().length > 0);
      assert.equal(isAhead(await run(runner, wish(more))), false, JSON.stringify(more));
    }
  });

  test('is not used for a folder that took the place of its workspace', async (t) => {
    if (!needsPool(t)) return;
    const parent = folder(t);
    const place = workspaceIn(parent, 'place');
    writeFileSync(join(place, 'which'), 'old');
    await run(runner, wish({ workspace: place, argv: sh('cat which') }));
    await until('one waits', () => waiting().length > 0);
    renameSync(place, join(parent, 'aside'));
    writeFileSync(join(workspaceIn(parent, 'place'), 'which'), 'new');
    const ran = await run(runner, wish({ workspace: place, argv: sh('cat which') }));
    assert.deepEqual([isAhead(ran), ran.out], [false, 'new']);
    await until('one waits', () => waiting().length > 0);
    // `.reeve` that came meanwhile is a place of its own, and read-only.
    mkdirSync(join(place, '.reeve'));
    const after = await run(runner, wish({ workspace: place, argv: sh('touch .reeve/x') }));
    assert.deepEqual([isAhead(after), after.status], [false, 'failed']);
  });

  test('that was killed while it waited is not used', async (t) => {
    if (!needsPool(t)) return;
    await run(runner, wish({}));
    await until('one waits', () => waiting().length > 0);
    for (const { pid, name } of namesAhead()!) if (name.includes(own)) signalPid(pid, 'SIGKILL');
    assert.deepEqual((await run(runner, wish({ argv: sh('echo in') }))).out, 'in\n');
  });

  test('is recorded before the command is handed over, and a run that nobody could record never begins', async (t) => {
    if (!needsPool(t)) return;
    await run(runner, wish({}));
    await until('one waits', () => waiting().length > 0);
    const ended = await run(runner, wish({ argv: sh('echo ran > never') }), {
      onStarted: () => {
        throw new Error('no record');
      },
    });
    assert.equal(ended.status, 'cancelled');
    assert.equal(existsSync(join(workspace, 'never')), false);
  });

  test('is gone when the gateway closes, with its control groups', async (t) => {
    if (!needsPool(t)) return;
    const other = await runnerFor(t);
    const ran = await run(other, wish({ limits: { output: 1234 } }));
    await until('one waits', () => waiting().length > 0);
    await runner.close();
    await other.close();
    assert.deepEqual(waiting(), []);
    const base = join(ran.handle!.cgroups[0]!, '..');
    assert.ok(!existsSync(base) || !readdirSync(base).some((name) => name.includes(own)));
  });
});

function data(): NonNullable<Wish['executable']> {
  return {
    path: '/usr/bin/true',
    source: '/usr/bin/true',
    sha256: sha256Hex(readFileSync('/usr/bin/true')),
  };
}

test('what a killed gateway had started ahead, and what it ran in one, is ended and proven gone', async (t) => {
  const runner = await runnerFor(t);
  if (!needsSandbox(t, runner)) return;
  const mark = uniqueSleep();
  const wish = { argv: sh('echo x; exec -a "$0" sleep "$1"', mark), twice: true };
  const child = spawn(process.execPath, [join(here, 'gateway-process.ts'), JSON.stringify(wish)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let handle: RunHandle | null = null;
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line.startsWith('started ')) handle = JSON.parse(line.slice(8)) as RunHandle;
    if (line === 'output') break;
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(await runner.proveGone(newId(), null), true);
  assert.deepEqual(waiting(`-${child.pid}-`), []);
  assert.deepEqual(processesWith(mark), []);
  for (const group of handle!.cgroups) assert.ok(!existsSync(group), group);
});
