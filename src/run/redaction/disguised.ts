/**
 * Whether a value that was read from filtered output holds a secret all the same, because reading undid an escape. In: the
 * secrets of the run, and the value. Out: yes or no. Never: a value let by in which a form of a secret stands as text.
 */
import { canonicalJson, type JsonValue } from '../../core/json.ts';
import type { SealedSecrets } from '../../core/secret.ts';
import { type Redaction, redacted, redactionOf } from './filter.ts';

export function holdsSecret(secrets: SealedSecrets, value: JsonValue): boolean {
  const redaction = redactionOf(secrets.open());
  if (redaction === null) return false;
  // The whole as JSON tells of numbers, and of what stands over several values; its texts by themselves are without escapes.
  return hides(redaction, canonicalJson(value)) || hides(redaction, textsOf(value).join('\n'));
}

function textsOf(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap(textsOf);
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsOf(item)]);
}

function hides(redaction: Redaction, text: string): boolean {
  const bytes = Buffer.from(text, 'utf8');
  return !Buffer.from(redacted(redaction, bytes)).equals(bytes);
}
