/**
 * What an SQLite database holds. In: a file that a command wrote, of which nothing can be trusted. Out: its schema, and the
 * rows of its tables in one order, without variance. Must never: write to it, follow its journal to other files, read without
 * an end, or read it in the thread that serves everybody.
 */
import { createHash } from 'node:crypto';
import { constants as fileFlags } from 'node:fs';
import { copyFile, lstat, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readApart } from './database-apart.ts';
import { type DatabaseBounds, type DatabaseSnapshot, databaseBounds } from './database-snapshot.ts';
import { normaliseText, type Variance } from './normalise.ts';

/**
 * Reads the database at `path` below `folder` through a copy of it in `scratch`, a folder of ours that exists. Does not
 * throw on what the file holds.
 */
export async function snapshotDatabase(
  folder: string,
  path: string,
  scratch: string,
  variance: Variance,
  bounds: DatabaseBounds = databaseBounds,
): Promise<DatabaseSnapshot> {
  const own = await mkdtemp(join(scratch, 'database-'));
  const empty = { path: normaliseText(path, variance), schema: [], tables: [], migrations: null };
  const notes: string[] = [];
  try {
    const source = join(folder, path);
    const wal = await sizeOf(`${source}-wal`);
    const total = ((await sizeOf(source)) ?? 0) + (wal ?? 0);
    if (total > bounds.bytes) {
      const problem = `${path} has ${total} bytes; databases are compared up to ${bounds.bytes}`;
      return { ...empty, problems: [problem], notes, sha256: null };
    }
    const copy = join(own, 'copy.sqlite');
    await copyFile(source, copy, fileFlags.COPYFILE_EXCL);
    // Beside its copy, so that what was not checkpointed is read, too. A rollback journal stays behind: rolling it back
    // would follow the names in it to other files.
    if (wal !== null && wal > 0) await copyFile(`${source}-wal`, `${copy}-wal`);
    const problems: string[] = [];
    if (await isHot(`${source}-journal`))
      problems.push(`${path} has a journal of a transaction that was never finished`);
    try {
      const read = await readApart(copy, variance, bounds);
      return {
        ...empty,
        ...read,
        problems: [...problems, ...read.problems.map((problem) => `${path}: ${problem}`)],
        notes,
        sha256: null,
      };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      notes.push(
        `${path} cannot be read as a database (${why.slice(0, 200)}): its bytes are compared`,
      );
      return { ...empty, problems, notes, sha256: await hashOf(copy) };
    }
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** Null where there is no plain file. */
async function sizeOf(file: string): Promise<number | null> {
  try {
    const stats = await lstat(file);
    return stats.isFile() ? stats.size : null;
  } catch {
    return null;
  }
}

/** A journal that was committed is gone, empty, or begins with zeroes. */
async function isHot(journal: string): Promise<boolean> {
  if (((await sizeOf(journal)) ?? 0) < 8) return false;
  const file = await open(journal, fileFlags.O_RDONLY | fileFlags.O_NOFOLLOW).catch(() => null);
  if (file === null) return true;
  try {
    const head = Buffer.alloc(8);
    await file.read(head, 0, 8, 0);
    return head.some((byte) => byte !== 0);
  } finally {
    await file.close();
  }
}

async function hashOf(file: string): Promise<string> {
  const handle = await open(file, fileFlags.O_RDONLY | fileFlags.O_NOFOLLOW);
  try {
    const hash = createHash('sha256');
    for await (const chunk of handle.createReadStream({ autoClose: false }))
      hash.update(chunk as Buffer);
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}
