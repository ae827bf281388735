/** What an Authorization header carries, and whether it is a given token. Never: a comparison whose time tells how much of it was right. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** The token of a `Bearer` header; null where there is none that could be one. */
export function bearerOf(header: string): string | null {
  return /^Bearer +([A-Za-z0-9._~+/=-]{1,12288})$/i.exec(header)?.[1] ?? null;
}

/** Compares digests of equal length, so neither the length nor the first wrong character shows in the time. */
export function sameAs(token: string): (given: string) => boolean {
  const expected = digest(token);
  return (given) => timingSafeEqual(digest(given), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
