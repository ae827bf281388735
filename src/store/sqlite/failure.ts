/** What SQLite and the file system say when they fail, in words. In: anything thrown. Out: a ReeveError, never a raw one. */
import { ReeveError } from '../../core/errors.ts';

/** By primary result code (the low byte of SQLite's extended code). */
const causes: Readonly<Record<number, string>> = Object.freeze({
  5: 'another process kept the database locked for too long',
  6: 'the database is locked by this process',
  7: 'there is not enough memory',
  8: 'the database or its file system is read-only',
  10: 'reading or writing the disk failed',
  11: 'the database file is damaged',
  13: 'the disk is full',
  14: 'the database file cannot be opened',
  19: 'the database refused the row',
  23: 'the system refused access to the database',
  26: 'the file is not a database',
});

/** SQLite's primary result code of an error that node:sqlite threw; undefined for anything else. */
export function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

export const busyCode = 5;

/** The failure as AUDIT_UNAVAILABLE; what is a ReeveError already stays itself. `doing` completes "The record …". */
export function unavailable(doing: string, file: string, error: unknown): ReeveError {
  if (error instanceof ReeveError) return error;
  const code = resultCode(error);
  const said = error instanceof Error ? error.message : String(error);
  const cause = (code === undefined ? undefined : causes[code]) ?? 'it failed';
  return new ReeveError(
    'AUDIT_UNAVAILABLE',
    `The record ${doing}: ${cause} (${said}). Check ${file}: the space and the permissions around it; then ask again.`,
    [],
    { cause: error },
  );
}
