/** Assurance records and waivers. In: what two runs showed. Out: what was kept, newest first. Must never: change or lose one. */
import type { AssuranceFilter, AssuranceStore } from '../../core/assurance-ports.ts';
import type { AssuranceFacts, AssuranceRecord } from '../../core/assurance-record.ts';
import { deepFreeze } from '../../core/json.ts';
import type { Database, Row } from './database.ts';
import { appendEntries } from './entries.ts';
import { taken } from './refusals.ts';

/** With the newest waiver of each, if any. */
const select = `select r.seq, r.facts, r.audit_entry, w.author, w.reason, w.at, w.until
  from assurance_records r left join assurance_waivers w
  on w.seq = (select max(seq) from assurance_waivers where record = r.id)`;

export function assuranceOf(db: Database): AssuranceStore {
  const find = (id: string): AssuranceRecord | null => {
    const row = db.get(`${select} where r.id = ?`, id);
    return row === undefined ? null : readRecord(row);
  };
  return {
    record: (id) => db.read(() => find(id)),

    newest: (command, environment) =>
      db.read(() => {
        const sql = `${select} where r.command = ? and r.environment = ? order by r.seq desc limit 1`;
        const row = db.get(sql, command, environment);
        return row === undefined ? null : readRecord(row);
      }),

    keep: (facts, entry) =>
      db.transaction(() => {
        if (find(facts.id) !== null) {
          throw taken(`There is a record ${facts.id} already.`, 'Keep one with another id.');
        }
        appendEntries(db, [entry]);
        const seq = Number(db.get('select max(seq) as seq from entries')?.seq);
        db.write(
          'assurance record',
          'insert into assurance_records (id, command, environment, audit_entry, facts) values (?, ?, ?, ?, ?)',
          facts.id,
          facts.command,
          facts.environment,
          seq,
          JSON.stringify(facts),
        );
        return deepFreeze({ ...facts, auditEntry: seq, waiver: null });
      }),

    waive: (id, waiver, entry) =>
      db.transaction(() => {
        if (find(id) === null) return null;
        const sql =
          'insert into assurance_waivers (record, author, reason, at, until) values (?, ?, ?, ?, ?)';
        const { author, reason, at, until } = waiver;
        db.write('assurance waiver', sql, id, author, reason, at, until);
        appendEntries(db, [entry]);
        return find(id);
      }),

    records: (filter) => db.read(() => pageOf(db, filter)),
  };
}

function pageOf(db: Database, filter: AssuranceFilter) {
  const { command, environment, tester, limit, before } = filter;
  const cursor = before === null ? null : Number(/^[1-9]\d{0,14}$/.exec(before)?.[0] ?? 0);
  const rows = db.all(
    `${select} where (?1 is null or r.command = ?1) and (?2 is null or r.environment = ?2)
      and (?3 is null or r.seq < ?3) and (?4 is null or r.facts ->> '$.tester' = ?4)
      order by r.seq desc limit ?5`,
    command,
    environment,
    cursor,
    tester,
    limit + 1,
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    records: page.map(readRecord),
    nextCursor: rows.length > limit && last !== undefined ? String(last.seq) : null,
  };
}

function readRecord(row: Row): AssuranceRecord {
  const facts = JSON.parse(String(row.facts)) as AssuranceFacts;
  const waiver =
    row.author === null
      ? null
      : {
          author: String(row.author),
          reason: String(row.reason),
          at: Number(row.at),
          until: Number(row.until),
        };
  return deepFreeze({ ...facts, auditEntry: Number(row.audit_entry), waiver });
}
