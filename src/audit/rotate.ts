/**
 * Rotation of the audit file by size: FILE, FILE.1, FILE.2, … In: a file that has grown enough, and how many to keep. Out:
 * the same lines under other names. Only whoever holds the file's lock may call this. Must never: put one file over another
 * that is to be kept, whenever it is killed; follow a link.
 */
import { constants, existsSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { type FilePosition, readLines } from './audit-file.ts';
import { syncFolderOf } from './sync-folder.ts';

/** `size` in bytes, of one file; `keep` is how many rotated ones stay besides the one that is written. */
export interface Rotation {
  readonly size: number;
  readonly keep: number;
}

/**
 * Moves the file aside. A kill between two of its steps leaves a number that is missing, and the next rotation fills it: a
 * file only ever moves to a name that is free.
 */
export async function rotate(file: string, keep: number): Promise<void> {
  let free = 1;
  while (free <= keep && existsSync(`${file}.${free}`)) free += 1;
  if (free > keep) {
    free = keep;
    rmSync(`${file}.${keep}`);
  }
  for (let number = free; number > 1; number -= 1)
    renameSync(`${file}.${number - 1}`, `${file}.${number}`);
  renameSync(file, `${file}.1`);
  await syncFolderOf(file);
}

/**
 * The rotated files in which lines may stand whose cursor was never saved, oldest first, each with where to begin: the one
 * that was written last, and all that came after it; every one where it is not known which that was, or it is gone.
 */
export function rotatedSince(
  file: string,
  known: FilePosition | null,
  keep: number,
): readonly { readonly name: string; readonly from: number }[] {
  const found: { name: string; from: number }[] = [];
  for (let number = 1; number <= keep; number += 1) {
    const name = `${file}.${number}`;
    const facts = lstatSync(name, { throwIfNoEntry: false });
    if (facts?.isFile() !== true) continue;
    const last = known !== null && facts.dev === known.dev && facts.ino === known.ino;
    found.unshift({ name, from: last ? Math.min(known.offset, facts.size) : 0 });
    if (last) break;
  }
  return found;
}

/** Each whole line of it from there on. */
export async function readRotated(
  { name, from }: { readonly name: string; readonly from: number },
  onLine: (line: string) => void,
): Promise<void> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const { size } = await handle.stat();
    await readLines(handle, Math.min(from, size), size, onLine);
  } finally {
    await handle.close();
  }
}
