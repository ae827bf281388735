/**
 * Who starts processes: a spawner where there can be one, else this process. Keeps one spawner alive: one that died is
 * replaced when it is needed next, and one that dies again and again is left alone for a while. Never: an order given twice.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inProcess } from './in-process.ts';
import type { Starter } from './order.ts';
import { SpawnerProcess } from './spawner-process.ts';

export interface StarterOptions {
  /** Null: there is none, or it is not to be used. */
  readonly perl: string | null;
  /** Descriptors that whoever started the gateway left open. */
  readonly inherited: readonly number[];
}

/** Milliseconds that a spawner has to have lived for its death to count as a mishap, and that it is left alone at most. */
const mishapMs = 10_000;
const longestPauseMs = 30_000;

export class Starters {
  readonly #options: StarterOptions;
  readonly #here: Starter;
  #spawner: SpawnerProcess | null = null;
  #beginning: Promise<Starter> | null = null;
  #begunAt = 0;
  #failures = 0;
  #why: string | null = null;
  #closed = false;

  constructor(options: StarterOptions) {
    this.#options = options;
    this.#here = inProcess(options.inherited);
    if (options.perl === null) this.#why = 'perl is not installed';
  }

  /** Why there is no spawner, as far as was tried; null where there is one. */
  get why(): string | null {
    return this.#why;
  }

  /** The spawner's pid, while there is one. */
  get pid(): number | null {
    return this.#spawner?.alive === true ? (this.#spawner.pid ?? null) : null;
  }

  /** Whoever is to be asked now. Ask at once: it may be another one later. */
  ready(): Starter | Promise<Starter> {
    if (this.#spawner?.alive === true) return this.#spawner;
    if (this.#options.perl === null || this.#closed) return this.#here;
    this.#beginning ??= this.#begin(this.#options.perl).finally(() => {
      this.#beginning = null;
    });
    return this.#beginning;
  }

  /** Makes named pipes. */
  async makePipes(paths: readonly string[]): Promise<void> {
    const starter = await this.ready();
    if (starter instanceof SpawnerProcess) return starter.makePipes(paths);
    await promisify(execFile)('mkfifo', ['-m', '666', '--', ...paths], {
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#beginning;
    await this.#spawner?.end();
  }

  async #begin(perl: string): Promise<Starter> {
    const lived = performance.now() - this.#begunAt;
    if (lived > mishapMs) this.#failures = 0;
    // Died young: a pause that grows, in which the gateway does it itself.
    else if (this.#failures > 1 && lived < Math.min(2 ** this.#failures * 50, longestPauseMs)) {
      return this.#here;
    }
    this.#begunAt = performance.now();
    this.#failures += 1;
    try {
      this.#spawner = await SpawnerProcess.begin(perl, this.#options.inherited);
      this.#why = null;
      return this.#spawner;
    } catch (error) {
      this.#why = `perl could not be used to start processes: ${(error as Error).message}`;
      return this.#here;
    }
  }
}
