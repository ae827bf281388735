/**
 * One stream of a run, from its pipe to what is kept and shown of it. In: chunks as they come. Out: the same without
 * secrets, live and at the end, and how much the command really wrote. Never: a byte shown that was not filtered.
 */
import type { StreamOutput } from '../core/execution.ts';
import { Collector } from './collector.ts';
import { RedactingFilter, type Redaction, redacted } from './redaction/filter.ts';

export class KeptStream {
  #total = 0;
  readonly #collector: Collector;
  readonly #redaction: Redaction | null;
  readonly #filter: RedactingFilter | null;
  readonly #show: (chunk: Uint8Array) => void;

  /** `show` gets the first `limit` bytes as they come, each chunk a copy of its own. `redaction` null: nothing to hide. */
  constructor(limit: number, redaction: Redaction | null, show: (chunk: Uint8Array) => void) {
    this.#collector = new Collector(limit);
    this.#redaction = redaction;
    this.#filter = redaction === null ? null : new RedactingFilter(redaction);
    this.#show = show;
  }

  /** Bytes that the command wrote so far, secrets as long as they are. */
  get total(): number {
    return this.#total;
  }

  /** The chunk may be a view of a buffer that the next read fills again. */
  add(chunk: Uint8Array): void {
    this.#total += chunk.length;
    this.#keep(this.#filter === null ? chunk : this.#filter.write(chunk));
  }

  /** What is kept, once the stream has ended. */
  output(): StreamOutput {
    if (this.#filter !== null) this.#keep(this.#filter.end());
    const { bytes, truncated } = this.#collector.output();
    // Where the middle was left out, its two ends stand next to one another for the first time.
    const kept = truncated ? redacted(this.#redaction, bytes) : bytes;
    return { bytes: kept, total: this.#total, truncated };
  }

  #keep(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const within = this.#collector.add(chunk);
    if (within > 0) this.#show(Uint8Array.from(chunk.subarray(0, within)));
  }
}
