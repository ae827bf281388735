/** Records and waivers in SQLite: kept with their entries, read back newest first, and changed by nobody. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { assuranceRecorded, assuranceWaived } from '../../../../src/audit/entries.ts';
import { checksumOf } from '../../../../src/core/assurance-record.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { assuranceFacts } from '../../../contract/assurance.ts';

const folder = mkdtempSync(join(tmpdir(), 'reeve-assurance-'));
const file = join(folder, 'reeve.db');
const store = openSqliteStore(file);
const { assurance } = store;
after(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a record comes back as it was made, with the number of its entry, frozen', () => {
  const facts = assuranceFacts({ verdict: 'fail' });
  const kept = assurance.keep(facts, assuranceRecorded(facts));
  assert.deepEqual(assurance.record(facts.id), {
    ...facts,
    auditEntry: kept.auditEntry,
    waiver: null,
  });
  assert.ok(Object.isFrozen(assurance.record(facts.id)!.runs));
  const [entry] = store.entriesAfter(kept.auditEntry - 1, 1);
  assert.equal(entry!.kind, 'assurance-recorded');
  assert.equal(entry!.body.recordChecksum, checksumOf(facts));
  assert.equal(checksumOf(kept), checksumOf(facts));
  assert.throws(() => assurance.keep(facts, assuranceRecorded(facts)), { code: 'CONFLICT' });
});

test('a waiver stands with its record; a newer one takes its place and the older stays on record', () => {
  const facts = assuranceFacts({ verdict: 'fail', command: 'waived' });
  assurance.keep(facts, assuranceRecorded(facts));
  for (const until of [100, 200]) {
    const waiver = { author: 'ann', reason: 'ticket 7', at: 1, until };
    const waived = assurance.waive(facts.id, waiver, assuranceWaived(facts, waiver));
    assert.deepEqual(waived!.waiver, waiver);
  }
  const entries = store.entriesAfter(0, 100).filter(({ kind }) => kind === 'assurance-waived');
  assert.deepEqual(
    entries.map(({ body }) => body.until),
    [100, 200],
  );
  assert.equal(
    assurance.waive('asr_none', { author: 'a', reason: 'r', at: 1, until: 2 }, entries[0]!),
    null,
  );
});

test('pages go from new to old, by command, environment and tester', () => {
  const all = Array.from({ length: 5 }, (_, i) =>
    assuranceFacts({
      command: 'paged',
      environment: i % 2 === 0 ? 'production' : 'staging',
      tester: i < 3 ? 'ann' : 'bob',
    }),
  );
  for (const facts of all) assurance.keep(facts, assuranceRecorded(facts));
  const any = { command: 'paged', environment: null, tester: null, limit: 2, before: null };
  const seen: string[] = [];
  let before: string | null = null;
  do {
    const page = assurance.records({ ...any, before });
    seen.push(...page.records.map(({ id }) => id));
    before = page.nextCursor;
  } while (before !== null);
  assert.deepEqual(seen, all.map(({ id }) => id).reverse());
  assert.equal(assurance.records({ ...any, environment: 'staging' }).records.length, 2);
  assert.equal(assurance.records({ ...any, limit: 9, tester: 'ann' }).records.length, 3);
  assert.deepEqual(assurance.records({ ...any, before: "1' or 1=1" }).records, []);
  assert.equal(assurance.newest('paged', 'staging')!.id, all[3]!.id);
  assert.equal(assurance.newest('paged', 'nowhere'), null);
});

test('nobody changes or removes one with other tools', () => {
  const db = new DatabaseSync(file);
  for (const sql of [
    "update assurance_records set facts = '{}'",
    'delete from assurance_records',
    'update assurance_waivers set until = 9e15',
    'delete from assurance_waivers',
    'insert or replace into assurance_records select * from assurance_records',
  ])
    assert.throws(() => db.exec(sql), /append-only/, sql);
  db.close();
});
