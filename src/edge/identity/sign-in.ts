/**
 * Signing in: by a passkey that names its person itself. In: what a browser sends. Out: who it is, proven now. Never:
 * somebody whom the people file does not know, or a challenge of another browser.
 */
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import { ReeveError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { People, Person } from '../../core/people.ts';
import type { CredentialStore } from '../../core/people-ports.ts';
import { checkAssertion, readAssertion } from './passkeys-assertion.ts';
import type { RelyingParty } from './passkeys-relying-party.ts';
import type { SignIn } from './sessions.ts';
import { type Tickets, ticketMs } from './sign-in-tickets.ts';

export interface PasskeySignInOptions {
  readonly credentials: CredentialStore;
  readonly people: () => People;
  readonly party: RelyingParty;
  readonly tickets: Tickets;
}

export interface SignedIn {
  readonly person: Person;
  readonly signIn: SignIn;
}

/** What the browser is to ask an authenticator for. It names no passkey: nobody learns here who has one. */
export function beginPasskeySignIn(
  { party, tickets }: PasskeySignInOptions,
  browser: string,
): PublicKeyCredentialRequestOptionsJSON {
  return {
    challenge: tickets.issue('sign-in', browser),
    rpId: party.id,
    timeout: ticketMs,
    userVerification: 'required',
    allowCredentials: [],
  };
}

/** Throws ReeveError UNAUTHENTICATED. */
export async function finishPasskeySignIn(
  { credentials, people, party, tickets }: PasskeySignInOptions,
  browser: string,
  json: JsonObject,
): Promise<SignedIn> {
  const code = 'UNAUTHENTICATED';
  const assertion = readAssertion(json, code);
  const challenge = challengeIn(assertion.clientDataJSON);
  if (challenge === null || tickets.read(challenge, 'sign-in', browser) === null) throw late();
  const passkey = await checkAssertion(
    credentials,
    party,
    { challenge, of: null },
    assertion,
    code,
  );
  if (!tickets.spend(challenge)) throw late();
  const person = people().persons.get(passkey.person);
  if (person === undefined || person.id === 'local') {
    throw new ReeveError(code, 'The people file does not know you any more. Ask an operator.', [
      { field: 'assertion', problem: 'of nobody' },
    ]);
  }
  return { person, signIn: { by: 'passkey', credentialId: passkey.credentialId } };
}

/** It only finds the ticket, and proves nothing yet. */
function challengeIn(clientDataJSON: string): string | null {
  try {
    const { challenge } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString());
    return typeof challenge === 'string' ? challenge : null;
  } catch {
    return null;
  }
}

function late(): ReeveError {
  return new ReeveError(
    'UNAUTHENTICATED',
    'Signing in took too long, was begun in another browser, or came twice. Begin anew.',
    [{ field: 'assertion', problem: 'its challenge is none of ours' }],
  );
}
