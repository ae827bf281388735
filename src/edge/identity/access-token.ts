/**
 * Access tokens of an OpenID provider (RFC 9068). In: a compact JWT. Out: what it says, or null: it is not good here, and
 * why is nobody's business. Never: a token for somebody else, one signed with a secret or not at all, an ID token, a
 * token bound to a key that its bearer has not shown.
 */
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type FlattenedJWSInput,
  type JWSHeaderParameters,
  jwtVerify,
} from 'jose';
import type { Scope } from '../../core/principal.ts';
import type { OidcSettings } from '../../core/settings.ts';
import type { TokenClaims } from '../../gateway/who.ts';
import { identityOf, scopesOf } from './claims.ts';
import { type Provider, ProviderUnavailable } from './provider.ts';

export interface AccessToken {
  readonly claims: TokenClaims;
  readonly scopes: readonly Scope[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Signatures by a key that only the provider has. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
const types = ['at+jwt', 'application/at+jwt', 'jwt'];
/** Seconds by which the clocks of two hosts may differ. */
const clockTolerance = 5;

/** Throws ProviderUnavailable where the provider's keys cannot be had. `now` is milliseconds since 1970. */
export async function readAccessToken(
  token: string,
  settings: OidcSettings,
  provider: Provider,
  now: number,
): Promise<AccessToken | null> {
  const { issuer, audience } = settings;
  const terms = {
    issuer,
    audience,
    algorithms,
    clockTolerance,
    currentDate: new Date(now),
    requiredClaims: ['exp'],
  };
  const key = (header: JWSHeaderParameters, input: FlattenedJWSInput) =>
    provider.key(header, input);
  // Looked at before the provider is asked for anything: what is no token for us is no reason to.
  if (!mayBeOurs(token, settings, now)) return null;
  try {
    const { payload } = await jwtVerify(token, key, terms);
    // Bound to a key (RFC 9449, RFC 8705): whoever has the token alone is not its owner.
    if (Object.hasOwn(payload, 'cnf')) return null;
    const claims = identityOf(issuer, payload, settings.rolesClaim);
    if (claims === null) return null;
    return { claims, scopes: scopesOf(payload), expiresAt: payload.exp! * 1_000 };
  } catch (error) {
    if (error instanceof ProviderUnavailable) throw error;
    if (error instanceof errors.JWKSInvalid || error instanceof errors.JWKSTimeout)
      throw new ProviderUnavailable('its keys cannot be read', error);
    if (error instanceof errors.JOSEError) return null;
    // A key that cannot be imported, and whatever nobody foresaw.
    throw new ProviderUnavailable('its keys cannot be used', error);
  }
}

function mayBeOurs(token: string, { issuer, audience }: OidcSettings, now: number): boolean {
  try {
    const { alg, typ } = decodeProtectedHeader(token);
    const { iss, aud, exp } = decodeJwt(token);
    return (
      typeof alg === 'string' &&
      algorithms.includes(alg) &&
      typeof typ === 'string' &&
      types.includes(typ.toLowerCase()) &&
      iss === issuer &&
      (Array.isArray(aud) ? aud : [aud]).includes(audience) &&
      typeof exp === 'number' &&
      exp + clockTolerance > now / 1_000
    );
  } catch {
    return false;
  }
}
