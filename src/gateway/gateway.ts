/**
 * What every face speaks to, whether the gateway is in this process or behind REST. All refusals are thrown as
 * `Refusal` (a ReeveError with the request id under which it is on record) by `submit`, as ReeveError by the rest.
 */
import type { ChallengeContent, Dossier, ProofKind, Verdict } from '../core/approval.ts';
import type { Command } from '../core/command.ts';
import type { ApiToken, Passkey } from '../core/credentials.ts';
import type { DecidedStage } from '../core/decision.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Entry } from '../core/entry.ts';
import type { ErrorCode, ReeveError, Refusal } from '../core/errors.ts';
import type { Execution, LimitReport } from '../core/execution.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Person } from '../core/people.ts';
import type { ExecutionFilter, ExecutionPage, StoredOutput } from '../core/ports.ts';
import type { Caller, Face, PrincipalKind, Scope, Trust } from '../core/principal.ts';
import type { SecretUse } from '../core/secret.ts';
import type { AssuranceDesk } from './assurance.ts';
import type { Listing } from './listing.ts';
import type { LogDesk } from './log-files.ts';
import type { RehearsalDesk } from './rehearsals.ts';
import type { RetentionDesk } from './retention.ts';
import type { ShownInput } from './shown-input.ts';
import type { WhyReport } from './why-report.ts';

export type { Listing } from './listing.ts';
export type { LogDesk } from './log-files.ts';
export type { WhyReport } from './why-report.ts';

/** A call as a face has parsed it: shapes checked, nothing else. Exactly one of `arguments` and `args` is not null. */
export interface ExecuteRequest {
  readonly command: string;
  readonly arguments: JsonObject | null;
  /** Everything after the executable, to be parsed back through the command's template. */
  readonly args: readonly string[] | null;
  readonly environment: string | null;
  readonly workingDirectory: string | null;
  readonly timeoutSeconds: number | null;
  readonly idempotencyKey: string | null;
}

/** What would happen, without running it. `refusal` is null where it would run now. */
export interface PlanReport {
  readonly command: string;
  readonly environment: string;
  readonly decision: 'permit' | 'deny' | 'needs-approval';
  readonly policies: readonly string[];
  /** Each with the policy that added it; null for those of the inventory. */
  readonly approvals: readonly DecidedStage[];
  readonly refusal: { readonly code: ErrorCode; readonly message: string } | null;
  readonly argv: readonly string[];
  readonly arguments: JsonObject;
  readonly stdin: ShownInput | null;
  readonly digest: string;
  readonly executable: { readonly path: string; readonly source: string; readonly sha256: string };
  readonly workspace: string;
  readonly workspaceAccess: Command['workspace'];
  readonly workingDirectory: string;
  readonly mounts: readonly { readonly source: string; readonly target: string }[];
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretUse[];
  readonly limits: Command['limits'];
  readonly timeoutMs: number;
  readonly network: Command['network'];
  readonly runAs: number | null;
  readonly sandbox: LimitReport;
  readonly trust: Trust;
}

export type ExecutionEvent =
  | { readonly kind: 'status'; readonly execution: Execution }
  | { readonly kind: 'output'; readonly stream: 'stdout' | 'stderr'; readonly chunk: Uint8Array }
  | { readonly kind: 'end'; readonly execution: Execution };

export interface Health {
  readonly ready: boolean;
  /** In plain words, one a line: a broken reload, an unwritable record, no sandbox; and webhooks that are behind, which keep nothing from being ready. */
  readonly problems: readonly string[];
  readonly generation: string;
  readonly frozen: boolean;
  readonly trust: Trust;
}

