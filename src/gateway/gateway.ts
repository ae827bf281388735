/**
 * What every face speaks to, whether the gateway is in this process or behind REST. All refusals are thrown as
 * `Refusal` (a ReeveError with the request id under which it is on record) by `submit`, as ReeveError by the rest.
 */
import type { ApprovalStage, Command, TimeLimit } from '../core/command.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Entry } from '../core/entry.ts';
import type { ErrorCode, ReeveError, Refusal } from '../core/errors.ts';
import type { Execution, LimitReport } from '../core/execution.ts';
import type { JsonObject } from '../core/json.ts';
import type { ExecutionFilter, ExecutionPage, StoredOutput } from '../core/ports.ts';
import type { Caller, Trust } from '../core/principal.ts';
import type { SecretUse } from '../core/secret.ts';

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

/** What a principal may ask for. `parameters` is the closed JSON Schema of the arguments object alone. */
export interface Listing {
  readonly name: string;
  readonly tool: string;
  readonly title: string;
  readonly description: string;
  readonly owner: string;
  readonly risk: Command['risk'];
  readonly priority: number | null;
  readonly usageFrequency: string | null;
  readonly automationCoverage: number | null;
  readonly complianceNotes: string | null;
  readonly reviewCadenceMs: number | null;
  readonly rollback: string | null;
  readonly parameters: JsonObject;
  readonly environments: readonly string[];
  readonly defaultEnvironment: string | null;
  readonly timeout: TimeLimit;
  readonly approvals: readonly ApprovalStage[];
  readonly guardrails: readonly string[];
  readonly dependencies: readonly string[];
  /** What the gateway gives it besides its arguments: names, never values. */
  readonly secrets: readonly SecretUse[];
  readonly network: Command['network'];
  readonly workspace: Command['workspace'];
}

/** What would happen, without running it. `refusal` is null where it would run now. */
export interface PlanReport {
  readonly command: string;
  readonly environment: string;
  readonly decision: 'permit' | 'deny' | 'needs-approval';
  readonly policies: readonly string[];
  readonly approvals: readonly ApprovalStage[];
  readonly refusal: { readonly code: ErrorCode; readonly message: string } | null;
  readonly argv: readonly string[];
  readonly arguments: JsonObject;
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
  /** In plain words, one a line: a broken reload, an unwritable record, no sandbox, frozen. */
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

export interface Gateway {
  /** Decides, records and queues. Resolves as soon as the execution is on record; throws Refusal otherwise. */
  submit(caller: Caller, request: ExecuteRequest): Promise<Execution>;
  /** Records a call that a face could not even parse, and gives the refusal to answer with; throws if it cannot. */
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
  /** One's own executions, or everybody's for an auditor. */
  audit(caller: Caller, filter: ExecutionFilter): Promise<ExecutionPage>;
  inventory(caller: Caller): Promise<readonly Listing[]>;

  health(): Promise<Health>;
  freeze(caller: Caller, reason: string): Promise<void>;
  unfreeze(caller: Caller): Promise<void>;
  reload(caller: Caller): Promise<ReloadReport>;
  close(): Promise<void>;
}
