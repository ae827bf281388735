/**
 * Who comes with a bearer token: the local user, whoever an API token was made for, or a program with a token of the
 * identity provider. In: the Authorization header. Out: a principal with the roles that hold now, and the credential.
 * Never: a difference between a token that was never one, has expired and was revoked.
 */
import { apiTokenPrefix, hashOfToken } from '../../core/api-token.ts';
import { type Credential, localUser, type Principal } from '../../core/principal.ts';
import type { OidcSettings } from '../../core/settings.ts';
import type { Who } from '../../gateway/who.ts';
import { bearerOf, sameAs } from './bearer.ts';
import type { Provider } from './provider.ts';

export type Entrance =
  | { readonly kind: 'known'; readonly principal: Principal; readonly credential: Credential }
  | { readonly kind: 'missing' }
  | { readonly kind: 'invalid' };

/**
 * Throws ReeveError where it cannot be told: DEPENDENCY_UNAVAILABLE while the provider is away, the store's own while
 * that is.
 */
export type Authenticate = (authorization: string | undefined) => Promise<Entrance>;

const invalid: Entrance = Object.freeze({ kind: 'invalid' });

/** `who` looks up people and tokens; without it the local token is the only one there is. */
export function authenticator(localToken: string, who: Who | null): Authenticate {
  const isLocal = sameAs(localToken);
  let provider: Provider | null = null;

  const fromProvider = async (token: string, oidc: OidcSettings): Promise<Entrance> => {
    const { readAccessToken } = await import('./access-token.ts');
    if (provider?.issuer !== oidc.issuer) {
      const { Provider } = await import('./provider.ts');
      provider = new Provider(oidc.issuer);
    }
    const read = await readAccessToken(token, oidc, provider, who!.now());
    if (read === null) return invalid;
    const { claims, scopes, expiresAt } = read;
    const credential: Credential = { kind: 'jwt', ...claims, scopes, expiresAt };
    return { kind: 'known', principal: who!.program(claims), credential };
  };

  return async (authorization) => {
    if (authorization === undefined) return { kind: 'missing' };
    const token = bearerOf(authorization);
    if (token === null) return invalid;
    if (isLocal(token)) {
      const principal = who?.local() ?? localUser();
      return { kind: 'known', principal, credential: { kind: 'local-token' } };
    }
    if (who === null) return invalid;
    if (token.startsWith(apiTokenPrefix)) {
      const found = who.token(hashOfToken(token));
      if (found === null) return invalid;
      const { id, scopes } = found.token;
      const credential: Credential = { kind: 'api-token', tokenId: id, scopes };
      return { kind: 'known', principal: found.principal, credential };
    }
    const oidc = who.oidc();
    return oidc === null || token.split('.').length !== 3 ? invalid : fromProvider(token, oidc);
  };
}
