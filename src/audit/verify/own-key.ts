/**
 * The public half of the key that lies in a state directory. In: the text of log.key. Out: what to verify by. Whoever could
 * rewrite the log could have put another key there: it shows only that log and key belong together.
 */
import { createHash, createPublicKey } from 'node:crypto';

/** Throws Error in words. */
export function verifierOfKeyFile(text: string): string {
  const end = text.indexOf('\n');
  const name = text.slice(0, Math.max(end, 0));
  if (!/^[^\s+]{1,255}$/.test(name)) throw new Error('its first line is no name of a log');
  let der: Buffer;
  try {
    const key = createPublicKey(text.slice(end + 1));
    if (key.asymmetricKeyType !== 'ed25519') throw new Error();
    der = key.export({ type: 'spki', format: 'der' });
  } catch {
    throw new Error('it holds no Ed25519 key');
  }
  const encoded = Buffer.concat([Buffer.of(1), der.subarray(der.byteLength - 32)]);
  const id = createHash('sha256').update(`${name}\n`).update(encoded).digest('hex').slice(0, 8);
  return `${name}+${id}+${encoded.toString('base64')}`;
}
