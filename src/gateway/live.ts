/**
 * Runs under way in this process: their output so far, who watches, who waits.
 * Output here is a view for people who look on; what is kept is what the run room collected.
 */
import type { Execution } from '../core/execution.ts';
import type { ExecutionEvent } from './gateway.ts';
import { type Block, OutputBlocks } from './output-blocks.ts';
import { type RunTrace, untraced } from './run-trace.ts';

/** Bytes of live output kept for those who look on late, and held back for those who read slowly. */
const transcriptBytes = 4 * 2 ** 20;
const backlogBytes = 4 * 2 ** 20;

export class LiveRun {
  execution: Execution;
  /** By the clock that never goes back, in milliseconds: what people granted must have started by then. */
  mustStartBy: number | null = null;
  /** Aborted to cancel; the reason is the text that the outcome carries. */
  readonly controller = new AbortController();
  readonly #transcript = new OutputBlocks(transcriptBytes);
  readonly #watchers = new Set<Watcher>();
  readonly #settled = Promise.withResolvers<Execution>();

  readonly trace: RunTrace;

  constructor(execution: Execution, trace: RunTrace = untraced) {
    this.execution = execution;
    this.trace = trace;
  }

  /** Resolves when the end is on record; never before. */
  get ended(): Promise<Execution> {
    return this.#settled.promise;
  }

  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    this.#transcript.add(stream, chunk);
    for (const watcher of this.#watchers) watcher.output(stream, chunk);
  }

  status(execution: Execution): void {
    this.execution = execution;
    for (const watcher of this.#watchers) watcher.push({ kind: 'status', execution });
  }

  end(execution: Execution): void {
    this.execution = execution;
    this.trace.end(execution);
    for (const watcher of this.#watchers) watcher.push({ kind: 'end', execution });
    this.#watchers.clear();
    this.#settled.resolve(execution);
  }

  /** The output that has come so far, by stream. */
  soFar(stream: 'stdout' | 'stderr'): Buffer {
    const blocks = this.#transcript.all().filter((block) => block.stream === stream);
    return Buffer.concat(blocks.map((block) => block.bytes));
  }

  async *watch(signal: AbortSignal | undefined): AsyncGenerator<ExecutionEvent> {
    const watcher = new Watcher();
    watcher.push({ kind: 'status', execution: this.execution });
    for (const block of this.#transcript.all()) watcher.output(block.stream, block.bytes);
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
  /** In order; each with the output that came after it. */
  #queue: { readonly event: ExecutionEvent | null; readonly after: OutputBlocks }[] = [];
  #left = backlogBytes;
  #stopped = false;
  #wake: (() => void) | null = null;

  push(event: Exclude<ExecutionEvent, { kind: 'output' }>): void {
    this.#queue.push({ event, after: new OutputBlocks(backlogBytes) });
    this.#wake?.();
  }

  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    if (chunk.byteLength > this.#left) return;
    let last = this.#queue.at(-1);
    if (last === undefined) {
      last = { event: null, after: new OutputBlocks(backlogBytes) };
      this.#queue.push(last);
    }
    if (last.after.add(stream, chunk)) this.#left -= chunk.byteLength;
    this.#wake?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  async *events(): AsyncGenerator<ExecutionEvent> {
    while (!this.#stopped) {
      const next = this.#queue.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
        continue;
      }
      if (next.event !== null) yield next.event;
      if (next.event?.kind === 'end') return;
      for (const block of next.after.takeAll()) {
        if (this.#stopped) return;
        this.#left += block.bytes.byteLength;
        yield eventOf(block);
      }
    }
  }
}

function eventOf({ stream, bytes }: Block): ExecutionEvent {
  return { kind: 'output', stream, chunk: bytes };
}
