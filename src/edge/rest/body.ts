/**
 * The body of a request. In: a request that nobody has read yet. Out: the JSON in it, or null where there is none.
 * Never: more than the limit in memory, another media type, a compressed body.
 */
import type { IncomingMessage } from 'node:http';
import { ReeveError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { parseStrictJson, tooLarge } from '../../core/strict-json.ts';

export const maxBodyBytes = 2 ** 20;
/** What is read and thrown away of a body that is too large, so that its sender gets to read the answer. */
const drainedBytes = 8 * 2 ** 20;

/** Undefined where there is no body at all. Throws ReeveError INVALID_REQUEST or PAYLOAD_TOO_LARGE. */
export async function readJsonBody(request: IncomingMessage): Promise<JsonValue | undefined> {
  const { headers } = request;
  const length = headers['content-length'];
  const transfer = headers['transfer-encoding'];
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    // Node takes the chunks apart and nothing more: what is left would be taken for what it is not.
    throw invalid('Transfer-Encoding', 'only chunked is taken', 'it without compression');
  }
  if (transfer === undefined && (length === undefined || Number(length) === 0)) return undefined;
  checkMediaType(headers['content-type'] ?? '');
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw invalid('Content-Encoding', 'compressed bodies are not taken', 'no Content-Encoding');
  }
  const bytes = await readBytes(request, Number(length ?? 0));
  return bytes.byteLength === 0 ? undefined : parseStrictJson(bytes, { maxBytes: maxBodyBytes });
}

function checkMediaType(type: string): void {
  const [media = '', ...parameters] = type.split(';').map((part) => part.trim().toLowerCase());
  const utf8 = parameters.every((p) => p === '' || /^charset="?utf-?8"?$/.test(p));
  if (media !== 'application/json' || !utf8) {
    throw invalid('Content-Type', 'only JSON in UTF-8 is taken', 'application/json');
  }
}

async function readBytes(request: IncomingMessage, announced: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let read = 0;
  const limit = announced > maxBodyBytes ? 0 : maxBodyBytes;
  try {
    // What is left unread after the break is dumped by Node once the answer is out, within its time limit for requests.
    for await (const part of request.iterator({ destroyOnReturn: false })) {
      read += (part as Buffer).byteLength;
      if (read <= limit) parts.push(part as Buffer);
      else if (read > drainedBytes) break;
    }
  } catch {
    throw invalid('body', 'the body ended before it was complete', 'all of it');
  }
  if (read > limit) throw tooLarge(maxBodyBytes);
  if (!request.complete)
    throw invalid('body', 'the body ended before it was complete', 'all of it');
  return Buffer.concat(parts);
}

function invalid(field: string, problem: string, expected: string): ReeveError {
  return new ReeveError('INVALID_REQUEST', `${field}: ${problem}. Send ${expected}.`, [
    { field, problem, expected },
  ]);
}
