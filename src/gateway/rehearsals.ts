/**
 * What the desk of rehearsals takes and gives: runs of declared commands in copies of a workspace. No meaning here, only form.
 * Never: the path of a copy taken from whoever asks; a copy is known by its id alone, and to whoever prepared it.
 */
import type { Execution, RehearsalNote } from '../core/execution.ts';
import type { JsonObject } from '../core/json.ts';
import type { StoredOutput } from '../core/ports.ts';
import type { Caller } from '../core/principal.ts';

/** `commands`: those that are to run in the copies; policy decides about each of them (`assure`) before anything is copied. */
export interface CopyRequest {
  readonly commands: readonly string[];
  readonly environment: string;
  /** How many copies, all alike: 1 to 4. */
  readonly copies: number;
  /** What for, and its id: on record with a refusal. */
  readonly for: RehearsalNote['for'];
  readonly of: string;
}

/** A copy of a workspace that is the caller's until it is released. Paths are absolute, on this host. */
export interface RehearsalCopy {
  readonly id: string;
  readonly environment: string;
  /** The copy itself: what runs in it sees it as its workspace. To be looked at, never to be handed back. */
  readonly workspace: string;
  /** An empty folder beside it that no run sees, for whoever looks at what a run left. */
  readonly scratch: string;
  /** Ends what still runs in it and removes it. Safe to repeat. */
  release(): Promise<void>;
}

export interface RehearsalRequest {
  readonly command: string;
  readonly arguments: JsonObject;
  /** The id of a copy that this caller has prepared; its environment is the copy's. */
  readonly copy: string;
  /** Runs `assurance.cli` instead of `run`. */
  readonly cli: boolean;
  /** The time limit that is asked for; left out, the command's own default. */
  readonly timeoutSeconds?: number | null;
  /** What for, and its id: both are on record. */
  readonly for: RehearsalNote['for'];
  readonly of: string;
}

export interface Rehearsed {
  readonly execution: Execution;
  readonly output: StoredOutput;
}

export interface RehearsalDesk {
  /**
   * Copies the workspace of an environment, so often, all from one state of it. Throws Refusal: COMMAND_NOT_ALLOWED where policy
   * does not permit `assure` for one of the commands, INVALID_REQUEST where one may not be rehearsed (with the field to declare),
   * CONFLICT where the workspace was written to meanwhile, and where it is too large.
   */
  prepare(caller: Caller, request: CopyRequest): Promise<readonly RehearsalCopy[]>;
  /**
   * Runs a declared command in a copy, decided, sandboxed and on record like any other, without approvals: nothing outside
   * the copy can be touched. Throws Refusal where it never started; what started is answered however it ended.
   */
  run(caller: Caller, request: RehearsalRequest): Promise<Rehearsed>;
}
