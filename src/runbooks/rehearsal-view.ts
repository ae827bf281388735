/** A drill of a runbook as people and programs see it: plain JSON. */
import type { Execution } from '../core/execution.ts';
import type { RunStatus, StepStatus } from '../core/runbook.ts';

/** `id` names the rehearsal in each of its requests. Times in milliseconds. */
export interface RehearsalView {
  readonly id: string;
  readonly runbook: string;
  readonly environment: string;
  /** As what a run would have ended. */
  readonly status: RunStatus;
  readonly durationMs: number;
  readonly steps: readonly {
    readonly name: string;
    readonly command: string;
    readonly status: StepStatus;
    readonly skipped: string | null;
    readonly problem: string | null;
    /** Whether it was undone in the copy, where that was due. */
    readonly rollback: string;
    /** Approvals and confirmations that the real one waits for, and the rehearsal did not. */
    readonly confirmed: boolean;
    readonly requests: readonly {
      readonly requestId: string;
      readonly phase: string;
      readonly command: string;
      readonly status: Execution['status'];
    }[];
  }[];
}
