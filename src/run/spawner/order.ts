/**
 * What is asked of whoever starts processes, and what is answered: the same for the spawner and for this process itself.
 * Values only. Never: a process of which nobody is told that it began.
 */

/** How the child's descriptor is opened from the gateway's: an access mode, and further flags of open(2). */
export interface Handed {
  readonly fd: number;
  readonly flags: number;
}

export interface Order {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: { readonly uid: number; readonly gid: number } | null;
  /** By the child's number; it gets no others. They stay open here until `start` has been answered. */
  readonly descriptors: ReadonlyMap<number, Handed>;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  /** True where whoever started the process has gone, so that its end cannot be known. It may live for a moment. */
  readonly lost: boolean;
}

export interface Started {
  readonly pid: number;
  /** Start time in clock ticks since boot; null if it had ended before it could be looked at. */
  readonly pidStart: string | null;
  readonly ended: Promise<Ending>;
  kill(signal: NodeJS.Signals): void;
}

export interface Starter {
  /**
   * Asks for the process before it returns, with nothing awaited. Rejects with an error that has a `code` (E2BIG, …) if
   * there is none, and with SpawnerLost if that is not known.
   */
  start(order: Order): Promise<Started>;
}

/** Asked for and not answered: there may be a process. What it was has to be looked for before anything is said. */
export class SpawnerLost extends Error {
  constructor() {
    super('the process that starts commands went away while it was starting this one');
    this.name = 'SpawnerLost';
  }
}
