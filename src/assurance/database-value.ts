/**
 * A value of a row, as JSON. Pure. In: the column's name and what SQLite gave. Out: a form that two runs share. Never: a
 * value of a column that keeps times taken for variance unless it reads as a time.
 */
import type { SQLOutputValue } from 'node:sqlite';
import { type JsonValue, sha256Hex } from '../core/json.ts';
import { normaliseText, type Variance } from './normalise.ts';

/** Columns that say when something was done. */
const timeColumn =
  /^(?:.*_)?(?:created|updated|applied|modified|deleted|inserted|started|finished|completed|run|logged|changed|expires|rotated|issued)_(?:at|on|time|date)$|^(?:created|updated|modified|applied)$|^(?:.*_)?timestamp$/i;

/** Seconds, milliseconds, microseconds or nanoseconds since 1970, from 2001 to 2100. */
const epochs: readonly (readonly [bigint, bigint])[] = [1n, 1_000n, 1_000_000n, 1_000_000_000n].map(
  (unit) => [978_307_200n * unit, 4_102_444_800n * unit] as const,
);

export function normaliseValue(
  column: string,
  value: SQLOutputValue,
  variance: Variance,
): JsonValue {
  if (value === null) return null;
  const timely = timeColumn.test(column);
  if (typeof value === 'bigint' || typeof value === 'number') {
    if (timely && isEpoch(value)) return counted('<time>', variance);
    // A real that is whole is another value than that integer, to whoever reads it by type.
    return typeof value === 'bigint' ? { integer: String(value) } : { real: String(value) };
  }
  if (typeof value === 'string') return normaliseText(value.toWellFormed(), variance);
  if (isUuid(value)) return counted('<uuid>', variance);
  return { blob: sha256Hex(value), bytes: value.byteLength };
}

/**
 * A text that is not what its bytes are, by their hash: bytes that are no text read as the same sign, whichever they are. Null
 * where nothing is lost. SQLite keeps text in one of three encodings.
 */
export function brokenText(value: SQLOutputValue, bytes: SQLOutputValue | undefined): JsonValue {
  if (typeof value !== 'string' || !(bytes instanceof Uint8Array)) return null;
  if (Buffer.from(value).equals(bytes)) return null;
  const wide = Buffer.from(value, 'utf16le');
  if (wide.equals(bytes) || wide.swap16().equals(bytes)) return null;
  return { text: sha256Hex(bytes), bytes: bytes.byteLength };
}

function counted(mark: string, { counts }: Variance): string {
  counts.set(mark, (counts.get(mark) ?? 0) + 1);
  return mark;
}

function isEpoch(value: bigint | number): boolean {
  if (typeof value === 'number' && !Number.isFinite(value)) return false;
  const whole = typeof value === 'bigint' ? value : BigInt(Math.trunc(value));
  return epochs.some(([from, to]) => whole >= from && whole < to);
}

/** The bytes of a UUID of version 4 or 7: random ones, as databases keep them. */
function isUuid(bytes: Uint8Array): boolean {
  if (bytes.byteLength !== 16) return false;
  const version = bytes[6]! >> 4;
  return (version === 4 || version === 7) && bytes[8]! >> 6 === 0b10;
}

/** At most what the values take in the file. */
export function bytesOf(values: readonly SQLOutputValue[]): number {
  let bytes = 0;
  for (const value of values) {
    if (typeof value === 'string') bytes += value.length;
    else if (value instanceof Uint8Array) bytes += value.byteLength;
  }
  return bytes;
}