export interface ReloadReport {
  readonly loaded: boolean;
  readonly generation: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** An answer as somebody gives it. `digest` is that of what the approver was shown. */
export interface AnswerRequest {
  readonly verdict: Verdict;
  /** Counted from 0; null for the one that is open. */
  readonly stage: number | null;
  readonly digest: string;
  readonly reason: string;
  /** WebAuthn's AuthenticationResponseJSON over the challenge; null where another proof is given. */
  readonly assertion: JsonObject | null;
}

/** What a passkey is to sign: `challenge` is the SHA-256 of the canonical content, base64url. */
export interface AnswerChallenge {
  readonly content: ChallengeContent;
  readonly challenge: string;
  /** The passkeys of the approver that may sign it. */
  readonly credentials: readonly { readonly id: string; readonly transports: readonly string[] }[];
}

export interface StageView {
  readonly role: string;
  readonly count: number;
  readonly independent: boolean;
  /** The policy that added it; null for one of the inventory. */
  readonly policy: string | null;
  readonly state: 'granted' | 'open' | 'waiting' | 'rejected';
  readonly proofs: readonly ProofKind[];
  readonly answers: readonly {
    readonly approver: string;
    readonly verdict: Verdict;
    readonly reason: string;
    readonly at: number;
    readonly proof: ProofKind;
  }[];
}

/** One request for approval as its requester, its approvers and auditors see it. Times in milliseconds since 1970. */
export interface ApprovalView {
  readonly requestId: string;
  readonly status: Execution['status'];
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  readonly command: string;
  readonly environment: string;
  readonly risk: Command['risk'];
  readonly requester: {
    readonly principal: string;
    readonly kind: PrincipalKind;
    readonly onBehalfOf: string | null;
    readonly face: Face;
    readonly client: string | null;
  };
  readonly trust: Trust;
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly startBy: number | null;
  readonly digest: string;
  readonly stages: readonly StageView[];
  /** The stage that takes answers now; null where none does. */
  readonly openStage: number | null;
  /** What the caller may do about it; `why` says why not. */
  readonly mine: {
    readonly mayAnswer: boolean;
    readonly mayWithdraw: boolean;
    readonly why: string | null;
    readonly proofs: readonly ProofKind[];
  };
  /** Everything that was decided on, complete. */
  readonly dossier: Dossier;
  /** Against the last approved run of this command in this environment; null where there is none. */
  readonly differences: {
    readonly requestId: string;
    readonly fields: readonly {
      readonly field: string;
      readonly before: JsonValue;
      readonly after: JsonValue;
    }[];
  } | null;
  /** Other requests of the same digest that await approval too. */
  readonly identical: readonly string[];
  /** Where people answer in a browser; null where publicUrl is not set and no server runs. */
  readonly page: string | null;
}

export interface ApprovalFilter {
  /** `mine`: those that the caller may answer now. `waiting`: all that await approval and that the caller may see. */
  readonly state: 'mine' | 'waiting' | 'all';
  readonly limit: number;
  readonly before?: string;
}
export interface ApprovalPage {
  readonly approvals: readonly ApprovalView[];
  readonly nextCursor: string | null;
}

/** Requests for approval. Who may not see one gets REQUEST_NOT_FOUND. */
export interface ApprovalDesk {
  list(caller: Caller, filter: ApprovalFilter): Promise<ApprovalPage>;
  show(caller: Caller, requestId: string): Promise<ApprovalView>;
  /** The challenge that a passkey of the caller is to sign for this answer. */
  challenge(
    caller: Caller,
    requestId: string,
    answer: Pick<AnswerRequest, 'verdict' | 'stage' | 'digest'>,
  ): Promise<AnswerChallenge>;
  /** Throws APPROVAL_NOT_ALLOWED, APPROVAL_OUT_OF_ORDER, CONFLICT: each is on record. */
  answer(caller: Caller, requestId: string, answer: AnswerRequest): Promise<ApprovalView>;
  /** By whoever asked, or whom the asking agent acts for. */
  withdraw(caller: Caller, requestId: string, reason: string): Promise<Execution>;
}

export type TokenView = Omit<ApiToken, 'hash'>;
export interface TokenRequest {
  readonly name: string;
  readonly principal: string;
  readonly kind: PrincipalKind;
  readonly roles: readonly string[];
  readonly onBehalfOf: string | null;
  readonly scopes: readonly Scope[];
  /** Milliseconds; null for one that does not expire. */
  readonly expiresInMs: number | null;
}

/** Tokens and passkeys, for administrators (policy: manageCredentials); people see and revoke their own passkeys. */
export interface CredentialDesk {
  tokens(caller: Caller): Promise<readonly TokenView[]>;
  /** `secret` is shown this once. */
  createToken(
    caller: Caller,
    request: TokenRequest,
  ): Promise<{ readonly token: TokenView; readonly secret: string }>;
  revokeToken(caller: Caller, id: string, reason: string): Promise<TokenView>;
  passkeys(caller: Caller, person: string | null): Promise<readonly Omit<Passkey, 'publicKey'>[]>;
  revokePasskey(caller: Caller, credentialId: string): Promise<void>;
  /** A one-time code with which a person of the people file may enrol a passkey, on the page that is named. */
  createEnrolmentCode(
    caller: Caller,
    person: string,
  ): Promise<{ readonly code: string; readonly page: string | null; readonly expiresAt: number }>;
  people(caller: Caller): Promise<readonly (Person & { readonly passkeys: number })[]>;
}

export interface Gateway {
  readonly log: LogDesk;
  /** Retention: what expires, and what is held. */
  readonly retention: RetentionDesk;
  /** Evidence that tools do what the command line does. */
  readonly assurance: AssuranceDesk;
  /** Runs in copies of a workspace: for rooms of this process, never for a caller's own request. */
  readonly rehearsals: RehearsalDesk;
  readonly approvals: ApprovalDesk;
  readonly credentials: CredentialDesk;

