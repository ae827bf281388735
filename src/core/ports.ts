/** What the inner rooms ask of the outside: time, identifiers, storage. Implemented elsewhere, wired in main. */
import type { ApprovalRequest } from './approval.ts';
import type { AssuranceStore } from './assurance-ports.ts';
import type { Entry, EntryDraft } from './entry.ts';
import type { ReeveError } from './errors.ts';
import type { Execution, ExecutionStatus, FinalStatus, Outcome } from './execution.ts';
import type { IdempotencyKey } from './idempotency-key.ts';
import type { ApprovalStore, CredentialStore } from './people-ports.ts';
import type { StructuredResult } from './result.ts';
import type { RetentionStore } from './retention-ports.ts';
import type { RunbookStore } from './runbook-ports.ts';

/** `now` is milliseconds since 1970 (UTC); `monotonic` is milliseconds on a clock that never goes back. */
export interface Clock {
  now(): number;
  monotonic(): number;
}

/** `requestId` is unguessable and URL-safe. */
export interface Ids {
  requestId(): string;
}

export type AcceptResult =
  | { readonly kind: 'accepted'; readonly execution: Execution }
  /** The same key and body, or the same step of a run, came before: the execution that it led to. */
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

/** What was read of standard output goes with it, and expires with it. */
export interface StoredOutput extends StructuredResult {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly stdoutTotal: number;
  readonly stderrTotal: number;
  readonly stdoutTruncated: boolean;
  readonly stderrTruncated: boolean;
}

/**
 * State and record in one place: every method that changes something commits the change and its entries in one
 * transaction, or throws ReeveError AUDIT_UNAVAILABLE and has changed nothing. What it commits survives the end of this
 * process, and a power cut, too, except where a method says that `durable` has to be waited for.
 */
export interface Store {
  /** Requests for approval and their answers. */
  readonly approvals: ApprovalStore;
  /** Tokens, passkeys, enrolment codes. */
  readonly credentials: CredentialStore;
  /** What expires, and what is held. */
  readonly retention: RetentionStore;
  /** Evidence that tools do what the command line does. */
  readonly assurance: AssuranceStore;
  /** Runs of runbooks. */
  readonly runbooks: RunbookStore;

  /**
   * Records a new execution (`queued`, `awaiting_approval` or already `rejected`) with its first entries. `approval` is
   * given where, and only where, it awaits approval. One that is `queued` is safe from a power cut once `durable` resolves.
   */
  accept(
    execution: Execution,
    entries: readonly EntryDraft[],
    idempotency: IdempotencyKey | null,
    approval?: ApprovalRequest | null,
  ): AcceptResult;
  /** The execution that an idempotency key of this principal led to, if any. */
  replay(principal: string, idempotency: IdempotencyKey): AcceptResult | null;
  /**
   * Compare-and-set `queued` → `running` on owner and fence, with the intent entry. After this, only a person restarts it.
   * No process before `durable` has resolved.
   */
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
  /**
   * Compare-and-set to `running`'s end, with output, what was read of it (nothing unless told) and outcome entry. False if
   * somebody else has settled it. No answer before `durable` has resolved.
   */
  finish(
    requestId: string,
    fence: number,
    at: number,
    outcome: Outcome,
    entry: EntryDraft,
    result?: StructuredResult,
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

  /**
   * Resolves once everything that this process has committed so far is safe from a power cut; `anyone`: what other
   * processes have committed, too, which is what may be told to the outside of entries that were read. Many wait for one
   * sync. Rejects with AUDIT_UNAVAILABLE where it cannot be; then it may be asked again, and may succeed.
   */
  durable(whose?: 'own' | 'anyone'): Promise<void>;
  /** Throws AUDIT_UNAVAILABLE unless a durable write succeeds now. */
  probe(): void;
  close(): void;
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
