/** The record's lines. In: drafts, inside a transaction. Out: entries numbered from 1, without a gap, whoever writes. */
import { type Entry, type EntryDraft, entryVersion, maxEntryBytes } from '../../core/entry.ts';
import { ReeveError } from '../../core/errors.ts';
import { canonicalJson, deepFreeze } from '../../core/json.ts';
import type { Database } from './database.ts';

/** Only inside a transaction: that it is `immediate` is what keeps two processes from giving the same number. */
export function appendEntries(
  db: Pick<Database, 'get' | 'write'>,
  drafts: readonly EntryDraft[],
): void {
  if (drafts.length === 0) return;
  let seq = Number(db.get('select coalesce(max(seq), 0) as seq from entries')?.seq);
  for (const { kind, at, requestId, principal, body } of drafts) {
    seq += 1;
    const text = canonicalJson({ v: entryVersion, seq, kind, at, requestId, principal, body });
    const size = Buffer.byteLength(text);
    if (size > maxEntryBytes) {
      throw new ReeveError(
        'AUDIT_UNAVAILABLE',
        `An entry of kind ${kind} would take ${size} bytes, and at most ${maxEntryBytes} can be recorded. Nothing was changed; ask for less at once.`,
      );
    }
    db.write(
      `entry ${kind}`,
      'insert into entries (seq, request_id, text) values (?, ?, ?)',
      seq,
      requestId,
      text,
    );
  }
}

export function readEntry(text: string): Entry {
  const { seq, kind, at, requestId, principal, body } = JSON.parse(text) as Omit<Entry, 'text'>;
  return deepFreeze({ seq, kind, at, requestId, principal, body, text });
}

export function entriesOf(db: Database, requestId: string): readonly Entry[] {
  return db
    .all('select text from entries where request_id = ? order by seq', requestId)
    .map((row) => readEntry(String(row.text)));
}

export function entriesAfter(db: Database, after: number, limit: number): readonly Entry[] {
  return db
    .all('select text from entries where seq > ? order by seq limit ?', after, limit)
    .map((row) => readEntry(String(row.text)));
}
