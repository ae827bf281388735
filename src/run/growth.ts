/**
 * Whether a run makes its workspace grow past its limits. In: the open workspace, the limits, a look from time to time
 * and one at the end. Out: by how much it grew, once that is too much. The file system's own count is cheap and tells
 * when to look closer; only counting the workspace itself decides, because others write to the same disk.
 * Never: a run blamed for what grew outside its workspace; a start held up where the file system's count is exact.
 */
import { fstatSync } from 'node:fs';
import type { Limits } from '../core/command.ts';
import { deletedFiles } from './deleted-files.ts';
import { type DiskUse, diskUse } from './disk.ts';
import { type Counted, countWorkspace, type Size } from './workspace-size.ts';

/** By how much the workspace grew, in bytes of disk or in files, and how much it may. */
export interface Grown {
  readonly what: 'bytes' | 'files';
  readonly by: number;
  readonly limit: number;
}

export interface GrowthOptions {
  /** The workspace, opened; it stays the caller's and must outlive `finish`. */
  readonly fd: number;
  readonly limits: Pick<Limits, 'workspaceGrowth' | 'workspaceFiles'>;
  /** True where other file systems are mounted in the workspace: then only counting tells anything. */
  readonly mounts: boolean;
  readonly run: WatchedRun;
}

export interface WatchedRun {
  /** Its processes, to find files that were deleted and are still open. */
  members(): readonly number[];
  /** Holds the command still, and lets it go on: it must not get further while it is counted whether it went too far. */
  pause(): void;
  resume(): void;
  /** It grew its workspace past a limit. */
  outgrown(): void;
}

/** Milliseconds that one count may take before it is called incomplete. */
const deadlineMs = 30_000;
/** A count is not begun again before so many times what the last one took, unless the limit may be passed already. */
const restFactor = 10;
/** Where the file system's count is of no use: milliseconds between two counts, doubled while nothing changes. */
const blindMs = { fewest: 250, most: 2_000 };
/** A coarse clock stamps files: a change may seem to be a little older than it is. */
const clockLagMs = 50;

const kinds = ['bytes', 'files'] as const;
const nothing: Size = Object.freeze({ bytes: 0, files: 0 });

/** Takes note of how things stand before the run. Waits only where that needs a count. */
export async function watchGrowth(options: GrowthOptions): Promise<GrowthWatch> {
  const since = Date.now() - clockLagMs;
  const start = options.mounts ? null : diskUse(options.fd);
  if (start !== null) return new GrowthWatch(options, since, start, null);
  const never = (): boolean => false;
  const base = await countWorkspace(options.fd, {
    since,
    deadlineMs,
    abandoned: never,
    enough: never,
  });
  return new GrowthWatch(options, since, null, base);
}

export class GrowthWatch {
  readonly #options: GrowthOptions;
  readonly #since: number;
  readonly #limits: Size;
  /** Of the whole file system, before the run and when last looked at; null where its count is of no use. */
  readonly #start: DiskUse | null;
  #last: DiskUse | null;
  /** What the file system gained since the last count, whatever was freed meanwhile. */
  #risen: Size = nothing;
  /** What the workspace held before the run: counted, or made out by the first count. */
  #base: Size | null;
  #growth: Size = nothing;
  #grown: Grown | null = null;
  #counting: Promise<void> | null = null;
  #countedAt = performance.now();
  #tookMs = 0;
  #restMs: number = blindMs.fewest;
  #over = false;
  #paused = false;
  readonly #device: number;

  constructor(options: GrowthOptions, since: number, start: DiskUse | null, base: Size | null) {
    this.#options = options;
    this.#since = since;
    this.#limits = { bytes: options.limits.workspaceGrowth, files: options.limits.workspaceFiles };
    this.#start = start;
    this.#last = start;
    this.#base = base;
    this.#device = fstatSync(options.fd).dev;
  }

  /** A glance that costs microseconds; begins a count where it shows that one is due. */
  look(): void {
    if (this.#over || this.#grown !== null) return;
    this.#glance();
    if (this.#mayBeOver() && !this.#paused) {
      this.#paused = true;
      this.#options.run.pause();
    }
    if (this.#counting !== null || !this.#isDue()) return;
    this.#counting = this.#count().finally(() => {
      this.#counting = null;
    });
  }

  /** The last look, once every process of the run is gone. What the run grew by, if that is too much. */
  async finish(): Promise<Grown | null> {
    this.#over = true;
    await this.#counting;
    if (this.#grown !== null) return this.#grown;
    this.#glance();
    if (this.#start === null || this.#mayBeOver()) {
      this.#settle(await this.#counted(() => false));
    }
    return this.#grown;
  }

  #glance(): void {
    const last = this.#last;
    const now = last === null ? null : diskUse(this.#options.fd);
    if (now === null || last === null) return;
    this.#risen = {
      bytes: this.#risen.bytes + Math.max(0, now.bytes - last.bytes),
      files: this.#risen.files + Math.max(0, now.files - last.files),
    };
    this.#last = now;
  }

