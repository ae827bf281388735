/**
 * A run as it goes on, told to a client that asked for progress. In: the gateway's events. Out: notifications, few and
 * short. Never: a run held up by a client that does not read, or a raw control character.
 */
import { StringDecoder } from 'node:string_decoder';
import type { ServerContext } from '@modelcontextprotocol/server';
import type { Execution } from '../../core/execution.ts';
import type { Caller } from '../../core/principal.ts';
import { visibleLine } from '../../core/text.ts';
import type { Door } from './door.ts';

/** Milliseconds between notifications with output, and without any. */
const outputEveryMs = 200;
const heartbeatMs = 5_000;
/** Characters of one line, and of one notification. */
const lineLength = 500;
const messageLength = 2_000;

/** The execution at its end, or as it stood when `gone` was aborted. `toldBefore` notifications have gone out already. */
export async function followWithProgress(
  door: Door,
  caller: Caller,
  execution: Execution,
  gone: AbortSignal,
  ctx: ServerContext,
  toldBefore = 0,
): Promise<Execution> {
  const progressToken = ctx.mcpReq._meta!.progressToken!;
  const teller = new ProgressTeller(execution, async (progress, message) => {
    await ctx.mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken, progress: toldBefore + progress, message },
    });
  });
  try {
    for await (const event of door.gateway.watch(caller, execution.requestId, gone)) {
      switch (event.kind) {
        case 'status':
          teller.status(event.execution);
          break;
        case 'output':
          teller.output(event.stream, event.chunk);
          break;
        case 'end':
          await teller.end();
          return event.execution;
      }
    }
  } finally {
    teller.stop();
  }
  return door.gateway.wait(caller, execution.requestId, null, gone);
}

/** Collects lines and tells of them at a bounded rate; one notification is under way at a time. */
class ProgressTeller {
  readonly #send: (progress: number, message: string) => Promise<void>;
  readonly #began = performance.now();
  readonly #partial = { stdout: '', stderr: '' };
  readonly #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  #status: Execution['status'];
  #lines: string[] = [];
  #length = 0;
  #skipped = 0;
  #total = 0;
  #told = 0;
  #sending: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(execution: Execution, send: (progress: number, message: string) => Promise<void>) {
    this.#status = execution.status;
    this.#send = send;
    this.#schedule(heartbeatMs);
  }

  status(execution: Execution): void {
    this.#status = execution.status;
  }

  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    const lines = (this.#partial[stream] + this.#decoders[stream].write(chunk)).split('\n');
    const last = lines.pop()!;
    for (const line of lines) this.#line(stream, line);
    if (last.length > lineLength) this.#line(stream, last);
    this.#partial[stream] = last.length > lineLength ? '' : last;
    if (this.#lines.length > 0) this.#schedule(outputEveryMs);
  }

  /** Tells of what is left, so that the last lines do not wait for the answer. */
  async end(): Promise<void> {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#partial[stream] !== '') this.#line(stream, this.#partial[stream]);
      this.#partial[stream] = '';
    }
    if (this.#sending === null && this.#lines.length > 0) await this.#tell();
    this.stop();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #line(stream: 'stdout' | 'stderr', line: string): void {
    const text = visibleLine(line.slice(0, lineLength)).slice(0, lineLength);
    const shown = `${stream === 'stdout' ? '' : 'stderr: '}${text}${line.length > lineLength ? '…' : ''}`;
    this.#total += 1;
    this.#lines.push(shown);
    this.#length += shown.length;
    // The newest lines are the ones that tell how it goes.
    while (this.#length > messageLength && this.#lines.length > 1) {
      this.#length -= this.#lines.shift()!.length;
      this.#skipped += 1;
    }
  }

  #due = Number.POSITIVE_INFINITY;

  #schedule(inMs: number): void {
    if (this.#stopped) return;
    const due = performance.now() + inMs;
    if (due >= this.#due) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#due = Number.POSITIVE_INFINITY;
      this.#timer = null;
      // A client that does not read what was sent is not sent more.
      if (this.#sending === null) void this.#tell();
      this.#schedule(heartbeatMs);
    }, inMs);
  }

  async #tell(): Promise<void> {
    const message = this.#lines.length === 0 ? this.#heartbeat() : this.#takeLines();
    this.#told += 1;
    this.#sending = this.#send(this.#told, message).catch(() => {
      // The client is gone; the signal says so to whoever waits.
    });
    await this.#sending;
    this.#sending = null;
    if (this.#lines.length > 0) this.#schedule(outputEveryMs);
  }

  #takeLines(): string {
    const skipped = this.#skipped > 0 ? `… (${this.#skipped} lines not shown)\n` : '';
    const text = `${skipped}${this.#lines.join('\n')}`;
    this.#lines = [];
    this.#length = 0;
    this.#skipped = 0;
    return text;
  }

  #heartbeat(): string {
    const seconds = Math.round((performance.now() - this.#began) / 1_000);
    return this.#status === 'running'
      ? `running, ${seconds}s so far, ${this.#total} lines of output`
      : `${this.#status}, ${seconds}s so far`;
  }
}
