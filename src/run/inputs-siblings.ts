/**
 * What lies beside declared inputs in one folder. In: the open folder. Out: each thing in it, opened, and an empty place
 * for it in the copy; symbolic links are made anew. Never: a link followed, or a list without end.
 */
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ReeveError } from '../core/errors.ts';
import { visibleLine } from '../core/text.ts';
import { notKept } from './inputs-copy.ts';
import { openPath, type Place } from './places.ts';

/** Each costs a mount, and mounts of one namespace slow one another down: 256 take 0.15 s, 1,000 would take 2 s. */
export const mostSiblings = 256;

export interface Sibling {
  readonly name: string;
  readonly fd: number;
  readonly kind: Place['kind'];
}

export interface SiblingsInput {
  readonly folder: number;
  /** How the folder is told; empty for the workspace's root. */
  readonly where: string;
  /** Where the places are made. */
  readonly to: string;
  /** Names that are not taken from the folder. */
  readonly skip: (name: string) => boolean;
  /** Called for what is no folder; what it throws ends the look. */
  readonly refuse: (name: string) => void;
  /** Called with each that is opened: from then on it is the caller's to close. */
  readonly found: (sibling: Sibling) => void;
}

export function siblingsIn(input: SiblingsInput): void {
  const { folder, to, where } = input;
  const dir = opendirSync(`/proc/self/fd/${folder}`, { bufferSize: 128 });
  try {
    for (let entry = dir.readSync(); entry !== null; entry = dir.readSync()) {
      const { name } = entry;
      if (input.skip(name)) continue;
      // A name that is no UTF-8 comes back with marks in it, and could not be handed on.
      if (name.includes('\uFFFD')) throw unspeakable(where, name);
      const fd = open(folder, name);
      if (fd === null) continue;
      let kept = false;
      try {
        const stat = fstatSync(fd);
        if (!stat.isDirectory()) input.refuse(name);
        if (stat.isSymbolicLink()) {
          // A text: it leads to something in the sandbox or nowhere, as it would in the workspace.
          const target = readLink(folder, name);
          if (target !== null) keep(where, name, () => symlinkSync(target, join(to, name)));
          continue;
        }
        const kind = stat.isDirectory() ? 'folder' : 'file';
        keep(where, name, () => placeFor(join(to, name), kind));
        kept = true;
        input.found({ name, fd, kind });
      } finally {
        if (!kept) closeSync(fd);
      }
    }
  } finally {
    dir.closeSync();
  }
}

/** An empty folder or file to bind on. */
export function placeFor(path: string, kind: Place['kind']): void {
  if (kind === 'folder') mkdirSync(path, { mode: 0o700 });
  else writeFileSync(path, '', { flag: 'wx', mode: 0o400 });
}

/** Null where it is gone: it was there a moment ago, and might as well not have been. */
function open(folder: number, name: string): number | null {
  try {
    return openSync(`/proc/self/fd/${folder}/${name}`, openPath | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function readLink(folder: number, name: string): string | null {
  try {
    return readlinkSync(`/proc/self/fd/${folder}/${name}`);
  } catch {
    return null;
  }
}

function keep(where: string, name: string, make: () => void): void {
  try {
    make();
  } catch (error) {
    throw notKept(join(where, name), error);
  }
}

function unspeakable(where: string, name: string): ReeveError {
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `${visibleLine(join(where, name))} lies beside declared inputs and has a name that is not UTF-8, so it cannot be shown to the command; nothing was started. Rename it.`,
  );
}

export function tooMany(where: string): ReeveError {
  const folder = where === '' ? 'the workspace' : visibleLine(where);
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `More than ${mostSiblings} files and folders lie beside the declared inputs in ${folder} and the folders on the way to them, and each has to be bound by itself; nothing was started. Move the inputs into a folder of their own near the root and declare it (folder/**).`,
  );
}
