/**
 * Removes a folder with everything in it, whatever a command has left there: folders closed to everybody, or nested so deep
 * that no path leads to their end. In: a folder in which nothing runs any more. Never: a link followed.
 */
import {
  chmodSync,
  closeSync,
  openSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { at, codeOf, look, namesIn, openFolder, openFolderFlags, pacer } from './folder.ts';

/** Fine where it is not there. A crash on the way leaves less of it; whoever comes next goes on. */
export async function removeTree(path: string): Promise<void> {
  let base: number;
  try {
    base = openSync(path, openFolderFlags);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    await empty(base);
  } finally {
    closeSync(base);
  }
  gone(() => rmdirSync(path));
}

/** Folders within folders are moved up before they are emptied, so that depth costs nothing. */
async function empty(base: number): Promise<void> {
  const pace = pacer();
  const run = process.hrtime.bigint().toString(36);
  let moved = 0;
  for (let names = namesIn(base); names.length > 0; names = namesIn(base)) {
    for (const name of names) {
      if (!isFolder(base, name)) {
        gone(() => unlinkSync(at(base, name)));
        continue;
      }
      const folder = openFolder(base, name);
      try {
        for (const inner of namesIn(folder)) {
          if (isFolder(folder, inner)) {
            moved += 1;
            renameSync(at(folder, inner), at(base, `~${run}-${moved}`));
          } else gone(() => unlinkSync(at(folder, inner)));
          await pace();
        }
      } finally {
        closeSync(folder);
      }
      gone(() => rmdirSync(at(base, name)));
      await pace();
    }
  }
}

/** Opened to us on the way: what a command has closed to itself is closed to a gateway that is its user. */
function isFolder(parent: number, name: string): boolean {
  let stat: Stats;
  try {
    stat = look(parent, name);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  if (!stat.isDirectory()) return false;
  if ((stat.mode & 0o700) !== 0o700 && process.geteuid?.() !== 0)
    chmodSync(at(parent, name), 0o700);
  return true;
}

/** Somebody else who removes the same was quicker. */
function gone(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
