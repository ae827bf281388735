/** What was seen of a run that is over, and the form in which its ending is told. No judgement in here. */
import type { Limits } from '../core/command.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Outcome } from '../core/execution.ts';
import type { AtLimit } from './brink.ts';
import type { Grown } from './growth.ts';

/** Why the gateway itself ended the run, and how the command took it. */
export interface Stop {
  readonly reason: 'timeout' | 'cancelled' | 'output' | 'cpu' | 'workspace';
  /** What the one who cancelled said. */
  readonly text: string;
  readonly graceMs: number;
  /** `killed`: SIGTERM was not enough, or not tried (`graceMs` 0). */
  readonly manner: 'ended-itself' | 'killed';
}

export interface Seen {
  readonly argv: readonly string[];
  readonly workingDirectory: string;
  readonly uid: number;
  readonly limits: Limits;
  readonly timeoutMs: number;
  readonly stop: Stop | null;
  /** False where something of the run could not be proven dead. */
  readonly gone: boolean;
  /** The end of the process that was started: bubblewrap, or without a sandbox the command itself. */
  readonly process: { readonly code: number | null; readonly signal: string | null };
  /** Whoever started the process went away, so its end is not known: before the command was let in, or after. */
  readonly lost?: 'before' | 'during' | null;
  /** What bubblewrap told; null without a sandbox. */
  readonly sandbox: { readonly childPid: number | null; readonly exitCode: number | null } | null;
  readonly oomKills: number;
  readonly refusedForks: number;
  /** By how much the workspace grew, if that is more than it may. */
  readonly grown: Grown | null;
  /** Limits that a process was seen at, while it ran. */
  readonly atLimit: AtLimit;
  /** What is known besides the exit code that bears 152, 153 and 159 out. */
  readonly proof: { readonly cpu: boolean; readonly fileSize: boolean; readonly syscall: boolean };
  /** The interpreter that the executable's first line names, if any. */
  readonly interpreter: string | null;
  /** The beginning of standard error. */
  readonly stderr: string;
}

export type End = Pick<Outcome, 'status' | 'exitCode' | 'signal' | 'errorCode' | 'errorMessage'>;

export interface OwnEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export const partial = 'The workspace may hold partial work.';

export function failed(own: OwnEnd, errorCode: ErrorCode, errorMessage: string): End {
  return { status: 'failed', ...own, errorCode, errorMessage };
}
