/** What is kept of an SQLite database to hold it to another one, and how much of one is read. Values only. */

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
  /** Milliseconds, and bytes of memory beside the file itself, that reading one may take. */
  readonly patience: number;
  readonly memory: number;
}
export const databaseBounds: DatabaseBounds = Object.freeze({
  bytes: 64 * 2 ** 20,
  rows: 200_000,
  text: 32 * 2 ** 20,
  tables: 1_000,
  statement: 256 * 2 ** 10,
  patience: 60_000,
  memory: 512 * 2 ** 20,
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

export const migrationTable = 'seaql_migrations';
