/**
 * What every face says of an execution that awaits approval: what is still needed, and where it is given.
 * In: the view of the desk. Out: plain JSON. Never: a failure of its own; the execution is on record whatever this finds.
 */
import { ReeveError } from '../core/errors.ts';
import type { Execution } from '../core/execution.ts';
import type { Caller } from '../core/principal.ts';
import type { ApprovalView, Gateway, StageView } from '../gateway/gateway.ts';
import { type ApprovalNote, timeOf } from './answer.ts';

export function noteOf(view: ApprovalView): ApprovalNote {
  return {
    openStage: view.openStage,
    stages: view.stages.map((stage) => ({
      role: stage.role,
      count: stage.count,
      approved: approvalsIn(stage),
      state: stage.state,
    })),
    expiresAt: timeOf(view.expiresAt),
    page: view.page,
  };
}

export function approvalsIn({ answers }: StageView): number {
  return answers.filter((a) => a.verdict === 'approve').length;
}

/** The note where the execution awaits approval and the desk shows it to the caller; null otherwise. */
export async function noteIfWaiting(
  gateway: Gateway,
  caller: Caller,
  { requestId, status }: Execution,
): Promise<ApprovalNote | null> {
  const view = status === 'awaiting_approval' ? await viewIfAny(gateway, caller, requestId) : null;
  return view === null ? null : noteOf(view);
}

/** The view of an execution that may never have needed approval, or may be nobody's to see; then null. */
export async function viewIfAny(
  gateway: Gateway,
  caller: Caller,
  requestId: string,
): Promise<ApprovalView | null> {
  try {
    return await gateway.approvals.show(caller, requestId);
  } catch (error) {
    if (error instanceof ReeveError) return null;
    throw error;
  }
}

/** `1 of 2 approvals by ops_lead`, of the open stage; null where none is open. */
export function openStageText({ openStage, stages }: ApprovalNote): string | null {
  const stage = openStage === null ? undefined : stages[openStage];
  if (stage === undefined) return null;
  const left = stage.count - stage.approved;
  const which = stages.length === 1 ? '' : ` (stage ${openStage! + 1} of ${stages.length})`;
  return `${left} ${left === 1 ? 'approval' : 'approvals'} by ${stage.role}${which}`;
}
