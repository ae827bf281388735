/**
 * What each kind of entry says. Pinned: auditors' tools read these names. Nothing here holds the value of an argument or
 * a byte of output, nor a hash that could be guessed back: of arguments, digest and output there are commitments
 * (core/commitment.ts), null where there is nothing to commit to.
 */
import type { Verdict } from '../core/approval.ts';
import type { DecidedStage } from '../core/decision.ts';
import type { ErrorCode } from '../core/errors.ts';
import type {
  Execution,
  FinalStatus,
  LimitReport,
  Outcome,
  RehearsalNote,
  StepOrigin,
  Usage,
} from '../core/execution.ts';
import type { PrincipalKind, Scope, Trust } from '../core/principal.ts';

/** The same fields, as the JSON that they are. */
type Plain<T> = { readonly [K in keyof T]: T[K] };

/** Which call it was. In every entry that begins or ends one, so that each can be read alone. */
export type Call = {
  readonly command: string | null;
  readonly tool: string | null;
  readonly environment: string | null;
  readonly parametersCommitment: string | null;
  readonly digestCommitment: string | null;
  readonly onBehalfOf: string | null;
  readonly face: Execution['face'];
  readonly client: string | null;
  readonly trust: Trust;
  /** What a run in a copy of the workspace is for; null for a real one. Entries from before there were any have none. */
  readonly rehearsal: { readonly for: RehearsalNote['for']; readonly of: string } | null;
  /** Which step of which run of a runbook it is; null for what no runbook asked for, left out before there were any. */
  readonly runbook: Plain<StepOrigin> | null;
};

/**
 * `asked`: somebody asked. `purpose` is `plan` where they only wanted to know what would happen, `replay` where an
 * idempotency key led them to an earlier request (the entry's), `rehearsal` where it runs in a copy of the workspace.
 */
export type AskedBody = {
  readonly call: Call;
  readonly risk: Execution['risk'];
  readonly timeoutMs: number | null;
  readonly purpose: 'run' | 'plan' | 'replay' | 'rehearsal';
};

/** `decided`: what policy says, by which policies, under which generation of the configuration. */
export type DecidedBody = {
  readonly decision: 'permit' | 'deny' | 'needs-approval';
  readonly digestCommitment: string | null;
  readonly policies: readonly string[];
  readonly errors: readonly string[];
  readonly stages: readonly StageBody[];
  readonly generation: string;
  readonly sandbox: Plain<LimitReport>;
};
/** `policy` is the id of the policy that added the stage; null for one of the inventory. */
export type StageBody = Plain<DecidedStage>;

/** `refused`: the call ended without a process. */
export type RefusedBody = {
  readonly call: Call;
  readonly status: 'rejected';
  readonly errorCode: ErrorCode;
  readonly errorMessage: string;
};

/** `intent`: a process is about to be started for `call.digestCommitment`. What follows it without an outcome is `unknown`. */
export type IntentBody = {
  readonly call: Call;
  readonly policies: readonly string[];
  readonly sandbox: Plain<LimitReport>;
  readonly timeoutMs: number | null;
  readonly owner: string;
  readonly fence: number;
};

/** One stream of output: what the command wrote, what was kept of it, and a commitment to what was kept. */
export type StreamBody = {
  readonly total: number;
  readonly kept: number;
  readonly truncated: boolean;
  readonly commitment: string | null;
};

/** `outcome`: how it ended. `ran` is false where it was cancelled before a process existed; then `run` is null. */
export type OutcomeBody = {
  readonly call: Call;
  readonly status: Outcome['status'];
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  readonly ran: boolean;
  readonly run: {
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly durationMs: number;
    readonly stdout: StreamBody;
    readonly stderr: StreamBody;
    readonly usage: Plain<Usage>;
    readonly sandbox: Plain<LimitReport>;
  } | null;
};

/** `lost`: its gateway went away after the intent. Where no process can have existed, the end is an `outcome`. */
export type LostBody = {
  readonly call: Call;
  readonly status: FinalStatus;
  readonly errorCode: ErrorCode;
  readonly errorMessage: string;
  readonly owner: string;
};

/** `cancel-asked`: the entry's principal, who need not be the one who asked for it, wants this request ended. */
export type CancelAskedBody = { readonly reason: string };

/** `generation-loaded`: settings, inventory and policy that hold from now on, each file by its SHA-256. */
export type GenerationLoadedBody = {
  readonly generation: string;
  readonly files: readonly { readonly file: string; readonly sha256: string }[];
  readonly filesLeftOut: number;
};

/** `generation-refused`: a reload that was broken; the generation before goes on holding. */
export type GenerationRefusedBody = { readonly problems: readonly string[] };

/** `frozen`: nothing starts from here on. `unfrozen` has an empty body. */
export type FrozenBody = { readonly reason: string };
export type UnfrozenBody = Record<string, never>;

/** By which credential a person answered. The whole proof is kept beside the entries, `evidence` is its hash. */
export type ProofBody =
  | { readonly kind: 'passkey'; readonly credentialId: string }
  | { readonly kind: 'login'; readonly issuer: string; readonly subject: string }
  | { readonly kind: 'token'; readonly tokenId: string };

/**
 * `approval-answered`: the entry's principal answers stage `stage` (counted from 0) of `stages`. `evidence` is
 * `sha256:` and the hash of the canonical JSON of the proof.
 */
