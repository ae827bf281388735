/** What a call that may be asked again is known by. Values only. */

/**
 * What a call, or the start of a runbook, that carries an idempotency key is remembered by. `bodyHash` tells another body apart. Keys of
 * requests from before `since` (milliseconds since 1970) are forgotten, unless their request is open still.
 */
export interface IdempotencyKey {
  readonly key: string;
  readonly bodyHash: string;
  readonly since: number;
}
