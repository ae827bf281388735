/**
 * Standard Webhooks 1.0: the headers of one attempt. In: an endpoint's secret, a message, the time. Out: id, timestamp and
 * a signature for each key. Must never: sign with a key that can be guessed, or repeat one in a message.
 */
import { ReeveError } from '../../core/errors.ts';
import type { Message } from './events.ts';

const leastKeyBytes = 24;
const mostKeyBytes = 64;
const mostKeys = 4;

/**
 * `secret` is one key or several with blanks between, each `whsec_` and base64: while keys change, the new one and the
 * old one. `at` is milliseconds since 1970. Throws SECRET_UNAVAILABLE.
 */
export async function signed(
  secret: string,
  message: Message,
  at: number,
): Promise<Record<string, string>> {
  const keys = secret.split(/\s+/).filter((key) => key !== '');
  if (keys.length === 0 || keys.length > mostKeys || !keys.every(isKey)) {
    throw new ReeveError(
      'SECRET_UNAVAILABLE',
      `The webhook's secret is no signing key: whsec_ and ${leastKeyBytes} to ${mostKeyBytes} random bytes in base64 are expected. Make one with: echo "whsec_$(head -c 32 /dev/urandom | base64)".`,
    );
  }
  const { Webhook } = await import('./library.ts');
  const date = new Date(at);
  const signatures = keys.map((key) => new Webhook(key).sign(message.id, date, message.payload));
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(Math.floor(at / 1_000)),
    'webhook-signature': signatures.join(' '),
  };
}

function isKey(key: string): boolean {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(key);
  const bytes = match === null ? Buffer.alloc(0) : Buffer.from(match[1]!, 'base64');
  return (
    bytes.length >= leastKeyBytes &&
    bytes.length <= mostKeyBytes &&
    bytes.toString('base64') === match?.[1]
  );
}
