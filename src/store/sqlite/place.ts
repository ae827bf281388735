/**
 * Where the database lies. In: its path. Out: a directory and a file that only their owner can read.
 * Must never: open a database file that may be open already. POSIX drops all of a process's locks on a file when any of
 * its descriptors for it is closed, and SQLite's locks with them: everything here goes by path, or by O_EXCL.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ReeveError } from '../../core/errors.ts';

/** Which file a path led to: tells a database that was moved or deleted from the one that was opened. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

/** Makes directory (0700) and file (0600) where they are missing; SQLite gives -wal and -shm the mode of the file. */
export function preparePlace(file: string): void {
  const directory = dirname(file);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const place = statSync(directory);
  if ((place.mode & 0o022) !== 0) {
    throw new ReeveError(
      'AUDIT_UNAVAILABLE',
      `The state directory ${directory} can be written by other users (mode ${(place.mode & 0o7777).toString(8)}), who could replace the record. ` +
        `Take the permission away (chmod go-w ${directory}) or choose another directory with --state.`,
    );
  }
  if (!existsSync(file) && existsSync(join(directory, 'restoring'))) {
    throw new ReeveError(
      'AUDIT_UNAVAILABLE',
      `A restore into ${directory} did not come to its end: it is no state, and none is begun in it. Wait for it where it is under way; else remove the folder and restore anew.`,
    );
  }
  if (createExclusively(file)) return;
  const found = lstatSync(file);
  if (!found.isFile()) {
    throw new ReeveError(
      'AUDIT_UNAVAILABLE',
      `${file} is not a regular file, so the record is not kept there. Move it away or choose another directory with --state.`,
    );
  }
  if ((found.mode & 0o077) !== 0) chmodSync(file, 0o600);
}

/**
 * Creates the file empty, 0600; false if something is there already. Root, on somebody else's state, gives it to the
 * owner of the folder, through the descriptor: a path could be swapped under it.
 */
export function createExclusively(file: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    if (process.getuid?.() === 0) {
      const { uid, gid } = statSync(dirname(file));
      if (uid !== 0) fchownSync(descriptor, uid, gid);
    }
  } finally {
    closeSync(descriptor);
  }
  return true;
}

export function identityOf(file: string): FileIdentity {
  const { dev, ino } = statSync(file);
  return { dev, ino };
}
