/** The process that starts commands: what it hands over, what becomes of runs when it goes, and how it goes itself. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { findProgram } from '../../../src/run/host.ts';
import { childrenOf, isAlive, signalPid, startOf } from '../../../src/run/processes.ts';
import type { Runner } from '../../../src/run/runner.ts';
import { FrameReader, frameOf, mostFrameBytes } from '../../../src/run/spawner/frames.ts';
import { inProcess } from '../../../src/run/spawner/in-process.ts';
import type { Order, Starter } from '../../../src/run/spawner/order.ts';
import { SpawnerProcess } from '../../../src/run/spawner/spawner-process.ts';
import { Starters } from '../../../src/run/spawner/starters.ts';
import {
  belongings,
  folder,
  here,
  isRoot,
  needsSandbox,
  processesWith,
  run,
  runnerFor,
  sh,
  uniqueSleep,
} from './fixture.ts';

const perl = findProgram('perl');
const none = { skip: perl === null ? 'perl is not installed' : false };
const openPath = 0o10000000;

/** Runs the order with its output in a file, and answers both. */
async function done(starter: Starter, parent: string, order: Partial<Order>) {
  const path = join(parent, `out-${Math.random()}`);
  const out = openSync(path, 'w');
  const nothing = openSync('/dev/null', 'r');
  try {
    const started = await starter.start({
      file: '/bin/sh',
      args: [],
      cwd: '/',
      environment: {},
      user: null,
      ...order,
      descriptors: new Map([
        [0, { fd: nothing, flags: constants.O_RDONLY }],
        [1, { fd: out, flags: constants.O_WRONLY }],
        [2, { fd: out, flags: constants.O_WRONLY }],
        ...(order.descriptors ?? []),
      ]),
    });
    const { code, signal, lost } = await started.ended;
    return { code, signal, lost, out: readFileSync(path, 'utf8') };
  } finally {
    closeSync(out);
    closeSync(nothing);
  }
}

