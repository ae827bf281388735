/** What the inner rooms ask of the outside about people: requests for approval, credentials, passkeys. */
import type { Answer, ApprovalRequest, ChallengeContent, Dossier, Proof } from './approval.ts';
import type { ApiToken, EnrolmentCode, Passkey } from './credentials.ts';
import type { EntryDraft } from './entry.ts';
import type { Execution } from './execution.ts';
import type { JsonObject } from './json.ts';

/** A request for approval as it is on record. */
export interface ApprovalState {
  readonly execution: Execution;
  readonly request: ApprovalRequest;
  /** In the order in which they came. */
  readonly answers: readonly Answer[];
}

/** What an answer leads to; the entries are committed with it. */
export interface AnswerStep {
  readonly answer: Answer;
  readonly entries: readonly EntryDraft[];
  readonly next:
    | { readonly kind: 'wait' }
    /** `awaiting_approval` → `queued`: `owner` carries it from here on, under the next fence. */
    | { readonly kind: 'queue'; readonly owner: string; readonly startBy: number }
    /** `awaiting_approval` → `rejected`. */
    | {
        readonly kind: 'reject';
        readonly at: number;
        readonly errorCode: NonNullable<Execution['errorCode']>;
        readonly errorMessage: string;
      };
}

export interface ApprovalStore {
  state(requestId: string): ApprovalState | null;
  /** Every request that awaits approval now, oldest first. */
  waiting(): readonly ApprovalState[];
  /** Requests for approval of any state, newest first; `before` is the cursor of the page before. */
  page(filter: { readonly limit: number; readonly before?: string }): {
    readonly states: readonly ApprovalState[];
    readonly nextCursor: string | null;
  };
  /** How many requests of this principal await approval. */
  waitingOf(principal: string): number;
  /** The newest request of this command in this environment that was granted, has run and ended `ok`, if any. */
  lastApproved(
    command: string,
    environment: string,
  ): { readonly requestId: string; readonly dossier: Dossier } | null;
  /**
   * One answer in one transaction: `judge` is given what is on record at this moment, with everybody else held off, and
   * says what to write. What it throws is thrown, and nothing is written. Throws REQUEST_NOT_FOUND where there is none.
   */
  answer(requestId: string, judge: (state: ApprovalState) => AnswerStep): ApprovalState;
  /**
   * `queued` and granted, its owner gone: the claim passes on under the next fence. Null unless owner and fence are still
   * these. Whoever calls it has made sure that the owner is not alive.
   */
  takeOver(requestId: string, from: { owner: string; fence: number }, to: string): Execution | null;
  /** Remembers what a challenge (its hash, base64url) stands for, until it is taken or expires; of one approver only the last 20. */
  putChallenge(challenge: string, content: ChallengeContent, at: number): void;
  /** Takes it by its hash: it is gone from then on, whatever comes of it. Null where there is none, or it has expired. */
  takeChallenge(challenge: string, at: number): ChallengeContent | null;
}

export interface CredentialStore {
  /** All of them, revoked and expired ones too, newest first. */
  tokens(): readonly ApiToken[];
  tokenByHash(hash: string): ApiToken | null;
  token(id: string): ApiToken | null;
  /** Throws CONFLICT where the id is taken. */
  addToken(token: ApiToken, entry: EntryDraft): void;
  /** False if there is none, or it is revoked already. */
  revokeToken(id: string, at: number, entry: EntryDraft): boolean;

  /** Of one person, or all; revoked ones too, newest first. */
  passkeys(person: string | null): readonly Passkey[];
  passkey(credentialId: string): Passkey | null;
  /**
   * Adds a passkey; `codeHash` is the one-time code that lets it in and is used up with it, null where an earlier passkey
   * did. False, and nothing added, if the code is not there, is another person's or has expired. Throws CONFLICT where
   * the credential is known already.
   */
  addPasskey(passkey: Passkey, codeHash: string | null, entry: EntryDraft): boolean;
  /** Notes the authenticator's counter. No entry: what it was used for has one. */
  countPasskey(credentialId: string, counter: number): void;
  revokePasskey(credentialId: string, at: number, entry: EntryDraft): boolean;

  /** Replaces an earlier unused code of this person. */
  addEnrolmentCode(code: EnrolmentCode, entry: EntryDraft): void;
  /** The code if it may still be used at this time. */
  enrolmentCode(hash: string, at: number): EnrolmentCode | null;
}

/** Checks what a passkey signed. Implemented where WebAuthn is spoken. */
export interface PasskeyVerifier {
  /**
   * The proof, if the assertion (WebAuthn's AuthenticationResponseJSON) is by a passkey of this very person, over exactly
   * this challenge (32 bytes, base64url), by a user who was verified. Throws ReeveError APPROVAL_NOT_ALLOWED.
   */
  verify(
    content: ChallengeContent,
    challenge: string,
    assertion: JsonObject,
  ): Promise<Extract<Proof, { kind: 'passkey' }>>;
}
