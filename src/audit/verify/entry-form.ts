/**
 * What can be said of one entry by itself. In: its bytes and the number that it must have. Out: what is wrong with it, in
 * words, and its kind. Never: an entry taken for right that is not the one canonical text (RFC 8785) of its value.
 */

export type EntryForm =
  | {
      readonly ok: true;
      readonly kind: string;
      readonly version: number;
      readonly requestId: string | null;
    }
  | { readonly ok: false; readonly why: string };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `seq` counts from 1: the entry's index in the log and one. Never throws. */
export function checkEntry(bytes: Uint8Array, seq: number): EntryForm {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return wrong('it is not UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (!isCanonical(text, value)) return wrong('its JSON is not in canonical form (RFC 8785)');
  } catch {
    return wrong('it is no JSON');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return wrong('it is no JSON object');
  const { v, seq: said, kind, at, requestId, principal, body } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(v) || (v as number) < 1) return wrong('v is no version');
  if (said !== seq) return wrong(`it says to be entry ${shown(said)}`);
  if (typeof kind !== 'string' || kind === '') return wrong('kind is missing');
  if (!Number.isSafeInteger(at)) return wrong('at is no time');
  if (requestId !== null && typeof requestId !== 'string') return wrong('requestId is no text');
  if (principal !== null && typeof principal !== 'string') return wrong('principal is no text');
  if (body === null || typeof body !== 'object' || Array.isArray(body))
    return wrong('body is no object');
  return { ok: true, kind, version: v as number, requestId };
}

/**
 * JSON.stringify writes numbers and strings as RFC 8785 wants them, and names in the order in which they stood: if those
 * were sorted and the text comes out the same, it was canonical.
 */
function isCanonical(text: string, value: unknown): boolean {
  if (text.includes('\\ud') && !isWellFormed(value)) return false;
  return (isSorted(value) && JSON.stringify(value) === text) || canonical(value) === text;
}

function isSorted(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return true;
  if (Array.isArray(value)) return value.every(isSorted);
  let last = '';
  for (const name in value) {
    if (name < last || !isSorted((value as Record<string, unknown>)[name])) return false;
    last = name;
  }
  return true;
}

/** Names that look like numbers come first in JavaScript's objects, in the order of numbers: those are written anew. */
function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join(',')}}`;
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (value === null || typeof value !== 'object') return true;
  return Object.entries(value).every(([name, item]) => name.isWellFormed() && isWellFormed(item));
}

function shown(value: unknown): string {
  return Number.isSafeInteger(value) ? String(value) : 'none';
}

function wrong(why: string): EntryForm {
  return { ok: false, why };
}
