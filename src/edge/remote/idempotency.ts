/** An idempotency key on its way to another gateway. In: what a caller gave. Out: the header that carries it. Never: a refusal that is not on record there. */
import { ReeveError, type Refusal } from '../../core/errors.ts';
import type { Caller } from '../../core/principal.ts';

export type Refuse = (
  caller: Caller,
  error: ReeveError,
  command: string | null,
) => Promise<Refusal>;

/** A key that no header could carry is refused here, and on record there, under what it was to begin. */
export async function idempotencyHeader(
  caller: Caller,
  key: string | null,
  what: string,
  refuse: Refuse,
): Promise<Record<string, string>> {
  if (key === null) return {};
  if (/^[\x21-\x7e]{1,200}$/.test(key)) return { 'Idempotency-Key': key };
  const expected = '1 to 200 printable ASCII characters without blanks';
  const error = new ReeveError('INVALID_REQUEST', `idempotencyKey: ${expected} are expected.`, [
    { field: 'idempotencyKey', problem: 'malformed', expected },
  ]);
  throw await refuse(caller, error, what);
}
