/** An entry of every kind, byte for byte; the line of the audit file that it makes; and what webhooks are told of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditRecord } from '../../src/audit/line.ts';
import { formatReceipt } from '../../src/audit/verify/receipt.ts';
import { checksumOf } from '../../src/core/assurance-record.ts';
import { entryKinds } from '../../src/core/entry.ts';
import { messagesOf } from '../../src/edge/webhooks/events.ts';
import { aRecord } from '../contract/assurance.ts';
import { anApproval } from '../contract/samples.ts';
import { drafts, execution, written } from './each-kind.ts';
import { pinned, shapeOf } from './pinned.ts';

const kinds = [...entryKinds];

test('there is an example of every kind of entry', () => {
  assert.deepEqual(Object.keys(drafts).sort(), [...kinds].sort());
  for (const kind of kinds) assert.equal(drafts[kind].kind, kind);
});

test('every kind of entry has these bytes', () => {
  const texts = Object.fromEntries(kinds.map((kind) => [kind, written(drafts[kind]).text]));
  pinned('entries', texts, 'Verifiers and the tools of auditors');
});

test('every kind of entry has these fields of these types', () => {
  const shapes = Object.fromEntries(kinds.map((kind) => [kind, shapeOf(drafts[kind].body)]));
  pinned('entry-fields', shapes, 'The tools of auditors');
});

test('every kind of entry makes this line of the audit file, or none', () => {
  const lines = kinds.map((kind) => [kind, auditRecord(written(drafts[kind]), 'state-1')]);
  pinned('audit-lines', Object.fromEntries(lines), 'Log collectors (SIEM)');
});

test('what webhooks send has these bodies', () => {
  const request = anApproval(execution);
  const around = {
    state: 'state-1',
    execution: () => execution,
    approval: () => ({ request, answers: [] }),
    page: (path: string) => `https://reeve.example${path}`,
  };
  const sent = kinds.flatMap((kind) =>
    messagesOf(written(drafts[kind]), around as never).map(({ payload, type }) => [
      `${kind}: ${type}`,
      JSON.parse(payload) as unknown,
    ]),
  );
  assert.ok(sent.length >= 6);
  pinned('webhooks', Object.fromEntries(sent), 'Receivers of webhooks');
});

test('a record of assurance has these fields, and its checksum is taken over them in this way', () => {
  const record = aRecord({ id: 'asr_1', startedAt: 1_790_000_000_000 });
  const waived = { ...record, waiver: { author: 'ann', reason: 'r', at: 1, until: 2 } };
  const value = { fields: shapeOf(waived), checksum: checksumOf(record) };
  pinned('assurance-record', value, 'Auditors who check a record by its checksum');
});

test('a receipt has this form', () => {
  const note = 'reeve.example/log\n3\nAAAA\n\n— reeve.example/log BBBB\n';
  const receipt = formatReceipt({ index: 2, path: [Buffer.alloc(32, 1)], note });
  pinned('receipt', receipt.split('\n'), 'Whoever checks a receipt (c2sp.org/tlog-proof@v1)');
});
