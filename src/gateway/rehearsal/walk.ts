/**
 * A walk over a workspace, folder by folder, in the order of names. In: the open folder. Out: everything in it, each handed
 * to whoever walks. Must never: follow a link, look into the gateway's own state, or go on without an end.
 */
import { closeSync, lstatSync, type Stats } from 'node:fs';
import { codeOf, look, namesIn, openFolder, pacer } from './folder.ts';
import { busy, cannotCopy, copyFailed } from './refusals.ts';

/** `entries`: files, folders and links. `hole`: bytes by which a file may be larger than what it takes on the disk. */
export interface CopyBounds {
  readonly entries: number;
  readonly depth: number;
  readonly bytes: number;
  readonly hole: number;
}
export const copyBounds: CopyBounds = Object.freeze({
  entries: 50_000,
  depth: 64,
  bytes: 4 * 2 ** 30,
  hole: 16 * 2 ** 20,
});

export interface Source {
  readonly environment: string;
  /** The open folder of the workspace. */
  readonly fd: number;
  /** Places (resolved) that no copy has: folders are empty there, files are left out. */
  readonly hidden: readonly string[];
}

export interface Entry {
  /** Relative to the workspace, as bytes in latin1; empty for the workspace itself. */
  readonly path: string;
  readonly name: string;
  readonly stat: Stats;
}

/** Each is called once an entry; `leave` once everything in the folder has been seen. */
export interface Visitor {
  enter(entry: Entry, hidden: boolean): void;
  leave(entry: Entry): void;
  file(entry: Entry, parent: number): Promise<void> | void;
  link(entry: Entry, parent: number): void;
}

/** Answers the bytes of all files, a file of many names counted once. Throws CONFLICT for what is never copied. */
export async function walk(
  source: Source,
  visitor: Visitor,
  bounds: CopyBounds,
): Promise<{ readonly bytes: number }> {
  const hidden = new Set(source.hidden.flatMap(identityAt));
  const named = new Set<string>();
  const pace = pacer();
  let entries = 0;
  let bytes = 0;

  const visit = async (folder: number, entry: Entry, depth: number): Promise<void> => {
    visitor.enter(entry, false);
    for (const name of namesIn(folder)) {
      await pace();
      const path = entry.path === '' ? name : `${entry.path}/${name}`;
      const stat = look(folder, name);
      const inner: Entry = { path, name, stat };
      if (hidden.has(identityOf(stat))) {
        if (stat.isDirectory()) {
          visitor.enter(inner, true);
          visitor.leave(inner);
        }
        continue;
      }
      entries += 1;
      if (entries > bounds.entries) throw tooLarge(`more than ${bounds.entries} files and folders`);
      if (stat.isDirectory()) {
        if (depth >= bounds.depth) throw tooLarge(`folders deeper than ${bounds.depth} levels`);
        const fd = openFolder(folder, name);
        try {
          await visit(fd, inner, depth + 1);
        } finally {
          closeSync(fd);
        }
      } else if (stat.isSymbolicLink()) visitor.link(inner, folder);
      else if (stat.isFile()) {
        if (!named.has(identityOf(stat))) bytes += stat.size;
        if (bytes > bounds.bytes) throw tooLarge(`more than ${bounds.bytes} bytes in files`);
        if (stat.nlink > 1) named.add(identityOf(stat));
        if (stat.size - stat.blocks * 512 > bounds.hole) throw sparse(path);
        await visitor.file(inner, folder);
      } else throw special(path);
    }
    visitor.leave(entry);
  };

  const root: Entry = { path: '', name: '', stat: lstatSync(`/proc/self/fd/${source.fd}/.`) };
  try {
    await visit(source.fd, root, 1);
  } catch (error) {
    throw known(error, source.environment);
  }
  return { bytes };
}

export function identityOf({ dev, ino }: Pick<Stats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`;
}

function identityAt(path: string): readonly string[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat === undefined ? [] : [identityOf(stat)];
}

/** What is gone or has become something else since its name was read: somebody is at work there. */
function known(error: unknown, environment: string): unknown {
  if (error instanceof Error && 'code' in error) {
    const { path = '' } = error as NodeJS.ErrnoException;
    switch (codeOf(error)) {
      case 'ENOENT':
      case 'ENOTDIR':
      case 'ELOOP':
        return busy(environment, '');
      case 'EACCES':
      case 'EPERM':
      case 'EIO':
      case 'ENOSPC':
      case 'EMFILE':
      case 'ENAMETOOLONG':
        return copyFailed(Buffer.from(nameIn(String(path))).toString('latin1'), error);
      default:
        return error;
    }
  }
  return error;
}

/** The name at the end of a place below an open folder: the number of the descriptor says nothing to people. */
function nameIn(path: string): string {
  return path.replace(/^\/proc\/self\/fd\/\d+\/?/, '');
}

function tooLarge(what: string): Error {
  return cannotCopy(
    '',
    `holds ${what}`,
    'Keep what commands do not need out of it, or rehearse in an environment with a smaller workspace.',
  );
}

function special(path: string): Error {
  return cannotCopy(
    path,
    'is a pipe, a socket or a device, which has no copy',
    'Remove it from the workspace.',
  );
}

function sparse(path: string): Error {
  return cannotCopy(
    path,
    'has holes: it says to be far larger than it is, and a copy would be',
    'Remove it from the workspace, or write it whole.',
  );
}