  /** Decides, records and queues. Resolves as soon as the execution is on record; throws Refusal otherwise. */
  submit(caller: Caller, request: ExecuteRequest): Promise<Execution>;
  /**
   * Records a call that a face could not even parse, and gives the refusal to answer with; throws if it cannot, and `error`
   * itself where so many of this principal were refused that this one is only counted.
   */
  refuse(caller: Caller | null, error: ReeveError, command: string | null): Promise<Refusal>;
  /** The execution once it is finished, or as it stands after `milliseconds` (null waits for ever) or at `signal`. */
  wait(
    caller: Caller,
    requestId: string,
    milliseconds: number | null,
    signal?: AbortSignal,
  ): Promise<Execution>;
  /** Ends what is waiting or running. Fine on what is finished already: answers its state. */
  cancel(caller: Caller, requestId: string, reason: string): Promise<Execution>;
  plan(caller: Caller, request: ExecuteRequest): Promise<PlanReport>;

  execution(caller: Caller, requestId: string): Promise<Execution>;
  /** What is kept of the output; of a running one what has come so far. */
  output(caller: Caller, requestId: string): Promise<StoredOutput>;
  /** What has happened so far and everything from now on; ends after `end`. */
  watch(caller: Caller, requestId: string, signal?: AbortSignal): AsyncIterable<ExecutionEvent>;
  entries(caller: Caller, requestId: string): Promise<readonly Entry[]>;
  /** Which rule, argument, approval, limit or dependency ended it, or what it waits for. */
  why(caller: Caller, requestId: string): Promise<WhyReport>;
  /** The entry of this number: of one's own requests; for an auditor any. Throws REQUEST_NOT_FOUND. */
  entry(caller: Caller, seq: number): Promise<Entry>;
  /** One's own executions, or everybody's for an auditor. */
  audit(caller: Caller, filter: ExecutionFilter): Promise<ExecutionPage>;
  inventory(caller: Caller): Promise<readonly Listing[]>;

  health(): Promise<Health>;
  freeze(caller: Caller, reason: string): Promise<void>;
  unfreeze(caller: Caller): Promise<void>;
  reload(caller: Caller): Promise<ReloadReport>;
  close(): Promise<void>;
}
