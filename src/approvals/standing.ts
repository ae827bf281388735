/**
 * How far a sequence of approvals has come. In: its stages and the answers so far. Out: which stage is open, which are
 * granted. Pure. Never: one person counted twice, an answer counted for another stage or digest than it was given for.
 */
import type { Answer, ApprovalRequest } from '../core/approval.ts';

export type StageState = 'granted' | 'open' | 'waiting' | 'rejected';

export interface Standing {
  readonly stages: readonly { readonly state: StageState; readonly answers: readonly Answer[] }[];
  /** The stage that takes answers now, counted from 0; null where all are granted or one was rejected. */
  readonly open: number | null;
  readonly granted: boolean;
}

export function standing(
  request: Pick<ApprovalRequest, 'requestId' | 'digest' | 'stages'>,
  answers: readonly Answer[],
): Standing {
  const mine = answers.filter(
    (a) => a.requestId === request.requestId && a.digest === request.digest,
  );
  let open: number | null = null;
  let rejected = false;
  const stages = request.stages.map((stage, index) => {
    const here = mine.filter((a) => a.stage === index);
    const approvers = new Set(here.filter((a) => a.verdict === 'approve').map((a) => a.approver));
    // A later stage cannot be granted before an earlier one, whatever is on record.
    if (open !== null || rejected) return { state: 'waiting' as const, answers: here };
    if (here.some((a) => a.verdict === 'reject')) {
      rejected = true;
      return { state: 'rejected' as const, answers: here };
    }
    if (approvers.size >= stage.count) return { state: 'granted' as const, answers: here };
    open = index;
    return { state: 'open' as const, answers: here };
  });
  return Object.freeze({ stages, open, granted: open === null && !rejected });
}
