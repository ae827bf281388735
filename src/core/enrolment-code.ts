/** One-time codes as text. In: randomness, or what somebody typed. Out: the code in its one form, and the hash that alone is kept. */
import { sha256Hex } from './json.ts';

/** Crockford's base 32: no letter that is taken for a digit. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const signs = 26;

/** 128 bits and two of padding as 26 signs, in groups that can be read out. `random` are 16 bytes from a source for keys. */
export function enrolmentCodeFrom(random: Uint8Array): string {
  if (random.byteLength !== 16) throw new TypeError('a code is made of 16 bytes');
  let bits = BigInt(`0x${Buffer.from(random).toString('hex')}`) << 2n;
  let text = '';
  for (let i = 0; i < signs; i++) {
    text = alphabet[Number(bits & 31n)]! + text;
    bits >>= 5n;
  }
  return grouped(text);
}

/** The hash of a code as somebody typed it: in small letters, without hyphens, with O for 0. Null where it is no code. */
export function hashOfEnrolmentCode(typed: string): string | null {
  if (typed.length > 200) return null;
  const text = typed.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0');
  const isCode = text.length === signs && [...text].every((sign) => alphabet.includes(sign));
  return isCode ? sha256Hex(grouped(text)) : null;
}

function grouped(text: string): string {
  return text.replace(/^(.{5})(.{5})(.{5})(.{5})/, '$1-$2-$3-$4-');
}