describe('a process', none, () => {
  const ours = belongings();
  after(() => ours.close());
  const parent = folder(ours);
  let starters: readonly (readonly [name: string, starter: Starter])[];
  before(async () => {
    const spawner = await SpawnerProcess.begin(perl!, []);
    ours.after(() => spawner.end());
    starters = [
      ['spawner', spawner],
      ['gateway', inProcess([])],
    ];
  });

  const awkward = ['', ' ', 'a b', "'", '"', '$(id)', '`id`', '\n', '*', '-', '--', 'ü\u{1f600}'];
  awkward.push('\u007f\u0001', '%s', '\\', 'x'.repeat(100_000));

  test('gets its arguments, variables and folder exactly, whoever starts it', async () => {
    for (const [name, starter] of starters) {
      const args = ['-e', 'print join("\\0", @ARGV)', '--', ...awkward];
      const ended = await done(starter, parent, { file: perl!, args });
      assert.deepEqual(ended.out.split('\0'), awkward, name);
      const environment = { A: 'x=y\nz', EMPTY: '', 'a.b': '$A', Ü: '\u{1f600}' };
      const env = await done(starter, parent, { file: '/usr/bin/env', args: ['-0'], environment });
      assert.deepEqual(
        env.out.split('\0').sort(),
        ['', ...Object.entries(environment).map(([key, value]) => `${key}=${value}`)].sort(),
        name,
      );
      const where = await done(starter, parent, { file: '/bin/pwd', cwd: parent });
      assert.equal(where.out, `${parent}\n`);
    }
  });

  test('that cannot be is told by its error, and the next one starts', async () => {
    const table: readonly (readonly [code: string, order: Partial<Order>])[] = [
      ['ENOENT', { file: '/no/such/program' }],
      ['EACCES', { file: '/etc/passwd' }],
      ['ENOENT', { cwd: '/no/such/folder' }],
      ['E2BIG', { args: ['-c', 'x', 'y'.repeat(200_000)] }],
      ['E2BIG', { args: Array.from({ length: 60 }, () => 'y'.repeat(120_000)) }],
      ['E2BIG', { args: Array.from({ length: 200 }, () => 'y'.repeat(120_000)) }],
    ];
    for (const [name, starter] of starters) {
      for (const [code, order] of table) {
        await assert.rejects(done(starter, parent, order), { code }, `${name} ${code}`);
      }
      assert.equal((await done(starter, parent, { args: ['-c', 'exit 7'] })).code, 7);
    }
  });

  test('ends with its own code or signal', async () => {
    for (const [name, starter] of starters) {
      const killed = await done(starter, parent, { args: ['-c', 'kill -USR1 $$'] });
      assert.deepEqual([killed.code, killed.signal, killed.lost], [null, 'SIGUSR1', false], name);
    }
  });

  test('has the same signals, mask and session of its own, whoever starts it', async () => {
    const script = 'grep -E "^Sig[PBIC]|^Umask|^NoNew|^Cap" /proc/self/status; ulimit -a';
    const said = new Set<string>();
    for (const [, starter] of starters) {
      said.add((await done(starter, parent, { args: ['-c', script] })).out);
      const ids = await done(starter, parent, { args: ['-c', 'echo $$; cat /proc/$$/stat'] });
      const [pid, stat] = ids.out.split('\n');
      assert.deepEqual(stat!.split(' ').slice(4, 6), [pid, pid]);
    }
    assert.equal(said.size, 1, [...said].join('\n'));
  });

  test('holds what it is handed, at its number, and nothing else', async () => {
    const pipe = join(parent, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const both = openSync(pipe, constants.O_RDWR);
    const place = openSync(parent, openPath);
    const file = openSync('/etc/passwd', 'r');
    // Read to its end here: a copy opened anew begins at the start.
    readFileSync(file);
    const writer = spawn('sh', ['-c', `exec 3<>"$0"; sleep 0.3; echo late >&3; sleep 2`, pipe]);
    const ended = await done(starters[0]![1], parent, {
      args: ['-c', 'ls -l /proc/self/fd; read -r line <&9; echo "$line"; head -c 5 <&8'],
      descriptors: new Map([
        [9, { fd: both, flags: constants.O_RDONLY | constants.O_NONBLOCK }],
        [8, { fd: file, flags: constants.O_RDONLY }],
        [20, { fd: place, flags: openPath }],
      ]),
    });
    writer.kill();
    for (const fd of [both, place, file]) closeSync(fd);
    const held = new Map(
      [...ended.out.matchAll(/ (\d+) -> (.*)/g)].map((m) => [Number(m[1]), m[2]!]),
    );
    assert.deepEqual([...held.keys()], [0, 1, 2, 20, 3, 8, 9]);
    assert.deepEqual([held.get(9), held.get(8), held.get(20)], [pipe, '/etc/passwd', parent]);
    assert.match(ended.out, /late\nroot:$/);
  });

  test('becomes the user, and none of root’s groups stays', async (t) => {
    if (!isRoot) return t.skip('only root can become another user');
    for (const [name, starter] of starters) {
      const user = { uid: 4321, gid: 4322 };
      const ended = await done(starter, parent, { args: ['-c', 'id -u; id -g; id -G'], user });
      assert.equal(ended.out, '4321\n4322\n4322\n', name);
    }
  });

  test('is only started with what the gateway has open itself', async () => {
    const spawner = starters[0]![1];
    const order = { args: ['-c', 'true'] };
    const gone = openSync('/dev/null', 'r');
    closeSync(gone);
    await assert.rejects(
      done(spawner, parent, {
        ...order,
        descriptors: new Map([[9, { fd: gone + 500, flags: constants.O_RDONLY }]]),
      }),
      { code: 'EBADF' },
    );
  });
});

describe('the spawner', none, () => {
  test('has an empty environment, no file, and no descriptor but its socket', async () => {
    const spawner = await SpawnerProcess.begin(perl!, []);
    try {
      const own = `/proc/${spawner.pid}`;
      assert.equal(readFileSync(`${own}/environ`, 'latin1').replaceAll('\0', ''), '');
      assert.equal(readlinkSync(`${own}/cwd`), '/');
      const links = readdirSync(`${own}/fd`).map((fd) => readlinkSync(`${own}/fd/${fd}`));
      assert.equal(links.length, 4);
      for (const link of links) assert.match(link, /^\/dev\/null$|^socket:/);
      const inode = /\d+/.exec(links.find((link) => link.startsWith('socket:'))!)![0];
      const named = readFileSync('/proc/net/unix', 'latin1')
        .split('\n')
        .filter((line) => line.includes(` ${inode} `) && /[/@]/.test(line));
      assert.deepEqual(named, []);
    } finally {
      await spawner.end();
    }
  });

  test('does not heed signals that are meant for a whole group, and goes when it is let go', async () => {
    const spawner = await SpawnerProcess.begin(perl!, []);
    const { pid } = spawner;
    const start = startOf(pid!);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) signalPid(pid!, signal);
    await spawner.makePipes([]);
    await spawner.end();
    assert.equal(isAlive(pid!, start), false);
  });

  test('that cannot be had leaves the work to the gateway, and says why', async () => {
    const starters = new Starters({ perl: '/bin/false', inherited: [] });
    assert.ok(!((await starters.ready()) instanceof SpawnerProcess));
    assert.match(starters.why!, /perl could not be used/);
    await starters.close();
  });

  test('that dies again and again is left alone for a while, and nobody waits for it', async () => {
    const starters = new Starters({ perl, inherited: [] });
    const kinds: string[] = [];
    for (let i = 0; i < 12; i++) {
      const starter = await starters.ready();
      kinds.push(starter instanceof SpawnerProcess ? 'spawner' : 'gateway');
      if (starter instanceof SpawnerProcess) {
        signalPid(starter.pid!, 'SIGKILL');
        while (starter.alive) await sleep(1);
      }
    }
    await starters.close();
    assert.deepEqual(kinds.slice(0, 2), ['spawner', 'spawner']);
    assert.ok(kinds.includes('gateway'), kinds.join(' '));
  });
});

