/** What a record of assurance counts for, and when it counts for nothing any more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type AssuranceGround,
  type AssuranceRecord,
  checksumOf,
  lastVerifiedOf,
  stalenessOf,
  statusAt,
} from '../../../src/core/assurance-record.ts';
import { aRecord } from '../../contract/assurance.ts';

const ground: AssuranceGround = {
  commandHash: 'c',
  executableSha256: 'e',
  policyHash: 'p',
  maxAgeMs: 1_000,
};
const record: AssuranceRecord = aRecord({ ...ground, startedAt: 10_000 });

test('a record is stale once command, executable or policy changed, or it is too old', () => {
  assert.deepEqual(stalenessOf(record, ground, 11_000), []);
  const changes: readonly (readonly [Partial<AssuranceGround>, RegExp])[] = [
    [{ commandHash: 'x' }, /declaration/],
    [{ executableSha256: 'x' }, /executable/],
    [{ policyHash: 'x' }, /policy/],
  ];
  for (const [change, why] of changes) {
    assert.match(stalenessOf(record, { ...ground, ...change }, 10_000).join(), why);
  }
  assert.match(stalenessOf(record, ground, 11_001).join(), /older than maxAge/);
  assert.deepEqual(stalenessOf(record, { ...ground, maxAgeMs: null }, 1e12), []);
});

test('a waiver makes a fail count until it ends, and never makes it a pass', () => {
  const waiver = { author: 'ann', reason: 'r', at: 1, until: 500 };
  const failed = { ...record, verdict: 'fail' as const };
  assert.equal(statusAt(failed, 0), 'fail');
  fc.assert(
    fc.property(fc.nat(), (now) => {
      assert.equal(statusAt({ ...failed, waiver }, now), now < 500 ? 'waived' : 'fail');
      assert.equal(statusAt({ ...record, waiver }, now), 'pass');
    }),
  );
});

test('what a listing says of it', () => {
  assert.deepEqual(lastVerifiedOf(record, { ...ground, policyHash: 'x' }, 10_000), {
    environment: record.environment,
    id: record.id,
    at: '1970-01-01T00:00:10.000Z',
    status: 'pass',
    stale: true,
    why: ['policy has changed since'],
  });
});

test('its checksum binds the facts, and not what came of them', () => {
  const waiver = { author: 'ann', reason: 'r', at: 1, until: 500 };
  assert.equal(checksumOf(record), checksumOf({ ...record, auditEntry: 99, waiver } as never));
  for (const change of [{ verdict: 'fail' as const }, { tester: 'eve' }, { startedAt: 1 }]) {
    assert.notEqual(checksumOf(record), checksumOf({ ...record, ...change }));
  }
});
