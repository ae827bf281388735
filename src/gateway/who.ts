/**
 * Who a caller is at this moment. In: a caller as it once came, or what a credential says. Out: the caller with the roles
 * that hold now, or null. Never: a role that was taken away, or a credential that was revoked, still good for a start.
 */
import type { Proof } from '../core/approval.ts';
import type { ApiToken } from '../core/credentials.ts';
import { ReeveError } from '../core/errors.ts';
import { type Person, personOf } from '../core/people.ts';
import { type Caller, type Credential, localUser, type Principal } from '../core/principal.ts';
import { agentPrincipal, subjectPrincipal } from '../core/principal-id.ts';
import type { OidcSettings } from '../core/settings.ts';
import type { House } from './house.ts';

type Registry = Pick<House, 'store' | 'generations' | 'clock'>;

/** What a provider's token says, checked. `client` is the program; `subject` null where it acts for nobody. */
export interface TokenClaims {
  readonly issuer: string;
  readonly client: string | null;
  readonly subject: string | null;
  readonly roles: readonly string[];
}

/** What a face asks when somebody comes with a credential; every answer is of this moment. */
export interface Who {
  local(): Principal;
  /** By the hash of an API token; null where there is none, or it is revoked or expired. */
  token(hash: string): { readonly token: ApiToken; readonly principal: Principal } | null;
  program(claims: TokenClaims): Principal;
  /**
   * False once what a caller came with was taken away: its token revoked, its person gone, its provider trusted no longer. What
   * has merely run out since ends nothing that was begun with it.
   */
  holds(caller: Caller): boolean;
  /** The provider whose tokens are taken; null where none is. */
  oidc(): OidcSettings | null;
  /** Milliseconds since 1970. */
  now(): number;
}

export function whoOf(house: Registry): Who {
  return Object.freeze({
    local: () => localPrincipal(house),
    token: (hash: string) => {
      const token = house.store.credentials.tokenByHash(hash);
      const principal = token === null ? null : tokenPrincipal(house, token);
      return token === null || principal === null ? null : { token, principal };
    },
    program: (claims: TokenClaims) => jwtPrincipal(house, claims),
    holds: (caller: Caller) => holds(house, caller),
    oidc: () => house.generations.current.settings.identity.oidc,
    now: () => house.clock.now(),
  });
}

/**
 * The caller as it is now, for what starts later than it was asked. Null where it may not ask for anything any more: its
 * token is revoked or expired, its person is gone from the people file, its provider is trusted no longer. A provider's
 * token may have run out by then: it was good when it was used, and nobody can revoke it here.
 */
export function present(house: Registry, caller: Caller): Caller | null {
  const principal = principalNow(house, caller);
  if (principal === null) return null;
  return Object.freeze({ ...caller, principal });
}

function holds(house: Registry, caller: Caller): boolean {
  const { credential } = caller;
  if (credential?.kind !== 'api-token') return present(house, caller) !== null;
  const token = house.store.credentials.token(credential.tokenId);
  return token !== null && token.revokedAt === null;
}

/** The same, where nothing else may follow. Throws COMMAND_NOT_ALLOWED. */
export function stillPresent(house: Registry, caller: Caller): Caller {
  const now = present(house, caller);
  if (now !== null) return now;
  throw new ReeveError(
    'COMMAND_NOT_ALLOWED',
    `The credential of ${caller.principal.id}, who asked for this, was revoked or has expired since; nothing was started.`,
  );
}

/**
 * The roles that hold now for somebody who answered with this proof. Null where the proof would not be taken any more:
 * the passkey or token is revoked, the person is gone from the people file, or is another one to the provider.
 */
export function rolesNow(
  house: Registry,
  approver: string,
  proof: Proof,
): readonly string[] | null {
  return approverNow(house, approver, proof)?.roles ?? null;
}

