/**
 * What lies in a workspace. In: the open folder. Out: space on disk and number of files and folders. Never: a link
 * followed, not even one that is put in a folder's place while it is looked at; never the event loop held for long.
 */
import {
  closeSync,
  constants,
  type Dir,
  lstatSync,
  opendirSync,
  openSync,
  type Stats,
} from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

/** `bytes` are those of blocks on disk, so that holes in files count nothing; a file of many names counts once. */
export interface Size {
  readonly bytes: number;
  readonly files: number;
}

export interface Counted extends Size {
  /** Of that, what was made or changed since the given moment. */
  readonly changed: Size;
  /** False where something that may hold more was not looked into. */
  readonly complete: boolean;
}

export interface CountOptions {
  /** Milliseconds since 1970. The kernel sets the time of a change itself: no program can choose it. */
  readonly since: number;
  readonly deadlineMs: number;
  /** Ends the count early, nobody wants it any more; or what it has found is all that was to be known. */
  readonly abandoned: () => boolean;
  readonly enough: (size: Size, changed: Size) => boolean;
}

/** Milliseconds of work between two turns of the event loop. */
const sliceMs = 4;
/** Open folders at once, one a level: deeper ones are not looked into. */
const deepest = 128;
const openFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

interface Level {
  readonly fd: number;
  dir: Dir | null;
  readonly folders: string[];
}

/** Counts everything below the folder, itself left out. The descriptor stays the caller's. */
export async function countWorkspace(root: number, options: CountOptions): Promise<Counted> {
  const total = { bytes: 0, files: 0 };
  const changed = { bytes: 0, files: 0 };
  const named = new Set<string>();
  const levels: Level[] = [];
  const started = performance.now();
  let complete = true;

  const enter = (parent: number, name: string): void => {
    if (levels.length >= deepest) {
      complete = false;
      return;
    }
    let fd = -1;
    try {
      fd = openSync(at(parent, name), openFolder);
      levels.push({ fd, dir: opendirSync(`/proc/self/fd/${fd}`, asBytes), folders: [] });
    } catch (error) {
      if (fd !== -1) closeSync(fd);
      if (!isGone(error) && !sealedBefore(parent, name, options.since)) complete = false;
    }
  };
  const look = (level: Level, name: string): void => {
    let stat: Stats | undefined;
    try {
      stat = lstatSync(at(level.fd, name), { throwIfNoEntry: false });
    } catch {
      complete = false;
    }
    if (stat === undefined) return;
    const folder = stat.isDirectory();
    if (folder) level.folders.push(name);
    else if (stat.nlink > 1) {
      const identity = `${stat.dev}:${stat.ino}`;
      if (named.has(identity)) return;
      named.add(identity);
    }
    const bytes = stat.blocks * 512;
    total.bytes += bytes;
    total.files += 1;
    if (stat.ctimeMs >= options.since) {
      changed.bytes += bytes;
      changed.files += 1;
    }
  };

  try {
    enter(root, '.');
    for (let slice = started; levels.length > 0; ) {
      const level = levels.at(-1)!;
      const entry = level.dir?.readSync();
      if (entry != null) look(level, entry.name);
      else {
        level.dir?.closeSync();
        level.dir = null;
        const next = level.folders.pop();
        if (next !== undefined) enter(level.fd, next);
        else {
          closeSync(level.fd);
          levels.pop();
        }
      }
      const now = performance.now();
      if (now - slice < sliceMs) continue;
      if (
        now - started > options.deadlineMs ||
        options.abandoned() ||
        options.enough(total, changed)
      ) {
        complete = false;
        break;
      }
      await turn();
      slice = performance.now();
    }
  } catch {
    complete = false;
  }
  for (const { fd, dir } of levels) {
    dir?.closeSync();
    closeSync(fd);
  }
  return { ...total, changed, complete };
}

/** Names are bytes: read as latin1 they come back as they were. */
const asBytes = { encoding: 'latin1' as BufferEncoding, bufferSize: 128 };
const ascii = /^[\x20-\x7e]*$/;

/** One name below an open folder: nothing on the way to it can be swapped for a link. */
function at(folder: number, name: string): string | Buffer {
  const path = `/proc/self/fd/${folder}/${name}`;
  return ascii.test(name) ? path : Buffer.from(path, 'latin1');
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}

/** A folder that was closed to us before the run began, and was not touched since, holds nothing of the run's. */
function sealedBefore(parent: number, name: string, since: number): boolean {
  try {
    return lstatSync(at(parent, name)).ctimeMs < since;
  } catch {
    return false;
  }
}
