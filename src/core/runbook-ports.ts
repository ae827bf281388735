/** What the inner rooms ask of the outside about runs of runbooks: one row a run, changed by one hand at a time. */
import type { EntryDraft } from './entry.ts';
import type { Execution, StepOrigin } from './execution.ts';
import type { IdempotencyKey } from './idempotency-key.ts';
import type { Caller, Trust } from './principal.ts';
import type { FrozenRunbook, RunbookState, RunStatus } from './runbook.ts';

/** A run as the store keeps it. Times in milliseconds since 1970. */
export interface RunbookRun {
  readonly id: string;
  /** Never changes, except that its arguments are gone (`{}`) once they have expired. */
  readonly frozen: FrozenRunbook;
  /** Who started it, as the caller was; decided anew with what it may at every step. */
  readonly caller: Caller;
  readonly trust: Trust;
  readonly state: RunbookState;
  /** Counts the changes. */
  readonly revision: number;
  /** The process that drives it, and how often it changed hands. */
  readonly owner: string;
  readonly fence: number;
  readonly startedAt: number;
  readonly updatedAt: number;
  /** When it was over last; null while it is not. */
  readonly finishedAt: number | null;
  /** How long it was not waiting for people, up to `activeSince`; that is null while it is. */
  readonly activeMs: number;
  readonly activeSince: number | null;
  /** 32 random bytes, base64url, that keep commitments from being guessed back. Never shown by any face. */
  readonly salt: string | null;
  readonly payloadsExpiredAt: number | null;
}

/** Newest first. `before` is the cursor of the page before; null fits all. */
export interface RunFilter {
  readonly runbook: string | null;
  readonly environment: string | null;
  readonly status: RunStatus | null;
  /** Only what this principal started, or an agent on its behalf. */
  readonly principal: string | null;
  readonly limit: number;
  readonly before: string | null;
}
export interface RunPage {
  readonly runs: readonly RunbookRun[];
  readonly nextCursor: string | null;
}

/** What one change makes of a run; its entries are committed with it. */
export interface RunChange {
  readonly state: RunbookState;
  readonly at: number;
  readonly finishedAt: number | null;
  readonly activeMs: number;
  readonly activeSince: number | null;
  readonly entries: readonly EntryDraft[];
}

export type BeginResult =
  | { readonly kind: 'begun' }
  /** The same key and body came before: the run that it led to. */
  | { readonly kind: 'replayed'; readonly run: RunbookRun }
  /** The same key came before with another body, or for a call of a command. */
  | { readonly kind: 'conflict'; readonly requestId: string };

export interface RunbookStore {
  /**
   * Throws CONFLICT where the id is taken, or another run of the runbook is not over in this environment. With a key that came
   * before nothing is written. Keys are shared with executions: what one led to is another body for the other.
   */
  start(
    run: RunbookRun,
    entries: readonly EntryDraft[],
    idempotency?: IdempotencyKey | null,
  ): BeginResult;
  /** What an idempotency key of this principal led to, if anything. */
  replay(
    principal: string,
    idempotency: IdempotencyKey,
  ): Exclude<BeginResult, { kind: 'begun' }> | null;
  run(id: string): RunbookRun | null;
  runs(filter: RunFilter): RunPage;
  /** The run that holds the lock of a runbook in an environment. */
  openRun(runbook: string, environment: string): RunbookRun | null;
  /** Every run that is not over, oldest first: who drives it, and nothing else. */
  open(): readonly { readonly id: string; readonly owner: string; readonly fence: number }[];
  /** Where it stands, cheaply; null where there is no such run. */
  revision(id: string): number | null;
  /**
   * One change in one transaction: `judge` is given what is on record at this moment, with everybody else held off, and says
   * what to write; null writes nothing. What it throws is thrown, and nothing is written. Throws REQUEST_NOT_FOUND where
   * there is no such run, CONFLICT where it would be open again while another run of the runbook is.
   */
  change(id: string, judge: (run: RunbookRun) => RunChange | null): RunbookRun;
  /**
   * Not over, its owner gone: it passes on under the next fence. Null unless owner and fence are still these. Whoever calls
   * it has made sure that the owner is not alive. The time in which nobody drove it does not count: it works again from `at`.
   */
  takeOver(
    id: string,
    from: { readonly owner: string; readonly fence: number },
    to: string,
    at: number,
  ): RunbookRun | null;
  /** What was asked for as this, if anything: of several the newest, and all but that never started. */
  execution(origin: StepOrigin): Execution | null;
  /** All that a run asked for, oldest first. */
  executions(run: string): readonly Execution[];
}
