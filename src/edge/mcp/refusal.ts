/**
 * Calls that never became a request of the gateway, put on record all the same.
 * In: what was attempted and why it cannot be served. Out: the refusal, or its request id.
 */
import { ReeveError, Refusal } from '../../core/errors.ts';
import type { Caller } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { AttemptedCall } from './message.ts';

/** Records it and gives the error to answer with. Where the record cannot be written, that is the answer. */
export async function refuseCall(
  gateway: Gateway,
  caller: Caller,
  error: ReeveError,
  command: string | null,
): Promise<ReeveError> {
  try {
    return await gateway.refuse(caller, error, command);
  } catch (failure) {
    if (failure instanceof ReeveError) return failure;
    throw failure;
  }
}

/** The request id under which the attempt is on record; null where it could not be recorded. */
export async function recordAttempt(
  gateway: Gateway,
  caller: Caller,
  error: ReeveError,
  call: AttemptedCall,
  report: (message: string, error?: unknown) => void,
): Promise<string | null> {
  try {
    const refusal = await refuseCall(gateway, caller, error, call.name);
    return refusal instanceof Refusal ? refusal.requestId : null;
  } catch (failure) {
    report('a malformed call could not be put on record', failure);
    return null;
  }
}
