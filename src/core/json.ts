/** JSON values and their one canonical text (RFC 8785), the ground of every digest. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** Canonical JSON of a value by RFC 8785. Throws TypeError on lone surrogates, NaN and infinities. */
export function canonicalJson(value: JsonValue): string {
  assertEncodable(value);
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('value has no JSON form');
  return text;
}

/** Lower-case hexadecimal SHA-256 of bytes or of a text's UTF-8. */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** `sha256:` and the hexadecimal digest of a value's canonical JSON. */
export function digestJson(value: JsonValue): string {
  return `sha256:${sha256Hex(canonicalJson(value))}`;
}

function assertEncodable(value: JsonValue): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('text holds a lone surrogate');
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('number is not finite');
  } else if (Array.isArray(value)) {
    for (const item of value) assertEncodable(item);
  } else if (value !== null && typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) {
      assertEncodable(key);
      assertEncodable(item);
    }
  }
}

/** Freezes a value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
