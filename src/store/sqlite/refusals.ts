/** What the store answers to a change that does not fit what is on record. In: words. Out: a ReeveError. */
import { ReeveError } from '../../core/errors.ts';

export function notFound(requestId: string): ReeveError {
  return new ReeveError(
    'REQUEST_NOT_FOUND',
    `There is no request ${requestId} in this state; nothing was changed. Check the request id.`,
  );
}

export function contradiction(what: string): ReeveError {
  return new ReeveError(
    'CONFLICT',
    `${what} Nothing was changed; look at its present state (reeve show) first.`,
  );
}

/** `remedy` is a whole sentence. */
export function taken(what: string, remedy: string): ReeveError {
  return new ReeveError('CONFLICT', `${what} Nothing was changed. ${remedy}`);
}
