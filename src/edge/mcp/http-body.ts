/**
 * The body of an MCP POST, read by ourselves before anything else looks at it.
 * In: a request. Out: its bytes, or what is wrong with it. Never: more than the bound in memory.
 */
import type { IncomingMessage } from 'node:http';
import { maxMessageBytes, searchedBytes } from './message.ts';

/** What is read and thrown away of a message that is too long, so that its sender gets to read the answer. */
const drainedBytes = 4 * maxMessageBytes;

export type Body =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'refused';
      readonly httpStatus: 413 | 415;
      readonly message: string;
      readonly head: Uint8Array;
    }
  /** The client went away while it was sending. */
  | { readonly kind: 'gone' };

const nothing = new Uint8Array();

export async function readBody(request: IncomingMessage): Promise<Body> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(?:;|$)/i.test(type.trim())) {
    return refused(415, 'Content-Type: application/json is expected.');
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(type)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    return refused(415, 'Content-Type: only the charset UTF-8 is taken.');
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    return refused(415, 'Content-Encoding: compressed bodies are not taken.');

  const announced = Number(request.headers['content-length'] ?? 0);
  // Of a message that says itself that it is too long, only the beginning is kept: it tells what was attempted.
  const kept = announced > maxMessageBytes ? searchedBytes : maxMessageBytes;
  const parts: Uint8Array[] = [];
  let length = 0;
  let keptLength = 0;
  try {
    // What is left unread after the break is dumped by Node once the answer is out.
    for await (const part of request.iterator({ destroyOnReturn: false })) {
      length += (part as Uint8Array).length;
      if (keptLength < kept) {
        parts.push((part as Uint8Array).subarray(0, kept - keptLength));
        keptLength += parts.at(-1)!.length;
      }
      if (length > drainedBytes) break;
    }
  } catch {
    return { kind: 'gone' };
  }
  if (length > maxMessageBytes) {
    return refused(413, tooLarge, Buffer.concat(parts).subarray(0, searchedBytes));
  }
  return { kind: 'bytes', bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts) };
}

const tooLarge = `The message is longer than ${maxMessageBytes} bytes, the most that is taken. Send less in one message.`;

function refused(httpStatus: 413 | 415, message: string, head: Uint8Array = nothing): Body {
  return { kind: 'refused', httpStatus, message, head };
}
