/** Whether an Authorization header carries the token. Never: a comparison whose time tells how much of it was right. */
import { createHash, timingSafeEqual } from 'node:crypto';

export type BearerCheck = (header: string | undefined) => 'valid' | 'missing' | 'invalid';

/** Compares digests of equal length, so neither the length nor the first wrong character shows in the time. */
export function bearerCheck(token: string): BearerCheck {
  const expected = digest(token);
  return (header) => {
    if (header === undefined) return 'missing';
    const match = /^Bearer +([A-Za-z0-9._~+/=-]{1,4096})$/i.exec(header);
    if (match === null) return 'invalid';
    return timingSafeEqual(digest(match[1]!), expected) ? 'valid' : 'invalid';
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
