/** API tokens as text: `reeve_pat_` and 32 random bytes in base64url. In: randomness. Out: the token, and the hash that alone is kept. */
import { sha256Hex } from './json.ts';

export const apiTokenPrefix = 'reeve_pat_';

/** `random` are 32 bytes from a source for keys. */
export function apiTokenFrom(random: Uint8Array): string {
  if (random.byteLength !== 32) throw new TypeError('a token is made of 32 bytes');
  return `${apiTokenPrefix}${Buffer.from(random).toString('base64url')}`;
}

/** Its secret has 256 random bits, so a plain hash is enough: there is nothing to guess. */
export function hashOfToken(token: string): string {
  return sha256Hex(token);
}
