/**
 * Ends on record: the outcome of a run, or the end of what never ran. Never: an answer before its end is on record,
 * except that a gateway which stops leaves what cannot be written to the recovery of the next one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { outcome as outcomeEntry, settled } from '../audit/entries.ts';
import type { ReeveError } from '../core/errors.ts';
import type { Execution, Outcome } from '../core/execution.ts';
import type { StructuredResult } from '../core/result.ts';
import type { House } from './house.ts';
import type { LiveRun } from './live.ts';

/** Milliseconds between attempts to put an outcome on record that could not be written. */
const retryMs = 1_000;
/** Attempts after which a gateway that was asked to stop leaves an outcome to the recovery of the next one. */
const attemptsAtShutdown = 10;

/**
 * Puts the outcome on record, however long that takes: until then the answer waits and no new work is taken.
 * A crash here leaves `running`, which recovery makes `unknown`.
 */
export async function conclude(
  house: House,
  live: LiveRun,
  outcome: Outcome,
  result: StructuredResult,
): Promise<void> {
  const { requestId, fence } = live.execution;
  const finishedAt = house.clock.now();
  const ended: Execution = {
    ...live.execution,
    status: outcome.status,
    finishedAt,
    exitCode: outcome.exitCode,
    signal: outcome.signal,
    errorCode: outcome.errorCode,
    errorMessage: outcome.errorMessage,
    usage: outcome.usage,
    sandbox: outcome.sandbox,
  };
  const entry = outcomeEntry(ended, outcome);
  let attempts = 0;
  let ours: boolean | null = null;
  try {
    for (;;) {
      try {
        ours ??= house.store.finish(requestId, fence, finishedAt, outcome, entry, result);
        await house.store.durable();
        house.live.delete(requestId);
        const stands = ours ? ended : (house.store.execution(requestId) ?? ended);
        live.end(stands);
        house.ended?.(stands);
        return;
      } catch (error) {
        attempts += 1;
        if (attempts === 1) {
          house.state.unrecorded += 1;
          house.report(
            `the outcome of ${requestId} cannot be put on record; no new work is taken until it can`,
            error,
          );
        }
        if (house.state.shuttingDown && attempts > attemptsAtShutdown) {
          // Nobody gets an answer. It stays `running`, and the next gateway's recovery makes it `unknown`.
          house.live.delete(requestId);
          return;
        }
        await sleep(retryMs);
      }
    }
  } finally {
    if (attempts > 0) house.state.unrecorded -= 1;
  }
}

/**
 * Ends an execution that never ran. If even that cannot be recorded, recovery will find it, and what it will put on
 * record is what is answered; if somebody else has ended it, their word stands.
 */
export function settle(
  house: House,
  live: LiveRun,
  to: 'rejected' | 'cancelled' | 'failed',
  error: ReeveError,
): void {
  const at = house.clock.now();
  const { execution } = live;
  const ended: Execution = {
    ...execution,
    status: to,
    finishedAt: at,
    errorCode: error.code,
    errorMessage: error.message,
  };
  let answer = ended;
  try {
    const ours = house.store.settle(
      execution.requestId,
      execution.status,
      to,
      at,
      error.code,
      error.message,
      settled(ended),
    );
    if (!ours) answer = house.store.execution(execution.requestId) ?? ended;
  } catch (failure) {
    house.report(`the end of ${execution.requestId} could not be put on record`, failure);
    answer = { ...ended, ...endOfOwn(execution.status) };
  }
  house.live.delete(execution.requestId);
  live.end(answer);
  house.ended?.(answer);
}

/** How recovery ends one of this process's own that was given up before a process, and could not be settled then. */
export function endOfOwn(status: Execution['status']): {
  readonly status: 'cancelled' | 'failed';
  readonly errorCode: 'AUDIT_UNAVAILABLE';
  readonly errorMessage: string;
} {
  return {
    status: status === 'running' ? 'failed' : 'cancelled',
    errorCode: 'AUDIT_UNAVAILABLE',
    errorMessage:
      'It could not be put on record that this was to start, so nothing was started. Check the disk of the state directory.',
  };
}

/** Somebody else has settled it (cancelled from another process, or taken for lost): their word stands. */
export function finishElsewhere(house: House, live: LiveRun): void {
  house.live.delete(live.execution.requestId);
  live.end(house.store.execution(live.execution.requestId) ?? live.execution);
}
