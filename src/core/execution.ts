/** The life of a request, from the moment it is asked to its end, and which step may follow which. */
import type { LimitName, Risk } from './command.ts';
import type { ErrorCode } from './errors.ts';
import type { JsonObject } from './json.ts';
import type { Face, Trust } from './principal.ts';
import type { WorkPhase } from './runbook-phase.ts';

export const finalStatuses = [
  'rejected',
  'ok',
  'failed',
  'timeout',
  'cancelled',
  'unknown',
] as const;
export const openStatuses = ['awaiting_approval', 'queued', 'running'] as const;
export const executionStatuses = [...openStatuses, ...finalStatuses] as const;
export type FinalStatus = (typeof finalStatuses)[number];
export type OpenStatus = (typeof openStatuses)[number];
export type ExecutionStatus = (typeof executionStatuses)[number];

const successors: Readonly<Record<ExecutionStatus, readonly ExecutionStatus[]>> = Object.freeze({
  awaiting_approval: ['queued', 'rejected', 'cancelled'],
  queued: ['running', 'rejected', 'cancelled'],
  running: ['ok', 'failed', 'timeout', 'cancelled', 'unknown'],
  rejected: [],
  ok: [],
  failed: [],
  timeout: [],
  cancelled: [],
  unknown: [],
});

/** True where the second status may follow the first. */
export function mayFollow(from: ExecutionStatus, to: ExecutionStatus): boolean {
  return successors[from].includes(to);
}

export function isFinal(status: ExecutionStatus): status is FinalStatus {
  return successors[status].length === 0;
}

/** What a run used, as far as the host can tell; null where it cannot. Times in milliseconds, memory in bytes. */
export interface Usage {
  readonly cpuMs: number | null;
  readonly peakMemory: number | null;
  readonly peakProcesses: number | null;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}

export type SandboxTier = 'bubblewrap+cgroup' | 'bubblewrap' | 'unsandboxed';

/** How a run was held: the tier, and every limit that was asked for and could not be enforced. */
export interface LimitReport {
  readonly tier: SandboxTier;
  readonly enforced: readonly LimitName[];
  readonly degraded: readonly LimitName[];
}

/** One stream, bounded: `bytes` is what was kept (head, mark and tail when truncated), `total` what the command wrote. */
export interface StreamOutput {
  readonly bytes: Uint8Array;
  readonly total: number;
  readonly truncated: boolean;
}

/** How a run ended. `exitCode` and `signal` are the command's own, never both. */
export interface Outcome {
  readonly status: 'ok' | 'failed' | 'timeout' | 'cancelled' | 'unknown';
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  readonly stdout: StreamOutput;
  readonly stderr: StreamOutput;
  readonly usage: Usage;
  readonly sandbox: LimitReport;
  /** Milliseconds from the start of the process to its end. */
  readonly durationMs: number;
}

/** What a run in a copy of the workspace is for, and the id of that: it is no real run, and counts as none. */
export const rehearsalPurposes = ['assurance', 'runbook'] as const;
export interface RehearsalNote {
  readonly for: (typeof rehearsalPurposes)[number];
  readonly of: string;
}

/** In words, for people: not a run of the real thing. */
export function describeRehearsal({ for: purpose, of }: RehearsalNote): string {
  return `A rehearsal for ${purpose} ${of}: it ran in a copy of the workspace, which itself was not touched`;
}

/** Which step of which run of a runbook it was asked for. Of each at most one exists that could ever have started. */
export interface StepOrigin {
  readonly run: string;
  readonly step: string;
  readonly phase: WorkPhase;
  /** From 1. */
  readonly attempt: number;
}

/** In words, for people. */
export function describeStep({ run, step, phase, attempt }: StepOrigin): string {
  const which = phase === 'run' ? step : `${step}, ${phase}`;
  return `step ${which} of run ${run}${attempt === 1 ? '' : `, attempt ${attempt}`}`;
}

/** One request as the store keeps it. Times are milliseconds since 1970 (UTC). */
export interface Execution {
  readonly requestId: string;
  readonly status: ExecutionStatus;
  /** Null where the request was refused before a command could be made out. */
  readonly command: string | null;
  readonly tool: string | null;
  readonly environment: string | null;
  readonly risk: Risk | null;
  readonly principal: string;
  readonly onBehalfOf: string | null;
  readonly face: Face;
  readonly client: string | null;
  readonly trust: Trust;
  readonly arguments: JsonObject | null;
  readonly parametersHash: string | null;
  readonly argv: readonly string[] | null;
  readonly digest: string | null;
  readonly workingDirectory: string | null;
  readonly timeoutMs: number | null;
  readonly policies: readonly string[];
  readonly concurrencyKey: string | null;
  readonly owner: string;
  readonly fence: number;
  readonly requestedAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  readonly usage: Usage | null;
  readonly sandbox: LimitReport | null;
  /** 32 random bytes, base64url, that keep the commitments in entries from being guessed back. Never shown by any face. */
  readonly salt: string | null;
  /** When retention took its output; its payload (arguments, argv, working directory, hashes, salt, output). */
  readonly outputExpiredAt: number | null;
  readonly payloadsExpiredAt: number | null;
  /** Null for a real run. */
  readonly rehearsal: RehearsalNote | null;
  /** Null for what no runbook asked for. Set by the gateway alone, never by whoever asks. */
  readonly step: StepOrigin | null;
}

/** Ends by which the gateway itself kept a request from starting: nothing ran, and it may be asked for once more. */
export const neverStartedCodes = ['HOST_LOST', 'SHUTTING_DOWN', 'FROZEN'] as const;

/** True where it ended before its intent was on record, for no reason of its own. */
export function neverStarted({ status, startedAt, errorCode }: Execution): boolean {
  const codes: readonly (ErrorCode | null)[] = neverStartedCodes;
  return isFinal(status) && startedAt === null && codes.includes(errorCode);
}
