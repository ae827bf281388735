/**
 * One JSON-RPC message before the SDK sees it. In: bytes. Out: the message, or the error to answer with, the id where
 * one can be made out, and whether it was a tool call (which must be on record even when it could not be read).
 * Never: a message with duplicate keys, `__proto__`, bad UTF-8 or a batch let through.
 */
import { ReeveError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { parseStrictJson } from '../../core/strict-json.ts';
import { visibleLine } from '../../core/text.ts';

export const maxMessageBytes = 4 * 2 ** 20;
const maxDepth = 64;
/** Bytes at either end of a message that are searched for what it was meant to be. */
export const searchedBytes = 16 * 2 ** 10;

export type MessageId = string | number;

/** A call that was refused before it reached a handler, for the record. */
export interface AttemptedCall {
  readonly name: string | null;
}

export type Inspected =
  | { readonly kind: 'message'; readonly message: JsonObject; readonly call: AttemptedCall | null }
  | {
      readonly kind: 'malformed';
      readonly id: MessageId | null;
      readonly rpcCode: -32700 | -32600 | -32602;
      readonly error: ReeveError;
      readonly call: AttemptedCall | null;
    };

/** Parses and checks one message. Never throws for what a client sent. */
export function inspectMessage(bytes: Uint8Array): Inspected {
  let value: JsonValue;
  try {
    value = parseStrictJson(bytes, { maxBytes: maxMessageBytes, maxDepth });
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
    const guess = guessMessage(bytes);
    return { kind: 'malformed', rpcCode: -32700, error, ...guess };
  }
  return inspectValue(value);
}

function inspectValue(value: JsonValue): Inspected {
  if (Array.isArray(value)) {
    return malformed(
      null,
      'A batch of messages is not taken: send one message at a time.',
      firstCallOf(value),
    );
  }
  if (!isObject(value)) return malformed(null, 'A JSON-RPC message is an object.', null);
  const id = idOf(value);
  const isResponse = Object.hasOwn(value, 'result') || Object.hasOwn(value, 'error');
  const call = value.method === 'tools/call' ? { name: nameOf(value) } : null;

  if (value.jsonrpc !== '2.0') return malformed(id, 'jsonrpc: "2.0" is expected.', call);
  if (Object.hasOwn(value, 'id') && id === null) {
    return malformed(null, 'id: a text or a whole number is expected.', call);
  }
  if (isResponse && !Object.hasOwn(value, 'method'))
    return { kind: 'message', message: value, call: null };
  if (typeof value.method !== 'string') return malformed(id, 'method: a text is expected.', call);
  if (Object.hasOwn(value, 'params') && !isObject(value.params!)) {
    return malformed(id, 'params: an object is expected.', call);
  }
  if (call === null) return { kind: 'message', message: value, call };
  if (id === null)
    return malformed(null, 'tools/call needs an id: without one nobody could be answered.', call);
  return inspectCall(value, id, call);
}

/** The parts of a tools/call that the SDK would refuse before any handler of ours could put it on record. */
function inspectCall(message: JsonObject, id: MessageId, call: AttemptedCall): Inspected {
  const params = message.params;
  if (!isObject(params))
    return malformed(id, 'params: tools/call needs an object with a name.', call, -32602);
  if (typeof params.name !== 'string') {
    return malformed(id, 'params.name: the name of a tool is expected.', call, -32602);
  }
  if (Object.hasOwn(params, 'arguments') && !isObject(params.arguments!)) {
    return malformed(id, 'params.arguments: an object is expected.', call, -32602);
  }
  if (Object.hasOwn(params, '_meta') && !isObject(params._meta!)) {
    return malformed(id, 'params._meta: an object is expected.', call, -32602);
  }
  return { kind: 'message', message, call };
}

function malformed(
  id: MessageId | null,
  problem: string,
  call: AttemptedCall | null,
  rpcCode: -32600 | -32602 = -32600,
): Inspected {
  const error = new ReeveError(
    'INVALID_REQUEST',
    `The message is not a request that can be served. ${problem}`,
    [{ field: problem.split(':', 1)[0]!, problem }],
  );
  return { kind: 'malformed', id, rpcCode, error, call };
}

/**
 * What a message that could not be parsed was meant to be. The id is taken only from where it must be the message's
 * own: among simple members at the very beginning, or right before the last brace.
 */
export function guessMessage(bytes: Uint8Array): {
  id: MessageId | null;
  call: AttemptedCall | null;
} {
  return guessFromEnds(
    bytes.subarray(0, searchedBytes),
    bytes.subarray(Math.max(0, bytes.length - searchedBytes)),
  );
}

/** What stands in the brackets has to be JSON by itself, whatever the rest of the message is. */
const headId =
  /^\s*\{\s*(?:"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,\s*)*"id"\s*:\s*(-?(?:0|[1-9]\d{0,14})|"[^"\\\u0000-\u001f]{0,200}")\s*[,}]/;
const tailId =
  /[,{]\s*"id"\s*:\s*(-?(?:0|[1-9]\d{0,14})|"[^"\\\u0000-\u001f]{0,200}")\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/;
const callMethod = /"method"\s*:\s*"tools(?:\/|\\\/)call"/;
const toolName = /"name"\s*:\s*"([^"\\]{1,128})"/;

export function guessFromEnds(
  head: Uint8Array,
  tail: Uint8Array,
): { id: MessageId | null; call: AttemptedCall | null } {
  const start = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('utf8');
  const end = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength).toString('utf8');
  const found = headId.exec(start) ?? tailId.exec(end);
  const isCall = callMethod.test(start) || callMethod.test(end);
  return {
    id: found === null ? null : (JSON.parse(found[1]!) as MessageId),
    call: isCall ? { name: (toolName.exec(start) ?? toolName.exec(end))?.[1] ?? null } : null,
  };
}

function firstCallOf(batch: readonly JsonValue[]): AttemptedCall | null {
  for (const item of batch) {
    if (isObject(item) && item.method === 'tools/call') return { name: nameOf(item) };
  }
  return null;
}

export function idOf(message: JsonObject): MessageId | null {
  const id = Object.hasOwn(message, 'id') ? message.id : null;
  return typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id)) ? id : null;
}

function nameOf(message: JsonObject): string | null {
  const params = message.params;
  return isObject(params) && typeof params.name === 'string' ? params.name : null;
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/**
 * A request whose id an open one has: two answers with one id could not be told apart, and a cancel would not say which
 * of two runs it means.
 */
export function idInUse(id: MessageId): ReeveError {
  const text = visibleLine(JSON.stringify(typeof id === 'string' ? id.slice(0, 100) : id));
  return new ReeveError(
    'INVALID_REQUEST',
    `id: a request with the id ${text} is still in flight; this one was not begun. Give every request an id of its own.`,
    [{ field: 'id', problem: 'still in flight', expected: 'an id that no open request has' }],
  );
}

/** The JSON-RPC error for a message, with the request id under which it is on record where it is. */
export function rpcError(
  id: MessageId | null,
  code: number,
  message: string,
  data?: JsonObject,
): JsonObject {
  return {
    jsonrpc: '2.0',
    id,
    error: data === undefined ? { code, message } : { code, message, data },
  };
}
