/**
 * Who asks for a passkey, by publicUrl. In: the address that people open. Out: the origin and the domain that passkeys are
 * bound to. Never: a domain that a browser would refuse without a word of why.
 */
import { isIP } from 'node:net';

export interface RelyingParty {
  /** Scheme, host and port, as a browser writes them. */
  readonly origin: string;
  /** The host alone: what an authenticator binds a passkey to. */
  readonly id: string;
}

/** Throws TypeError where publicUrl is no address. */
export function relyingParty(publicUrl: string): RelyingParty {
  const { origin, hostname } = new URL(publicUrl);
  return Object.freeze({ origin, id: hostname });
}

/** Why no browser offers passkeys there; null where it does. */
export function passkeyObstacle(publicUrl: string): string | null {
  const { protocol, hostname } = new URL(publicUrl);
  if (isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0) {
    return `publicUrl names the address ${hostname}, and passkeys are bound to a name. Use a name there; for this machine, http://localhost:PORT.`;
  }
  if (protocol !== 'https:' && hostname !== 'localhost' && !hostname.endsWith('.localhost')) {
    return `publicUrl is not https, and browsers offer passkeys over https alone, or on localhost. Put a proxy with TLS in front, and write its address into publicUrl.`;
  }
  return null;
}
