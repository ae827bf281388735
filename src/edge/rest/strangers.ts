/**
 * Calls by whoever has no valid token, put on record without letting a flood fill the disk: sixty a minute, and the next
 * one says how many were left out. In: the refusal, and from where. Out: the same with its request id, where it is on record.
 */
import { ReeveError, type Refusal } from '../../core/errors.ts';
import type { Gateway } from '../../gateway/gateway.ts';

const most = 60;
const windowMs = 60_000;

export class Strangers {
  readonly #gateway: Gateway;
  readonly #now: () => number;
  #windowStart = Number.NEGATIVE_INFINITY;
  #recorded = 0;
  #leftOut = 0;

  /** `now` is milliseconds on a clock that never goes back. */
  constructor(gateway: Gateway, now: () => number = () => performance.now()) {
    this.#gateway = gateway;
    this.#now = now;
  }

  /** Never throws: a record that cannot be written gives the error as it came, without a request id. */
  async record(error: ReeveError, address: string | null = null): Promise<ReeveError | Refusal> {
    const now = this.#now();
    if (now - this.#windowStart >= windowMs) {
      this.#windowStart = now;
      this.#recorded = 0;
    }
    if (this.#recorded >= most) {
      this.leaveOut();
      return error;
    }
    this.#recorded += 1;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    try {
      return await this.#gateway.refuse(null, asRecorded(error, address, leftOut), null);
    } catch {
      // Why the record cannot be written is told to the operator; a stranger learns nothing about this host.
      this.#leftOut += leftOut + 1;
      return error;
    }
  }

  /** One that goes on no record, and is counted for the next that does. */
  leaveOut(): void {
    this.#leftOut += 1;
  }
}

function asRecorded(error: ReeveError, address: string | null, leftOut: number): ReeveError {
  const from = address === null ? '' : ` (From ${address}.)`;
  const before =
    leftOut === 0
      ? ''
      : ` (Before this one, ${leftOut} such calls were left out of the record: more than ${most} came in a minute.)`;
  if (from === '' && before === '') return error;
  return new ReeveError(error.code, `${error.message}${from}${before}`, error.details);
}
