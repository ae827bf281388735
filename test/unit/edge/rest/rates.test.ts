/** How fast one may ask, over REST: who is held back, how it is told, and what it leaves on record. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateDefaults } from '../../../../src/core/settings.ts';
import { type DoorTerms, openDoor } from '../../../../src/edge/rest/door-terms.ts';
import { addressLimit, principalLimit } from '../../../../src/edge/rest/rates.ts';
import { problem, serving } from './serving.ts';

/** So slow that nothing comes back while a test runs. */
const slow = (burst: number): DoorTerms => ({
  ...openDoor,
  settings: {
    ...openDoor.settings,
    rate: { ...rateDefaults, perPrincipal: { perSecond: 0.01, burst } },
  },
});

test('each principal has its own, and is told when to come again', () => {
  let now = 0;
  const limit = principalLimit(
    () => ({ ...rateDefaults, perPrincipal: { perSecond: 0.5, burst: 2 } }),
    () => now,
  );
  assert.deepEqual([limit('a'), limit('a'), limit('b')], [null, null, null]);
  const refusal = limit('a');
  assert.equal(refusal?.code, 'RATE_LIMITED');
  assert.deepEqual(refusal.terms.headers, { 'Retry-After': '2' });
  assert.match(refusal.message, /2 at once, then 0\.5 a second.*Ask again in 2 s/);
  now = 2_000;
  assert.equal(limit('a'), null);
});

test('addresses have theirs', () => {
  const limit = addressLimit(() => 0);
  let taken = 0;
  while (limit('203.0.113.9') === null) taken += 1;
  assert.equal(taken, 1_000);
  assert.equal(limit('203.0.113.10'), null);
});

test('calls past the pace are answered 429 with Retry-After, and each is on record', async (t) => {
  const { execute, ask, gateway } = await serving(t, { door: () => slow(3) });
  for (let i = 0; i < 3; i += 1) assert.equal((await execute({ command: 'say' })).status, 200);
  for (let i = 0; i < 2; i += 1) {
    const response = await execute({ command: 'say' });
    assert.match(response.headers.get('retry-after')!, /^[1-9]\d*$/);
    const body = await problem(response);
    assert.deepEqual([body.status, body.errorCode], [429, 'RATE_LIMITED']);
    assert.match(body.requestId!, /^req_/);
    assert.match(body.remedy, /^Ask again in \d+ s/);
  }
  assert.deepEqual(
    gateway.refusals.map(({ error, caller }) => [error.code, caller?.principal.id]),
    [
      ['RATE_LIMITED', 'local'],
      ['RATE_LIMITED', 'local'],
    ],
  );
  assert.equal((await ask('/v1/inventory')).status, 200, 'who only looks is not held back');
  assert.equal((await ask('/readyz')).status, 200);
});

test('whatever else leaves a mark is paced by the same, without a record of its own', async (t) => {
  const { post, gateway } = await serving(t, { door: () => slow(1) });
  assert.equal((await post('/v1/commands/plan', { command: 'say' })).status, 200);
  const body = await problem(await post('/v1/admin/freeze', { reason: 'x' }));
  assert.equal(body.errorCode, 'RATE_LIMITED');
  assert.deepEqual(gateway.refusals, []);
});

test('a pace that is loaded anew holds at once', async (t) => {
  let door = slow(1);
  const { execute } = await serving(t, { door: () => door });
  assert.equal((await execute({ command: 'say' })).status, 200);
  assert.equal((await execute({ command: 'say' })).status, 429);
  door = {
    ...openDoor,
    settings: {
      ...openDoor.settings,
      rate: { ...rateDefaults, perPrincipal: { perSecond: 100_000, burst: 9 } },
    },
  };
  assert.equal((await execute({ command: 'say' })).status, 200);
});