/** The spawner of the gateway in this process; the last one, where several tests have one. */
const spawnersOf = (pid: number): readonly number[] =>
  childrenOf(pid).filter((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'latin1').startsWith('reeve-spawner');
    } catch {
      return false;
    }
  });

async function needsSpawner(t: TestContext, runner: Runner): Promise<number | null> {
  if (!needsSandbox(t, runner)) return null;
  if (!runner.capabilities.spawner.use) {
    t.skip(`no spawner: ${runner.capabilities.spawner.why}`);
    return null;
  }
  // One that died again and again is left alone for a while, and begun again for a run that comes later.
  for (;;) {
    const [pid] = spawnersOf(process.pid);
    if (pid !== undefined) return pid;
    await sleep(50);
    await run(runner, { argv: sh('true') });
  }
}

describe('when the spawner goes', none, () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  before(async () => {
    runner = await runnerFor(ours);
  });

  async function nextRuns(): Promise<void> {
    const next = await run(runner, { argv: sh('echo next') });
    assert.deepEqual([next.status, next.out], ['ok', 'next\n']);
  }

  test('idle, the next run does not notice', async (t) => {
    const pid = await needsSpawner(t, runner);
    if (pid === null) return;
    signalPid(pid, 'SIGKILL');
    await nextRuns();
    assert.notEqual(spawnersOf(process.pid)[0], pid);
  });

  test('with commands running, each is ended and unknown, and the next run works', async (t) => {
    const pid = await needsSpawner(t, runner);
    if (pid === null) return;
    const mark = uniqueSleep();
    let begun = 0;
    const going = Array.from({ length: 3 }, () =>
      run(
        runner,
        { argv: sh('setsid sleep "$1" & echo x; sleep "$1"', mark) },
        {
          onOutput: () => {
            begun += 1;
            if (begun === 3) signalPid(pid, 'SIGKILL');
          },
        },
      ),
    );
    for (const ended of await Promise.all(going)) {
      assert.deepEqual(
        [ended.status, ended.errorCode, ended.exitCode, ended.signal],
        ['unknown', 'HOST_LOST', null, null],
        ended.errorMessage ?? '',
      );
    }
    assert.deepEqual(processesWith(mark), []);
    await nextRuns();
  });

  test('in the middle of a start, the command runs all the same, and once', async (t) => {
    const pid = await needsSpawner(t, runner);
    if (pid === null) return;
    const parent = folder(t, 0o777);
    signalPid(pid, 'SIGSTOP');
    const going = run(runner, {
      argv: sh('echo ran >> ran; echo out'),
      workspace: parent,
      runAs: isRoot ? 4321 : null,
    });
    await sleep(100);
    signalPid(pid, 'SIGKILL');
    const ended = await going;
    assert.deepEqual([ended.status, ended.out], ['ok', 'out\n']);
    assert.equal(readFileSync(join(parent, 'ran'), 'utf8'), 'ran\n');
    await nextRuns();
  });

  test('at any moment of a run, it is told as it was: run and ended, not run, or unknown', async (t) => {
    const first = await needsSpawner(t, runner);
    if (first === null) return;
    const parent = folder(t, 0o777);
    const told = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const pid = await needsSpawner(t, runner);
      const file = join(parent, `ran-${i}`);
      const going = run(runner, {
        argv: sh('echo ran >> "$1"', `/workspace/ran-${i}`),
        workspace: parent,
        runAs: isRoot ? 4321 : null,
      });
      const killed = sleep(i * 6).then(() => signalPid(pid!, 'SIGKILL'));
      const { status, code } = await going.then(
        (ended) => ({ status: ended.status, code: ended.errorCode }),
        (error: { code: string }) => ({ status: 'thrown', code: error.code }),
      );
      await killed;
      const ran = readdirSync(parent).includes(`ran-${i}`);
      if (ran) assert.equal(readFileSync(file, 'utf8'), 'ran\n');
      told.add(`${status} ${code} ${ran}`);
      if (status === 'ok') assert.ok(ran);
      else if (status === 'unknown') assert.equal(code, 'HOST_LOST');
      else assert.deepEqual([code, ran], ['COMMAND_EXECUTION_FAILED', false]);
    }
    t.diagnostic([...told].join(', '));
    await nextRuns();
  });
});

