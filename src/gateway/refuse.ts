/**
 * Refusals. In: an error, and the execution that it ends before it began. Out: the refusal to answer with, on record.
 * Never: a request id in an answer that the record does not hold.
 */
import { asked, refused } from '../audit/entries.ts';
import { ReeveError, Refusal } from '../core/errors.ts';
import type { Execution } from '../core/execution.ts';
import type { House } from './house.ts';
import { refusalBoundOf } from './refusal-bound.ts';

/**
 * Puts a refusal on record and makes the error to answer with. Throws AUDIT_UNAVAILABLE where that fails: an error with a
 * request id says that the record holds it. Throws `error` itself, without an id, where so many refusals of its principal
 * came that this one is only counted. What the gateway asks for on its own account is always recorded.
 */
export function refuse(house: House, execution: Execution, error: ReeveError): Refusal {
  const rejected: Execution = {
    ...execution,
    status: 'rejected',
    finishedAt: house.clock.now(),
    errorCode: error.code,
    errorMessage: error.message,
  };
  const own = execution.step !== null || execution.rehearsal !== null;
  if (!own && !refusalBoundOf(house).admits(execution.principal, error.code)) throw error;
  try {
    house.store.accept(rejected, [asked(rejected), refused(rejected, error)], null);
  } catch (failure) {
    throw asReeveError(house, failure);
  }
  house.ended?.(rejected);
  return new Refusal(execution.requestId, error);
}

/** Errors that nobody foresaw are the gateway's own failure: told to the operator, not to the caller. */
export function asReeveError(house: House, error: unknown): ReeveError {
  if (error instanceof ReeveError) return error;
  house.report('a request failed in a way that nobody foresaw', error);
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    "The gateway failed while handling the request; nothing was started. The gateway's log says more.",
    [],
    { cause: error },
  );
}
