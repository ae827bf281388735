/**
 * Looks that several runs wait for. In: a probe, and how to look. Out: what it came to, a moment ago at most. Never: two
 * looks by one probe at once, however many runs ask, nor one that nobody waits for any more.
 */
import type { DependencyProbe } from '../../core/dependency.ts';
import type { Clock } from '../../core/ports.ts';
import type { Finding } from './finding.ts';
import { orAborted } from './shared.ts';

/** Milliseconds that a finding is good for: a burst of runs asks once. */
const freshMs = 1_000;

interface Look {
  readonly pending: Promise<Finding>;
  readonly controller: AbortController;
  waiting: number;
  /** Null while it goes on. */
  endedAt: number | null;
}

/** By the probe itself: a generation that is loaded anew has probes of its own, and knows nothing of these. */
const looks = new WeakMap<DependencyProbe, Look>();

export async function lookOnce(
  probe: DependencyProbe,
  clock: Pick<Clock, 'monotonic'>,
  signal: AbortSignal,
  begin: (signal: AbortSignal) => Promise<Finding>,
): Promise<Finding> {
  signal.throwIfAborted();
  let look = looks.get(probe);
  if (look === undefined || isStale(look, clock)) {
    look = taken(probe, clock, begin);
    looks.set(probe, look);
  }
  look.waiting += 1;
  try {
    return await orAborted(look.pending, signal);
  } finally {
    look.waiting -= 1;
    if (look.waiting === 0 && look.endedAt === null) {
      if (looks.get(probe) === look) looks.delete(probe);
      look.controller.abort(signal.reason);
      // What it started is gone before whoever called it off goes on.
      await look.pending.catch(() => {});
    }
  }
}

function isStale({ endedAt }: Look, clock: Pick<Clock, 'monotonic'>): boolean {
  return endedAt !== null && clock.monotonic() - endedAt >= freshMs;
}

function taken(
  probe: DependencyProbe,
  clock: Pick<Clock, 'monotonic'>,
  begin: (signal: AbortSignal) => Promise<Finding>,
): Look {
  const controller = new AbortController();
  const look: Look = {
    controller,
    waiting: 0,
    endedAt: null,
    pending: begin(controller.signal).then(
      (finding) => {
        look.endedAt = clock.monotonic();
        return finding;
      },
      (error) => {
        look.endedAt = clock.monotonic();
        // It says nothing of the dependency: the next one looks for itself.
        if (looks.get(probe) === look) looks.delete(probe);
        throw error;
      },
    ),
  };
  return look;
}
