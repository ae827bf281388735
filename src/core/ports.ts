/** What the inner rooms ask of the outside: time, identifiers, storage. Implemented elsewhere, wired in main. */
import type { Answer, ApprovalRequest, ChallengeContent, Dossier, Proof } from './approval.ts';
import type { ApiToken, EnrolmentCode, Passkey } from './credentials.ts';
import type { Entry, EntryDraft } from './entry.ts';
import type { ReeveError } from './errors.ts';
import type { Execution, ExecutionStatus, FinalStatus, Outcome } from './execution.ts';
import type { JsonObject } from './json.ts';
import type { Expired, Hold, RetentionPolicy } from './retention.ts';

/** `now` is milliseconds since 1970 (UTC); `monotonic` is milliseconds on a clock that never goes back. */
export interface Clock {
  now(): number;
  monotonic(): number;
}

/** `requestId` is unguessable and URL-safe. */
export interface Ids {
  requestId(): string;
}

/**
 * What an `execute` that carries an idempotency key is remembered by. `bodyHash` tells another body apart. Keys of
 * requests from before `since` (milliseconds since 1970) are forgotten, unless their request is open still.
 */
export interface IdempotencyKey {
  readonly key: string;
  readonly bodyHash: string;
  readonly since: number;
}

export type AcceptResult =
  | { readonly kind: 'accepted'; readonly execution: Execution }
  /** The same key and body came before: the execution that it led to. */
  | { readonly kind: 'replayed'; readonly execution: Execution }
  /** The same key came before with another body. */
  | { readonly kind: 'conflict'; readonly requestId: string };

export type StartResult =
  | { readonly kind: 'started' }
  /** The concurrency key has no room: ask again later; nothing was written. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'frozen' }
  /** The claim is no longer ours (settled, cancelled or taken over): never start a process. */
  | { readonly kind: 'lost'; readonly status: ExecutionStatus };

/** Newest first. `before` is the cursor of the page before. Times in milliseconds since 1970. */
export interface ExecutionFilter {
  readonly limit: number;
  readonly before?: string;
  readonly statuses?: readonly ExecutionStatus[];
  readonly command?: string;
  readonly principal?: string;
  readonly environment?: string;
  readonly since?: number;
  readonly until?: number;
}
export interface ExecutionPage {
  readonly executions: readonly Execution[];
  readonly nextCursor: string | null;
}

/** What is needed to prove later that a run's processes are gone. */
export interface RunHandle {
  readonly bootId: string;
  readonly pid: number | null;
  /** Start time of `pid` in clock ticks since boot (field 22 of /proc/PID/stat): tells a reused pid apart. */
  readonly pidStart: string | null;
  readonly cgroups: readonly string[];
}

export interface StoredOutput {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly stdoutTotal: number;
  readonly stderrTotal: number;
  readonly stdoutTruncated: boolean;
  readonly stderrTruncated: boolean;
}

/**
 * State and record in one place: every method that changes something commits the change and its entries in one durable
 * transaction, or throws ReeveError AUDIT_UNAVAILABLE and has changed nothing.
 */
export interface Store {
  /** Requests for approval and their answers. */
  readonly approvals: ApprovalStore;
  /** Tokens, passkeys, enrolment codes. */
  readonly credentials: CredentialStore;
  /** What expires, and what is held. */
  readonly retention: RetentionStore;

  /**
   * Records a new execution (`queued`, `awaiting_approval` or already `rejected`) with its first entries. `approval` is
   * given where, and only where, it awaits approval.
   */
  accept(
    execution: Execution,
    entries: readonly EntryDraft[],
    idempotency: IdempotencyKey | null,
    approval?: ApprovalRequest | null,
  ): AcceptResult;
  /** The execution that an idempotency key of this principal led to, if any. */
  replay(principal: string, idempotency: IdempotencyKey): AcceptResult | null;
  /** Compare-and-set `queued` → `running` on owner and fence, with the intent entry. After this, only a person restarts it. */
  start(
    requestId: string,
    owner: string,
    fence: number,
    at: number,
    concurrencyMax: number | null,
    intent: EntryDraft,
  ): StartResult;
  /** Remembers the processes of a running execution. No entry: it tells nothing about what was decided or done. */
  attach(requestId: string, handle: RunHandle): void;
  /** Compare-and-set to `running`'s end, with output and outcome entry. False if somebody else has settled it. */
  finish(
    requestId: string,
    fence: number,
    at: number,
    outcome: Outcome,
    entry: EntryDraft,
  ): boolean;
  /** Compare-and-set from an open status to a final one without a run's outcome (refused at start, cancelled, lost). */
  settle(
    requestId: string,
    from: ExecutionStatus,
    to: FinalStatus,
    at: number,
    errorCode: Execution['errorCode'],
    errorMessage: string,
    entry: EntryDraft,
  ): boolean;
  /** Appends entries that belong to no execution. */
  record(entries: readonly EntryDraft[]): void;

