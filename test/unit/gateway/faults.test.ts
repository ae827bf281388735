/** When the record cannot be written, when gateways go away, and when two work on one state. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReeveError } from '../../../src/core/errors.ts';
import type { Store } from '../../../src/core/ports.ts';
import { recover } from '../../../src/gateway/recover.ts';
import { ask, type Ground, layGround, local, type OpenHouse, openHouse } from './fixture.ts';

let ground: Ground;
beforeEach(() => {
  ground = layGround();
});
afterEach(() => ground.clear());

/** A store whose writes fail while `broken` names them: before anything was written, or after it was. */
function breakable(broken: Map<keyof Store, 'before' | 'after'>): (store: Store) => Store {
  return (store) =>
    new Proxy(store, {
      get(target, name, receiver) {
        const value = Reflect.get(target, name, receiver);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const when = broken.get(name as keyof Store);
          const failure = new ReeveError('AUDIT_UNAVAILABLE', 'The disk is full (planted).');
          if (when === 'before') throw failure;
          const result = Reflect.apply(value, target, args);
          if (when === 'after') throw failure;
          return result;
        };
      },
    });
}

const marks = () => {
  const file = join(ground.workspace, 'marks');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};

for (const when of ['before', 'after'] as const) {
  test(`a call that cannot be taken on record does not run (failing ${when} the write)`, async () => {
    const broken = new Map<keyof Store, 'before' | 'after'>();
    const open = await openHouse(ground, { store: breakable(broken) });
    try {
      broken.set('accept', when);
      await assert.rejects(open.gateway.submit(local, ask('mark')), { code: 'AUDIT_UNAVAILABLE' });
      broken.clear();
      await sleep(100);
      assert.equal(marks(), '');
    } finally {
      await open.close();
    }
  });

  test(`an intent that cannot be written starts no process (failing ${when} the write)`, async () => {
    const broken = new Map<keyof Store, 'before' | 'after'>();
    const open = await openHouse(ground, { store: breakable(broken) });
    let requestId: string;
    try {
      broken.set('start', when);
      ({ requestId } = await open.gateway.submit(local, ask('mark')));
      const ended = await open.gateway.wait(local, requestId, null);
      assert.equal(ended.errorCode, 'AUDIT_UNAVAILABLE');
      assert.equal(marks(), '');
    } finally {
      broken.clear();
      await open.close();
    }
    // The next gateway finds nothing running, and nothing was started twice.
    const next = await openHouse(ground);
    try {
      assert.deepEqual(next.house.store.open(), []);
      assert.equal(marks(), '');
    } finally {
      await next.close();
    }
  });

  test(`an outcome that cannot be written holds the answer and all new work (failing ${when} the write)`, async () => {
    const broken = new Map<keyof Store, 'before' | 'after'>();
    const open = await openHouse(ground, { store: breakable(broken) });
    try {
      broken.set('finish', when);
      const { requestId } = await open.gateway.submit(local, ask('mark'));
      const waiting = open.gateway.wait(local, requestId, null);
      while (open.house.state.unrecorded === 0) await sleep(20);
      assert.equal(marks(), 'x\n');
      assert.equal((await open.gateway.health()).ready, false);
      await assert.rejects(open.gateway.submit(local, ask('say', { text: 'a' })), {
        code: 'AUDIT_UNAVAILABLE',
      });
      assert.equal(await Promise.race([waiting, sleep(50, 'no answer')]), 'no answer');
      broken.clear();
      assert.equal((await waiting).status, 'ok');
      const outcomes = open.house.store.entriesOf(requestId).filter((e) => e.kind === 'outcome');
      assert.equal(outcomes.length, 1);
      const after = await open.gateway.submit(local, ask('say', { text: 'a' }));
      assert.equal((await open.gateway.wait(local, after.requestId, null)).status, 'ok');
    } finally {
      await open.close();
    }
  });
}

/** A gateway in a process of its own, which starts `command` and is then killed. */
async function killedGateway(command: string, args: object): Promise<string> {
  const script = `
    import { openHouse, ask, local } from ${JSON.stringify(new URL('./fixture.ts', import.meta.url).href)};
    const ground = JSON.parse(process.argv[1]);
    const open = await openHouse(ground);
    const { requestId } = await open.gateway.submit(local, ask(${JSON.stringify(command)}, ${JSON.stringify(args)}));
    for await (const event of open.gateway.watch(local, requestId))
      if (event.kind === 'status' && event.execution.status === 'running') break;
    setTimeout(() => process.stdout.write(requestId + '\\n'), 150);
    await new Promise(() => setInterval(() => {}, 1000));
  `;
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      script,
      JSON.stringify(ground),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const requestId = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk) => resolve(String(chunk).trim()));
    child.once('exit', (code) => reject(new Error(`the gateway ended by itself: ${code}`)));
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  return requestId;
}

test('a gateway killed in the middle of a run leaves it unknown, with no process behind it', async () => {
  const requestId = await killedGateway('nap', { seconds: 571 });
  const open = await openHouse(ground);
  try {
    const found = await open.gateway.execution(local, requestId);
    assert.equal(found.status, 'unknown');
    assert.equal(found.errorCode, 'HOST_LOST');
    const kinds = open.house.store.entriesOf(requestId).map((e) => e.kind);
    assert.deepEqual(kinds, ['asked', 'decided', 'intent', 'lost']);
    assert.notEqual(spawnSync('pgrep', ['-f', '^/bin/sleep 571$']).status, 0);
    assert.deepEqual(open.house.store.open(), []);
  } finally {
    await open.close();
  }
});

test('recovery leaves alone what belongs to a gateway that lives', async () => {
  const first = await openHouse(ground);
  let second: OpenHouse | undefined;
  try {
    const { requestId } = await first.gateway.submit(local, ask('nap', { seconds: 600 }));
    second = await openHouse(ground);
    await recover(second.house);
    assert.equal((await second.gateway.execution(local, requestId)).status, 'running');
    // Seen and cancelled from the other process all the same.
    const ended = await second.gateway.cancel(local, requestId, 'from beside');
    assert.equal(ended.status, 'cancelled');
    assert.equal((await first.gateway.execution(local, requestId)).status, 'cancelled');
  } finally {
    await second?.close();
    await first.close();
  }
});

test('one concurrency key holds across two gateways on one state', async () => {
  const first = await openHouse(ground);
  const second = await openHouse(ground);
  try {
    const runs = await Promise.all(
      [first, second, first, second].map(async (open) => {
        const { requestId } = await open.gateway.submit(local, ask('alone'));
        return open.gateway.wait(local, requestId, null);
      }),
    );
    assert.deepEqual(
      runs.map((r) => r.status),
      ['ok', 'ok', 'ok', 'ok'],
    );
    const lines = readFileSync(join(ground.workspace, 'order'), 'utf8').trim().split('\n');
    assert.deepEqual(
      lines,
      Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? 'in' : 'out')),
    );
  } finally {
    await second.close();
    await first.close();
  }
});

test('a gateway that is closed settles what waits and ends what runs, each with its outcome on record', async () => {
  const open = await openHouse(ground);
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) {
    ids.push((await open.gateway.submit(local, ask('nap', { seconds: 600 }))).requestId);
  }
  await open.gateway.close();
  const { store } = open.house;
  for (const id of ids) {
    assert.equal(store.execution(id)?.status, 'cancelled');
    assert.equal(store.entriesOf(id).at(-1)?.kind, 'outcome');
  }
  await assert.rejects(open.gateway.submit(local, ask('say', { text: 'x' })), {
    code: 'SHUTTING_DOWN',
  });
  await open.close();
});
