/**
 * Whose turn it is, inside one process. In: work with a principal and a concurrency key. Out: each started when its turn
 * has come. Must never: start work twice at once, start what was taken out, or let one principal or one busy key hold
 * up the others. Nothing here is durable: after a crash, recovery reads the store.
 */
import { ReeveError } from '../core/errors.ts';
import type { Queue, QueuedWork } from '../core/ports.ts';
import { createTurns, type Ticket } from './turns.ts';

export interface QueueOptions {
  /** How much may be started at once, and how much may wait. */
  readonly running: number;
  readonly waiting: number;
  /** Milliseconds until a busy key is tried again when nothing ends here: another process may have made room. */
  readonly pollMs?: number;
}

interface Waiting {
  readonly work: QueuedWork;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Nobody may have more waiting than so many times the places that are still free: one alone gets three quarters, two
 * get three sevenths each, and there is always a place for whoever comes next, with nothing reserved by name.
 */
const shareOfFree = 3;

export function createQueue(options: QueueOptions): Queue {
  const { running: maxRunning, waiting: maxWaiting, pollMs = 150 } = options;
  const turns = createTurns<Waiting>();
  /** Keys that had no room when last asked, and how many of each may ask again: one for each that ended, one a poll. */
  const parked = new Map<string | null, number>();
  let running = 0;
  let timer: NodeJS.Timeout | undefined;
  let draining = false;
  const onIdle: (() => void)[] = [];

  const keyMayStart = (key: string | null): boolean => parked.get(key) !== 0;
  const letOneAsk = (key: string | null): void => {
    const asking = parked.get(key);
    if (asking !== undefined) parked.set(key, asking + 1);
  };

  const dispatch = (): void => {
    while (running < maxRunning) {
      const next = turns.take(({ work }) => keyMayStart(work.key));
      if (next === undefined) break;
      void begin(next);
    }
    if (parked.size > 0) {
      const wanted = new Set(turns.waiting().map(({ item }) => item.work.key));
      for (const key of parked.keys()) if (!wanted.has(key)) parked.delete(key);
    }
    if (parked.size > 0) timer ??= setTimeout(poll, pollMs);
    if (running === 0) for (const resolve of onIdle.splice(0)) resolve();
  };

  const poll = (): void => {
    timer = undefined;
    for (const [key, asking] of parked) parked.set(key, Math.max(asking, 1));
    dispatch();
  };

  const begin = async (ticket: Ticket<Waiting>): Promise<void> => {
    const { work, resolve, reject } = ticket.item;
    const asking = parked.get(work.key);
    if (asking !== undefined) parked.set(work.key, asking - 1);
    running += 1;
    try {
      const result = await work.start();
      running -= 1;
      if (result === 'busy' && !draining && work.signal?.aborted !== true) {
        if (!parked.has(work.key)) parked.set(work.key, 0);
        turns.giveBack(ticket);
      } else {
        turns.done(ticket);
        if (result === 'done') {
          letOneAsk(work.key);
          resolve();
        } else reject(draining ? shuttingDown() : cancelled(work));
      }
    } catch (error) {
      running -= 1;
      turns.done(ticket);
      letOneAsk(work.key);
      reject(error);
    }
    dispatch();
  };

  const noRoom = (principal: string, key: string | null): ReeveError | null => {
    if (running < maxRunning && keyMayStart(key)) return null;
    const free = maxWaiting - turns.length;
    if (free <= 0) return full(maxWaiting);
    const own = turns.waitingOf(principal);
    return own < shareOfFree * free ? null : shareTaken(own, maxWaiting);
  };

  return {
    noRoom,
    enqueue(work) {
      if (draining) return Promise.reject(shuttingDown());
      if (work.signal?.aborted === true) return Promise.reject(cancelled(work));
      const refusal = noRoom(work.principal, work.key);
      if (refusal !== null) return Promise.reject(refusal);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const ticket = turns.add(work.principal, { work, resolve, reject });
      const takeOut = (): void => {
        if (turns.remove(ticket)) reject(cancelled(work));
      };
      work.signal?.addEventListener('abort', takeOut, { once: true });
      dispatch();
      return promise.finally(() => work.signal?.removeEventListener('abort', takeOut));
    },
    load: () => ({ running, waiting: turns.length }),
    drain() {
      draining = true;
      clearTimeout(timer);
      for (const ticket of turns.waiting()) {
        turns.remove(ticket);
        ticket.item.reject(shuttingDown());
      }
      parked.clear();
      if (running === 0) return Promise.resolve();
      return new Promise((resolve) => onIdle.push(resolve));
    },
  };
}

function full(places: number): ReeveError {
  return new ReeveError(
    'CONCURRENCY_LIMIT',
    `The queue is full: ${places} request(s) wait already, and concurrency.waiting allows no more. Ask again when some have finished.`,
  );
}

function shareTaken(own: number, places: number): ReeveError {
  return new ReeveError(
    'CONCURRENCY_LIMIT',
    `${own} of your requests wait already, and the other places of the queue (concurrency.waiting: ${places}) are kept for others. Ask again when some of yours have finished.`,
  );
}

function cancelled({ requestId }: QueuedWork): ReeveError {
  return new ReeveError(
    'COMMAND_CANCELLED',
    `Request ${requestId} was cancelled while it waited; nothing was started.`,
  );
}

function shuttingDown(): ReeveError {
  return new ReeveError(
    'SHUTTING_DOWN',
    'The gateway is stopping and starts nothing more. Ask again when it is back.',
  );
}
