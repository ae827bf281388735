/**
 * Enrolling a passkey. In: a one-time code, or a session that signed in with an earlier passkey. Out: a passkey of that
 * person, on record. Never: a passkey for somebody who is not in the people file, or by a code that was used.
 */
import { createHash } from 'node:crypto';
import {
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type RegistrationResponseJSON,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { passkeyEnrolled } from '../../audit/entries.ts';
import type { Passkey } from '../../core/credentials.ts';
import { hashOfEnrolmentCode } from '../../core/enrolment-code.ts';
import { ReeveError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { People, Person } from '../../core/people.ts';
import type { CredentialStore } from '../../core/people-ports.ts';
import type { Clock } from '../../core/ports.ts';
import { visibleLine } from '../../core/text.ts';
import type { RelyingParty } from './passkeys-relying-party.ts';
import type { Session } from './sessions.ts';
import { type Tickets, ticketMs } from './sign-in-tickets.ts';

export interface EnrolmentOptions {
  readonly credentials: CredentialStore;
  readonly people: () => People;
  readonly party: RelyingParty;
  readonly tickets: Tickets;
  readonly clock: Clock;
}

/** What lets a passkey in. A session counts for five minutes after its sign-in. */
export type Admission =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'session'; readonly session: Session };

/** Passkeys that a person may have at once. */
const mostPasskeys = 20;
const longestName = 60;

/** Browsers' transports; whatever else is said is left out. */
const transports = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'];

/** ES256, EdDSA, RS256: what every verifier of the record can check. */
const algorithms = [-7, -8, -257];

/** What the browser is to create. `browser` ties both steps to one browser. Throws APPROVAL_NOT_ALLOWED. */
export async function beginEnrolment(
  options: EnrolmentOptions,
  browser: string,
  admission: Admission,
): Promise<{ readonly person: Person; readonly creation: PublicKeyCredentialCreationOptionsJSON }> {
  const { credentials, party, tickets } = options;
  const { person, bound } = admitted(options, browser, admission);
  const own = credentials.passkeys(person.id).filter((p) => p.revokedAt === null);
  if (own.length >= mostPasskeys) {
    throw new ReeveError(
      'CONFLICT',
      `You have ${own.length} passkeys, and at most ${mostPasskeys} may be enrolled. Have one revoked first.`,
    );
  }
  const creation = await generateRegistrationOptions({
    rpName: 'Reeve',
    rpID: party.id,
    userName: person.id,
    userDisplayName: person.name,
    userID: handleOf(person.id),
    challenge: new Uint8Array(Buffer.from(tickets.issue('enrol', bound), 'base64url')),
    timeout: ticketMs,
    attestationType: 'none',
    excludeCredentials: own.map((p) => ({ id: p.credentialId, transports: [...p.transports] })),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    supportedAlgorithmIDs: algorithms,
  });
  return { person, creation };
}

/** The passkey, once it is on record. Throws APPROVAL_NOT_ALLOWED, or CONFLICT where the credential is known already. */
export async function finishEnrolment(
  options: EnrolmentOptions,
  browser: string,
  admission: Admission,
  given: { readonly name: string; readonly response: JsonObject },
): Promise<Passkey> {
  const { credentials, party, tickets, clock } = options;
  const { bound } = admitted(options, browser, admission);
  const challenge = challengeOf(given.response);
  if (challenge === null || tickets.read(challenge, 'enrol', bound) === null) {
    throw refused('it took too long, or was begun in another browser');
  }
  const made = await created(party, challenge, given.response);
  // Once more: the code may have been used, and the person may be gone, in the meantime.
  const { person, by, codeHash, via } = admitted(options, browser, admission);
  if (!tickets.spend(challenge)) throw refused('it came twice');
  const at = clock.now();
  const passkey: Passkey = Object.freeze({
    credentialId: made.id,
    person: person.id,
    name: nameOf(given.name),
    publicKey: Buffer.from(made.publicKey).toString('base64url'),
    counter: made.counter,
    transports: (made.transports ?? []).filter((t) => transports.includes(t)),
    createdAt: at,
    enrolledBy: by,
    revokedAt: null,
  });
  const { credentialId, name } = passkey;
  const entry = passkeyEnrolled(at, by, { person: person.id, credentialId, name, via });
  if (!credentials.addPasskey(passkey, codeHash, entry)) throw badCode();
  return passkey;
}

interface Admitted {
  readonly person: Person;
  /** What the challenge is bound to. */
  readonly bound: string;
  readonly by: string;
  readonly codeHash: string | null;
  readonly via: 'code' | 'passkey';
}

function admitted(options: EnrolmentOptions, browser: string, admission: Admission): Admitted {
  const { credentials, clock } = options;
  if (admission.kind === 'session') {
    const { session } = admission;
    if (session.signIn.by !== 'passkey' || clock.monotonic() - session.began > ticketMs) {
      throw new ReeveError(
        'APPROVAL_NOT_ALLOWED',
        'Another passkey is let in by one that you have used within the last five minutes. Sign out, and sign in again with a passkey; or enter a one-time code.',
      );
    }
    const bound = JSON.stringify([browser, 'session', session.id]);
    return {
      person: known(options, session.person),
      bound,
      by: session.person,
      codeHash: null,
      via: 'passkey',
    };
  }
  const { code } = admission;
  const hash = hashOfEnrolmentCode(code);
  const found = hash === null ? null : credentials.enrolmentCode(hash, clock.now());
  if (found === null) throw badCode();
  const bound = JSON.stringify([browser, 'code', found.hash]);
  return {
    person: known(options, found.person),
    bound,
    by: found.createdBy,
    codeHash: found.hash,
    via: 'code',
  };
}

function known({ people }: EnrolmentOptions, id: string): Person {
  const person = people().persons.get(id);
  // Whoever holds local.token is `local`: it is no person who could have a passkey.
  if (person === undefined || id === 'local') throw badCode();
  return person;
}

async function created(party: RelyingParty, challenge: string, response: JsonObject) {
  try {
    const verdict = await verifyRegistrationResponse({
      response: response as unknown as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    });
    if (verdict.verified) return verdict.registrationInfo.credential;
  } catch (error) {
    const said = error instanceof Error ? error.message : '';
    throw refused(visibleLine(said.slice(0, 300)) || 'it cannot be read', error);
  }
  throw refused('its signature does not fit');
}

/** The challenge that the response says it answers: it only finds the ticket, and proves nothing yet. */
function challengeOf({ response }: JsonObject): string | null {
  try {
    const { clientDataJSON } = response as { clientDataJSON: string };
    const { challenge } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString());
    return typeof challenge === 'string' ? challenge : null;
  } catch {
    return null;
  }
}

/** What the authenticator knows the person by: the same for every passkey of theirs, and no name. */
function handleOf(person: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(`reeve person ${person}`).digest());
}

function nameOf(text: string): string {
  const name = visibleLine(text.trim()).slice(0, longestName).toWellFormed();
  return name === '' ? 'passkey' : name;
}

function badCode(): ReeveError {
  return new ReeveError(
    'APPROVAL_NOT_ALLOWED',
    'This code is not one that may be used: it was mistyped, used already, has expired, or was replaced by a newer one. Ask an administrator for a new one (reeve people enrol).',
    [{ field: 'code', problem: 'not usable' }],
  );
}

function refused(why: string, cause?: unknown): ReeveError {
  return new ReeveError(
    'APPROVAL_NOT_ALLOWED',
    `The passkey was not enrolled: ${why}. Begin anew on the page of this gateway.`,
    [{ field: 'response', problem: 'not taken' }],
    { cause },
  );
}
