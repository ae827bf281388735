/**
 * How a client is told what to come with: WWW-Authenticate (RFC 6750) and the metadata that it points to (RFC 9728).
 * In: a request, and the provider in force. Out: header values, a document. Never: why a token was not taken.
 */
import type { IncomingMessage } from 'node:http';
import type { Scope } from '../../core/principal.ts';
import type { OidcSettings } from '../../core/settings.ts';
import { type Arrivals, arrivals } from '../rest/arrival.ts';
import { grantable } from './claims.ts';

export const metadataPath = '/.well-known/oauth-protected-resource';

export interface Challenger {
  /** `error` is null where no token came. `scopes` are what the request would need, none where that is not known. */
  header(
    request: IncomingMessage,
    error: 'invalid_token' | 'insufficient_scope' | null,
    scopes: readonly Scope[],
  ): string;
  /** Null where no provider is configured. `mcp` tells the document of /mcp from that of the rest. */
  metadata(request: IncomingMessage, mcp: boolean): Readonly<Record<string, unknown>> | null;
}

/**
 * `oidc` gives the provider of this moment. Where `publicUrl` says nothing, addresses are those by which the request came:
 * its host is known to be ours.
 */
export function challenger(
  publicUrl: string | null,
  oidc: () => OidcSettings | null,
  arrivalOf: Arrivals = arrivals(),
): Challenger {
  const base = (request: IncomingMessage) => {
    if (publicUrl !== null) return publicUrl;
    const { scheme, host } = arrivalOf(request);
    return `${scheme}://${host}`;
  };
  return {
    header(request, error, scopes) {
      const parts = ['realm="reeve"'];
      if (error !== null) parts.push(`error="${error}"`);
      const provider = oidc();
      // A scope that no provider may grant is none to ask one for.
      const names = scopes.flatMap((scope) => nameOf(scope) ?? []);
      if (names.length > 0 && (provider !== null || error === 'insufficient_scope'))
        parts.push(`scope="${names.join(' ')}"`);
      if (provider !== null) {
        const path = isMcp(request) ? `${metadataPath}/mcp` : metadataPath;
        parts.push(`resource_metadata="${base(request)}${path}"`);
      }
      return `Bearer ${parts.join(', ')}`;
    },
    metadata(request, mcp) {
      const provider = oidc();
      if (provider === null) return null;
      return {
        resource: resourceOf(provider.audience) ?? `${base(request)}${mcp ? '/mcp' : ''}`,
        authorization_servers: [provider.issuer],
        scopes_supported: Object.keys(grantable),
        bearer_methods_supported: ['header'],
        resource_name: 'Reeve',
      };
    },
  };
}

/** Clients ask the provider for a token for this address (RFC 8707), so it is the audience where that is one. */
function resourceOf(audience: string): string | null {
  return /^https?:\/\//.test(audience) && URL.canParse(audience) ? audience : null;
}

function isMcp(request: IncomingMessage): boolean {
  return /^\/mcp(?:[/?]|$)/.test(request.url ?? '');
}

function nameOf(scope: Scope): string | null {
  return Object.entries(grantable).find(([, granted]) => granted === scope)?.[0] ?? null;
}
