/**
 * Copies of a database, made while others work on it. In: a file. Out: another that holds one moment of it, whole, on the
 * disk, for its owner alone. Must never: leave something under the copy's name that is not whole, or replace a file.
 */
import { closeSync, fsyncSync, linkSync, openSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { unavailable } from './failure.ts';
import { applicationId } from './migrations.ts';
import { createExclusively } from './place.ts';

/** What half a copy is called: whoever finds one whose maker is gone may remove it. */
const draftSuffix = '.new';

/**
 * Reads one committed moment of `from`, beside whoever writes to it, and places it as `to`, which must not be there.
 * `before` is called at each step with its name; what it throws is a failure of the disk. Throws what the system says.
 */
export function copyDatabase(
  from: string,
  to: string,
  before: (point: string) => void = () => {},
): void {
  const draft = `${to}${draftSuffix}`;
  rmSync(draft, { force: true });
  // Made here, because SQLite would let others read it.
  createExclusively(draft);
  try {
    before('before copy');
    const source = new DatabaseSync(from, { readOnly: true, timeout: 15_000 });
    try {
      source.exec('pragma trusted_schema = off');
      source.prepare('vacuum into ?').run(draft);
    } finally {
      source.close();
    }
    before('before copy is kept');
    syncPath(draft);
    // A crash before this leaves a draft; after it a copy that is whole. Never over a file that is there.
    linkSync(draft, to);
    unlinkSync(draft);
    syncPath(dirname(to));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Halves of copies that a crash has left. Only for whoever knows that nobody makes one here now. */
export function sweepDrafts(folder: string): void {
  for (const name of readdirSync(folder))
    if (name.endsWith(draftSuffix)) rmSync(join(folder, name), { force: true });
}

export interface DatabaseFacts {
  readonly schema: number;
  readonly stateId: string;
  /** How many entries its record has. */
  readonly entries: number;
}

/** Looks through all of it. Throws ReeveError AUDIT_UNAVAILABLE, in words, where it is damaged or none of ours. */
export function examineDatabase(file: string): DatabaseFacts {
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    try {
      db.exec('pragma trusted_schema = off');
      if (oneValue(db, 'pragma application_id') !== applicationId)
        throw new Error(`${basename(file)} is no database of Reeve`);
      const said = db.prepare('pragma integrity_check').all();
      if (said.length !== 1 || said[0]?.integrity_check !== 'ok')
        throw new Error(`its integrity check says ${String(said[0]?.integrity_check)}`);
      if (db.prepare('pragma foreign_key_check').all().length > 0)
        throw new Error('rows of it refer to others that are not there');
      return Object.freeze({
        schema: Number(oneValue(db, 'pragma user_version')),
        stateId: String(oneValue(db, "select value from named_values where name = 'state-id'")),
        entries: Number(oneValue(db, 'select coalesce(max(seq), 0) from entries')),
      });
    } finally {
      db.close();
    }
  } catch (error) {
    throw unavailable('does not stand up to a look at all of it', file, error);
  }
}

function oneValue(db: DatabaseSync, sql: string): unknown {
  return Object.values(db.prepare(sql).get() ?? {})[0];
}

/** Of a file that nobody has open, or of a folder. */
function syncPath(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
