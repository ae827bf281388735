/**
 * One endpoint and its messages, in the order of the record. In: the record from where it left off. Out: each message at
 * least once, one at a time, for as long as it takes. Must never: pass over a message, hold up a run, or send after `stop`.
 */
import { ReeveError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { WebhookSettings } from '../../core/settings.ts';
import type { TraceContext } from '../../core/tracing.ts';
import { traceHeaders } from '../telemetry/trace-context.ts';
import { type Message, messagesOf, type Surroundings } from './events.ts';
import { openPosition, type PositionStore, savePosition } from './position.ts';
import { post, type Reply } from './post.ts';
import { signed } from './signing.ts';

/** Times in milliseconds. */
export interface Pace {
  /** Between looks at the record. */
  readonly poll: number;
  /** After the first failure; twice as long after each further one, up to `longest`, and somewhat less by chance. */
  readonly first: number;
  readonly longest: number;
  readonly timeout: number;
  /** How long an attempt under way may go on after `stop`. */
  readonly grace: number;
}

export interface CourierTools {
  readonly store: PositionStore;
  readonly around: Surroundings;
  /** Throws ReeveError where it cannot be had. */
  readonly secretOf: (endpoint: WebhookSettings) => string;
  /** The trace that a request belongs to, where that is known. */
  readonly traceOf?: (requestId: string) => TraceContext | null;
  readonly clock: Clock;
  readonly pace: Pace;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly report: (message: string, error?: unknown) => void;
}

/** `waitingSince`: since when the oldest undelivered message is due (milliseconds since 1970); null where there is none. */
export interface CourierState {
  readonly endpoint: string;
  readonly delivered: number;
  readonly failed: number;
  readonly waitingSince: number | null;
  readonly gone: boolean;
  /** What is in the way, in words; null while nothing is. */
  readonly trouble: string | null;
}

export interface Courier {
  state(): CourierState;
  /** Resolves when nothing is sent any more. */
  stop(): Promise<void>;
}

/** `at` is the last entry that is done with, `saved` the one that the state remembers. */
interface Place {
  at: number;
  saved: number;
  /** True where saving has failed. */
  unsaved: boolean;
}

const batch = 256;
/** Entries that nobody is told of are passed over in memory; so many at most are looked at again after a restart. */
const unsavedMost = 1_000;

export function startCourier(endpoint: WebhookSettings, tools: CourierTools): Courier {
  const { traceOf = () => null } = tools;
  const { store, around, secretOf, clock, pace, random, report } = tools;
  const stopping = new AbortController();
  const cutting = new AbortController();
  const called = `the webhook ${endpoint.name}`;
  let delivered = 0;
  let failed = 0;
  let failures = 0;
  let due: Message | null = null;
  let gone = false;
  let trouble: string | null = null;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (stopping.signal.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        stopping.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms).unref();
      stopping.signal.addEventListener('abort', done);
    });

  const tell = (why: string): void => {
    if (why !== trouble) report(`${called} gets nothing at the moment: ${why}; it is tried again`);
    trouble = why;
  };
  const fail = async (why: string, retryAfterMs: number | null): Promise<void> => {
    failures += 1;
    tell(why);
    const ceiling = Math.min(pace.longest, pace.first * 2 ** Math.min(failures - 1, 40));
    await pause(Math.max(ceiling * (0.5 + random() / 2), retryAfterMs ?? 0));
  };
  const succeed = (): void => {
    if (trouble !== null) report(`${called} is served again`);
    trouble = null;
    failures = 0;
  };

  const attempt = async (message: Message): Promise<Reply> => {
    const now = clock.now();
    return post({
      url: endpoint.url,
      headers: {
        ...traceHeaders(traceOf(message.requestId ?? '')),
        ...(await signed(secretOf(endpoint), message, now)),
      },
      body: message.payload,
      timeoutMs: pace.timeout,
      signal: cutting.signal,
      now,
    });
  };

  /** False where it was stopped, or nobody wants it. A crash in here sends the message again, under the same id. */
  const deliver = async (message: Message): Promise<boolean> => {
    due = message;
    while (!stopping.signal.aborted) {
      const reply = await attempt(message).catch(
        (error: unknown): Reply => ({ kind: 'failed', why: words(error), retryAfterMs: null }),
      );
      switch (reply.kind) {
        case 'delivered':
          delivered += 1;
          due = null;
          succeed();
          return true;
        case 'gone':
          gone = true;
          trouble = 'it answered 410 Gone, so nothing more is sent until reeve reload';
          report(`${called} is switched off: ${trouble}; what is due to it is kept`);
          return false;
        case 'failed':
          if (stopping.signal.aborted) return false;
          failed += 1;
          await fail(reply.why, reply.retryAfterMs);
      }
    }
    return false;
  };

  /** Delivers what the record holds now. False where it is over. A crash in here: see `deliver`. */
  const follow = async (place: Place): Promise<boolean> => {
    const entries = store.entriesAfter(place.at, batch);
    if (entries.length > 0) await store.durable('anyone');
    for (const entry of entries) {
      const mine = messagesOf(entry, around).filter(({ type }) => endpoint.events.includes(type));
      for (const message of mine) if (!(await deliver(message))) return false;
      place.at = entry.seq;
      if (mine.length > 0 || place.at - place.saved >= unsavedMost) save(place);
    }
    // What could not be kept when it was delivered.
    if (place.unsaved) save(place);
    return true;
  };
  const save = (place: Place): void => {
    place.unsaved = true;
    savePosition(store, endpoint.name, place.at);
    place.unsaved = false;
    place.saved = place.at;
  };

  const open = (): Place => {
    const { seq, setBack } = openPosition(store, endpoint.name);
    if (setBack) report(`${called} begins anew: the record ends before what it was sent last`);
    return { at: seq, saved: seq, unsaved: false };
  };

  /** Told of before anybody waits for it; looked for again with each message. */
  const lookForKey = async (): Promise<void> => {
    const nothing: Message = { type: 'execution.finished', id: '', at: 0, payload: '' };
    try {
      await signed(secretOf(endpoint), nothing, 0);
    } catch (error) {
      tell(words(error));
    }
  };

  const run = async (): Promise<void> => {
    await lookForKey();
    let place: Place | null = null;
    while (!stopping.signal.aborted) {
      try {
        place ??= open();
        const before = place.at;
        if (!(await follow(place))) return;
        if (failures > 0) succeed();
        if (place.at === before) await pause(pace.poll);
      } catch (error) {
        // The record cannot be read or written. How far this came is known here, and nothing is sent twice for it.
        await fail(words(error), null);
      }
    }
  };
  const over = run();

  return {
    state: () => ({
      endpoint: endpoint.name,
      delivered,
      failed,
      waitingSince: due?.at ?? null,
      gone,
      trouble,
    }),
    async stop() {
      stopping.abort();
      const cut = setTimeout(() => cutting.abort(), pace.grace);
      await over;
      clearTimeout(cut);
    },
  };
}

function words(error: unknown): string {
  if (error instanceof ReeveError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
