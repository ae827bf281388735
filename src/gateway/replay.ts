/** Idempotency keys: the same key and body lead to the same execution, another body to a conflict. */
import { asked } from '../audit/entries.ts';
import { ReeveError } from '../core/errors.ts';
import { type Execution, neverStarted } from '../core/execution.ts';
import type { IdempotencyKey } from '../core/idempotency-key.ts';
import { digestJson, type JsonObject } from '../core/json.ts';
import type { Caller } from '../core/principal.ts';
import type { ExecuteRequest } from './gateway.ts';
import type { House } from './house.ts';

/** How long a key is remembered: long enough for whoever lost an answer, and no promise for ever. */
const keptMs = 24 * 3_600_000;

/** What may carry a key: a call of a command, or the start of a runbook. All but the key is the body. */
interface Keyed {
  readonly [field: string]: unknown;
  readonly idempotencyKey: string | null;
}

/** `now` is milliseconds since 1970. Throws INVALID_REQUEST for a key that is none. */
export function idempotencyOf(request: Keyed | ExecuteRequest, now: number): IdempotencyKey | null {
  const { idempotencyKey: key, ...body } = request;
  if (key === null) return null;
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new ReeveError(
      'INVALID_REQUEST',
      'idempotencyKey: 1 to 200 printable ASCII characters without blanks are expected.',
      [
        {
          field: 'idempotencyKey',
          problem: 'malformed',
          expected: '1 to 200 printable ASCII characters',
        },
      ],
    );
  }
  return { key, bodyHash: bodyHash(body), since: now - keptMs };
}

function bodyHash(body: object): string {
  try {
    return digestJson({ ...body } as JsonObject);
  } catch (cause) {
    throw new ReeveError(
      'INVALID_REQUEST',
      `The request cannot be put into canonical form: ${(cause as Error).message}.`,
    );
  }
}

/** A repeated call answers with the execution that the first one led to; that it was asked again is on record too. */
export function replay(
  house: House,
  caller: Caller,
  draft: Execution,
  idempotency: IdempotencyKey | null,
): Execution | null {
  if (idempotency === null) return null;
  const earlier = house.store.replay(caller.principal.id, idempotency);
  if (earlier === null) return null;
  if (earlier.kind === 'conflict') throw keyConflict(earlier.requestId);
  return askedAgain(house, draft, earlier.execution);
}

/** The same for a step of a run: what could have started is never asked for a second time as the same. */
export function replayStep(house: House, draft: Execution): Execution | null {
  if (draft.step === null) return null;
  const earlier = house.store.runbooks.execution(draft.step);
  return earlier === null || neverStarted(earlier) ? null : askedAgain(house, draft, earlier);
}

/** Puts on record that a call led to an execution that was there already. */
export function askedAgain(house: House, draft: Execution, earlier: Execution): Execution {
  house.store.record([asked({ ...draft, requestId: earlier.requestId }, { replay: true })]);
  return earlier;
}

export function keyConflict(requestId: string): ReeveError {
  return new ReeveError(
    'CONFLICT',
    `This idempotency key came before with another body (request ${requestId}). Use a new key for a new request.`,
    [{ field: 'idempotencyKey', problem: 'used before with another body' }],
  );
}
