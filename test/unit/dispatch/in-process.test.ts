/** Turns: fair between principals, in order within one, held up by nobody's busy key. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { ReeveError } from '../../../src/core/errors.ts';
import type { QueuedWork } from '../../../src/core/ports.ts';
import { createQueue } from '../../../src/dispatch/in-process.ts';

const coded = (code: string) => (error: unknown) =>
  error instanceof ReeveError && error.code === code;

/** Work whose end the test decides; `order` tells in which order works were really started (busy does not count). */
function workshop(places: Readonly<Record<string, number>> = {}) {
  const order: string[] = [];
  const used = new Map<string, number>();
  const open = new Map<string, () => void>();
  let asked = 0;
  const work = (requestId: string, principal = 'p', key: string | null = null): QueuedWork => ({
    requestId,
    principal,
    key,
    start: async () => {
      asked += 1;
      await null;
      const inUse = key === null ? 0 : (used.get(key) ?? 0);
      if (key !== null && inUse >= (places[key] ?? 1)) return 'busy';
      if (key !== null) used.set(key, inUse + 1);
      order.push(requestId);
      await new Promise<void>((resolve) => open.set(requestId, resolve));
      open.delete(requestId);
      if (key !== null) used.set(key, used.get(key)! - 1);
      return 'done';
    },
  });
  return {
    order,
    work,
    open,
    used,
    asked: () => asked,
    end: async (requestId: string) => {
      open.get(requestId)!();
      await settled();
    },
  };
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the queue', () => {
  test('runs so many at once, and the rest in order', async () => {
    const shop = workshop();
    const queue = createQueue({ running: 2, waiting: 9 });
    const ends = ['a', 'b', 'c', 'd'].map((id) => queue.enqueue(shop.work(id)));
    await settled();
    assert.deepEqual(shop.order, ['a', 'b']);
    assert.deepEqual(queue.load(), { running: 2, waiting: 2 });
    await shop.end('b');
    assert.deepEqual(shop.order, ['a', 'b', 'c']);
    for (const id of ['a', 'c', 'd']) await shop.end(id);
    await Promise.all(ends);
    assert.deepEqual(queue.load(), { running: 0, waiting: 0 });
  });

  test('says beforehand whether work of a key would be taken', async () => {
    const shop = workshop();
    const queue = createQueue({ running: 2, waiting: 1 });
    void queue.enqueue(shop.work('a', 'p', 'k'));
    void queue.enqueue(shop.work('b', 'p', 'k'));
    await settled();
    assert.equal(queue.noRoom('p', 'k')?.code, 'CONCURRENCY_LIMIT');
    await assert.rejects(queue.enqueue(shop.work('c', 'p', 'k')), coded('CONCURRENCY_LIMIT'));
    assert.equal(queue.noRoom('p', 'other'), null);
    assert.equal(queue.noRoom('p', null), null);
    await shop.end('a');
    await shop.end('b');
    assert.equal(queue.noRoom('p', 'k'), null);
  });

  test('takes turns between principals, however much one of them asks for', async () => {
    const shop = workshop();
    const queue = createQueue({ running: 1, waiting: 99 });
    for (const id of ['a1', 'a2', 'a3', 'a4']) void queue.enqueue(shop.work(id, 'anna'));
    for (const id of ['b1', 'b2']) void queue.enqueue(shop.work(id, 'ben'));
    void queue.enqueue(shop.work('c1', 'cleo'));
    await settled();
    while (shop.open.size > 0) await shop.end(shop.order.at(-1)!);
    assert.deepEqual(shop.order, ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });

  test('one who asks again and again does not overtake one who waits', async () => {
    const shop = workshop();
    const queue = createQueue({ running: 1, waiting: 99 });
    for (const id of ['a1', 'a2', 'a3']) void queue.enqueue(shop.work(id, 'anna'));
    for (let i = 1; i <= 3; i += 1) {
      void queue.enqueue(shop.work(`b${i}`, 'ben'));
      await settled();
      await shop.end(shop.order.at(-1)!);
      if (!shop.order.includes(`b${i}`)) await shop.end(shop.order.at(-1)!);
    }
    const before = shop.order.indexOf('b3') === -1 ? shop.order.length : shop.order.indexOf('b3');
    assert.ok(shop.order.indexOf('a2') < before, shop.order.join());
    while (shop.open.size > 0) await shop.end(shop.order.at(-1)!);
  });

  test('a busy key holds up nobody else, and keeps its order', async () => {
    const shop = workshop({ db: 1 });
    const queue = createQueue({ running: 3, waiting: 99, pollMs: 60_000 });
    for (const id of ['d1', 'd2', 'd3', 'd4']) void queue.enqueue(shop.work(id, 'anna', 'db'));
    for (const id of ['x1', 'x2']) void queue.enqueue(shop.work(id, 'anna'));
    await settled();
    assert.deepEqual(shop.order, ['d1', 'x1', 'x2']);
    for (const id of ['d1', 'd2', 'd3']) await shop.end(id);
    assert.deepEqual(shop.order, ['d1', 'x1', 'x2', 'd2', 'd3', 'd4']);
    for (const id of ['d4', 'x1', 'x2']) await shop.end(id);
    await queue.drain();
  });

  test('a key that another process holds is asked about gently, and found free', async () => {
    const shop = workshop({ db: 1 });
    shop.used.set('db', 1);
    const queue = createQueue({ running: 4, waiting: 99, pollMs: 10 });
    const ends = ['d1', 'd2', 'd3'].map((id) => queue.enqueue(shop.work(id, id, 'db')));
    const since = performance.now();
    await sleep(100);
    assert.deepEqual(shop.order, []);
    // The first three at once; after that one a poll, not all of them.
    assert.ok(shop.asked() <= 3 + (performance.now() - since) / 10 + 1, String(shop.asked()));
    shop.used.set('db', 0);
    for (let i = 0; i < 3; i += 1) {
      while (shop.open.size === 0) await sleep(5);
      await shop.end(shop.order.at(-1)!);
    }
    await Promise.all(ends);
    assert.deepEqual(shop.order, ['d1', 'd2', 'd3']);
  });

  test('keeps places for others, however many one asks for', async () => {
    const shop = workshop();
    const queue = createQueue({ running: 1, waiting: 20 });
    const taken = new Map<string, number>();
    const ends: Promise<void>[] = [];
    const fill = (principal: string): void => {
      for (let i = 0; i < 50; i += 1) {
        if (queue.noRoom(principal, null) !== null) continue;
        taken.set(principal, (taken.get(principal) ?? 0) + 1);
        ends.push(queue.enqueue(shop.work(`${principal}${i}`, principal)));
      }
    };
    fill('greedy');
    const refused = queue.enqueue(shop.work('more', 'greedy'));
    await assert.rejects(refused, coded('CONCURRENCY_LIMIT'));
    assert.match(queue.noRoom('greedy', null)!.message, /15 of your requests wait already/);
    for (const next of ['b', 'c']) fill(next);
    // One runs; of the 20 places the first gets 15, and the next ones up to three times what they leave free.
    assert.deepEqual([...taken.values()], [16, 4, 1]);
    await settled();
    while (shop.open.size > 0) await shop.end(shop.order.at(-1)!);
    await Promise.all(ends);
  });

  test('refuses more than may wait, at once, and takes more when there is room', async () => {
    const shop = workshop();
    const queue = createQueue({ running: 1, waiting: 1 });
    void queue.enqueue(shop.work('a'));
    void queue.enqueue(shop.work('b'));
    await assert.rejects(queue.enqueue(shop.work('c')), coded('CONCURRENCY_LIMIT'));
    await settled();
    await shop.end('a');
    void queue.enqueue(shop.work('d'));
    assert.deepEqual(queue.load(), { running: 1, waiting: 1 });
    await shop.end('b');
    await shop.end('d');
    assert.deepEqual(shop.order, ['a', 'b', 'd']);
  });

  test('lets what waits be cancelled, and leaves what runs to whoever runs it', async () => {
    const shop = workshop();
    const queue = createQueue({ running: 1, waiting: 9 });
    const stop = new AbortController();
    const running = queue.enqueue({ ...shop.work('a'), signal: stop.signal });
    const waiting = queue.enqueue({ ...shop.work('b'), signal: stop.signal });
    await settled();
    stop.abort();
    await assert.rejects(waiting, coded('COMMAND_CANCELLED'));
    await assert.rejects(
      queue.enqueue({ ...shop.work('c'), signal: stop.signal }),
      coded('COMMAND_CANCELLED'),
    );
    assert.deepEqual(queue.load(), { running: 1, waiting: 0 });
    await shop.end('a');
    await running;
    assert.deepEqual(shop.order, ['a']);
  });

  test('what is cancelled while its key is being asked for does not come back', async () => {
    const shop = workshop({ db: 0 });
    const queue = createQueue({ running: 1, waiting: 9, pollMs: 5 });
    const stop = new AbortController();
    const end = queue.enqueue({ ...shop.work('a', 'p', 'db'), signal: stop.signal });
    stop.abort();
    await assert.rejects(end, coded('COMMAND_CANCELLED'));
    assert.deepEqual(queue.load(), { running: 0, waiting: 0 });
  });

  test('a failing start is told to whoever asked, and the next has its turn', async () => {
    const shop = workshop();
    const queue = createQueue({ running: 1, waiting: 9 });
    const failing = (start: QueuedWork['start']): QueuedWork => ({ ...shop.work('f'), start });
    await assert.rejects(queue.enqueue(failing(() => Promise.reject(new Error('late')))), /late/);
    const throwing = failing(() => {
      throw new Error('at once');
    });
    await assert.rejects(queue.enqueue(throwing), /at once/);
    void queue.enqueue(shop.work('a'));
    await settled();
    await shop.end('a');
    assert.deepEqual(queue.load(), { running: 0, waiting: 0 });
  });

  test('drains: lets go of what waits, takes no more, and waits for what runs', async () => {
    const shop = workshop();
    const queue = createQueue({ running: 1, waiting: 9 });
    const running = queue.enqueue(shop.work('a'));
    const waiting = queue.enqueue(shop.work('b'));
    await settled();
    let drained = false;
    const drain = queue.drain().then(() => {
      drained = true;
    });
    await assert.rejects(waiting, coded('SHUTTING_DOWN'));
    await assert.rejects(queue.enqueue(shop.work('c')), coded('SHUTTING_DOWN'));
    assert.equal(drained, false);
    await shop.end('a');
    await Promise.all([running, drain]);
    await queue.drain();
  });
});

