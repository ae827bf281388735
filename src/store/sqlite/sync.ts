/**
 * Brings to the disk what was committed without waiting for it: one sync for all that wait, off the main thread. In: the
 * write-ahead log of a database. Out: promises that resolve once it is safe from a power cut.
 * Must never: resolve for what a sync that failed may have left behind.
 */
import { close, fdatasync, openSync } from 'node:fs';

export interface LogSync {
  /** A transaction was committed that nobody waited for. */
  committed(): void;
  /** A transaction was committed and waited for: everything before it is on the disk, too. */
  synced(): void;
  /**
   * Resolves once everything committed by this process so far is on the disk; with `anyone`, also what others of this
   * host committed. Rejects where a sync failed since: it may be asked again.
   */
  durable(anyone: boolean): Promise<void>;
  /** True after a sync that failed, until `mend` worked: what was written may be lost, and no later sync would tell. */
  readonly doubtful: boolean;
  /** Brings everything to the disk by another way, if a sync has failed. Throws where that fails, too. */
  mendIfDoubtful(): void;
  close(): void;
}

/**
 * `mend` writes everything anew, past the log: a kernel tells of a failed sync once, and says that all is well afterwards.
 * `faults` is called before and after each sync.
 */
export function logSync(
  logFile: string,
  mend: () => void,
  faults: (point: string) => void,
): LogSync {
  let fd: number | null = null;
  let commits = 0;
  let safe = 0;
  let round: Promise<void> | null = null;
  let doubtful = false;
  let closed = false;

  const mendIfDoubtful = (): void => {
    if (!doubtful) return;
    mend();
    doubtful = false;
    safe = commits;
  };

  /** One sync for everything up to now. A log that was cut off meanwhile was brought into the database, and synced, first. */
  const sync = async (): Promise<void> => {
    mendIfDoubtful();
    const upTo = commits;
    // SQLite locks other files than this one, so that opening and closing it here frees no lock of its own.
    fd ??= openSync(logFile, 'r');
    try {
      faults('before sync');
      await synced(fd);
      faults('after sync');
    } catch (error) {
      doubtful = true;
      throw error;
    }
    safe = Math.max(safe, upTo);
  };
  const inTurn = (): Promise<void> => {
    round ??= sync().finally(() => {
      round = null;
      if (closed) release();
    });
    return round;
  };
  const release = (): void => {
    if (fd !== null) close(fd);
    fd = null;
  };

  return {
    committed() {
      commits += 1;
    },
    synced() {
      safe = commits;
    },
    async durable(anyone) {
      if (closed) throw new Error('it is closed');
      if (anyone) {
        // One that is under way may have begun before what is meant.
        await round?.catch(() => {});
        await inTurn();
        return;
      }
      const wanted = commits;
      while (safe < wanted) await inTurn();
    },
    get doubtful() {
      return doubtful;
    },
    mendIfDoubtful,
    close() {
      closed = true;
      if (round === null) release();
    },
  };
}

function synced(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}
