/**
 * The desk where credentials are made and taken away. In: what an administrator asks for. Out: tokens and codes, shown
 * once, their hashes kept, each change on record. Never: a secret that can be had again, a credential of a person made by
 * an agent: with it an agent could approve what it asked for itself.
 */
import { randomBytes } from 'node:crypto';
import * as entries from '../audit/entries.ts';
import { apiTokenFrom, hashOfToken } from '../core/api-token.ts';
import type { ApiToken, Passkey } from '../core/credentials.ts';
import { enrolmentCodeFrom, hashOfEnrolmentCode } from '../core/enrolment-code.ts';
import { ReeveError } from '../core/errors.ts';
import type { People } from '../core/people.ts';
import { type Caller, hasScope } from '../core/principal.ts';
import type { CredentialDesk, TokenRequest, TokenView } from './gateway.ts';
import type { House } from './house.ts';
import { checkTokenRequest } from './token-request.ts';

/** How long a one-time code may be used (milliseconds), and the page that takes it. */
const codeMs = 24 * 3_600_000;
const enrolPage = '/enrol';

/** `random` gives as many bytes, fit for keys. */
export function credentialDesk(
  house: House,
  random: (size: number) => Uint8Array = randomBytes,
): CredentialDesk {
  const { credentials } = house.store;
  const isAdministrator = (caller: Caller): boolean =>
    hasScope(caller, 'administer') &&
    house.generations.current.policy.administer(caller.principal, 'manageCredentials').allowed;
  const assertAdministrator = (caller: Caller): void => {
    if (!isAdministrator(caller))
      throw notAllowed('Policy does not permit you to manage credentials.');
  };

  return Object.freeze({
    async tokens(caller: Caller) {
      assertAdministrator(caller);
      return credentials.tokens().map(viewOf);
    },

    async createToken(caller: Caller, request: TokenRequest) {
      assertAdministrator(caller);
      checkTokenRequest(request, house.generations.current.people);
      const ofPerson = request.kind === 'person' || request.scopes.includes('approve');
      if (ofPerson) assertPerson(caller, 'A token of a person');
      assertNoWider(caller, request, house.generations.current.people);
      const { name, principal, kind, roles, onBehalfOf, scopes, expiresInMs } = request;
      const createdAt = house.clock.now();
      const secret = apiTokenFrom(random(32));
      const token: ApiToken = Object.freeze({
        id: `tok_${Buffer.from(random(8)).toString('hex')}`,
        hash: hashOfToken(secret),
        name,
        principal,
        kind,
        roles: Object.freeze([...new Set(roles)]),
        onBehalfOf,
        scopes: Object.freeze([...new Set(scopes)]),
        createdAt,
        createdBy: caller.principal.id,
        expiresAt: expiresInMs === null ? null : createdAt + expiresInMs,
        revokedAt: null,
      });
      // A crash after this leaves a token that nobody knows, and that the list shows.
      credentials.addToken(token, entries.tokenCreated(createdAt, caller.principal.id, token));
      return { token: viewOf(token), secret };
    },

    async revokeToken(caller: Caller, id: string, reason: string) {
      assertAdministrator(caller);
      if (credentials.token(id) === null) throw notFound('token', 'reeve token list');
      const at = house.clock.now();
      const entry = entries.tokenRevoked(at, caller.principal.id, { id, reason });
      // False where somebody was first: it is revoked, which is what was wanted.
      credentials.revokeToken(id, at, entry);
      return viewOf(credentials.token(id)!);
    },

    async passkeys(caller: Caller, person: string | null) {
      const wanted = isAdministrator(caller) ? person : ownId(caller, person);
      return credentials.passkeys(wanted).map(withoutKey);
    },

    async revokePasskey(caller: Caller, credentialId: string) {
      const passkey = credentials.passkey(credentialId);
      if (!isAdministrator(caller)) {
        const mine =
          passkey !== null && isOwn(caller, passkey.person) && hasScope(caller, 'approve');
        if (!mine) throw notFound('passkey', 'reeve people passkeys');
      }
      if (passkey === null) throw notFound('passkey', 'reeve people passkeys');
      const at = house.clock.now();
      const { person } = passkey;
      const entry = entries.passkeyRevoked(at, caller.principal.id, { person, credentialId });
      credentials.revokePasskey(credentialId, at, entry);
    },

    async createEnrolmentCode(caller: Caller, person: string) {
      assertAdministrator(caller);
      assertPerson(caller, 'A code with which somebody enrols a passkey');
      assertEnrollable(house, person);
      const code = enrolmentCodeFrom(random(16));
      const createdAt = house.clock.now();
      const expiresAt = createdAt + codeMs;
      const createdBy = caller.principal.id;
      credentials.addEnrolmentCode(
        { hash: hashOfEnrolmentCode(code)!, person, createdAt, createdBy, expiresAt },
        entries.enrolmentCodeCreated(createdAt, createdBy, person, expiresAt),
      );
      return { code, page: house.page(enrolPage), expiresAt };
    },

    async people(caller: Caller) {
      assertAdministrator(caller);
      const usable = credentials.passkeys(null).filter((p) => p.revokedAt === null);
      return [...house.generations.current.people.persons.values()].map((person) => ({
        ...person,
        passkeys: usable.filter((p) => p.person === person.id).length,
      }));
    },
  });
}

