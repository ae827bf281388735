/**
 * Spans on their way to the collector. In: ended spans. Out: batches, one at a time. Never: more memory than the queue has
 * places, a wait for whoever ended the span, or a span that is lost and not counted.
 */
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { SpanCounts } from './telemetry.ts';

export interface OutboxOptions {
  readonly exporter: Pick<SpanExporter, 'export'>;
  /** Spans that may wait, and that go out at once. */
  readonly places?: number;
  readonly batch?: number;
  /** Milliseconds between batches, and how long one may take before it is given up. */
  readonly everyMs?: number;
  readonly patienceMs?: number;
  /** A batch was given up: whatever is under way may be cut off. */
  readonly onGivenUp?: () => void;
}

export class Outbox implements SpanProcessor {
  readonly #options: Required<OutboxOptions>;
  readonly #waiting: ReadableSpan[] = [];
  readonly #dropped = { queue_full: 0, export_failed: 0 };
  #sent = 0;
  #sending: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = {
      places: 2_048,
      batch: 512,
      everyMs: 1_000,
      patienceMs: 10_000,
      onGivenUp: () => {},
      ...options,
    };
  }

  counts(): SpanCounts {
    return { sent: this.#sent, dropped: { ...this.#dropped }, queued: this.#waiting.length };
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#closed || this.#waiting.length >= this.#options.places) {
      this.#dropped.queue_full += 1;
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= this.#options.batch) void this.#send();
    else this.#timer ??= setTimeout(() => void this.#send(), this.#options.everyMs).unref();
  }

  /** Resolves when nothing waits any more, sent or given up. */
  async forceFlush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#sending !== null) await this.#send();
  }

  async shutdown(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#dropped.queue_full += this.#waiting.splice(0).length;
  }

  #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendBatch().finally(() => {
      this.#sending = null;
      if (this.#waiting.length === 0 || this.#closed) return;
      if (this.#waiting.length >= this.#options.batch) void this.#send();
      else this.#timer ??= setTimeout(() => void this.#send(), this.#options.everyMs).unref();
    });
    return this.#sending;
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#waiting.splice(0, this.#options.batch);
    if (batch.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const limit = setTimeout(() => {
      resolve(false);
      this.#options.onGivenUp();
    }, this.#options.patienceMs).unref();
    try {
      this.#options.exporter.export(batch, ({ code }) => resolve(code === 0));
    } catch {
      resolve(false);
    }
    const arrived = await promise;
    clearTimeout(limit);
    if (arrived) this.#sent += batch.length;
    else this.#dropped.export_failed += batch.length;
  }
}