test(
  'when the gateway is killed, its spawner and everything that it started go too',
  none,
  async () => {
    const mark = uniqueSleep();
    const wish = JSON.stringify({ argv: sh('setsid sleep "$1" & echo x; sleep "$1"', mark) });
    const child = spawn(process.execPath, [join(here, 'gateway-process.ts'), wish], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) if (line === 'output') break;
    const spawners = spawnersOf(child.pid!).map((pid) => [pid, startOf(pid)] as const);
    assert.equal(spawners.length, 1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const [pid, start] of spawners) while (isAlive(pid, start)) await sleep(5);
    while (processesWith(mark).length > 0) await sleep(5);
  },
);

test('frames: what was put in comes out, however it is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 9 }),
      (all, step) => {
        const bytes = Buffer.concat(all.map((values) => frameOf(values)!));
        const reader = new FrameReader();
        const came: (readonly string[])[] = [];
        for (let at = 0; at < bytes.length; at += step) {
          came.push(...reader.add(bytes.subarray(at, at + step)));
        }
        assert.deepEqual(came, all);
      },
    ),
  );
  assert.equal(frameOf(['x'.repeat(mostFrameBytes)]), null);
  assert.throws(() => new FrameReader().add(Buffer.from([255, 0, 0, 0])), RangeError);
  assert.throws(() => new FrameReader().add(Buffer.from([0, 0, 0, 4, 0, 0, 0, 9])), RangeError);
});
