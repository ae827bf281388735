/**
 * What the claims of a provider's token mean here. In: claims whose signature is checked. Out: who, for whom, with which
 * roles and scopes, or null where any of it cannot be read. Never: a claim passed over that could have forbidden something.
 */
import type { Scope } from '../../core/principal.ts';
import type { TokenClaims } from '../../gateway/who.ts';

export type Claims = Readonly<Record<string, unknown>>;

const longestName = 255;
const mostRoles = 200;

/** What a provider may grant. `approve` is not among them: an agent holds the token, and only people approve. */
export const grantable: Readonly<Record<string, Scope>> = Object.freeze({
  'reeve:read': 'read',
  'reeve:run': 'run',
  'reeve:administer': 'administer',
});

/**
 * The program (`act.sub` of RFC 8693, else `client_id`, else `azp`), whom it acts for, and its roles. A program that acts
 * for itself has no `sub`, or its own id there (RFC 9068). Null where a claim that decides has another form.
 */
export function identityOf(issuer: string, claims: Claims, rolesClaim: string): TokenClaims | null {
  const actor = own(claims, 'act');
  if (actor !== undefined && !isObject(actor)) return null;
  const names = [
    actor === undefined ? undefined : own(actor, 'sub'),
    own(claims, 'client_id'),
    own(claims, 'azp'),
    own(claims, 'sub'),
  ];
  if (!names.every((name) => name === undefined || isName(name))) return null;
  const [acting, clientId, azp, sub] = names as (string | undefined)[];
  if (actor !== undefined && acting === undefined) return null;
  const requester = clientId ?? azp ?? null;
  const client = acting ?? requester;
  const itself = sub === undefined || (acting === undefined && sub === requester);
  if (itself && client === null) return null;
  const roles = rolesOf(claims, rolesClaim);
  if (roles === null) return null;
  return { issuer, client, subject: itself ? null : sub!, roles };
}

/** Scopes of Reeve among those that were granted, by `scope` (RFC 6749) or `scp`; all others are somebody else's. */
export function scopesOf(claims: Claims): readonly Scope[] {
  const granted = [own(claims, 'scope'), own(claims, 'scp')].flatMap((claim) =>
    typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [],
  );
  const scopes = granted.flatMap((text) =>
    typeof text === 'string' && Object.hasOwn(grantable, text) ? [grantable[text]!] : [],
  );
  return Object.freeze([...new Set(scopes)]);
}

/** A list, or one text with blanks between. The claim's name may hold dots itself; else a dot leads into an object. */
function rolesOf(claims: Claims, rolesClaim: string): readonly string[] | null {
  let found: unknown = own(claims, rolesClaim);
  if (found === undefined) {
    found = claims;
    for (const step of rolesClaim.split('.'))
      found = isObject(found) ? own(found, step) : undefined;
  }
  if (found === undefined || found === null) return [];
  const roles = typeof found === 'string' ? found.split(' ').filter((r) => r !== '') : found;
  if (!Array.isArray(roles) || roles.length > mostRoles || !roles.every(isName)) return null;
  return Object.freeze([...new Set(roles)]);
}

function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= longestName &&
    value.isWellFormed() &&
    !/[\u0000-\u001f\u007f-\u009f]/.test(value)
  );
}

function isObject(value: unknown): value is Claims {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function own(object: Claims, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
