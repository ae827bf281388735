/**
 * Runbooks: what is declared, and what a run of one is. Frozen JSON values, all of them; nothing here reads a clock, a file
 * or a store. Never: text of a result pasted into an argument; a value is taken whole, or not at all.
 */
import type { Risk } from './command.ts';
import type { FinalStatus } from './execution.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { Phase, WorkPhase } from './runbook-phase.ts';

export type { Phase, WorkPhase } from './runbook-phase.ts';

/** Where a value comes from. A path leads through the members of objects, by their names. */
export type Reference =
  | { readonly kind: 'parameter'; readonly name: string }
  /** Of the structured result of a step's command: `steps.NAME.result.a.b`. An empty path is the whole result. */
  | { readonly kind: 'result'; readonly step: string; readonly path: readonly string[] }
  /** Of the check's or verification's own result: `result.a.b`, in `expect` alone. */
  | { readonly kind: 'own'; readonly path: readonly string[] };
export type ValueSource = { readonly kind: 'literal'; readonly value: JsonValue } | Reference;

export const comparisons = [
  'equals',
  'notEquals',
  'greaterThan',
  'lessThan',
  'isEmpty',
  'isNotEmpty',
  'exists',
] as const;
export type Comparison = (typeof comparisons)[number];

/** `than` is null for isEmpty, isNotEmpty and exists. */
export interface Condition {
  readonly from: Reference;
  readonly is: Comparison;
  readonly than: ValueSource | null;
}

/** A command with where its arguments come from. `hash` is the command's when the runbook was loaded. */
export interface RunbookCall {
  readonly command: string;
  readonly hash: string;
  readonly with: Readonly<Record<string, ValueSource>>;
}

/** A call that looks: it passes where the command ends well and every expectation holds. */
export interface RunbookCheck extends RunbookCall {
  readonly expect: readonly Condition[];
}

export const failurePolicies = ['stop', 'continue', 'rollback'] as const;
export type FailurePolicy = (typeof failurePolicies)[number];

export interface RunbookStep extends RunbookCall {
  readonly name: string;
  readonly title: string;
  readonly risk: Risk;
  /** The steps that have to be over before: completed, or skipped by their condition or a person. */
  readonly needs: readonly string[];
  /** Where it does not hold, the step is skipped. */
  readonly when: Condition | null;
  readonly check: readonly RunbookCheck[];
  readonly verify: readonly RunbookCheck[];
  readonly rollback: RunbookCall | null;
  /** How long its command may run, in milliseconds; null leaves that to the command. */
  readonly timeoutMs: number | null;
  readonly onFailure: FailurePolicy;
  /** By environment: whether a person has to confirm this step before its command is asked for. */
  readonly confirm: Readonly<Record<string, boolean>>;
}

/** One declared runbook, checked and complete. */
export interface Runbook {
  readonly name: string;
  readonly tool: string;
  readonly title: string;
  readonly description: string;
  readonly owner: string;
  /** The highest of its commands. */
  readonly risk: Risk;
  /** JSON Schema (2020-12) of the arguments object; closed. */
  readonly parameters: JsonObject;
  readonly environments: readonly string[];
  readonly defaultEnvironment: string | null;
  /** Milliseconds of the whole run, without the time in which it waits for people. */
  readonly timeoutMs: number;
  readonly onFailure: FailurePolicy;
  readonly approvals: 'per-step' | 'whole';
  /** How many steps may be under way at once. */
  readonly parallel: number;
  readonly guardrails: readonly string[];
  /** As declared. The order in which they run is `orderOf` in runbook-graph.ts. */
  readonly steps: readonly RunbookStep[];
  /** Digest of the declaration as written. */
  readonly hash: string;
  /** Hash of each command that it uses, by name, and the digest over all of these. */
  readonly commands: Readonly<Record<string, string>>;
  readonly commandsHash: string;
}

/** What a run is bound to from its first moment to its last. JSON; kept as it is, whatever is reloaded. */
export interface FrozenRunbook {
  readonly runbook: Runbook;
  readonly environment: string;
  /** Arguments of the runbook after defaults, as validated. */
  readonly arguments: JsonObject;
}

