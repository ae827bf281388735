/**
 * Signed notes (C2SP signed-note) as a stranger reads them. In: text, and keys that the reader trusts already. Out: the
 * text that those keys signed. Never: a text that no trusted key has signed; a malformed note read halfway.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';

/** A key to verify by. `cosigner` is a witness, whose signatures carry the time (C2SP tlog-cosignature, type 0x04). */
export interface Verifier {
  readonly name: string;
  /** The first four bytes of SHA-256(NAME ‖ 0x0A ‖ type ‖ public key), in hexadecimal. */
  readonly id: string;
  readonly kind: 'log' | 'cosigner';
  /** As it was given. */
  readonly text: string;
  readonly publicKey: KeyObject;
}

export interface NoteSignature {
  readonly name: string;
  readonly id: string;
  /** What follows the four bytes of the key's id. */
  readonly bytes: Buffer;
  /** With its newline. */
  readonly line: string;
}

export interface Note {
  /** Everything that is signed, with its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Who has signed. `at` is in seconds since 1970 for a cosigner, null for a log. */
export interface Signed {
  readonly verifier: Verifier;
  readonly at: number | null;
}

const largestNote = 65_536;
const mostSignatures = 100;
const keyBytes = 32;
const signatureBytes = 64;
/** What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const kinds: Readonly<Record<number, Verifier['kind']>> = { 1: 'log', 4: 'cosigner' };

/** `NAME+hex(id)+base64(type ‖ public key)`. Throws Error in words. */
export function parseVerifier(text: string): Verifier {
  const match = /^([^\s+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text);
  if (match === null) throw new Error('it is not of the form NAME+8 hexadecimal digits+base64');
  const name = match[1]!;
  const encoded = strictBase64(match[3]!);
  if (encoded === null) throw new Error('its last part is not base64');
  const kind = kinds[encoded[0] ?? 0];
  if (kind === undefined) throw new Error('its key is of a type that is not known here');
  if (encoded.byteLength !== keyBytes + 1) throw new Error('its key is not 32 bytes long');
  const id = createHash('sha256').update(`${name}\n`).update(encoded).digest('hex').slice(0, 8);
  if (id !== match[2])
    throw new Error('its parts do not belong together: the id is of another key');
  const der = Buffer.concat([spkiPrefix, encoded.subarray(1)]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return Object.freeze({ name, id, kind, text, publicKey });
}

/** Form only; nothing is verified. Throws Error in words. */
export function parseNote(text: string): Note {
  if (text.length > largestNote) throw new Error('it is far too long');
  if (!text.isWellFormed()) throw new Error('it is no text');
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 0x0a) || code === 0xfffd)
      throw new Error('it holds what no note holds');
  }
  if (!text.endsWith('\n')) throw new Error('its last line is cut');
  const split = text.lastIndexOf('\n\n');
  if (split === -1) throw new Error('no empty line parts its text from its signatures');
  const lines = text.slice(split + 2, -1).split('\n');
  if (lines.length > mostSignatures) throw new Error('it has too many signatures');
  return { text: text.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

/** One line, without its newline. */
export function parseSignature(line: string): NoteSignature {
  const match = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line);
  const bytes = match === null ? null : strictBase64(match[2]!);
  if (match === null || bytes === null || bytes.byteLength < 5)
    throw new Error('a line of its signatures is none');
  return {
    name: match[1]!,
    id: bytes.subarray(0, 4).toString('hex'),
    bytes: bytes.subarray(4),
    line: `${line}\n`,
  };
}

/**
 * Those of the keys that have signed. Signatures of other keys say nothing, good or bad. Throws Error in words where one
 * of these keys' own signatures does not fit the text.
 */
export function signersOf(note: Note, verifiers: readonly Verifier[]): readonly Signed[] {
  const found: Signed[] = [];
  for (const { name, id, bytes } of note.signatures) {
    const verifier = verifiers.find((one) => one.name === name && one.id === id);
    if (verifier === undefined || found.some((one) => one.verifier === verifier)) continue;
    const at = check(note.text, bytes, verifier);
    if (at === undefined) throw new Error(`the signature by ${name} is wrong`);
    found.push({ verifier, at });
  }
  return found;
}

/** Undefined where the signature is wrong. */
function check(
  text: string,
  bytes: Buffer,
  { kind, publicKey }: Verifier,
): number | null | undefined {
  if (kind === 'log') {
    const fits =
      bytes.byteLength === signatureBytes && verify(null, Buffer.from(text), publicKey, bytes);
    return fits ? null : undefined;
  }
  if (bytes.byteLength !== 8 + signatureBytes) return undefined;
  const at = bytes.readBigUInt64BE(0);
  if (at > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const message = Buffer.from(`cosignature/v1\ntime ${at}\n${text}`);
  return verify(null, message, publicKey, bytes.subarray(8)) ? Number(at) : undefined;
}

/** Base64 in its one right form, or null. */
export function strictBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}
