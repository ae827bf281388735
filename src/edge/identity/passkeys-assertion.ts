/**
 * One assertion of a passkey, checked. In: WebAuthn's AuthenticationResponseJSON, of anybody. Out: the passkey that made it,
 * with its counter noted. Never: an assertion without a verified user, of a revoked passkey, or from another origin.
 */
import {
  type AuthenticationResponseJSON,
  verifyAuthenticationResponse,
} from '@simplewebauthn/server';
import type { Passkey } from '../../core/credentials.ts';
import { type ErrorCode, ReeveError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { CredentialStore } from '../../core/people-ports.ts';
import { visibleLine } from '../../core/text.ts';
import type { RelyingParty } from './passkeys-relying-party.ts';

/** As it came, base64url; each part bounded, because it is kept as evidence. */
export interface Assertion {
  readonly credentialId: string;
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly signature: string;
}

/** Characters of base64url. A signature of ML-DSA-87 has 4,627 bytes. */
const longest = {
  credentialId: 1_400,
  clientDataJSON: 4_096,
  authenticatorData: 4_096,
  signature: 8_192,
};
const base64url = /^[A-Za-z0-9_-]+$/;

/** Throws ReeveError `code` where it has not the shape of an assertion. */
export function readAssertion(json: JsonObject, code: ErrorCode): Assertion {
  const response = isObject(json.response) ? json.response : {};
  const read = (value: JsonValue | undefined, name: keyof Assertion): string => {
    if (typeof value === 'string' && value.length <= longest[name] && base64url.test(value))
      return value;
    throw refused(code, `its ${name} is missing, too long or not base64url`);
  };
  if (json.type !== undefined && json.type !== 'public-key')
    throw refused(code, 'it is of another type');
  return {
    credentialId: read(json.id, 'credentialId'),
    clientDataJSON: read(response.clientDataJSON, 'clientDataJSON'),
    authenticatorData: read(response.authenticatorData, 'authenticatorData'),
    signature: read(response.signature, 'signature'),
  };
}

/**
 * The passkey that signed exactly this challenge, after its counter was noted. Throws ReeveError `code`; the message says
 * what to do. `of` null takes any person's.
 */
export async function checkAssertion(
  credentials: CredentialStore,
  party: RelyingParty,
  expected: { readonly challenge: string; readonly of: string | null },
  assertion: Assertion,
  code: ErrorCode,
): Promise<Passkey> {
  const passkey = usable(credentials, assertion.credentialId, expected.of, code);
  const { newCounter } = await verified(party, expected.challenge, assertion, passkey, code);
  // Once more: it may have been revoked or used while the signature was checked.
  const now = usable(credentials, assertion.credentialId, expected.of, code);
  if (now.counter > 0 && newCounter <= now.counter) throw copied(code);
  credentials.countPasskey(now.credentialId, newCounter);
  return now;
}

function usable(
  credentials: CredentialStore,
  credentialId: string,
  person: string | null,
  code: ErrorCode,
): Passkey {
  const passkey = credentials.passkey(credentialId);
  // One message for all three: whose a passkey is, and whether it ever was one, is nobody's business.
  if (
    passkey === null ||
    passkey.revokedAt !== null ||
    (person !== null && passkey.person !== person)
  ) {
    throw new ReeveError(
      code,
      'This passkey is not one of yours here, or it was revoked. Use another one, or ask an administrator for a one-time code (reeve people enrol) and enrol it.',
      [{ field: 'assertion', problem: 'not a usable passkey' }],
    );
  }
  return passkey;
}

async function verified(
  party: RelyingParty,
  challenge: string,
  assertion: Assertion,
  passkey: Passkey,
  code: ErrorCode,
): Promise<{ readonly newCounter: number }> {
  if (framed(assertion.clientDataJSON)) {
    throw refused(code, 'it was asked for by a page inside a page of somebody else');
  }
  let verdict: Awaited<ReturnType<typeof verifyAuthenticationResponse>>;
  try {
    verdict = await verifyAuthenticationResponse({
      response: responseOf(assertion),
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      credential: {
        id: passkey.credentialId,
        publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
        // Ours, below: the library's message would not say what to do.
        counter: 0,
      },
    });
  } catch (error) {
    throw explained(error, code);
  }
  if (!verdict.verified) throw refused(code, 'its signature does not fit');
  const { newCounter } = verdict.authenticationInfo;
  if (passkey.counter > 0 && newCounter <= passkey.counter) throw copied(code);
  return { newCounter };
}

export function responseOf(assertion: Assertion): AuthenticationResponseJSON {
  const { credentialId, clientDataJSON, authenticatorData, signature } = assertion;
  return {
    id: credentialId,
    rawId: credentialId,
    type: 'public-key',
    clientExtensionResults: {},
    response: { clientDataJSON, authenticatorData, signature },
  };
}

/** The library's own words hold values of the sender: cut, on one line, visible. */
function explained(error: unknown, code: ErrorCode): ReeveError {
  const said = error instanceof Error ? error.message : '';
  if (said.startsWith('User verification required') || said.startsWith('User not present')) {
    return new ReeveError(
      code,
      'The passkey did not check who you are (PIN, fingerprint or face), and that is required. Switch it on for this passkey, or use another one.',
      [{ field: 'assertion', problem: 'the user was not verified' }],
      { cause: error },
    );
  }
  return refused(code, visibleLine(said.slice(0, 300)), error);
}

function refused(code: ErrorCode, why: string, cause?: unknown): ReeveError {
  return new ReeveError(
    code,
    `The passkey's answer is not taken: ${why}. Begin anew on the page of this gateway.`,
    [{ field: 'assertion', problem: 'not taken' }],
    { cause },
  );
}

function copied(code: ErrorCode): ReeveError {
  return new ReeveError(
    code,
    'This passkey counts its uses, and its count went back: somebody may hold a copy of it. Have an administrator revoke it, and enrol another one.',
    [{ field: 'assertion', problem: 'its counter went back' }],
  );
}

/** The library lets pass what says of itself that it was made inside another page, if that page is not named. */
function framed(clientDataJSON: string): boolean {
  try {
    const said = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as JsonObject;
    return said.crossOrigin !== undefined && said.crossOrigin !== false;
  } catch {
    return false;
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
