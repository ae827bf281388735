import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Buckets } from '../../../src/core/buckets.ts';

test('so many at once, so many a second after that, each key by itself', () => {
  let now = 0;
  const buckets = new Buckets(
    () => ({ perSecond: 2, burst: 3 }),
    () => now,
  );
  const taken = (key: string, times: number) =>
    Array.from({ length: times }, () => buckets.take(key));
  assert.deepEqual(taken('a', 4), [0, 0, 0, 500]);
  assert.deepEqual(taken('b', 1), [0]);
  now = 250;
  assert.deepEqual(taken('a', 1), [250]);
  now = 500;
  assert.deepEqual(taken('a', 2), [0, 500]);
  now = 60_000;
  assert.deepEqual(taken('a', 4), [0, 0, 0, 500], 'never more than the burst');
});

test('a pace that changes holds at once', () => {
  let pace = { perSecond: 1, burst: 1 };
  const buckets = new Buckets(
    () => pace,
    () => 0,
  );
  assert.equal(buckets.take('a'), 0);
  assert.equal(buckets.take('a'), 1_000);
  pace = { perSecond: 10, burst: 1 };
  assert.equal(buckets.take('a'), 100);
});

test('keys without number are forgotten, those that are full again first', () => {
  let now = 0;
  const buckets = new Buckets(
    () => ({ perSecond: 1, burst: 2 }),
    () => now,
    4,
  );
  for (const key of ['a', 'b', 'c', 'd']) buckets.take(key);
  now = 1_000;
  buckets.take('b');
  buckets.take('b');
  buckets.take('b');
  buckets.take('e');
  assert.ok(buckets.size <= 4);
  assert.notEqual(buckets.take('b'), 0, 'the one in use is remembered');
  for (let i = 0; i < 100; i += 1) buckets.take(`x${i}`);
  assert.equal(buckets.size, 4);
});
