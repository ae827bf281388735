/**
 * A mutex between processes that ends with its holder, however the holder ends. In: a file. Out: the lock, or null.
 * SQLite's write lock on a tiny database is an operating system lock: it goes when the process goes, and two
 * connections in one process exclude each other too. Must never: open the file by other means while it may be locked,
 * because closing such a descriptor would drop the lock.
 */
import { lstatSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { ReeveError } from '../core/errors.ts';
import { busyCode, resultCode } from './sqlite/failure.ts';
import { createExclusively } from './sqlite/place.ts';

export interface Lock {
  release(): void;
}

/**
 * Takes the lock, or answers null at once if somebody else has it, here or in another process on this host. The file
 * stays when the lock goes. Throws ReeveError AUDIT_UNAVAILABLE if the file cannot be used.
 */
export function tryLock(file: string): Lock | null {
  try {
    createExclusively(file);
    return tryLockExisting(file);
  } catch (error) {
    throw cannotLock(file, error);
  }
}

/** The same for a file that must be there. Throws what the system said. */
export function tryLockExisting(file: string): Lock | null {
  if (!lstatSync(file).isFile()) throw new Error('it is not a regular file');
  const url = pathToFileURL(file);
  url.searchParams.set('mode', 'rw');
  const connection = new DatabaseSync(url, { timeout: 0 });
  try {
    // The journal in memory leaves no second file behind: this transaction never commits anything.
    connection.exec('pragma journal_mode = memory; begin immediate;');
  } catch (error) {
    connection.close();
    if (resultCode(error) === busyCode) return null;
    throw error;
  }
  return {
    release() {
      if (connection.isOpen) connection.close();
    },
  };
}

function cannotLock(file: string, error: unknown): ReeveError {
  const said = error instanceof Error ? error.message : String(error);
  return new ReeveError(
    'AUDIT_UNAVAILABLE',
    `The lock file ${file} cannot be used: ${said}. Check the permissions and the space around it; then try again.`,
    [],
    { cause: error },
  );
}
