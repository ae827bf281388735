/**
 * Approvals: what stands before an execution that awaits them, who answered, and by what proof. Frozen values.
 * An answer is bound to the digest of exactly what will run. Nothing here reads a clock or a store.
 */
import type { DecidedStage } from './decision.ts';
import type { JsonObject } from './json.ts';
import type { Caller } from './principal.ts';
import type { TraceContext } from './tracing.ts';

export const verdicts = ['approve', 'reject'] as const;
export type Verdict = (typeof verdicts)[number];

/**
 * How it is known that a person answered, and not a program. `passkey`: an assertion over this very answer. `login`: a
 * fresh sign-in at the identity provider. `token`: a bearer token, where the configuration takes one.
 */
export const proofKinds = ['passkey', 'login', 'token'] as const;
export type ProofKind = (typeof proofKinds)[number];

/** What is hashed into the challenge that a passkey signs: the answer itself. `expiresAt` in milliseconds since 1970. */
export interface ChallengeContent {
  readonly requestId: string;
  readonly stage: number;
  readonly verdict: Verdict;
  readonly approver: string;
  readonly digest: string;
  readonly expiresAt: number;
  /** 32 random bytes, base64url: a challenge is used once. */
  readonly nonce: string;
}

/** The evidence of an answer: kept as it came, so that it can be verified later without this gateway. */
export type Proof =
  | {
      readonly kind: 'passkey';
      readonly credentialId: string;
      /** COSE public key, base64url, as it was when the assertion was verified. */
      readonly publicKey: string;
      readonly content: ChallengeContent;
      /** As the authenticator gave them, base64url. */
      readonly clientDataJSON: string;
      readonly authenticatorData: string;
      readonly signature: string;
      readonly userVerified: boolean;
    }
  | {
      readonly kind: 'login';
      readonly issuer: string;
      readonly subject: string;
      /** When the provider says the person signed in (milliseconds since 1970). */
      readonly authTime: number;
    }
  | { readonly kind: 'token'; readonly tokenId: string };

/** One person's answer to one stage. `role` is the stage's; `at` is milliseconds since 1970. */
export interface Answer {
  readonly requestId: string;
  readonly stage: number;
  readonly role: string;
  readonly approver: string;
  readonly verdict: Verdict;
  /** What the approver said, or ''. */
  readonly reason: string;
  readonly digest: string;
  readonly at: number;
  readonly proof: Proof;
}

/** Everything that approvers are shown, as it was when it was asked: what the digest was made of, in words. JSON. */
export type Dossier = JsonObject;

/** What has to be granted before an execution may be queued. Written once; only `startBy` is added later. */
export interface ApprovalRequest {
  readonly requestId: string;
  readonly digest: string;
  /** Of the decision when it was asked: the inventory's, then those that policy added. In order. */
  readonly stages: readonly DecidedStage[];
  /** Answers are taken until then (milliseconds since 1970). */
  readonly expiresAt: number;
  /** Once everything is granted: it has to start until then. Null before. */
  readonly startBy: number | null;
  /** Who asked, as the caller was; decided anew with what it may at the start. */
  readonly caller: Caller;
  /** The call itself, from which the invocation is prepared anew (`ExecuteRequest`). */
  readonly call: JsonObject;
  readonly dossier: Dossier;
  /** The trace that the request belongs to, so that the run does too, hours later; null or left out where there is none. */
  readonly trace?: TraceContext | null;
}
