/**
 * The key that signs checkpoints: STATE/log.key, made at the first start (0600). In: the state folder. Out: what signs,
 * and what others verify by. Never: the private key anywhere but in its file.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';

export interface LogKey {
  /** The log's origin, which is the key's name too. */
  readonly name: string;
  /** `NAME+hex(keyID)+base64(0x01 ‖ public key)`, as Go's note.NewVerifier takes it. */
  readonly verifier: string;
  /** The first four bytes of SHA-256(NAME ‖ 0x0A ‖ 0x01 ‖ public key). */
  readonly id: Buffer;
  sign(text: string): Buffer;
}

/** The file's text: the name in a line, then the private key as PKCS #8 PEM. */
export function newKeyText(name: string): string {
  assertName(name);
  const { privateKey } = generateKeyPairSync('ed25519');
  return `${name}\n${privateKey.export({ type: 'pkcs8', format: 'pem' })}`;
}

/** Throws Error in words where the text is no such key. */
export function readKey(text: string): LogKey {
  const line = text.indexOf('\n');
  const name = text.slice(0, line);
  assertName(name);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(text.slice(line + 1));
  } catch {
    throw new Error('it holds no private key in PEM');
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('its key is not Ed25519');
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  // The last 32 bytes of an Ed25519 SubjectPublicKeyInfo are the key itself (RFC 8410).
  const encoded = Buffer.concat([Buffer.from([1]), spki.subarray(-32)]);
  const id = keyId(name, encoded);
  return Object.freeze({
    name,
    verifier: `${name}+${id.toString('hex')}+${encoded.toString('base64')}`,
    id,
    sign: (signed: string) => sign(null, Buffer.from(signed), privateKey),
  });
}

/** The first four bytes of SHA-256(NAME ‖ 0x0A ‖ encoded key); the encoded key begins with its algorithm's byte. */
function keyId(name: string, encodedKey: Uint8Array): Buffer {
  return createHash('sha256').update(`${name}\n`).update(encodedKey).digest().subarray(0, 4);
}

function assertName(name: string): void {
  if (!/^[^\s+]{1,200}$/.test(name)) throw new Error('its first line is no name of a log');
}
