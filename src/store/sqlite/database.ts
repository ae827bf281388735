/**
 * One connection. In: a file and work to do on it. Out: transactions that are durable when they return, or once `durable`
 * resolves. Must never: call one durable that is not on the disk, or leave half of one behind.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { ReeveError } from '../../core/errors.ts';
import { busyCode, resultCode, unavailable } from './failure.ts';
import { type FileIdentity, identityOf, preparePlace } from './place.ts';
import { logSync } from './sync.ts';
import {
  bringUpToDate,
  checkVersion,
  inSnapshot,
  rollBack,
  type UpgradeOptions,
} from './upgrade.ts';

/** Called around every write with `before …` and `after …`; what it throws is a failure of the disk. For tests. */
export type Faults = (point: string) => void;

/** `busyMs` bounds how long a write waits for another process; the wait blocks the event loop, so it is short. */
export interface DatabaseOptions extends UpgradeOptions {
  readonly busyMs?: number;
  readonly faults?: Faults;
}

export interface Database {
  /** Runs a writing statement inside a transaction, and says how many rows it changed. `name` names the fault point. */
  write(name: string, sql: string, ...values: SQLInputValue[]): number;
  all(sql: string, ...values: SQLInputValue[]): readonly Row[];
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  /** All of `work` or none of it, alone on the database. Throws AUDIT_UNAVAILABLE, or the ReeveError of `work`. */
  transaction<T>(work: () => T): T;
  /** The same, but only safe from the end of this process, not from a power cut, and nobody will ask for more. */
  light<T>(work: () => T): T;
  /** The same; safe from a power cut, too, once a `durable` that was asked for afterwards has resolved. */
  prompt<T>(work: () => T): T;
  /** Resolves once all that was committed so far is on the disk: see `LogSync`. Rejects with AUDIT_UNAVAILABLE. */
  durable(anyone: boolean): Promise<void>;
  read<T>(work: () => T): T;
  /** Reads in several steps that see one moment, whatever others commit meanwhile. */
  snapshot<T>(work: () => T): T;
  /** Moves the write-ahead log into the database and cuts it off; false, at once, while others still read or write it. */
  truncateLog(): boolean;
  close(): void;
}
export type Row = Readonly<Record<string, unknown>>;

const defaultBusyMs = 2_000;
/** Nothing else goes on yet, and another process may be making the very same database on a slow disk. */
const openingMs = 15_000;

export function openDatabase(file: string, options: DatabaseOptions = {}): Database {
  const faults = options.faults ?? (() => {});
  const busyMs = options.busyMs ?? defaultBusyMs;
  const patience = Math.max(busyMs, openingMs);
  let connection: DatabaseSync;
  let identity: FileIdentity;
  try {
    preparePlace(file);
    connection = new DatabaseSync(file, { timeout: patience, enableForeignKeyConstraints: true });
  } catch (error) {
    throw unavailable('cannot be opened', file, error);
  }
  try {
    checkVersion(connection, file);
    useWriteAheadLog(connection, patience);
    connection.exec('pragma synchronous = full; pragma journal_size_limit = 67108864;');
    connection.exec('pragma trusted_schema = off;');
    // What is deleted or written over is gone from the file, too: payloads expire, and a page set free would still hold them.
    connection.exec('pragma secure_delete = on;');
    bringUpToDate(connection, file, options, faults);
    connection.exec(`pragma busy_timeout = ${busyMs}`);
    identity = identityOf(file);
  } catch (error) {
    connection.close();
    throw unavailable('cannot be opened', file, error);
  }

  const statements = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    let prepared = statements.get(sql);
    if (prepared === undefined) {
      prepared = connection.prepare(sql);
      statements.set(sql, prepared);
    }
    return prepared;
  };

  /** Without waiting for others, which would hold up everything else here. */
  const atOnce = <T>(work: () => T): T => {
    try {
      connection.exec('pragma busy_timeout = 0');
      return work();
    } finally {
      if (connection.isOpen) connection.exec(`pragma busy_timeout = ${busyMs}`);
    }
  };
  const truncateLog = (): boolean =>
    connection.prepare('pragma wal_checkpoint(truncate)').get()?.busy === 0;
  const log = logSync(
    `${file}-wal`,
    () => {
      if (!atOnce(truncateLog))
        throw new Error('an earlier sync failed, and others use the log now');
    },
    faults,
  );

  const commit = <T>(work: () => T): T => {
    try {
      log.mendIfDoubtful();
      assertInPlace(file, identity);
      statement('begin immediate').run();
      const result = work();
      faults('before commit');
      // A crash before this line leaves the state of before; after it, the state of after. There is nothing between.
      statement('commit').run();
      faults('after commit');
      return result;
    } catch (error) {
      rollBack(connection);
      throw unavailable('cannot be written', file, error);
    }
  };
  const transaction = <T>(work: () => T): T => {
    const result = commit(work);
    log.synced();
    return result;
  };
  const light = <T>(work: () => T): T => {
    try {
      connection.exec('pragma synchronous = normal');
      return commit(work);
    } catch (error) {
      throw unavailable('cannot be written', file, error);
    } finally {
      if (connection.isOpen) connection.exec('pragma synchronous = full');
    }
  };

  return {
    write(name, sql, ...values) {
      faults(`before ${name}`);
      const { changes } = statement(sql).run(...values);
      faults(`after ${name}`);
      return Number(changes);
    },
    all: (sql, ...values) => statement(sql).all(...values) as Row[],
    get: (sql, ...values) => statement(sql).get(...values) as Row | undefined,
    transaction,
    light,
    prompt(work) {
      const result = light(work);
      log.committed();
      return result;
    },
    async durable(anyone) {
      try {
        await log.durable(anyone);
      } catch (error) {
        throw unavailable('cannot be written', file, error);
      }
    },
    read(work) {
      try {
        return work();
      } catch (error) {
        throw unavailable('cannot be read', file, error);
      }
    },
    snapshot(work) {
      try {
        return inSnapshot(connection, work);
      } catch (error) {
        throw unavailable('cannot be read', file, error);
      }
    },
    truncateLog() {
      try {
        return atOnce(truncateLog);
      } catch (error) {
        throw unavailable('cannot be written', file, error);
      }
    },
    close() {
      log.close();
      if (connection.isOpen) connection.close();
    },
  };
}

/** A database that was deleted or moved away goes on taking writes that nobody will ever read. */
function assertInPlace(file: string, identity: FileIdentity): void {
  const now = identityOf(file);
  if (now.ino !== identity.ino || now.dev !== identity.dev) {
    throw new ReeveError(
      'AUDIT_UNAVAILABLE',
      `The database ${file} was replaced by another file while it was open. Stop every gateway on this state, put the right file back and start again.`,
    );
  }
}

/** SQLite does not wait for others at this one switch, so two processes that start together have to. */
function useWriteAheadLog(connection: DatabaseSync, patience: number): void {
  const give = performance.now() + patience;
  for (;;) {
    try {
      const mode = connection.prepare('pragma journal_mode = wal').get()?.journal_mode;
      if (mode === 'wal') return;
      throw new Error(`the file system allows no write-ahead log (journal mode ${mode})`);
    } catch (error) {
      if (resultCode(error) !== busyCode || performance.now() > give) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