  execution(requestId: string): Execution | null;
  output(requestId: string): StoredOutput | null;
  handle(requestId: string): RunHandle | null;
  executions(filter: ExecutionFilter): ExecutionPage;
  open(): readonly Execution[];
  entriesOf(requestId: string): readonly Entry[];
  /** Entries with a sequence number above `after`, oldest first. */
  entriesAfter(after: number, limit: number): readonly Entry[];

  /** The freeze is one row that `start` reads in its own transaction: it holds at once, in every process on this state. */
  frozen(): { readonly by: string; readonly at: number; readonly reason: string } | null;
  freeze(by: string, at: number, reason: string, entry: EntryDraft): void;
  unfreeze(entry: EntryDraft): void;

  /** Named small values (cursor of the tailer and the like). `state-id` is there from the beginning: it tells states apart. */
  value(name: string): string | null;
  setValue(name: string, value: string): void;

  /** Throws AUDIT_UNAVAILABLE unless a durable write succeeds now. */
  probe(): void;
  close(): void;
}

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

/** What would expire now; `held`: as many more would, but for a hold. */
export interface Due extends Expired {
  readonly held: number;
}

/** What one transaction took; `more`: there may be more to take. */
export interface ExpiryBatch {
  readonly expired: readonly Expired[];
  readonly more: boolean;
}

/**
 * Payloads: arguments and their hash, argv, digest, working directory, salt and output of executions that have ended, and
 * the dossier and call of their requests for approval. Entries, answers and their proofs are none.
 */
export interface RetentionStore {
  /** By rule; counts all there is. `now` is milliseconds since 1970. */
  due(policy: RetentionPolicy, now: number): readonly Due[];
  /** Takes the payloads of at most `limit` executions in one transaction, oldest of each rule first, with an entry a rule. */
  expire(
    policy: RetentionPolicy,
    now: number,
    limit: number,
    entryFor: (expired: Expired) => EntryDraft,
  ): ExpiryBatch;
  /** Makes what was taken be gone from the write-ahead log, too. False while somebody still reads it: ask again later. */
  purge(): boolean;
  /** Newest first, released ones too. */
  holds(): readonly Hold[];
  /** Throws CONFLICT where the id is taken. */
  placeHold(hold: Hold, entry: EntryDraft): void;
  /** The hold as it is now, released before or not; null where there is none. */
  releaseHold(id: string, by: string, at: number, entry: EntryDraft): Hold | null;
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

/** A claim of being alive that ends with the process that made it, however it ends. */
export interface Liveness {
  /** The name of this process on this state. */
  readonly self: string;
  /** True while the process that goes by this name may still be running. */
  alive(name: string): boolean;
  release(): void;
}

/** Work that waits for its turn. `key` is the rendered concurrency key; `signal` takes it out while it waits. */
export interface QueuedWork {
  readonly requestId: string;
  readonly principal: string;
  readonly key: string | null;
  /** Does all of it. `busy` says that its key has no room and nothing happened: it is called again later. */
  readonly start: () => Promise<'done' | 'busy'>;
  readonly signal?: AbortSignal;
}

/** Decides whose turn it is: round robin over principals, first come first served within one. Nothing in it is durable. */
export interface Queue {
  /**
   * Resolves when `start` has answered `done`; rejects with what it threw. Rejects with ReeveError CONCURRENCY_LIMIT at
   * once when as much waits as may, or as much of this principal's as is its share, COMMAND_CANCELLED when `signal` took it out before it started, SHUTTING_DOWN once
   * `drain` has been called and it had not started.
   */
  enqueue(work: QueuedWork): Promise<void>;
  /** Why this principal's work of this key would be refused now; null where it could start, or has a place to wait. */
  noRoom(principal: string, key: string | null): ReeveError | null;
  /** How much is started and how much waits, now. */
  load(): { readonly running: number; readonly waiting: number };
  /** Takes no more, lets go of all that waits, and resolves when nothing runs any more. */
  drain(): Promise<void>;
}
