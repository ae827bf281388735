/**
 * The proof that comes with an answer. In: the caller's credential, and an assertion where a passkey answers. Out: the
 * proof. Never: a challenge used twice, or one for another answer.
 */
import { challengeOf } from '../../approvals/challenge.ts';
import type { Proof } from '../../core/approval.ts';
import { ReeveError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ApprovalState } from '../../core/people-ports.ts';
import type { Caller } from '../../core/principal.ts';
import type { AnswerRequest } from '../gateway.ts';
import type { House } from '../house.ts';

export async function proofOf(
  house: House,
  caller: Caller,
  state: ApprovalState,
  given: AnswerRequest & { readonly stage: number },
): Promise<Proof> {
  if (given.assertion !== null) return byPasskey(house, caller, state, given, given.assertion);
  const { credential } = caller;
  switch (credential?.kind) {
    case 'session': {
      if (credential.by !== 'login' || credential.issuer === null || credential.subject === null)
        throw noProof('Your passkey has to sign this very answer, and no assertion came with it.');
      const { loginFreshMs } = house.generations.current.settings.approvals;
      const age = house.clock.now() - credential.at;
      if (age > loginFreshMs || age < -60_000) {
        throw noProof(
          `You signed in ${Math.round(age / 60_000)} minutes ago, and an answer takes a sign-in of the last ${Math.round(loginFreshMs / 60_000)}. Sign in again.`,
        );
      }
      const { issuer, subject, at } = credential;
      return { kind: 'login', issuer, subject, authTime: at };
    }
    case 'api-token':
      return { kind: 'token', tokenId: credential.tokenId };
    case 'local-token':
      return { kind: 'token', tokenId: 'local.token' };
    case 'jwt':
      throw noProof('An access token is held by a program, and proves no person.');
    case undefined:
      throw noProof('In local mode nothing proves who answers.');
  }
}

async function byPasskey(
  house: House,
  caller: Caller,
  { request }: ApprovalState,
  given: AnswerRequest & { readonly stage: number },
  assertion: JsonObject,
): Promise<Proof> {
  if (house.passkeys === null) {
    throw noProof('This gateway takes no passkeys: publicUrl is not set in reeve.yaml.');
  }
  const signed = challengeIn(assertion);
  const content =
    signed === null ? null : house.store.approvals.takeChallenge(signed, house.clock.now());
  if (
    content === null ||
    content.requestId !== request.requestId ||
    content.approver !== caller.principal.id ||
    content.verdict !== given.verdict ||
    content.digest !== given.digest ||
    content.stage !== given.stage
  ) {
    throw new ReeveError(
      'APPROVAL_NOT_ALLOWED',
      'The assertion is not for this answer: its challenge was used already, has expired, or was made for another answer. Begin the answer anew.',
      [{ field: 'assertion', problem: 'is not for this answer' }],
    );
  }
  return house.passkeys.verify(content, challengeOf(content), assertion);
}

/** The challenge that the assertion says it signed: it only finds what was asked, and proves nothing yet. */
function challengeIn({ response }: JsonObject): string | null {
  try {
    const { clientDataJSON } = response as { clientDataJSON: string };
    const { challenge } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString());
    return typeof challenge === 'string' && /^[A-Za-z0-9_-]{43}$/.test(challenge)
      ? challenge
      : null;
  } catch {
    return null;
  }
}

function noProof(why: string): ReeveError {
  return new ReeveError(
    'APPROVAL_NOT_ALLOWED',
    `${why} Answer on the page of the request, at a gateway that "reeve serve" runs.`,
  );
}