export type ApprovalAnsweredBody = {
  readonly stage: number;
  readonly stages: number;
  readonly role: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly digestCommitment: string | null;
  readonly proof: ProofBody;
  readonly evidence: string;
};

/** `approval-refused`: an answer of the entry's principal that was not taken. */
export type ApprovalRefusedBody = {
  readonly verdict: Verdict | null;
  readonly stage: number | null;
  readonly errorCode: ErrorCode;
  readonly errorMessage: string;
};

/** `approval-granted`: every stage is granted; it has to start by `startBy` (milliseconds since 1970). */
export type ApprovalGrantedBody = {
  readonly call: Call;
  readonly startBy: number;
  readonly approvers: readonly string[];
};

/** `token-created`: a credential; never the secret, nor anything made from it. `id` is null for `local.token`. */
export type TokenCreatedBody = {
  readonly id: string | null;
  readonly name: string;
  readonly principal: string;
  readonly kind: PrincipalKind;
  readonly roles: readonly string[];
  readonly onBehalfOf: string | null;
  readonly scopes: readonly Scope[];
  readonly expiresAt: number | null;
};

/** `token-revoked`: that credential is worth nothing from here on. */
export type TokenRevokedBody = { readonly id: string; readonly reason: string };

/** `enrolment-code-created`: `person` may enrol a passkey until `expiresAt` (milliseconds since 1970). */
export type EnrolmentCodeCreatedBody = { readonly person: string; readonly expiresAt: number };

/** `passkey-enrolled`: `via` is what let it in, an administrator's code or an earlier passkey. */
export type PasskeyEnrolledBody = {
  readonly person: string;
  readonly credentialId: string;
  readonly name: string;
  readonly via: 'code' | 'passkey';
};

/** `passkey-revoked`: nothing that it signs counts from here on. */
export type PasskeyRevokedBody = { readonly person: string; readonly credentialId: string };

/** `gateway-started`, `gateway-stopped`: a process on this state, by its name there. */
export type GatewayStartedBody = {
  readonly process: string;
  readonly trust: Trust;
  readonly tier: string;
};
export type GatewayStoppedBody = { readonly process: string };

/** `unauthenticated`: a request without a valid credential; `times` says for how many the entry stands. */
export type UnauthenticatedBody = {
  readonly face: Execution['face'];
  readonly problem: string;
  readonly remote: string | null;
  readonly times: number;
};

/** `refusals-left-out`: how many refusals of its principal are not on record since then (milliseconds since 1970), by code. */
export type RefusalsLeftOutBody = {
  readonly count: number;
  readonly since: number;
  readonly codes: readonly { readonly errorCode: string; readonly count: number }[];
};

/** `payloads-expired`: of `count` executions that had ended before `until` (milliseconds since 1970), by the rule of that name. */
export type PayloadsExpiredBody = {
  readonly rule: string;
  readonly what: 'output' | 'payloads';
  readonly keepMs: number;
  readonly count: number;
  readonly until: number;
};

/** `hold-placed`: what all of its criteria fit does not expire. `since`, `until`: when it was asked, milliseconds since 1970. */
export type HoldPlacedBody = {
  readonly hold: string;
  readonly reason: string;
  readonly requestId: string | null;
  readonly command: string | null;
  readonly principal: string | null;
  readonly environment: string | null;
  readonly since: number | null;
  readonly until: number | null;
};

/** `hold-released`: what it held expires again, by the rules. */
export type HoldReleasedBody = { readonly hold: string; readonly reason: string };

/** Which run of which runbook. The run's id is the request id of its entries. */
export type RunbookCall = {
  readonly run: string;
  readonly runbook: string;
  readonly environment: string;
};

/**
 * `runbook-started`: by the entry's principal. The hashes are of the declaration, and over those of its commands. `purpose` is
 * `replay` where an idempotency key led to a run that had begun before; entries from before there were any have none.
 */
export type RunbookStartedBody = RunbookCall & {
  readonly purpose: 'run' | 'replay';
  readonly tool: string;
  readonly risk: NonNullable<Execution['risk']>;
  readonly runbookHash: string;
  readonly commandsHash: string;
  readonly steps: number;
  readonly approvals: 'per-step' | 'whole';
  readonly parametersCommitment: string | null;
  readonly onBehalfOf: string | null;
  readonly face: Execution['face'];
  readonly client: string | null;
  readonly trust: Trust;
};

/** `runbook-step`: a step, or its rollback, went from one status to another; `execution` is the request that it is at. */
export type RunbookStepBody = RunbookCall & {
  readonly step: string;
  readonly about: 'step' | 'rollback';
  readonly from: string;
  readonly to: string;
  readonly phase: string | null;
  readonly attempt: number | null;
  readonly why: string | null;
  readonly execution: string | null;
};

/** `runbook-steered`: the entry's principal did this; `how` is `now`, `after-step`, or what an unknown step was resolved as. */
export type RunbookSteeredBody = RunbookCall & {
  readonly action: string;
  readonly how: string | null;
  readonly step: string | null;
  readonly reason: string;
};

/** `runbook-ended`: how many steps ended as what, and how many of them were rolled back. */
export type RunbookEndedBody = RunbookCall & {
  readonly status: string;
  readonly why: string | null;
  readonly durationMs: number;
  readonly steps: Readonly<Record<string, number>>;
  readonly rolledBack: number;
};
