/** A flood of refusals: what goes on record, what is counted, and that nothing is left out in silence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EntryDraft } from '../../../src/core/entry.ts';
import { ReeveError, Refusal } from '../../../src/core/errors.ts';
import { rateDefaults } from '../../../src/core/settings.ts';
import { RefusalBound } from '../../../src/gateway/refusal-bound.ts';
import { ask, layGround, local, openHouse } from './fixture.ts';

function bound() {
  const recorded: EntryDraft[] = [];
  const reports: string[] = [];
  const time = { now: 0, broken: false };
  const store = {
    record: (entries: readonly EntryDraft[]) => {
      if (time.broken) throw new ReeveError('AUDIT_UNAVAILABLE', 'The disk is full.');
      recorded.push(...entries);
    },
  };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const report = (message: string) => void reports.push(message);
  const house = { store, clock, report } as unknown as ConstructorParameters<
    typeof RefusalBound
  >[0];
  return {
    bound: new RefusalBound(house, () => ({ perSecond: 5, burst: 10 })),
    recorded,
    reports,
    time,
  };
}

test('past the burst they are counted: the first is told of at once, the others a minute later, by code', () => {
  const { bound: refusals, recorded, time } = bound();
  for (let i = 0; i < 10; i += 1) assert.equal(refusals.admits('bot', 'INVALID_REQUEST'), true);
  for (let i = 0; i < 4; i += 1) assert.equal(refusals.admits('bot', 'INVALID_REQUEST'), false);
  assert.equal(refusals.admits('bot', 'CONCURRENCY_LIMIT'), false);
  assert.equal(refusals.admits('other', 'INVALID_REQUEST'), true, 'nobody else is counted with it');
  assert.deepEqual(
    recorded.map(({ kind, principal, body }) => [kind, principal, body.count]),
    [['refusals-left-out', 'bot', 1]],
  );
  time.now = 59_999;
  refusals.tell('due');
  assert.equal(recorded.length, 1);
  time.now = 60_000;
  refusals.tell('due');
  assert.deepEqual(recorded[1]!.body, {
    count: 4,
    since: 0,
    codes: [
      { errorCode: 'INVALID_REQUEST', count: 3 },
      { errorCode: 'CONCURRENCY_LIMIT', count: 1 },
    ],
  });
  assert.equal(refusals.admits('bot', 'INVALID_REQUEST'), true, 'five a second come back');
});

test('what is left when the gateway goes is told of', () => {
  const { bound: refusals, recorded } = bound();
  for (let i = 0; i < 13; i += 1) refusals.admits('bot', 'FROZEN');
  refusals.tell('all');
  assert.deepEqual(
    recorded.map(({ body }) => body.count),
    [1, 2],
  );
});

test('a count that cannot be written is kept until it can be', () => {
  const { bound: refusals, recorded, reports, time } = bound();
  time.broken = true;
  for (let i = 0; i < 13; i += 1) refusals.admits('bot', 'FROZEN');
  assert.equal(recorded.length, 0);
  assert.equal(reports.length, 1);
  time.broken = false;
  time.now = 60_000;
  refusals.tell('due');
  assert.deepEqual(
    recorded.map(({ body }) => body.count),
    [3],
  );
});

test('a caller that is refused again and again is answered each time, and the record grows no further', async (t) => {
  const ground = layGround();
  t.after(() => ground.clear());
  const open = await openHouse(ground);
  const { gateway, house } = open;
  const refused = async (): Promise<ReeveError> => {
    try {
      await gateway.submit(local, ask('nothing'));
      return assert.fail('it was taken');
    } catch (error) {
      return error as ReeveError;
    }
  };
  // The bucket is as full as it was, however slow this machine is.
  (house.clock as { monotonic: () => number }).monotonic = () => 0;
  for (let i = 0; i < rateDefaults.recordedRefusals.burst; i += 1)
    assert.ok((await refused()) instanceof Refusal);
  for (let i = 0; i < 20; i += 1) {
    const error = await refused();
    assert.equal(error.code, 'COMMAND_NOT_ALLOWED');
    assert.ok(!(error instanceof Refusal), 'no id of what is not on record');
  }
  const unread = new ReeveError('INVALID_REQUEST', 'body: it is no JSON.');
  const answers = await Promise.allSettled(
    Array.from({ length: 50 }, () => gateway.refuse(local, unread, null)),
  );
  for (const each of answers) assert.equal(each.status === 'rejected' && each.reason, unread);

  // One's own runs, and other principals' refusals, are not touched by it.
  const run = await gateway.submit(local, ask('say', { text: 'x' }));
  assert.equal((await gateway.wait(local, run.requestId, null)).status, 'ok');
  await gateway.close();
  const entries = house.store.entriesAfter(0, 100_000);
  const told = entries.filter((entry) => entry.kind === 'refusals-left-out');
  assert.equal(
    told.reduce((sum, { body }) => sum + Number(body.count), 0),
    70,
  );
  assert.equal(
    entries.filter((entry) => entry.kind === 'refused').length,
    rateDefaults.recordedRefusals.burst,
  );
  await open.close();
});
