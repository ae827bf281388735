/** The audit line of row L8: its fields, and that no value can break out of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as entries from '../../../src/audit/entries.ts';
import { auditLine, auditRecord } from '../../../src/audit/line.ts';
import {
  type Entry,
  type EntryDraft,
  type EntryKind,
  entryKinds,
} from '../../../src/core/entry.ts';
import { anExecution, anOutcome } from '../../contract/samples.ts';

const written = (draft: EntryDraft): Entry => ({ ...draft, seq: 7, text: '' });
const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6);

test('the line of a finished call is pinned, field by field and in order', () => {
  const execution = anExecution({ requestId: 'r', onBehalfOf: 'eve', finishedAt: at });
  const outcome = anOutcome({
    status: 'timeout',
    errorCode: 'COMMAND_TIMEOUT',
    errorMessage: 'too long',
    durationMs: 60_001,
  });
  const line = auditLine(
    auditRecord(written(entries.outcome(execution, outcome)), 'abc', () => execution)!,
  );
  assert.equal(
    line,
    `{"time":"2026-01-02T03:04:05.006Z","seq":7,"requestId":"r","tool":"migrate_db","command":"migrate-db","parametersHash":"sha256:${'a'.repeat(64)}","operator":"local","onBehalfOf":"eve","status":"timeout","errorCode":"COMMAND_TIMEOUT","errorMessage":"too long","durationMs":60001,"environment":"development","face":"rest","client":"curl/8","trust":"gateway","digest":"sha256:${'d'.repeat(64)}","rehearsal":null,"runbook":null,"event":"outcome","detail":null,"state":"abc"}\n`,
  );
});

test('each end of a call gives one line, each step on the way none', () => {
  const execution = anExecution({ finishedAt: at, status: 'unknown' });
  const steps = [entries.asked(execution), entries.cancelAsked(at, 'p', 'r', 'why')];
  for (const draft of steps) assert.equal(auditRecord(written(draft), 's'), null, draft.kind);
  const refusal = entries.refused(execution, { code: 'COMMAND_NOT_ALLOWED', message: 'no' });
  const refused = auditRecord(written(refusal), 's');
  assert.deepEqual(
    [refused?.status, refused?.errorCode, refused?.errorMessage, refused?.durationMs],
    ['rejected', 'COMMAND_NOT_ALLOWED', 'no', null],
  );
  const lost = auditRecord(written(entries.lost(execution)), 's');
  assert.deepEqual(
    [lost?.status, lost?.errorCode, lost?.durationMs, lost?.tool],
    ['unknown', 'HOST_LOST', null, 'migrate_db'],
  );
});

test('what happens to the gateway gives a line with its details', () => {
  const frozen = auditRecord(written(entries.frozen(at, 'ops', 'incident')), 's');
  assert.equal(frozen?.operator, 'ops');
  assert.equal(frozen?.event, 'frozen');
  assert.equal(frozen?.status, 'ok');
  assert.deepEqual(frozen?.detail, { reason: 'incident' });
  const refused = auditRecord(written(entries.generationRefused(at, null, [])), 's');
  assert.equal(refused?.status, 'failed');
  const stranger = entries.unauthenticated(at, {
    face: 'rest',
    problem: 'no token',
    remote: '127.0.0.1',
    times: 1,
  });
  const unauthenticated = auditRecord(written(stranger), 's');
  assert.equal(unauthenticated?.errorCode, 'UNAUTHENTICATED');
  assert.equal(unauthenticated?.face, 'rest');
});

test('answers to a request for approval give lines, taken or not', () => {
  const answer = entries.approvalAnswered(
    {
      requestId: 'r',
      stage: 0,
      role: 'ops_lead',
      approver: 'ann',
      verdict: 'reject',
      reason: 'not now',
      digest: 'sha256:d',
      at,
      proof: { kind: 'token', tokenId: 't1' },
    },
    { stages: 1, salt: null },
  );
  const answered = auditRecord(written(answer), 's', () => ({
    parametersHash: 'sha256:p',
    digest: 'sha256:d',
  }));
  assert.deepEqual(
    [answered?.operator, answered?.status, answered?.digest, answered?.detail],
    ['ann', 'ok', 'sha256:d', answer.body],
  );
  const facts = { requestId: 'r', approver: 'mallory', verdict: null, stage: null } as const;
  const forged = entries.approvalRefused(at, {
    ...facts,
    errorCode: 'APPROVAL_NOT_ALLOWED',
    errorMessage: 'no',
  });
  const refused = auditRecord(written(forged), 's');
  assert.deepEqual(
    [refused?.operator, refused?.status, refused?.errorCode, refused?.errorMessage],
    ['mallory', 'rejected', 'APPROVAL_NOT_ALLOWED', 'no'],
  );
  const granted = entries.approvalGranted(anExecution(), { at, startBy: 9, approvers: [] });
  assert.equal(auditRecord(written(granted), 's'), null);
});

test('an entry of any kind, with any body, old or newer than this Reeve, makes a line or none', () => {
  const kinds = fc.constantFrom(...entryKinds, 'of-the-future' as EntryKind);
  fc.assert(
    fc.property(kinds, fc.dictionary(fc.string(), fc.jsonValue()), (kind, body) => {
      const entry = { kind, at, requestId: null, principal: null, body, seq: 1, text: '' } as Entry;
      const record = auditRecord(entry, 's');
      if (record !== null) JSON.parse(auditLine(record));
    }),
  );
});

test('no value can forge a line or hide in one', () => {
  const hostile = fc.oneof(
    fc.constantFrom(
      '\n{"time":"forged"}',
      '\r\n',
      '\u2028\u2029\u0085',
      '\u202e\u2066',
      '\u200b\ufeff\u00ad\u034f\u115f\u3164\u{e0041}',
      '\u001b[2J\u009b',
      '\ud800',
      '"}\\',
    ),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      const execution = anExecution({
        finishedAt: at,
        principal: text,
        command: text,
        tool: text,
        client: text,
        environment: text,
        errorMessage: text,
      });
      const entry = written(entries.refused(execution, { code: 'INVALID_REQUEST', message: text }));
      const line = auditLine(auditRecord(entry, 's')!);
      assert.equal(line.indexOf('\n'), line.length - 1);
      assert.doesNotMatch(
        line.slice(0, -1),
        /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u,
      );
      assert.equal(JSON.parse(line).client, text.toWellFormed());
    }),
  );
});
