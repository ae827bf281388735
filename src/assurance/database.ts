/**
 * What an SQLite database holds. In: a file that a command wrote, of which nothing can be trusted. Out: its schema, and the
 * rows of its tables in one order, without variance. Must never: write to it, run a view, a trigger, a virtual table or a
 * function of its schema, follow its journal to other files, or read without an end.
 */
import { constants as fileFlags } from 'node:fs';
import { copyFile, lstat, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { setImmediate as breathe } from 'node:timers/promises';
import { canonicalJson, sha256Hex } from '../core/json.ts';
import { normaliseSql, quoteName } from './database-sql.ts';
import { bytesOf, normaliseValue } from './database-value.ts';
import { normaliseText, type Variance } from './normalise.ts';
import { compareText } from './tree.ts';

/**
 * Bytes of the files, rows of all tables, and characters of all rows as they are compared. No more bytes are read of all
 * values than the files may have: where pages are shared by what should not share them, the same bytes come again and again.
 */
export interface DatabaseBounds {
  readonly bytes: number;
  readonly rows: number;
  readonly text: number;
  readonly tables: number;
  /** Bytes of one statement of the schema. */
  readonly statement: number;
}
export const databaseBounds: DatabaseBounds = Object.freeze({
  bytes: 64 * 2 ** 20,
  rows: 200_000,
  text: 32 * 2 ** 20,
  tables: 1_000,
  statement: 256 * 2 ** 10,
});

export interface TableSnapshot {
  readonly name: string;
  /** Canonical JSON of each row, sorted: two tables hold the same where these are the same. */
  readonly rows: readonly string[];
}

export interface DatabaseSnapshot {
  /** Relative to the workspace. */
  readonly path: string;
  /** `type name` and its normalised SQL, sorted. */
  readonly schema: readonly { readonly name: string; readonly sql: string }[];
  readonly tables: readonly TableSnapshot[];
  /** The versions that SeaORM's table of migrations names; null where there is no such table. */
  readonly migrations: readonly string[] | null;
  /** Why this is not all of it; then `sha256` of the file stands for what could not be read. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  readonly sha256: string | null;
}

/** Bytes of values between two looks at what else is to be done. */
const breathAfter = 2 ** 20;

export const migrationTable = 'seaql_migrations';

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
      const read = await readDatabase(copy, variance, bounds);
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

type Read = Pick<DatabaseSnapshot, 'schema' | 'tables' | 'migrations' | 'problems'>;

async function readDatabase(
  file: string,
  variance: Variance,
  bounds: DatabaseBounds,
): Promise<Read> {
  const db = new DatabaseSync(file, {
    readOnly: true,
    allowExtension: false,
    defensive: true,
    enableForeignKeyConstraints: false,
    readBigInts: true,
    timeout: 0,
    limits: {
      length: 16 * 2 ** 20,
      sqlLength: bounds.statement,
      attach: 0,
      triggerDepth: 1,
      vdbeOp: 100_000,
    },
  });
  try {
    for (const pragma of ['trusted_schema = off', 'cell_size_check = on', 'mmap_size = 0'])
      db.exec(`pragma ${pragma}`);
    db.exec('pragma temp_store = memory');
    db.setAuthorizer((action, first, second, _database, through) =>
      allows(action, first, second, through),
    );
    const left = { rows: bounds.rows, text: bounds.text, bytes: bounds.bytes };
    const problems: string[] = [];
    const master: Record<string, SQLOutputValue>[] = [];
    const entries = db
      .prepare('select type, name, rootpage, sql from main.sqlite_schema limit ?')
      .iterate(bounds.tables * 4 + 1);
    for (const entry of entries) {
      left.bytes -= bytesOf(Object.values(entry));
      if (master.length === bounds.tables * 4 || left.bytes < 0) {
        problems.push('its schema is too large to be compared');
        break;
      }
      master.push(entry);
    }
    const schema = master
      .filter(({ name }) => !String(name).startsWith('sqlite_'))
      .map(({ type, name, sql }) => ({
        name: normaliseText(`${String(type)} ${String(name)}`, variance),
        sql: normaliseText(normaliseSql(sql === null ? '' : String(sql)), variance),
      }))
      .sort((a, b) => compareText(a.name, b.name) || compareText(a.sql, b.sql));
    const tables: TableSnapshot[] = [];
    const plain = master.filter(isPlainTable).map(({ name }) => String(name));
    for (const name of plain.sort(compareText).slice(0, bounds.tables)) {
      const rows = await readTable(db, name, variance, left);
      if (rows === null) {
        problems.push(
          `the table ${name.slice(0, 200)} is too large: ${bounds.rows} rows of ${bounds.text} characters are compared`,
        );
        break;
      }
      tables.push({ name: normaliseText(name, variance), rows });
    }
    if (plain.length > bounds.tables) problems.push(`it has more than ${bounds.tables} tables`);
    const versions = tables.find(({ name }) => name === migrationTable)?.rows ?? null;
    const migrations = versions === null ? null : versions.map(versionOf);
    return { schema, tables, migrations, problems };
  } finally {
    db.close();
  }
}

/** Ordinary tables alone: a view or a virtual table would run what the file says. Of SQLite's own, what it counts ids by. */
function isPlainTable(row: Record<string, SQLOutputValue>): boolean {
  const name = String(row.name);
  return (
    row.type === 'table' &&
    Number(row.rootpage) > 0 &&
    (!name.startsWith('sqlite_') || name === 'sqlite_sequence') &&
    !/^\s*create\s+virtual\b/i.test(String(row.sql))
  );
}

/** Null where it has more than is left. */
async function readTable(
  db: DatabaseSync,
  name: string,
  variance: Variance,
  left: { rows: number; text: number; bytes: number },
): Promise<readonly string[] | null> {
  const columns = db
    .prepare(`pragma main.table_xinfo(${quoteName(name)})`)
    .all()
    // Generated columns are left out: reading one would compute what the schema says.
    .filter(({ hidden }) => Number(hidden) === 0)
    .map((column) => String(column.name));
  if (columns.length === 0) return [];
  // In a table of migrations the version is what counts: when each was applied differs from run to run.
  const kept = name === migrationTable && columns.includes('version') ? ['version'] : columns;
  const statement = db.prepare(
    `select ${kept.map((column) => `main.${quoteName(name)}.${quoteName(column)}`).join(', ')} from main.${quoteName(name)} not indexed`,
  );
  statement.setReturnArrays(true);
  const rows: string[] = [];
  let pause = { rows: 2_000, bytes: left.bytes - breathAfter };
  for (const values of statement.iterate() as Iterable<unknown> as Iterable<SQLOutputValue[]>) {
    left.bytes -= bytesOf(values);
    if (left.bytes < 0) return null;
    const row = canonicalJson(
      values.map((value, index) => [kept[index]!, normaliseValue(kept[index]!, value, variance)]),
    );
    left.rows -= 1;
    left.text -= row.length;
    if (left.rows < 0 || left.text < 0) return null;
    rows.push(row);
    // Others are to be served meanwhile.
    if (rows.length < pause.rows && left.bytes > pause.bytes) continue;
    await breathe();
    pause = { rows: rows.length + 2_000, bytes: left.bytes - breathAfter };
  }
  return rows.sort(compareText);
}

function versionOf(row: string): string {
  const [first] = JSON.parse(row) as [string, unknown][];
  return String(first?.[1]);
}

/** Reading columns of tables, and the one pragma: nothing that a schema could call. */
function allows(
  action: number,
  first: string | null,
  _second: string | null,
  through: string | null,
): number {
  // `through` names the view or trigger that asks.
  if (through !== null) return constants.SQLITE_DENY;
  switch (action) {
    case constants.SQLITE_SELECT:
    case constants.SQLITE_READ:
      return constants.SQLITE_OK;
    case constants.SQLITE_PRAGMA:
      return first === 'table_xinfo' ? constants.SQLITE_OK : constants.SQLITE_DENY;
    default:
      return constants.SQLITE_DENY;
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
    return sha256Hex(await handle.readFile());
  } finally {
    await handle.close();
  }
}
