/** What every face asks of runbooks. Plain values in and out; refusals are thrown as ReeveError. No meaning here, only form. */
import type { Risk } from '../core/command.ts';
import type { Entry } from '../core/entry.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Caller } from '../core/principal.ts';
import type { RunStatus } from '../core/runbook.ts';
import type { Resolution } from '../core/runbook-event.ts';
import type { RunbookPlan } from './plan.ts';
import type { RehearsalView } from './rehearsal-view.ts';
import type { RunView } from './view.ts';

/** A runbook that a caller may start: all of its commands are in sight. `parameters` is a closed JSON Schema. */
export interface RunbookListing {
  readonly name: string;
  readonly tool: string;
  readonly title: string;
  readonly description: string;
  readonly owner: string;
  readonly risk: Risk;
  readonly parameters: JsonObject;
  readonly environments: readonly string[];
  readonly defaultEnvironment: string | null;
  readonly timeoutMs: number;
  readonly approvals: 'per-step' | 'whole';
  readonly guardrails: readonly string[];
  readonly steps: readonly {
    readonly name: string;
    readonly title: string;
    readonly command: string;
    readonly risk: Risk;
    readonly needs: readonly string[];
    readonly rollback: string | null;
  }[];
  readonly hash: string;
}

export interface StartRequest {
  readonly runbook: string;
  readonly arguments: JsonObject;
  /** Null for the runbook's own, then the configuration's. */
  readonly environment: string | null;
  /** Of a start: the same key and request lead to the same run, for a day at least and as long as that is open. */
  readonly idempotencyKey?: string | null;
}

/** What one call of a plan would be, where its arguments are known before the run. */
export interface PlannedArgv {
  readonly step: string;
  readonly phase: string;
  readonly command: string;
  readonly argv: readonly string[];
  /** JSON that goes to its standard input; null where none does, or it is no JSON. */
  readonly input: JsonValue;
  readonly decision: 'permit' | 'deny' | 'needs-approval' | null;
  readonly refusal: { readonly code: ErrorCode; readonly message: string } | null;
}

export interface RunbookPlanView extends RunbookPlan {
  readonly calls: readonly PlannedArgv[];
  /** Mermaid. */
  readonly graph: string;
  /** The run that holds the lock of the runbook in this environment; null where it could start. */
  readonly openRun: { readonly runId: string | null; readonly status: RunStatus } | null;
}

export interface RunsFilter {
  readonly runbook?: string;
  readonly environment?: string;
  readonly status?: RunStatus;
  readonly limit: number;
  readonly before?: string;
}
export interface RunsPage {
  readonly runs: readonly RunView[];
  readonly nextCursor: string | null;
}

/** `revision`: which change of the run was seen; refused with CONFLICT where it is another one by now. Left out: any. */
export interface Steering {
  readonly reason: string;
  readonly revision?: number | null;
}

/**
 * Runbooks and their runs. Who may not see one gets REQUEST_NOT_FOUND. Agents start, pause and cancel runs of their own;
 * whatever answers for a step (confirm, retry, skip, resolve, rollback) is for people. Two who act at once: the second gets
 * CONFLICT, with what the first did.
 */
export interface RunbookDesk {
  list(caller: Caller): Promise<readonly RunbookListing[]>;
  plan(caller: Caller, request: StartRequest): Promise<RunbookPlanView>;
  /** All of it in a copy of the workspace, without approvals and confirmations. Policy decides `assure` for each command. */
  rehearse(caller: Caller, request: StartRequest): Promise<RehearsalView>;
  /** Resolves as soon as the run is on record. */
  start(caller: Caller, request: StartRequest): Promise<RunView>;
  runs(caller: Caller, filter: RunsFilter): Promise<RunsPage>;
  show(caller: Caller, runId: string): Promise<RunView>;
  entries(caller: Caller, runId: string): Promise<readonly Entry[]>;
  /** As it stands, and whenever that changes, until it is over or the signal comes. */
  watch(caller: Caller, runId: string, signal?: AbortSignal): AsyncIterable<RunView>;

  pause(caller: Caller, runId: string, steering: Steering): Promise<RunView>;
  resume(caller: Caller, runId: string, steering: Steering): Promise<RunView>;
  cancel(
    caller: Caller,
    runId: string,
    steering: Steering & {
      readonly when: 'now' | 'after-step';
      readonly thenRollback: boolean;
    },
  ): Promise<RunView>;
  /** `digest` is what was shown; the step `whole` is all of a run whose runbook says `approvals: whole`. */
  confirm(
    caller: Caller,
    runId: string,
    steering: Steering & { readonly step: string; readonly digest: string },
  ): Promise<RunView>;
  retry(
    caller: Caller,
    runId: string,
    steering: Steering & { readonly step: string },
  ): Promise<RunView>;
  skip(
    caller: Caller,
    runId: string,
    steering: Steering & { readonly step: string },
  ): Promise<RunView>;
  resolve(
    caller: Caller,
    runId: string,
    steering: Steering & { readonly step: string; readonly as: Resolution },
  ): Promise<RunView>;
  /** Undoes what a failed run has done. */
  rollback(caller: Caller, runId: string, steering: Steering): Promise<RunView>;
}
