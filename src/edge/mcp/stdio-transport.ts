/**
 * MCP over two streams, byte by byte our own. In: what a client writes, however malformed. Out: protocol messages only.
 * Never: a malformed message without an answer, a tool call without a record, a crash on a reader that went away.
 */
import type { Readable, Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { ReeveError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import {
  type AttemptedCall,
  guessFromEnds,
  idInUse,
  idOf,
  inspectMessage,
  type MessageId,
  maxMessageBytes,
  rpcError,
} from './message.ts';
import { type Line, LineReader } from './stdio-lines.ts';

/** Milliseconds that answers other than those of tool calls may take after the input has ended. */
const lastAnswersMs = 2_000;

export interface StdioTransportOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** Puts a tool call on record that never reached its handler; gives the request id of that record. */
  readonly refuse: (error: ReeveError, call: AttemptedCall) => Promise<string | null>;
}

export class StrictStdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  readonly #input: Readable;
  readonly #output: Writable;
  readonly #refuse: StdioTransportOptions['refuse'];
  readonly #lines = new LineReader(maxMessageBytes);
  /** Tool calls handed to the SDK that no handler of ours has seen yet. */
  readonly #unseen = new Map<MessageId, AttemptedCall>();
  /** Tool calls that have not come to their end: no other request may bear their id. */
  readonly #calls = new Set<MessageId>();
  /** Requests other than tool calls that are not answered yet. */
  readonly #unanswered = new Set<MessageId>();
  #ending: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: StdioTransportOptions) {
    this.#input = options.input;
    this.#output = options.output;
    this.#refuse = options.refuse;
  }

  async start(): Promise<void> {
    this.#input.on('data', this.#onData);
    this.#input.on('end', this.#onEnd);
    this.#input.on('close', this.#onEnd);
    this.#input.on('error', this.#onEnd);
    // A reader that went away (EPIPE) is a client that is gone, not a failure.
    this.#output.on('error', this.#onGone);
    this.#output.on('drain', this.#onDrain);
    if (this.#input.readableEnded || this.#input.destroyed) setImmediate(this.#onEnd);
  }

  /** The call has reached its handler: from here on the gateway records it. */
  seen(id: MessageId): void {
    this.#unseen.delete(id);
  }

  /** The call has come to its end, answered or not. */
  ended(id: MessageId): void {
    this.#calls.delete(id);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const { id, error } = message as { id?: MessageId; error?: { code: number; message: string } };
    const answered = 'method' in message ? undefined : id;
    const attempted = answered === undefined ? undefined : this.#unseen.get(answered);
    if (attempted !== undefined) {
      this.#unseen.delete(answered!);
      this.#calls.delete(answered!);
      // The SDK refused it by itself: on record before it is answered.
      await this.#refuse(
        new ReeveError(
          'INVALID_REQUEST',
          error?.message ?? 'The call was answered without being handled.',
        ),
        attempted,
      );
    }
    await this.#write(message);
    if (answered !== undefined && this.#unanswered.delete(answered)) this.#endIfAnswered();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#ending !== null) clearTimeout(this.#ending);
    this.#input.off('data', this.#onData);
    this.#input.off('end', this.#onEnd);
    this.#input.off('close', this.#onEnd);
    this.#input.pause();
    this.#output.off('drain', this.#onDrain);
    // The error listener stays: a write that fails late must not end the process.
    this.onclose?.();
    // Calls that the SDK had not begun with are dropped by it; those under way reach their handler before this runs.
    await new Promise((resolve) => setImmediate(resolve));
    const dropped = [...this.#unseen.values()];
    this.#unseen.clear();
    for (const call of dropped) {
      await this.#refuse(
        new ReeveError(
          'COMMAND_CANCELLED',
          'The client went away before the call was begun; nothing was started.',
        ),
        call,
      );
    }
  }

  #onData = (chunk: Uint8Array): void => {
    for (const line of this.#lines.push(chunk)) this.#take(line);
    // Who does not read its answers is not read from either: nothing piles up here.
    if (this.#output.writableNeedDrain) this.#input.pause();
  };

  #onDrain = (): void => {
    if (!this.#closed) this.#input.resume();
  };

  /** Whoever piped its requests in and closed still gets its lists; tool calls under way are cancelled by the close. */
  #onEnd = (): void => {
    if (this.#closed || this.#ending !== null) return;
    const rest = this.#lines.end();
    if (rest !== null) this.#take(rest);
    this.#ending = setTimeout(this.#onGone, lastAnswersMs);
    this.#endIfAnswered();
  };

  #onGone = (): void => {
    void this.close();
  };

  #endIfAnswered(): void {
    if (this.#ending !== null && this.#unanswered.size === 0) this.#onGone();
  }

  #take(line: Line): void {
    if (this.#closed) return;
    if (line.kind === 'too-long') {
      const error = new ReeveError(
        'PAYLOAD_TOO_LARGE',
        `The message is longer than ${maxMessageBytes} bytes, the most that is taken. Send less in one message.`,
      );
      const { id, call } = guessFromEnds(line.head, line.tail);
      this.#answerMalformed(id, -32600, error, call);
      return;
    }
    const inspected = inspectMessage(line.bytes);
    switch (inspected.kind) {
      case 'malformed':
        this.#answerMalformed(inspected.id, inspected.rpcCode, inspected.error, inspected.call);
        return;
      case 'message': {
        const id = 'method' in inspected.message ? idOf(inspected.message) : null;
        if (id !== null && (this.#calls.has(id) || this.#unanswered.has(id))) {
          this.#answerMalformed(id, -32600, idInUse(id), inspected.call);
          return;
        }
        if (id !== null && inspected.call !== null) {
          this.#calls.add(id);
          this.#unseen.set(id, inspected.call);
        } else if (id !== null) this.#unanswered.add(id);
        this.onmessage?.(inspected.message as unknown as JSONRPCMessage);
        return;
      }
    }
  }

  #answerMalformed(
    id: MessageId | null,
    code: number,
    error: ReeveError,
    call: AttemptedCall | null,
  ): void {
    const answer = async () => {
      const requestId = call === null ? null : await this.#refuse(error, call);
      const data: JsonObject =
        requestId === null ? { errorCode: error.code } : { errorCode: error.code, requestId };
      await this.#write(rpcError(id, code, error.message, data) as unknown as JSONRPCMessage);
    };
    answer().catch((failure) => this.onerror?.(failure as Error));
  }

  #write(message: JSONRPCMessage): Promise<void> {
    if (this.#closed || !this.#output.writable) return Promise.resolve();
    return new Promise((resolve) => {
      // Resolves on failure too: the error event has closed the transport by then.
      this.#output.write(`${JSON.stringify(message)}\n`, () => resolve());
    });
  }
}
