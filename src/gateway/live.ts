/**
 * Runs under way in this process: their output so far, who watches, who waits.
 * Output here is a view for people who look on; what is kept is what the run room collected.
 */
import type { Execution } from '../core/execution.ts';
import type { ExecutionEvent } from './gateway.ts';

/** Bytes of live output kept for those who look on late, and held back for those who read slowly. */
const transcriptBytes = 4 * 2 ** 20;
const backlogBytes = 4 * 2 ** 20;

type OutputEvent = Extract<ExecutionEvent, { kind: 'output' }>;

export class LiveRun {
  execution: Execution;
  /** Aborted to cancel; the reason is the text that the outcome carries. */
  readonly controller = new AbortController();
  readonly #transcript: OutputEvent[] = [];
  #transcriptBytes = 0;
  readonly #watchers = new Set<Watcher>();
  readonly #settled = Promise.withResolvers<Execution>();

  constructor(execution: Execution) {
    this.execution = execution;
  }

  /** Resolves when the end is on record; never before. */
  get ended(): Promise<Execution> {
    return this.#settled.promise;
  }

  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    const event: OutputEvent = { kind: 'output', stream, chunk };
    if (this.#transcriptBytes + chunk.byteLength <= transcriptBytes) {
      this.#transcript.push(event);
      this.#transcriptBytes += chunk.byteLength;
    }
    for (const watcher of this.#watchers) watcher.push(event);
  }

  status(execution: Execution): void {
    this.execution = execution;
    for (const watcher of this.#watchers) watcher.push({ kind: 'status', execution });
  }

  end(execution: Execution): void {
    this.execution = execution;
    for (const watcher of this.#watchers) watcher.push({ kind: 'end', execution });
    this.#watchers.clear();
    this.#settled.resolve(execution);
  }

  /** The output that has come so far, by stream. */
  soFar(stream: 'stdout' | 'stderr'): Buffer {
    return Buffer.concat(this.#transcript.filter((e) => e.stream === stream).map((e) => e.chunk));
  }

  async *watch(signal: AbortSignal | undefined): AsyncGenerator<ExecutionEvent> {
    const watcher = new Watcher();
    watcher.push({ kind: 'status', execution: this.execution });
    for (const event of this.#transcript) watcher.push(event);
    this.#watchers.add(watcher);
    const stop = () => watcher.stop();
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
    try {
      yield* watcher.events();
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#watchers.delete(watcher);
    }
  }
}

/** One reader's queue. A slow reader loses output, never the end, and never holds up the run. */
class Watcher {
  #queue: ExecutionEvent[] = [];
  #bytes = 0;
  #stopped = false;
  #wake: (() => void) | null = null;

  push(event: ExecutionEvent): void {
    if (event.kind === 'output') {
      if (this.#bytes + event.chunk.byteLength > backlogBytes) return;
      this.#bytes += event.chunk.byteLength;
    }
    this.#queue.push(event);
    this.#wake?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  async *events(): AsyncGenerator<ExecutionEvent> {
    while (!this.#stopped) {
      const event = this.#queue.shift();
      if (event === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
        continue;
      }
      if (event.kind === 'output') this.#bytes -= event.chunk.byteLength;
      yield event;
      if (event.kind === 'end') return;
    }
  }
}
