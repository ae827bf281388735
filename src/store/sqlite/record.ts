/**
 * The record of a state, to be looked at and nothing else. In: the database's file. Out: its entries, in order. Never: a
 * write, an upgrade, or a database made where there was none; a gateway may be at work on the same file.
 */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ReeveError } from '../../core/errors.ts';

export interface RecordReader {
  /** Entries with a number above `after`, oldest first, as they lie there. */
  after(
    after: number,
    limit: number,
  ): readonly { readonly seq: number; readonly requestId: string | null; readonly text: string }[];
  close(): void;
}

/** Null where there is no database. Throws AUDIT_UNAVAILABLE where it cannot be read. */
export function openRecord(file: string): RecordReader | null {
  if (!existsSync(file)) return null;
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    db.exec('pragma trusted_schema = off');
    const page = db.prepare(
      'select seq, request_id, text from entries where seq > ? order by seq limit ?',
    );
    return {
      after: (after, limit) =>
        page.all(after, limit).map(({ seq, request_id, text }) => ({
          seq: Number(seq),
          requestId: request_id === null ? null : String(request_id),
          text: String(text),
        })),
      close: () => db.close(),
    };
  } catch (error) {
    throw new ReeveError(
      'AUDIT_UNAVAILABLE',
      `The database ${file} cannot be read: ${(error as Error).message}. Verify the log without it: reeve audit verify --offline FOLDER --key KEY.`,
      [],
      { cause: error },
    );
  }
}