function approverNow(house: Registry, approver: string, proof: Proof): Principal | null {
  switch (proof.kind) {
    case 'passkey': {
      const passkey = house.store.credentials.passkey(proof.credentialId);
      if (passkey === null || passkey.revokedAt !== null || passkey.person !== approver)
        return null;
      return personPrincipal(house, approver, null);
    }
    case 'login':
      return personPrincipal(house, approver, proof);
    case 'token': {
      if (proof.tokenId === 'local.token')
        return approver === 'local' ? localPrincipal(house) : null;
      const token = house.store.credentials.token(proof.tokenId);
      if (token === null || token.kind !== 'person' || token.principal !== approver) return null;
      return tokenPrincipal(house, token);
    }
  }
}

function principalNow(house: Registry, { principal, credential }: Caller): Principal | null {
  switch (credential?.kind) {
    case undefined:
      return principal.id === 'local' ? localPrincipal(house) : principal;
    case 'local-token':
      return localPrincipal(house);
    case 'api-token': {
      const token = house.store.credentials.token(credential.tokenId);
      return token === null ? null : tokenPrincipal(house, token);
    }
    case 'jwt': {
      const { settings } = house.generations.current;
      if (settings.identity.oidc?.issuer !== credential.issuer) return null;
      const now = jwtPrincipal(house, claimsOf(credential));
      // Somebody else's now, by a change of the people file: what was asked under the old name is nobody's.
      return now.id === principal.id ? now : null;
    }
    case 'session':
      return personPrincipal(house, principal.id, credential.by === 'login' ? credential : null);
  }
}

/** The local user, with what the people file gives to `local`. */
export function localPrincipal(house: Registry): Principal {
  const user = localUser();
  return withRoles(user, personNamed(house, user.id));
}

/** Who a token stands for; null where it is revoked or expired. */
export function tokenPrincipal(house: Registry, token: ApiToken): Principal | null {
  if (token.revokedAt !== null) return null;
  if (token.expiresAt !== null && token.expiresAt <= house.clock.now()) return null;
  const { principal: id, kind, roles, onBehalfOf } = token;
  return withRoles({ id, kind, roles, onBehalfOf }, personNamed(house, id));
}

/**
 * A program with a provider's token: an agent, whoever it acts for. Its roles are those of the claim and, where it acts
 * for somebody of the people file, that person's.
 */
export function jwtPrincipal(house: Registry, claims: TokenClaims): Principal {
  const { people } = house.generations.current;
  const { issuer, client, subject, roles } = claims;
  if (subject === null)
    return withRoles({ id: agentPrincipal(client, null), kind: 'agent', roles, onBehalfOf: null });
  const onBehalfOf = subjectPrincipal(people, { issuer, subject });
  const id = agentPrincipal(client, onBehalfOf);
  return withRoles({ id, kind: 'agent', roles, onBehalfOf }, personOf(people, { issuer, subject }));
}

/**
 * A person who signed in, at the provider as `login` where it was there. Null where the people file does not know them, or
 * not by this subject any more.
 */
export function personPrincipal(
  house: Registry,
  id: string,
  login: { readonly issuer: string | null; readonly subject: string | null } | null,
): Principal | null {
  const person = personNamed(house, id);
  // Whoever holds local.token is `local`: nobody signs in as it.
  if (person === null || id === 'local') return null;
  if (login !== null) {
    const { issuer, subject } = login;
    if (!person.subjects.some((s) => s.issuer === issuer && s.subject === subject)) return null;
    if (house.generations.current.settings.identity.oidc?.issuer !== issuer) return null;
  }
  return withRoles({ id, kind: 'person', roles: [], onBehalfOf: null }, person);
}

function claimsOf(credential: Extract<Credential, { kind: 'jwt' }>): TokenClaims {
  const { issuer, client, subject, roles } = credential;
  return { issuer, client, subject, roles };
}

function personNamed(house: Registry, id: string): Person | null {
  return house.generations.current.people.persons.get(id) ?? null;
}

function withRoles(principal: Principal, person: Person | null = null): Principal {
  const roles = Object.freeze([...new Set([...principal.roles, ...(person?.roles ?? [])])]);
  return Object.freeze({ ...principal, roles });
}
