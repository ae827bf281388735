/**
 * Sandboxes that were started ahead, by their key. In: runs that have ended. Out: for the next run of the same kind, a
 * sandbox that waits. Each is used once, and ended when nobody came for it. Never: one started while a run is under way,
 * one that outlives `close`.
 */
import { existsSync } from 'node:fs';
import type { Invocation } from '../../core/invocation.ts';
import type { RunContext } from '../active-run.ts';
import { hasBoundInputs } from '../inputs-bind.ts';
import type { Prepared } from '../prepare.ts';
import { entrantProgram } from './entrant.ts';
import { keyOf } from './key.ts';
import { startWaiting, type Waiting } from './waiting.ts';

/** How many may wait for runs of one kind and in all, and for how long; and how long nothing must run before one is started. */
const most = Object.freeze({ ofOneKind: 4, inAll: 8, idleMs: 60_000, quietMs: 2 });

/** Bytes of arguments and variables that any kernel takes: what is larger finds its limit the usual way. */
const largest = 64 * 1024;

interface Entry {
  readonly key: string;
  readonly ready: Promise<Waiting | null>;
  readonly expiry: NodeJS.Timeout;
}

/** How often runs of a kind met, and one of them to build its sandbox from. */
interface Kind {
  invocation: Invocation;
  running: number;
  atOnce: number;
}

export class Pool {
  readonly #context: RunContext;
  readonly #use: boolean;
  readonly #entries = new Set<Entry>();
  readonly #kinds = new Map<string, Kind>();
  readonly #ending = new Set<Promise<void>>();
  #running = 0;
  #quiet: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(context: RunContext) {
    this.#context = context;
    this.#use = context.sandboxed && existsSync(entrantProgram);
  }

  /** The kind of a run, by which it may be given a sandbox; null where it needs one of its own. */
  kindOf(invocation: Invocation, prepared: Prepared, secrets: number): string | null {
    const own =
      !this.#use ||
      // Its workspace is about to be removed.
      invocation.copyOf !== undefined ||
      secrets > 0 ||
      sizeOf(invocation) > largest ||
      (invocation.stdin !== null && invocation.stdin.length > 0) ||
      hasBoundInputs(invocation) ||
      prepared.places.some((place) => place.mustStage);
    return own ? null : keyOf(this.#context, invocation, prepared);
  }

  /** A sandbox of this kind, taken out; null if there is none that is sound. */
  async take(key: string): Promise<Waiting | null> {
    for (const entry of [...this.#entries].filter((e) => e.key === key)) {
      if (!this.#entries.delete(entry)) continue;
      clearTimeout(entry.expiry);
      const waiting = await entry.ready;
      if (waiting?.sound === true && waiting.key === key) return waiting;
      if (waiting !== null) this.#end(waiting);
    }
    return null;
  }

  /** A run begins; call what is answered when it has ended. */
  began(key: string | null, invocation: Invocation): () => void {
    this.#running += 1;
    const kind = key === null ? null : this.#kind(key, invocation);
    if (kind !== null) {
      kind.running += 1;
      kind.atOnce = Math.max(kind.atOnce, kind.running);
    }
    return () => {
      this.#running -= 1;
      if (kind !== null) kind.running -= 1;
      if (this.#running === 0) this.#whenQuiet();
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    for (const entry of this.#entries) this.#drop(entry);
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  #kind(key: string, invocation: Invocation): Kind {
    const known = this.#kinds.get(key);
    const kind = known ?? { invocation, running: 0, atOnce: 0 };
    kind.invocation = invocation;
    // Those that came last are kept.
    this.#kinds.delete(key);
    this.#kinds.set(key, kind);
    for (const [oldest, { running }] of this.#kinds) {
      if (this.#kinds.size <= most.inAll) break;
      if (running === 0) this.#kinds.delete(oldest);
    }
    return kind;
  }

  #whenQuiet(): void {
    if (this.#closed) return;
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => void this.#fill(), most.quietMs).unref();
  }

  /** One after the other, and only while nothing runs: what runs goes before what might. */
  async #fill(): Promise<void> {
    for (const [key, kind] of [...this.#kinds].toReversed()) {
      const wanted = Math.min(kind.atOnce, most.ofOneKind);
      for (;;) {
        const waits = [...this.#entries].filter((entry) => entry.key === key).length;
        if (waits >= wanted || this.#running > 0 || this.#closed) break;
        // For what ran just now those make room that have waited longest.
        const [oldest] = this.#entries;
        if (oldest !== undefined && this.#entries.size >= most.inAll) this.#drop(oldest);
        if ((await this.#add(key, kind.invocation)) === null) break;
      }
      // What was met long ago is forgotten: only what ran since counts.
      if (this.#running === 0) this.#kinds.delete(key);
    }
  }

  #add(key: string, invocation: Invocation): Promise<Waiting | null> {
    const ready = startWaiting(this.#context, invocation, () => {
      if (this.#closed) throw new Error('closed');
    }).catch(() => null);
    const expiry = setTimeout(() => this.#drop(entry), most.idleMs).unref();
    const entry: Entry = { key, ready, expiry };
    this.#entries.add(entry);
    void ready.then((waiting) => {
      if (waiting === null) {
        clearTimeout(expiry);
        this.#entries.delete(entry);
      } else void waiting.running.ended.then(() => this.#drop(entry));
    });
    return ready;
  }

  /** Ends it, unless a run has it. */
  #drop(entry: Entry): void {
    if (!this.#entries.delete(entry)) return;
    clearTimeout(entry.expiry);
    const ended = entry.ready.then((waiting) => waiting?.end());
    this.#track(ended);
  }

  #end(waiting: Waiting): void {
    this.#track(waiting.end());
  }

  #track(ended: Promise<void>): void {
    const settled = ended.catch(() => {});
    this.#ending.add(settled);
    void settled.then(() => this.#ending.delete(settled));
  }
}

/** More than any where an argument holds a NUL: such a run is refused by its plan. */
function sizeOf({ argv, variables }: Invocation): number {
  const values = [...argv, ...Object.entries(variables).flat()];
  if (values.some((value) => value.includes('\0'))) return Number.POSITIVE_INFINITY;
  return values.reduce((sum, value) => sum + Buffer.byteLength(value) + 1, 0);
}