test('whatever is asked: each runs once, within bounds, and in order within its principal and key', async () => {
  const job = fc.record({
    principal: fc.constantFrom('a', 'b', 'c'),
    key: fc.constantFrom(null, 'k1', 'k2'),
    ticks: fc.integer({ min: 0, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(job, { maxLength: 25 }),
      fc.integer({ min: 1, max: 4 }),
      async (jobs, running) => {
        const queue = createQueue({ running, waiting: jobs.length, pollMs: 1 });
        const inUse = new Map<string, number>();
        const started: number[] = [];
        let atOnce = 0;
        const ends = jobs.map(({ principal, key, ticks }, index) =>
          queue.enqueue({
            requestId: String(index),
            principal,
            key,
            start: async () => {
              if (key !== null && (inUse.get(key) ?? 0) >= 1) return 'busy';
              if (key !== null) inUse.set(key, 1);
              started.push(index);
              atOnce += 1;
              assert.ok(atOnce <= running);
              for (let i = 0; i < ticks; i += 1) await settled();
              atOnce -= 1;
              if (key !== null) inUse.set(key, 0);
              return 'done';
            },
          }),
        );
        await Promise.all(ends);
        assert.deepEqual(
          [...started].sort((x, y) => x - y),
          [...jobs.keys()],
        );
        for (const principal of ['a', 'b', 'c']) {
          for (const key of [null, 'k1', 'k2']) {
            const mine = started.filter(
              (i) => jobs[i]!.principal === principal && jobs[i]!.key === key,
            );
            assert.deepEqual(
              mine,
              [...mine].sort((x, y) => x - y),
              'in order',
            );
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('with no keys and everybody waiting from the start, turns go round', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 }), async (who) => {
      const queue = createQueue({ running: 1, waiting: 99 });
      const gate = Promise.withResolvers<void>();
      const order: string[] = [];
      const first = queue.enqueue({
        requestId: 'first',
        principal: 'z',
        key: null,
        start: () => gate.promise.then(() => 'done' as const),
      });
      const ends = who.map((principal, i) =>
        queue.enqueue({
          requestId: String(i),
          principal,
          key: null,
          start: async () => {
            order.push(principal);
            return 'done';
          },
        }),
      );
      gate.resolve();
      await Promise.all([first, ...ends]);
      assertFair(order);
    }),
  );
});

/** Between two turns of one principal, everybody who still has something waiting has had one. */
function assertFair(order: readonly string[]): void {
  order.forEach((principal, i) => {
    const next = order.indexOf(principal, i + 1);
    if (next === -1) return;
    const between = new Set(order.slice(i + 1, next));
    for (const waiting of new Set(order.slice(next + 1))) {
      assert.ok(waiting === principal || between.has(waiting), order.join(''));
    }
  });
}
