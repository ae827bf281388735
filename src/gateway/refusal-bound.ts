/**
 * How many refusals of one principal go on record: a flood of them must not fill the disk. In: refusals as they come. Out:
 * whether this one is to be recorded, and one entry a minute at most that says how many were not. Never: one left out without
 * a count. A crash loses the counts of the last minute, not that it had begun: the first that is left out is told at once.
 */
import { refusalsLeftOut } from '../audit/entries.ts';
import { Buckets, type Pace } from '../core/buckets.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { House } from './house.ts';

const tellEveryMs = 60_000;

interface Untold {
  /** Milliseconds since 1970: when the first of them was left out. */
  since: number;
  readonly codes: Map<ErrorCode, number>;
}

export class RefusalBound {
  readonly #house: Pick<House, 'store' | 'clock' | 'report'>;
  readonly #buckets: Buckets;
  readonly #untold = new Map<string, Untold>();
  /** By the clock that never goes back: when each principal's were last told of. */
  readonly #told = new Map<string, number>();

  constructor(house: Pick<House, 'store' | 'clock' | 'report'>, pace: () => Pace) {
    this.#house = house;
    this.#buckets = new Buckets(pace, () => house.clock.monotonic());
  }

  /** False where it is not to be recorded, and has been counted instead. */
  admits(principal: string, code: ErrorCode): boolean {
    if (this.#buckets.take(principal) === 0) return true;
    const untold = this.#untold.get(principal) ?? {
      since: this.#house.clock.now(),
      codes: new Map(),
    };
    untold.codes.set(code, (untold.codes.get(code) ?? 0) + 1);
    this.#untold.set(principal, untold);
    if (this.#isDue(principal)) this.#tell(principal, untold);
    return false;
  }

  /** Tells of what was left out and is due; of everything, where the gateway is about to go. */
  tell(which: 'due' | 'all'): void {
    for (const [principal, untold] of this.#untold)
      if (which === 'all' || this.#isDue(principal)) this.#tell(principal, untold);
    for (const principal of this.#told.keys())
      if (this.#isDue(principal)) this.#told.delete(principal);
  }

  #isDue(principal: string): boolean {
    const last = this.#told.get(principal);
    return last === undefined || this.#house.clock.monotonic() - last >= tellEveryMs;
  }

  /** Where it cannot be written, the count stays for the next time. */
  #tell(principal: string, { since, codes }: Untold): void {
    const { store, clock, report } = this.#house;
    this.#told.set(principal, clock.monotonic());
    try {
      store.record([refusalsLeftOut(clock.now(), principal, { since, codes: [...codes] })]);
      this.#untold.delete(principal);
    } catch (error) {
      report('how many refusals were left out cannot be put on record; it is tried again', error);
    }
  }
}

const bounds = new WeakMap<House, RefusalBound>();

export function refusalBoundOf(house: House): RefusalBound {
  const known = bounds.get(house);
  if (known !== undefined) return known;
  const bound = new RefusalBound(
    house,
    () => house.generations.current.settings.rate.recordedRefusals,
  );
  bounds.set(house, bound);
  return bound;
}
