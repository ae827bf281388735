import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReeveError, Refusal } from '../../../../src/core/errors.ts';
import { Strangers } from '../../../../src/edge/rest/strangers.ts';
import { memoryGateway } from '../memory-gateway.ts';

const error = new ReeveError('UNAUTHENTICATED', 'No token came.');

test('after a flood, the next one on record says how many were left out', async () => {
  const gateway = memoryGateway();
  let now = 0;
  const strangers = new Strangers(gateway, () => now);
  for (let i = 0; i < 100; i += 1) await strangers.record(error);
  assert.equal(gateway.refusals.length, 60);
  now = 59_999;
  assert.equal((await strangers.record(error)) instanceof Refusal, false);
  now = 60_000;
  assert.ok((await strangers.record(error)) instanceof Refusal);
  assert.match(gateway.refusals[60]!.error.message, /41 such calls were left out/);
  await strangers.record(error);
  assert.equal(gateway.refusals[61]!.error.message, 'No token came.');
});

test('a record that fails counts as left out, and the answer is still the refusal', async () => {
  const gateway = memoryGateway();
  const strangers = new Strangers(gateway, () => 0);
  gateway.failNext = new Error('the disk is full');
  assert.equal(await strangers.record(error), error);
  await strangers.record(error);
  assert.match(gateway.refusals[0]!.error.message, /1 such calls/);
});
