/**
 * Commitments: what an entry says of a value that may be guessed. In: the salt of an execution, which field, the SHA-256 of
 * its value. Out: a text that shows nothing of the value to whoever has no salt, and that fits no other value. Pure.
 */
import { createHmac } from 'node:crypto';

/** Bytes of a salt; it is kept as base64url beside the execution, and goes with its payload. */
export const saltBytes = 32;

export const committedFields = ['parameters', 'digest', 'stdout', 'stderr'] as const;
export type CommittedField = (typeof committedFields)[number];

/**
 * `hmac-sha256:` and the hexadecimal HMAC-SHA-256, keyed by the salt's bytes, of `reeve/commitment/v2`, the field and the
 * value's `sha256:<hexadecimal>`, each ended by a newline. Null where there is no value, or no salt to hide it with.
 */
export function commitmentTo(
  salt: string | null,
  field: CommittedField,
  sha256: string | null,
): string | null {
  if (salt === null || sha256 === null) return null;
  const key = Buffer.from(salt, 'base64url');
  if (key.byteLength !== saltBytes) throw new TypeError('the salt of an execution has 32 bytes');
  const text = `reeve/commitment/v2\n${field}\n${sha256}\n`;
  return `hmac-sha256:${createHmac('sha256', key).update(text).digest('hex')}`;
}
