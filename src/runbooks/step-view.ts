/** One step of a run as people and programs see it, and what can be done about it. Plain JSON; no meaning here, only form. */
import type { Risk } from '../core/command.ts';
import type { Execution } from '../core/execution.ts';
import type { JsonObject } from '../core/json.ts';
import type { StepState } from '../core/runbook.ts';

/** One request that the run has made. */
export interface AskedView {
  readonly requestId: string;
  readonly phase: string;
  readonly attempt: number;
  readonly command: string;
  readonly status: Execution['status'];
  readonly errorCode: string | null;
}

export interface StepView {
  readonly name: string;
  readonly title: string;
  readonly command: string;
  readonly risk: Risk;
  readonly needs: readonly string[];
  readonly status: StepState['status'];
  readonly phase: string | null;
  readonly attempt: number;
  /** What its command gets, once that is known. */
  readonly arguments: JsonObject | null;
  /** `digest` is what a confirmation is for; `by` who gave it. Null where none is waited for, or was given. */
  readonly confirmation: { readonly digest: string; readonly by: string | null } | null;
  readonly skipped: string | null;
  readonly problem: string | null;
  readonly rollback: StepState['rollback'] & { readonly command: string | null };
  /** Oldest first. */
  readonly requests: readonly AskedView[];
}

/** The name by which the whole run is confirmed, where its runbook says `approvals: whole`. No step is called so. */
export const whole = 'whole';

/** What a person, or whoever started it, can do now. `verb` as the command line and the desk call it. */
export interface Move {
  readonly verb:
    | 'confirm'
    | 'pause'
    | 'resume'
    | 'cancel'
    | 'retry'
    | 'skip'
    | 'resolve'
    | 'rollback'
    | 'approve';
  readonly step: string | null;
  readonly requestId: string | null;
  readonly why: string;
}
