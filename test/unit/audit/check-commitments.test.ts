/** Commitments against the state: what holds, what differs, what nobody can tell any more, and entries of version 1. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCommitments } from '../../../src/audit/check-commitments.ts';
import * as entries from '../../../src/audit/entries.ts';
import type { Entry, EntryDraft } from '../../../src/core/entry.ts';
import type { Execution } from '../../../src/core/execution.ts';
import { digestJson, sha256Hex } from '../../../src/core/json.ts';
import type { StoredOutput } from '../../../src/core/ports.ts';
import { noResult } from '../../../src/core/result.ts';
import { anExecution, anOutcome } from '../../contract/samples.ts';

const written = (drafts: readonly EntryDraft[]): readonly Entry[] =>
  drafts.map((draft, i) => ({ ...draft, seq: i + 1, text: '' }));
const args = { steps: 3 };
const outcome = anOutcome();
const output: StoredOutput = {
  stdout: outcome.stdout.bytes,
  stderr: outcome.stderr.bytes,
  stdoutTotal: 3,
  stderrTotal: 99,
  stdoutTruncated: false,
  stderrTruncated: true,
  ...noResult,
};
const execution = anExecution({ arguments: args, parametersHash: digestJson(args) });

function check(now: Execution, kept: StoredOutput | null, drafts: readonly EntryDraft[]) {
  const store = { execution: () => now, output: () => kept, entriesOf: () => written(drafts) };
  return checkCommitments(store, now.requestId)!.map((f) => `${f.seq} ${f.field} ${f.verdict}`);
}
const drafts = [entries.asked(execution), entries.outcome(execution, outcome)];

test('the payload as it was holds', () => {
  assert.deepEqual(check(execution, output, drafts), [
    '1 parameters holds',
    '1 digest holds',
    '2 parameters holds',
    '2 digest holds',
    '2 stdout holds',
    '2 stderr holds',
  ]);
});

test('another value, another salt and no salt differ', () => {
  const other = check({ ...execution, arguments: { steps: 4 } }, output, drafts);
  assert.deepEqual(other.slice(0, 2), ['1 parameters differs', '1 digest holds']);
  for (const salt of [Buffer.alloc(32, 8).toString('base64url'), null]) {
    const found = check({ ...execution, salt }, output, drafts);
    assert.ok(found.every((each) => each.endsWith('differs')));
  }
});

test('what expired can be told by nobody', () => {
  const bare = { ...output, stdout: new Uint8Array(), stderr: new Uint8Array() };
  const half = check({ ...execution, outputExpiredAt: 5 }, bare, drafts);
  assert.deepEqual(half.slice(2), [
    '2 parameters holds',
    '2 digest holds',
    '2 stdout expired',
    '2 stderr expired',
  ]);
  const gone = { arguments: null, parametersHash: null, digest: null, salt: null };
  const whole = { ...execution, ...gone, outputExpiredAt: 5, payloadsExpiredAt: 5 };
  assert.ok(check(whole, bare, drafts).every((each) => each.endsWith('expired')));
});

test('what is gone and did not expire is missing', () => {
  assert.deepEqual(check(execution, null, drafts).slice(2), [
    '2 parameters holds',
    '2 digest holds',
    '2 stdout missing',
    '2 stderr missing',
  ]);
  const gone = { ...execution, arguments: null, digest: null, outputExpiredAt: 5 };
  assert.deepEqual(check(gone, output, drafts).slice(0, 2), [
    '1 parameters missing',
    '1 digest missing',
  ]);
});

test('plain hashes of entries of version 1 are compared as they are', () => {
  const { parametersHash, digest } = execution;
  const stream = (bytes: Uint8Array) => ({ total: 3, kept: 3, sha256: sha256Hex(bytes) });
  const old: EntryDraft = {
    kind: 'outcome',
    at: 1,
    requestId: execution.requestId,
    principal: 'local',
    body: {
      call: { parametersHash, digest },
      run: { stdout: stream(output.stdout), stderr: stream(new Uint8Array([1])) },
    },
  };
  assert.deepEqual(check({ ...execution, salt: null }, output, [old]), [
    '1 parameters plain',
    '1 digest plain',
    '1 stdout plain',
    '1 stderr differs',
  ]);
});

test('a request that is not there has no findings', () => {
  const none = { execution: () => null, output: () => null, entriesOf: () => [] };
  assert.equal(checkCommitments(none, 'r'), null);
});
