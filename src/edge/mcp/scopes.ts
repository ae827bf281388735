/** What a credential must be good for to send a message. In: a JSON-RPC message. Out: the scope, or null where any credential will do. */
import type { JsonObject } from '../../core/json.ts';
import type { Scope } from '../../core/principal.ts';

/** Calls need `run`; lists, reads and prompts `read`; the protocol's own coming and going nothing. */
export function scopeOfMessage({ method }: JsonObject): Scope | null {
  if (typeof method !== 'string') return null;
  if (method === 'tools/call') return 'run';
  if (method.startsWith('notifications/')) return null;
  return needNothing.includes(method) ? null : 'read';
}

const needNothing = ['initialize', 'ping', 'server/discover'];
