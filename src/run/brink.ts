/**
 * Limits that the kernel holds without telling: a program that may not open one more file is told so, and nobody else.
 * In: looks at the run's processes from time to time, and whenever it writes to standard error. Out: whether one was
 * seen with all that it may have. Never: a limit taken from what the command says of itself.
 */
import { openFilesOf, threadsOf } from './processes.ts';

export interface BrinkOptions {
  /** Processes of the run, bubblewrap's own included. */
  readonly members: () => readonly number[];
  /** Descriptors that each may have. */
  readonly openFiles: number;
  /** Processes and threads that there may be at once; null where a control group counts those that were refused. */
  readonly processes: number | null;
}

export interface AtLimit {
  readonly openFiles: boolean;
  readonly processes: boolean;
}

/** Milliseconds between two looks at most, and processes of which one look takes in the descriptors. */
const fewestMs = 10;
const mostProcesses = 64;

export class Brink {
  readonly #options: BrinkOptions;
  #lookedAt = 0;
  #turn = 0;
  #openFiles = false;
  #processes = false;

  constructor(options: BrinkOptions) {
    this.#options = options;
  }

  get seen(): AtLimit {
    return { openFiles: this.#openFiles, processes: this.#processes };
  }

  look(): void {
    const { openFiles, processes } = this.#options;
    const wanted = !this.#openFiles || (processes !== null && !this.#processes);
    const now = performance.now();
    if (!wanted || now - this.#lookedAt < fewestMs) return;
    this.#lookedAt = now;
    const members = this.#options.members();
    for (let i = 0; i < Math.min(members.length, mostProcesses); i++) {
      const pid = members[(this.#turn + i) % members.length]!;
      if ((openFilesOf(pid) ?? 0) >= openFiles) this.#openFiles = true;
    }
    this.#turn += mostProcesses;
    if (processes === null) return;
    const count = members.reduce((sum, pid) => sum + threadsOf(pid), 0);
    if (count >= processes) this.#processes = true;
  }
}
