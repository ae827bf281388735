/**
 * What is in a file that should be an SQLite database. In: a copy of ours of what a command wrote. Out: schema and rows, within
 * bounds. Must never: write to it, run a view, a trigger, a virtual table or a function of its schema.
 */
import { constants, DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { canonicalJson } from '../core/json.ts';
import {
  type DatabaseBounds,
  type DatabaseSnapshot,
  migrationTable,
  type TableSnapshot,
} from './database-snapshot.ts';
import { normaliseSql, quoteName } from './database-sql.ts';
import { brokenText, bytesOf, normaliseValue } from './database-value.ts';
import { normaliseText, type Variance } from './normalise.ts';
import { compareText } from './tree.ts';

/** What a file holds, as far as it could be read. */
export type Read = Pick<DatabaseSnapshot, 'schema' | 'tables' | 'migrations' | 'problems'>;

/** Throws what SQLite says of a file that is no database. Belongs into a thread of its own: it may take its time, and all the memory that there is. */
export function readDatabase(file: string, variance: Variance, bounds: DatabaseBounds): Read {
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
    const schema = [...marksOf(db), ...master]
      .filter(({ name }) => !String(name).startsWith('sqlite_'))
      .map(({ type, name, sql }) => ({
        name: normaliseText(`${String(type)} ${String(name)}`, variance),
        sql: normaliseText(normaliseSql(sql === null ? '' : String(sql)), variance),
      }))
      .sort((a, b) => compareText(a.name, b.name) || compareText(a.sql, b.sql));
    const tables: TableSnapshot[] = [];
    const plain = master.filter(isPlainTable).map(({ name }) => String(name));
    for (const name of plain.sort(compareText).slice(0, bounds.tables)) {
      const rows = readTable(db, name, variance, left);
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

/**
 * The two numbers that applications keep in the header, where they are set: many count their migrations by the first. They
 * stand with the schema, under a type that no entry of it can have.
 */
function marksOf(db: DatabaseSync): { type: string; name: string; sql: string }[] {
  return ['user_version', 'application_id'].flatMap((name) => {
    const value = db.prepare(`pragma main.${name}`).get()?.[name] ?? 0;
    return Number(value) === 0 ? [] : [{ type: 'pragma', name, sql: String(value) }];
  });
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
function readTable(
  db: DatabaseSync,
  name: string,
  variance: Variance,
  left: { rows: number; text: number; bytes: number },
): readonly string[] | null {
  const columns = db
    .prepare(`pragma main.table_xinfo(${quoteName(name)})`)
    .all()
    // Generated columns are left out: reading one would compute what the schema says.
    .filter(({ hidden }) => Number(hidden) === 0)
    .map((column) => String(column.name));
  if (columns.length === 0) return [];
  // In a table of migrations the version is what counts: when each was applied differs from run to run.
  const kept = name === migrationTable && columns.includes('version') ? ['version'] : columns;
  const places = kept.map((column) => `main.${quoteName(name)}.${quoteName(column)}`);
  // Each value comes with its bytes: a text may hold what does not survive being read as one.
  const statement = db.prepare(
    `select ${[...places, ...places.map((place) => `cast(${place} as blob)`)].join(', ')} from main.${quoteName(name)} not indexed`,
  );
  statement.setReturnArrays(true);
  const rows: string[] = [];
  for (const found of statement.iterate() as Iterable<unknown> as Iterable<SQLOutputValue[]>) {
    const values = found.slice(0, kept.length);
    left.bytes -= bytesOf(values);
    if (left.bytes < 0) return null;
    const row = canonicalJson(
      values.map((value, index) => {
        const column = kept[index]!;
        const bytes = found[kept.length + index];
        return [column, brokenText(value, bytes) ?? normaliseValue(column, value, variance)];
      }),
    );
    left.rows -= 1;
    left.text -= row.length;
    if (left.rows < 0 || left.text < 0) return null;
    rows.push(row);
  }
  return rows.sort(compareText);
}

function versionOf(row: string): string {
  const [first] = JSON.parse(row) as [string, unknown][];
  return String(first?.[1]);
}

/** Reading columns of tables, and three pragmas: nothing that a schema could call. */
function allows(
  action: number,
  first: string | null,
  second: string | null,
  through: string | null,
): number {
  // `through` names the view or trigger that asks.
  if (through !== null) return constants.SQLITE_DENY;
  switch (action) {
    case constants.SQLITE_SELECT:
    case constants.SQLITE_READ:
      return constants.SQLITE_OK;
    case constants.SQLITE_PRAGMA:
      if (first === 'table_xinfo') return constants.SQLITE_OK;
      // Asked for, and never set.
      return (first === 'user_version' || first === 'application_id') && second === null
        ? constants.SQLITE_OK
        : constants.SQLITE_DENY;
    default:
      return constants.SQLITE_DENY;
  }
}