  #mayBeOver(): boolean {
    return kinds.some((kind) => this.#growth[kind] + this.#risen[kind] > this.#limits[kind]);
  }

  #isDue(): boolean {
    if (this.#paused) return true;
    const rested = performance.now() - this.#countedAt;
    if (this.#start === null) return rested >= Math.max(this.#restMs, restFactor * this.#tookMs);
    if (rested < restFactor * this.#tookMs) return false;
    return kinds.some((kind) => {
      const limit = this.#limits[kind];
      // The first count, early, makes out what was there before; the later ones come closer together near the limit.
      const step =
        this.#base === null ? limit / 8 : Math.max((limit - this.#growth[kind]) / 2, limit / 16);
      return this.#risen[kind] > step;
    });
  }

  /** Counts until it is known whether the limits hold; then the run is over, or goes on. */
  async #count(): Promise<void> {
    for (;;) {
      const heldStill = this.#paused;
      this.#risen = nothing;
      const counted = await this.#counted(() => this.#over);
      if (this.#over) {
        // What rose meanwhile may be the run's: the last look counts again.
        this.#risen = { bytes: Number.POSITIVE_INFINITY, files: Number.POSITIVE_INFINITY };
        return;
      }
      this.#settle(counted);
      if (this.#grown !== null) {
        this.#options.run.outgrown();
        return;
      }
      // What rose while the run was held still is others'.
      if (heldStill) this.#risen = nothing;
      if (!this.#mayBeOver()) break;
      // It went on while it was counted, and may have gone too far since.
      if (!this.#paused) break;
    }
    if (!this.#paused) return;
    this.#paused = false;
    this.#options.run.resume();
  }

  async #counted(abandoned: () => boolean): Promise<Counted> {
    const began = performance.now();
    const taken = this.#takenFromDisk();
    const counted = await countWorkspace(this.#options.fd, {
      since: this.#since,
      deadlineMs,
      abandoned,
      enough: (size, changed) =>
        kinds.some((kind) => {
          const limit = this.#limits[kind];
          if (this.#base !== null) return size[kind] - this.#base[kind] > limit;
          return taken !== null && taken[kind] > limit && changed[kind] > limit;
        }),
    });
    this.#countedAt = performance.now();
    this.#tookMs = this.#countedAt - began;
    return counted;
  }

  #settle(counted: Counted): void {
    const before = this.#growth;
    this.#growth = this.#growthBy(counted);
    const same = kinds.every((kind) => this.#growth[kind] === before[kind]);
    this.#restMs = same ? Math.min(this.#restMs * 2, blindMs.most) : blindMs.fewest;
    const kind = kinds.find((kind) => this.#growth[kind] > this.#limits[kind]);
    if (kind === undefined) return;
    this.#grown = { what: kind, by: this.#growth[kind], limit: this.#limits[kind] };
  }

  #growthBy(counted: Counted): Size {
    const taken = this.#takenFromDisk();
    const hidden = this.#hidden(counted, taken);
    const of = (kind: 'bytes' | 'files'): number => {
      const size = counted[kind] + hidden[kind];
      if (this.#base === null && taken !== null) {
        // What changed cannot have grown by more than it is, nor by more than the whole file system did.
        const most = counted.changed[kind] + hidden[kind];
        return Math.min(Math.max(taken[kind], 0), counted.complete ? most : taken[kind]);
      }
      const growth = size - (this.#base?.[kind] ?? size);
      return counted.complete || taken === null ? growth : Math.max(growth, taken[kind]);
    };
    const growth = { bytes: of('bytes'), files: of('files') };
    this.#base ??= {
      bytes: counted.bytes + hidden.bytes - growth.bytes,
      files: counted.files + hidden.files - growth.files,
    };
    return growth;
  }

  /** What is in use on the file system beyond what was before the run; null where its count is of no use. */
  #takenFromDisk(): Size | null {
    const now = this.#start === null ? null : diskUse(this.#options.fd);
    if (now === null || this.#start === null) return null;
    return { bytes: now.bytes - this.#start.bytes, files: now.files - this.#start.files };
  }

  /** Files that were deleted and are still open take up space in no folder. Looked for where space is missing. */
  #hidden(counted: Counted, taken: Size | null): Size {
    if (this.#over) return nothing;
    const missing =
      taken === null || kinds.some((k) => taken[k] - counted.changed[k] > this.#limits[k] / 16);
    if (!missing) return nothing;
    return deletedFiles(this.#options.run.members(), this.#device);
  }
}
