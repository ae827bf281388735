/**
 * Folders, by descriptors. In: an open folder and one name in it. Out: descriptors, names as they are on the disk. Never: a
 * symbolic link followed, not even one that is put in a folder's place while it is looked at; a name changed by decoding it.
 */
import { constants, lstatSync, openSync, readdirSync, type Stats } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

export const openFolderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Milliseconds of work between two turns of the event loop. */
const sliceMs = 4;

/** A place below an open folder: nothing on the way to it can be swapped for a link. Names are bytes, as latin1. */
export function at(folder: number, name: string): Buffer {
  return Buffer.from(`/proc/self/fd/${folder}/${name}`, 'latin1');
}

export function openFolder(parent: number, name: string): number {
  return openSync(at(parent, name), openFolderFlags);
}

/** The names in an open folder, in the order of their bytes. */
export function namesIn(folder: number): readonly string[] {
  const encoding = 'latin1' as BufferEncoding;
  return readdirSync(`/proc/self/fd/${folder}`, { encoding }).sort();
}

export function look(folder: number, name: string): Stats {
  return lstatSync(at(folder, name));
}

/** A name or path as people read it. */
export function shown(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Lets others have their turn now and then: a workspace may hold very many files. */
export function pacer(): () => Promise<void> {
  let slice = performance.now();
  return async () => {
    if (performance.now() - slice < sliceMs) return;
    await turn();
    slice = performance.now();
  };
}

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
