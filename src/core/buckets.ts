/**
 * Token buckets, one for each key: so many at once, and so many a second after that. In: a key and the time. Out: whether one
 * may be taken, or how long until. Never: memory that grows with the number of keys that were ever seen.
 */

export interface Pace {
  readonly perSecond: number;
  readonly burst: number;
}

/** Keys that are remembered: a full bucket is like none, so only those that took lately count. */
const mostKeys = 10_000;

export class Buckets {
  readonly #pace: () => Pace;
  readonly #now: () => number;
  readonly #most: number;
  /** In the order in which they were last taken from. */
  readonly #buckets = new Map<string, { left: number; at: number }>();

  /** `pace` is asked each time, so that it may change. `now` is milliseconds on a clock that never goes back. */
  constructor(
    pace: () => Pace,
    now: () => number = () => performance.now(),
    most: number = mostKeys,
  ) {
    this.#pace = pace;
    this.#now = now;
    this.#most = most;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** 0 where one was taken; else the milliseconds until there is one again, and nothing was taken. */
  take(key: string): number {
    const { perSecond, burst } = this.#pace();
    const now = this.#now();
    const known = this.#buckets.get(key);
    const left =
      known === undefined
        ? burst
        : Math.min(burst, known.left + ((now - known.at) / 1_000) * perSecond);
    const taken = left >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: taken ? left - 1 : left, at: now });
    if (this.#buckets.size > this.#most) this.#forget(now);
    return taken ? 0 : Math.max(1, Math.ceil(((1 - left) / perSecond) * 1_000));
  }

  /** Those that are full again; where all of them are in use, the one that was left alone the longest. */
  #forget(now: number): void {
    const { perSecond, burst } = this.#pace();
    for (const [key, { left, at }] of this.#buckets) {
      if (left + ((now - at) / 1_000) * perSecond < burst) break;
      this.#buckets.delete(key);
    }
    for (const key of this.#buckets.keys()) {
      if (this.#buckets.size <= this.#most) break;
      this.#buckets.delete(key);
    }
  }
}
