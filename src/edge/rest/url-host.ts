/** The host of an address to listen on, as it stands in a URL. */

/** Who listens on every address is reached here by loopback: the wildcard itself is no name that requests may bear. */
export function urlHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::' || host === '[::]') return '[::1]';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
