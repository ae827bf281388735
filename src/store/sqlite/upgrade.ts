/**
 * An older database, brought up to date. In: a connection that nobody uses yet. Out: the schema of this program, and what
 * was there before as a copy in `backups/` beside it. Must never: change anything before that copy is on the disk, leave
 * some of the steps taken and others not, or touch a database that is not ours or newer than we are.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { ReeveError } from '../../core/errors.ts';
import { copyDatabase, sweepDrafts } from './copy.ts';
import { unavailable } from './failure.ts';
import { applicationId, migrations } from './migrations.ts';

/** From which schema to which, and where the database of before lies; null where it is copied already by who asks. */
export interface Upgrade {
  readonly from: number;
  readonly to: number;
  readonly copy: string | null;
}

/** Statements in the transaction of the steps. */
export interface Writing {
  get(sql: string, ...values: SQLInputValue[]): Readonly<Record<string, unknown>> | undefined;
  write(name: string, sql: string, ...values: SQLInputValue[]): number;
}

export interface UpgradeOptions {
  /** Milliseconds since 1970, for the copy's name. */
  readonly now?: () => number;
  /** `leave-out` where the file is itself a copy that is kept. */
  readonly copy?: 'make' | 'leave-out';
  /** Called before the steps are committed, to put them on record with them. */
  readonly upgraded?: (upgrade: Upgrade, on: Writing) => void;
}

/** Another process may be making a copy of all of it: that takes as long as it takes. */
const patienceMs = 10 * 60_000;

/** All steps or none, with the copy made first; null where there was nothing to do. Throws ReeveError AUDIT_UNAVAILABLE. */
export function bringUpToDate(
  connection: DatabaseSync,
  file: string,
  options: UpgradeOptions,
  faults: (point: string) => void,
): Upgrade | null {
  if (checkVersion(connection, file) === migrations.length) return null;
  connection.exec(`pragma busy_timeout = ${patienceMs}`);
  let copy: string | null = null;
  let from = 0;
  // Nobody else writes from here on, so that the copy is what the steps begin with, and of two programs one takes them.
  connection.exec('begin immediate');
  try {
    from = checkVersion(connection, file);
    if (from < migrations.length) {
      // What has no tables yet is new: there is nothing to keep.
      if (from > 0 && options.copy !== 'leave-out') copy = keepCopy(file, from, options, faults);
      for (const [index, step] of migrations.entries()) {
        if (index < from) continue;
        faults(`before step ${index + 1}`);
        connection.exec(step);
        connection.exec(`pragma user_version = ${index + 1}`);
      }
      const upgrade = Object.freeze({ from, to: migrations.length, copy });
      if (from > 0) options.upgraded?.(upgrade, writingOn(connection));
      faults('before steps are committed');
      connection.exec('commit');
      return from === 0 ? null : upgrade;
    }
    connection.exec('commit');
    return null;
  } catch (error) {
    rollBack(connection);
    if (copy === null) throw error;
    throw new ReeveError(
      'AUDIT_UNAVAILABLE',
      `${file} could not be brought from schema ${from} to ${migrations.length}: ${unavailable('cannot be written', file, error).message} ` +
        `Nothing was changed in it: the Reeve of before goes on with it. A copy that was made of it first is ${copy}.`,
      [],
      { cause: error },
    );
  }
}

function keepCopy(
  file: string,
  schema: number,
  { now = Date.now }: UpgradeOptions,
  faults: (point: string) => void,
): string {
  const folder = join(dirname(file), 'backups');
  const time = new Date(now()).toISOString().replaceAll(/[-:.]/g, '');
  const begin = `before-schema-${migrations.length}-`;
  const copy = join(folder, `${begin}${time}.db`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    sweepDrafts(folder);
    const earlier = readdirSync(folder).filter((name) => name.startsWith(begin));
    copyDatabase(file, copy, faults);
    return theSame(folder, earlier, copy) ?? copy;
  } catch (error) {
    const why = unavailable('cannot be copied', copy, error).message;
    throw new ReeveError(
      'AUDIT_UNAVAILABLE',
      `${file} has schema ${schema} and has to be brought to ${migrations.length}, and a copy of it has to be made before that. ${why} Nothing was changed in it; ` +
        `the copy takes about as much room as the database has.`,
      [],
      { cause: error },
    );
  }
}

/** Who tries again and again, and fails at the same step, must not fill the disk with copies of the same. */
function theSame(folder: string, earlier: readonly string[], copy: string): string | null {
  for (const name of earlier) {
    const file = join(folder, name);
    if (file === copy || statSync(file).size !== statSync(copy).size) continue;
    if (hashOf(file) !== hashOf(copy)) continue;
    rmSync(copy);
    return file;
  }
  return null;
}

const chunk = 1_048_576;

/** SQLite counts changes in bytes 24 to 27 and 92 to 95 of a file, copies among them: they say nothing of what is in it. */
function hashOf(file: string): string {
  const hash = createHash('sha256');
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(chunk);
    for (let at = 0; ; ) {
      const read = readSync(fd, bytes, 0, chunk, at);
      if (read === 0) return hash.digest('hex');
      if (at === 0) bytes.fill(0, 24, 28).fill(0, 92, 96);
      hash.update(bytes.subarray(0, read));
      at += read;
    }
  } finally {
    closeSync(fd);
  }
}

function writingOn(connection: DatabaseSync): Writing {
  return {
    get: (sql, ...values) => connection.prepare(sql).get(...values),
    write: (_name, sql, ...values) => Number(connection.prepare(sql).run(...values).changes),
  };
}

/**
 * Reads only: a database that is not ours, or newer than we are, is left exactly as it is. In one snapshot: another
 * process that makes the database just now would else be seen with tables and without their version.
 */
export function checkVersion(connection: DatabaseSync, file: string): number {
  const { version, id, tables } = inSnapshot(connection, () => ({
    tables: connection.prepare('select count(*) as n from sqlite_schema').get()?.n,
    version: pragma(connection, 'user_version'),
    id: pragma(connection, 'application_id'),
  }));
  const ours = id === applicationId || (id === 0 && version === 0 && tables === 0);
  if (!ours) {
    throw new ReeveError(
      'AUDIT_UNAVAILABLE',
      `${file} is a database of some other program; nothing was changed in it. Choose another directory with --state.`,
    );
  }
  if (version > migrations.length) {
    throw new ReeveError(
      'AUDIT_UNAVAILABLE',
      `${file} was written by a newer Reeve (schema ${version}; this one knows up to ${migrations.length}); nothing was changed in it. Run the newer Reeve, or choose another directory with --state.`,
    );
  }
  return version;
}

function pragma(connection: DatabaseSync, name: string): number {
  return Number(Object.values(connection.prepare(`pragma ${name}`).get() ?? {})[0]);
}

export function inSnapshot<T>(connection: DatabaseSync, work: () => T): T {
  if (connection.isTransaction) return work();
  connection.exec('begin');
  try {
    const result = work();
    connection.exec('commit');
    return result;
  } catch (error) {
    rollBack(connection);
    throw error;
  }
}

/** After some failures SQLite has rolled back by itself. One that cannot be rolled back ends the connection for good. */
export function rollBack(connection: DatabaseSync): void {
  if (!connection.isOpen || !connection.isTransaction) return;
  try {
    connection.exec('rollback');
  } catch {
    if (connection.isTransaction) connection.close();
  }
}
