/**
 * What every face answers with: an execution and its output, or a refusal. In: values of core. Out: plain JSON.
 * Never: a stack, a byte of output lost on the way (what is not UTF-8 comes as base64 too), an owner's process name.
 */
import { isUtf8 } from 'node:buffer';
import {
  type ErrorCode,
  type ErrorDetail,
  errorTable,
  httpStatusOf,
  type ReeveError,
  Refusal,
} from '../core/errors.ts';
import type { Execution, ExecutionStatus } from '../core/execution.ts';
import type { JsonValue } from '../core/json.ts';
import type { StoredOutput } from '../core/ports.ts';
import type { StructuredResult } from '../core/result.ts';

/** The facts of an execution that all answers share; times are ISO 8601 in UTC. */
export type ExecutionFacts = Pick<
  Execution,
  | 'command'
  | 'tool'
  | 'environment'
  | 'risk'
  | 'principal'
  | 'onBehalfOf'
  | 'face'
  | 'client'
  | 'arguments'
  | 'parametersHash'
  | 'argv'
  | 'digest'
  | 'policies'
  | 'workingDirectory'
  | 'timeoutMs'
  | 'concurrencyKey'
  | 'rehearsal'
> & {
  /** Which step of which run of a runbook it is; null for all else. */
  readonly runbook: {
    readonly run: string;
    readonly step: string;
    readonly phase: string;
    readonly attempt: number;
  } | null;
  readonly startedAt: string | null;
  /** When retention took the output, and the rest of the payload: those fields are null or empty since. */
  readonly outputExpiredAt: string | null;
  readonly payloadsExpiredAt: string | null;
};

/** `stdout` and `stderr` are null where no output was asked for, or there is none because nothing ran. */
export interface AnswerResult extends ExecutionFacts {
  readonly requestId: string;
  readonly status: ExecutionStatus;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string | null;
  readonly stderr: string | null;
  /** The exact bytes, only where they are not UTF-8 (the text then holds replacement characters). */
  readonly stdoutBase64?: string;
  readonly stderrBase64?: string;
  /** What was read of standard output as its command declares; or why nothing was. Neither where it declares no result. */
  readonly structured?: JsonValue;
  readonly structuredProblem?: string;
  readonly truncated: boolean;
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  readonly usage: Execution['usage'];
  readonly sandbox: Execution['sandbox'];
  readonly trust: Execution['trust'];
}

/** What an execution waits for. `openStage` counts from 0, null where none takes answers now; `expiresAt` is ISO 8601. */
export interface ApprovalNote {
  readonly openStage: number | null;
  readonly stages: readonly {
    readonly role: string;
    readonly count: number;
    /** Approvals that it has. */
    readonly approved: number;
    readonly state: 'granted' | 'open' | 'waiting' | 'rejected';
  }[];
  readonly expiresAt: string;
  /** Where people answer in a browser; null where there is no such page. */
  readonly page: string | null;
}

export interface Answer {
  readonly status: ExecutionStatus;
  readonly result: AnswerResult;
  readonly meta: {
    readonly requestId: string;
    readonly requestedAt: string;
    readonly finishedAt: string | null;
    /** Milliseconds that the process lived; null where none ran, or it is not finished. */
    readonly durationMs: number | null;
  };
  /** Only while it awaits approval. */
  readonly approval?: ApprovalNote;
}

/** A refusal by RFC 9457. `message` is `detail` again, `executionStatus` says that nothing ran. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errorCode: ErrorCode;
  readonly message: string;
  readonly details: readonly ErrorDetail[];
  readonly remedy: string;
  readonly requestId?: string;
  readonly executionStatus: 'rejected';
}

/** The execution as every face shows it; `output` is null where it was not asked for. */
export function answerOf(
  execution: Execution,
  output: StoredOutput | null,
  approval: ApprovalNote | null = null,
): Answer {
  const e = execution;
  return {
    status: e.status,
    result: {
      requestId: e.requestId,
      status: e.status,
      exitCode: e.exitCode,
      signal: e.signal,
      stdout: output === null ? null : textOf(output.stdout),
      stderr: output === null ? null : textOf(output.stderr),
      ...(output === null || isUtf8(output.stdout) ? {} : { stdoutBase64: base64(output.stdout) }),
      ...(output === null || isUtf8(output.stderr) ? {} : { stderrBase64: base64(output.stderr) }),
      ...resultOf(output),
      truncated: output !== null && (output.stdoutTruncated || output.stderrTruncated),
      errorCode: e.errorCode,
      errorMessage: e.errorMessage,
      usage: e.usage,
      sandbox: e.sandbox,
      trust: e.trust,
      ...factsOf(e),
    },
    meta: {
      requestId: e.requestId,
      requestedAt: timeOf(e.requestedAt),
      finishedAt: timeOf(e.finishedAt),
      durationMs: durationOf(e),
    },
    ...(approval === null ? {} : { approval }),
  };
}

/** The members that tell of the result: at most one of them is there. */
export function resultOf(
  output: StructuredResult | null,
): Pick<AnswerResult, 'structured' | 'structuredProblem'> {
  if (output === null) return {};
  const { structured, structuredProblem } = output;
  if (structuredProblem !== null) return { structuredProblem };
  return structured === null ? {} : { structured };
}

export function factsOf(e: Execution): ExecutionFacts {
  return {
    command: e.command,
    tool: e.tool,
    environment: e.environment,
    risk: e.risk,
    principal: e.principal,
    onBehalfOf: e.onBehalfOf,
    face: e.face,
    client: e.client,
    arguments: e.arguments,
    parametersHash: e.parametersHash,
    argv: e.argv,
    digest: e.digest,
    policies: e.policies,
    workingDirectory: e.workingDirectory,
    timeoutMs: e.timeoutMs,
    concurrencyKey: e.concurrencyKey,
    rehearsal: e.rehearsal,
    runbook: e.step,
    startedAt: timeOf(e.startedAt),
    outputExpiredAt: timeOf(e.outputExpiredAt),
    payloadsExpiredAt: timeOf(e.payloadsExpiredAt),
  };
}

/** Milliseconds from the start of the process to its end. */
export function durationOf(e: Execution): number | null {
  return e.startedAt === null || e.finishedAt === null
    ? null
    : Math.max(0, e.finishedAt - e.startedAt);
}

export function problemOf(error: ReeveError | Refusal): Problem {
  const { meaning, remedy } = errorTable[error.code];
  return {
    type: `urn:reeve:error:${error.code}`,
    title: meaning,
    status: httpStatusOf(error.code),
    detail: error.message,
    errorCode: error.code,
    message: error.message,
    details: error.details,
    remedy,
    ...(error instanceof Refusal ? { requestId: error.requestId } : {}),
    executionStatus: 'rejected',
  };
}

/** ISO 8601 in UTC. A time beyond what a calendar can hold is a defect of the store, shown as the epoch's edge. */
export function timeOf(milliseconds: number): string;
export function timeOf(milliseconds: number | null): string | null;
export function timeOf(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

function textOf(bytes: Uint8Array): string {
  return view(bytes).toString('utf8');
}

function base64(bytes: Uint8Array): string {
  return view(bytes).toString('base64');
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
