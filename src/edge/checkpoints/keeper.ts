/**
 * Checkpoints brought to where this gateway could not take them back: witnesses first, then files and addresses. In: the
 * log, the settings. Out: each new checkpoint, once a place and interval. Never: two processes at it at once; a run held up.
 */
import { createHash } from 'node:crypto';
import { parseVerifier } from '../../audit/verify/note.ts';
import type { LogSource } from '../../audit/verify/source.ts';
import type { Clock, Store } from '../../core/ports.ts';
import type { AuditSettings } from '../../core/settings.ts';
import { keepAt, nameOf } from './places.ts';
import { cosigned } from './witness.ts';

export interface KeeperOptions {
  readonly log: {
    readonly verifier: string;
    publish(): Promise<{ readonly size: number; readonly note: string }>;
    tile(path: string): Buffer | null;
  };
  readonly store: Pick<Store, 'value' | 'setValue'>;
  readonly settings: () => AuditSettings;
  /** Takes the lock that all processes on this state share, or answers null at once. */
  readonly lock: () => { release(): void } | null;
  /** Keeps the newest cosigned checkpoint beside the log, as a whole. */
  readonly publishCosigned: (note: string) => void;
  readonly clock: Clock;
  readonly report: (message: string, error?: unknown) => void;
  readonly pollMs?: number;
}

export interface Keeper {
  /** What is behind, in words, one a line. */
  troubles(): readonly string[];
  close(): Promise<void>;
}

/** What was last kept at a place; on the store, so that a restart keeps nothing twice. `at` in milliseconds since 1970. */
interface Kept {
  readonly size: number;
  readonly at: number;
}

const longestPauseMs = 10 * 60_000;

export function startKeeper(options: KeeperOptions): Keeper {
  const { log, store, settings, clock, report } = options;
  const stopping = new AbortController();
  const failing = new Map<string, { why: string; times: number; next: number }>();
  const source: LogSource = {
    checkpoint: async () => (await log.publish()).note,
    tile: async (path) => log.tile(path),
  };
  let held: { release(): void } | null = null;
  /** Said once, until something works again. */
  let complaint: string | null = null;

  /** Tries, and tries again later and later. */
  const attempt = async (name: string, work: () => Promise<void>): Promise<void> => {
    const before = failing.get(name);
    if (before !== undefined && clock.now() < before.next) return;
    try {
      await work();
      failing.delete(name);
    } catch (error) {
      if (stopping.signal.aborted) return;
      const cause = (error as Error).cause as Error | undefined;
      const why = cause?.message ?? (error as Error).message;
      const times = (before?.times ?? 0) + 1;
      const next = clock.now() + Math.min(1_000 * 2 ** times, longestPauseMs);
      if (before?.why !== why)
        report(`a checkpoint of the log could not be kept at ${name}: ${why}`);
      failing.set(name, { why, times, next });
    }
  };

  const step = async (): Promise<void> => {
    const { everyMs, checkpoints, witnesses } = settings();
    const wanted = [...checkpoints.map(nameOf), ...witnesses.map(({ url }) => url)];
    for (const name of failing.keys()) if (!wanted.includes(name)) failing.delete(name);
    if (wanted.length === 0) return;
    const due = (name: string) => {
      const { at } = keptAt(store, name);
      // A clock that went back must not keep it from being kept for as long as it went.
      return clock.now() - at >= everyMs || clock.now() < at;
    };
    if (!wanted.some(due)) return;
    held ??= options.lock();
    if (held === null) return;
    const published = await log.publish();
    const { size } = published;
    let { note } = published;
    const keyed = parseVerifier(log.verifier);
    /** Nothing new: looked at again after the interval. */
    const isNew = (name: string): boolean => {
      if (!due(name)) return false;
      if (keptAt(store, name).size !== size) return true;
      remember(store, name, { size, at: clock.now() });
      return false;
    };
    for (const { url, key } of witnesses) {
      if (!isNew(url)) continue;
      await attempt(url, async () => {
        const known = keptAt(store, url).size;
        const asked = { url, key, log: keyed, source, note, known, signal: stopping.signal };
        note = (await cosigned(asked)).note;
        remember(store, url, { size, at: clock.now() });
        options.publishCosigned(note);
      });
    }
    for (const place of checkpoints) {
      const name = nameOf(place);
      if (!isNew(name)) continue;
      await attempt(name, async () => {
        await keepAt(place, note, stopping.signal);
        remember(store, name, { size, at: clock.now() });
      });
    }
  };

  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const next = (): void => {
    running = step()
      .then(
        () => {
          complaint = null;
        },
        (error: Error) => {
          if (error.message !== complaint)
            report('checkpoints cannot be kept outside; it is tried again', error);
          complaint = error.message;
        },
      )
      .then(() => {
        if (!stopped) timer = setTimeout(next, options.pollMs ?? 1_000).unref();
      });
  };
  next();

  return {
    troubles: () =>
      [...failing].map(
        ([name, { why }]) =>
          `No checkpoint of the log can be kept at ${name}: ${why}. It is tried again; a rewrite since the last one would not be seen there.`,
      ),
    async close() {
      if (stopped) return;
      stopped = true;
      clearTimeout(timer);
      stopping.abort();
      await running;
      held?.release();
      held = null;
    },
  };
}

function valueName(name: string): string {
  return `checkpoint-kept/${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

function keptAt(store: Pick<Store, 'value'>, name: string): Kept {
  const match = /^(\d+) (\d+)$/.exec(store.value(valueName(name)) ?? '');
  return { size: Number(match?.[1] ?? 0), at: Number(match?.[2] ?? 0) };
}

function remember(store: Pick<Store, 'setValue'>, name: string, { size, at }: Kept): void {
  store.setValue(valueName(name), `${size} ${at}`);
}