export const runStatuses = [
  'pending',
  'running',
  'paused',
  'completed',
  'failed',
  'cancelled',
  'unknown',
] as const;
export type RunStatus = (typeof runStatuses)[number];

export const stepStatuses = [
  'pending',
  'running',
  'completed',
  'failed',
  'cancelled',
  'skipped',
  'unknown',
] as const;
export type StepStatus = (typeof stepStatuses)[number];

/** One execution that was asked for. At most one exists of each step, phase and attempt. */
export interface Work {
  /** `<step>:<phase>:<attempt>`, unique in the run; the tail of its idempotency key. */
  readonly key: string;
  readonly step: string;
  readonly phase: WorkPhase;
  readonly attempt: number;
  readonly command: string;
  readonly arguments: JsonObject;
  /**
   * `submitting`: it was asked for, and nothing has been heard yet. `awaiting`: it waits for approvals. `absent`: found
   * after a crash never to have arrived; it may be asked for again under the same key.
   */
  readonly state: 'submitting' | 'awaiting' | 'running' | 'ended' | 'absent';
  /** True once the run wants it cancelled. */
  readonly cancelling: boolean;
  readonly requestId: string | null;
  /** How it ended. `unknown` also where it was lost. */
  readonly status: FinalStatus | null;
  /** Why it did not pass, in words; null where it did, or is not over. */
  readonly problem: string | null;
}

/** Why a step was skipped. Those that need it go on after the first two, and are blocked themselves after the others. */
export type SkipCause = 'condition' | 'person' | 'blocked' | 'stopped';

export interface StepState {
  readonly name: string;
  readonly status: StepStatus;
  /** What it is at while it is running, and where it ended; null before. */
  readonly phase: Phase | null;
  /** From 1; each retry by a person is another. */
  readonly attempt: number;
  /** What its command will get: known once its checks have passed. */
  readonly arguments: JsonObject | null;
  /** Digest of what a confirmation is for, while one is waited for or was given in this attempt. */
  readonly confirmation: { readonly digest: string; readonly by: string | null } | null;
  readonly skipped: SkipCause | null;
  /** Why it is as it is, in words. */
  readonly problem: string | null;
  /** Place in the order in which commands of steps ended well, from 1; null where its command did not. Rollback goes backwards. */
  readonly ran: number | null;
  /** The fields of its result that the runbook refers to, by path (`a.b`). What is not there was absent. */
  readonly values: readonly { readonly path: string; readonly value: JsonValue }[];
  readonly rollback: {
    readonly status: 'none' | 'pending' | 'running' | 'completed' | 'failed' | 'unknown';
    readonly attempt: number;
    readonly problem: string | null;
  };
}

/** Where a run is heading once it does not go forward. */
export interface Ending {
  readonly as: 'failed' | 'cancelled';
  /** `finish`: steps under way go to their end. `drain`: their executions are cancelled. `rollback`: steps are rolled back. */
  readonly how: 'finish' | 'drain' | 'rollback';
  readonly thenRollback: boolean;
  readonly why: string;
}

/** All that a run is. Plain JSON: it comes back the same from a store. */
export interface RunbookState {
  readonly version: 1;
  /** Counts the events that changed it. */
  readonly sequence: number;
  readonly status: RunStatus;
  /** Why it is paused; null where it is not. */
  readonly paused: { readonly by: string; readonly reason: string } | null;
  readonly ending: Ending | null;
  /** In the order in which they run. */
  readonly steps: readonly StepState[];
  /** Everything that was ever asked for, oldest first. */
  readonly work: readonly Work[];
}

/** True once nothing happens any more by itself. A `failed` run can be taken up again by a person, the others never. */
export function isOver(status: RunStatus): status is 'completed' | 'failed' | 'cancelled' {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

export function workKey(step: string, phase: WorkPhase, attempt: number): string {
  return `${step}:${phase}:${attempt}`;
}
