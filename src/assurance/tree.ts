/**
 * The state that a run left in a folder. In: a copy of a workspace in which nothing runs any more. Out: one line a file,
 * in order of their paths, and the databases among them. Must never: follow a link, open anything but a plain file, or read
 * without an end.
 */
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { globExpression } from '../core/input-patterns.ts';
import { normaliseText, type Variance } from './normalise.ts';

/** Of a whole folder; `text` is the largest file that is normalised as text before it is hashed. */
export interface TreeBounds {
  readonly entries: number;
  readonly depth: number;
  readonly bytes: number;
  readonly text: number;
}
export const treeBounds: TreeBounds = Object.freeze({
  entries: 50_000,
  depth: 64,
  bytes: 4 * 2 ** 30,
  text: 2 ** 20,
});

/**
 * `path` is relative and normalised. `sha256` is of the content (normalised where it is text), `link` is a link's target;
 * both are null where there is none. `database`: its content is compared by rows instead.
 */
export interface TreeEntry {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'fifo' | 'socket' | 'device' | 'database';
  readonly mode: string;
  readonly size: number | null;
  readonly sha256: string | null;
  readonly link: string | null;
}

export interface Tree {
  readonly entries: readonly TreeEntry[];
  /** Paths as they are, relative to the folder, of files that begin as SQLite databases do. */
  readonly databases: readonly string[];
  /** What could not be looked at: with any of these the evidence is not whole. */
  readonly problems: readonly string[];
  /** How many entries were left out because the inventory says so. */
  readonly ignored: number;
}

const magic = Buffer.from('SQLite format 3\0', 'latin1');
/**
 * What SQLite keeps beside a database while it works on it, by how such a file begins: rows are compared, not these. A journal
 * that was committed begins with zeroes. Whatever else has such a name is compared like any file.
 */
const beside: Readonly<Record<string, readonly string[]>> = {
  '-wal': ['377f0682', '377f0683'],
  '-shm': ['18e22d00', '002de218', '00000000'],
  '-journal': ['d9d505f9', '00000000'],
};

export async function snapshotTree(
  folder: string,
  ignore: readonly string[],
  variance: Variance,
  bounds: TreeBounds = treeBounds,
): Promise<Tree> {
  const patterns = ignore.map(globExpression);
  const entries: TreeEntry[] = [];
  const databases: string[] = [];
  const problems: string[] = [];
  let ignored = 0;
  let seen = 0;
  let bytes = 0;

  const visit = async (at: string, depth: number): Promise<void> => {
    let names: string[];
    try {
      names = (await readdir(join(folder, at))).sort();
    } catch (error) {
      problems.push(`the folder ${shown(at)} cannot be read (${codeOf(error)})`);
      return;
    }
    const data = new Set<string>();
    for (const name of names) {
      const path = at === '' ? name : `${at}/${name}`;
      if (patterns.some((pattern) => pattern.test(path))) {
        ignored += 1;
        continue;
      }
      seen += 1;
      if (seen > bounds.entries) {
        if (seen === bounds.entries + 1)
          problems.push(`the workspace holds more than ${bounds.entries} files and folders`);
        return;
      }
      const stats = await lstat(join(folder, path));
      if (await isBeside(name, path, stats, data)) continue;
      if (stats.isDirectory()) {
        entries.push(entryOf(path, 'folder', stats));
        if (depth >= bounds.depth) problems.push(`folders lie deeper than ${bounds.depth} levels`);
        else await visit(path, depth + 1);
      } else if (stats.isSymbolicLink()) {
        const link = await readlink(join(folder, path));
        entries.push({ ...entryOf(path, 'link', stats), mode: '', link: normal(link) });
      } else if (stats.isFile()) {
        bytes += stats.size;
        if (bytes > bounds.bytes) {
          problems.push(`the files of the workspace have more than ${bounds.bytes} bytes`);
          return;
        }
        const file = await readFile(path, stats);
        if (file.kind === 'database') {
          data.add(name);
          databases.push(path);
        }
        entries.push(file);
      } else entries.push(entryOf(path, specialKind(stats), stats));
    }
  };

  const normal = (text: string) => normaliseText(text, variance);
  const entryOf = (path: string, kind: TreeEntry['kind'], stats: Stats): TreeEntry => ({
    path: normal(path),
    kind,
    mode: (stats.mode & 0o7777).toString(8).padStart(4, '0'),
    size: null,
    sha256: null,
    link: null,
  });

  const isBeside = async (name: string, path: string, stats: Stats, data: ReadonlySet<string>) => {
    // Names are sorted: a database comes before what lies beside it.
    const ending = Object.keys(beside).find((each) => name.endsWith(each));
    if (ending === undefined || !stats.isFile()) return false;
    if (!data.has(name.slice(0, -ending.length))) return false;
    if (stats.size === 0) return true;
    const head = await headOf(join(folder, path), 4).catch(() => null);
    return head !== null && beside[ending]!.includes(head.toString('hex'));
  };

  const readFile = async (path: string, stats: Stats): Promise<TreeEntry> => {
    const entry = entryOf(path, 'file', stats);
    try {
      const file = await open(join(folder, path), carefully);
      try {
        if (!(await file.stat()).isFile()) throw new Error('it is no plain file any more');
        if (stats.size >= magic.length) {
          const head = Buffer.alloc(magic.length);
          await file.read(head, 0, head.length, 0);
          if (head.equals(magic)) return { ...entry, kind: 'database' };
        }
        if (stats.size <= bounds.text) {
          const content = Buffer.alloc(stats.size);
          const { bytesRead } = await file.read(content, 0, stats.size, 0);
          const text = asText(content.subarray(0, bytesRead));
          const kept =
            text === null
              ? content.subarray(0, bytesRead)
              : Buffer.from(normaliseText(text, variance));
          return { ...entry, size: kept.length, sha256: hashOf(kept) };
        }
        const hash = createHash('sha256');
        let size = 0;
        for await (const chunk of file.createReadStream({ autoClose: false, start: 0 })) {
          hash.update(chunk as Buffer);
          size += (chunk as Buffer).length;
          if (size > bounds.bytes) throw new Error('it grows while it is read');
        }
        return { ...entry, size, sha256: hash.digest('hex') };
      } finally {
        await file.close();
      }
    } catch (error) {
      problems.push(`the file ${shown(path)} cannot be read (${codeOf(error)})`);
      return entry;
    }
  };

  await visit('', 0);
  // By what they read as: a normalised name may stand elsewhere than the name that it was made of.
  entries.sort((a, b) => compareText(keyOf(a), keyOf(b)));
  return { entries, databases, problems, ignored };
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function keyOf(entry: TreeEntry): string {
  return `${entry.path}\0${entry.kind}\0${entry.mode}\0${entry.sha256 ?? ''}\0${entry.link ?? ''}`;
}

const carefully = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The first bytes of a plain file; fewer where it has no more. */
async function headOf(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, carefully);
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is no plain file any more');
    const head = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(head, 0, bytes, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function specialKind(stats: Stats): TreeEntry['kind'] {
  if (stats.isFIFO()) return 'fifo';
  return stats.isSocket() ? 'socket' : 'device';
}

/** Null where it is no text: bytes that are not UTF-8, or a NUL. */
function asText(bytes: Buffer): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function shown(path: string): string {
  return path === '' ? '.' : path.slice(0, 300);
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