/**
 * What an agent makes is an agent like itself: not under a person's id, whose roles and records it would have, and for
 * the same person as itself, who else could approve what it asks for.
 */
function assertNoWider({ principal }: Caller, request: TokenRequest, people: People): void {
  if (principal.kind === 'person') return;
  if (people.persons.has(request.principal))
    throw notAllowed(
      `An agent makes no token under the id of a person, and ${request.principal} is one.`,
    );
  if (principal.onBehalfOf !== null && request.onBehalfOf !== principal.onBehalfOf)
    throw notAllowed(
      `What an agent makes acts for whom it acts itself: onBehalfOf has to be ${principal.onBehalfOf}.`,
    );
}

function viewOf({ hash: _, ...view }: ApiToken): TokenView {
  return Object.freeze(view);
}

function withoutKey({ publicKey: _, ...rest }: Passkey): Omit<Passkey, 'publicKey'> {
  return Object.freeze(rest);
}

function isOwn({ principal }: Caller, person: string): boolean {
  return principal.kind === 'person' && principal.id === person;
}

/** Whose passkeys somebody who is no administrator may see: their own. */
function ownId(caller: Caller, person: string | null): string {
  const wanted = person ?? caller.principal.id;
  if (isOwn(caller, wanted)) return wanted;
  throw notAllowed("Policy does not permit you to see other people's passkeys.");
}

function assertPerson({ principal }: Caller, what: string): void {
  if (principal.kind === 'person') return;
  throw notAllowed(
    `${what} is made by a person, and ${principal.id} is an agent: with it an agent could approve what it asked for itself.`,
  );
}

function assertEnrollable(house: House, person: string): void {
  const known = house.generations.current.people.persons.has(person);
  if (known && person !== 'local') return;
  const why = known
    ? 'local is whoever uses this host, an agent too, and cannot prove to be a person'
    : 'nobody of that id is in the people file';
  throw new ReeveError(
    'INVALID_REQUEST',
    `person: ${why}. Add the person to the people file (people in reeve.yaml), reload, and ask again.`,
    [{ field: 'person', problem: why, expected: 'the id of a person of the people file' }],
  );
}

function notAllowed(why: string): ReeveError {
  return new ReeveError('COMMAND_NOT_ALLOWED', why);
}

function notFound(what: string, how: string): ReeveError {
  return new ReeveError(
    'REQUEST_NOT_FOUND',
    `There is no ${what} of that id, or it is not yours. See ${how}.`,
    [{ field: 'id', problem: 'not found' }],
  );
}
