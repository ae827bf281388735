/**
 * One answer, considered: the only way from `awaiting_approval` to `queued`. In: what is on record, the answer, who gives
 * it, the time. Out: what to write. Pure. Throws for every answer that does not count; then nothing is written.
 */
import type { Answer, Proof, ProofKind, Verdict } from '../core/approval.ts';
import { ReeveError } from '../core/errors.ts';
import type { AnswerStep, ApprovalState } from '../core/people-ports.ts';
import type { Principal } from '../core/principal.ts';
import { visibleLine } from '../core/text.ts';
import { objectionTo, strangerTo } from './entitlement.ts';
import { standing } from './standing.ts';

export interface Attempt {
  /** With the roles that he holds at this moment. */
  readonly approver: Principal;
  readonly verdict: Verdict;
  /** Null: the one that is open. */
  readonly stage: number | null;
  readonly digest: string;
  readonly reason: string;
  readonly proof: Proof;
}

export interface Rules {
  /** Proofs that are taken for a role, at the risk of this request. */
  readonly proofs: (role: string) => readonly ProofKind[];
  readonly startWithinMs: number;
  /** The process that carries it once it is granted. */
  readonly owner: string;
}

export const longestReason = 2_000;

/** Time never runs back within a request, whatever the clock does: milliseconds since 1970. */
export function timeOf({ execution, answers }: ApprovalState, now: number): number {
  return Math.max(now, execution.requestedAt, ...answers.map((a) => a.at));
}

/** The stage that the answer is for, after everything that does not depend on the proof. */
export function stageFor(
  state: ApprovalState,
  attempt: Omit<Attempt, 'proof' | 'reason'>,
  now: number,
): number {
  const { execution, request, answers } = state;
  if (execution.status !== 'awaiting_approval') throw closed(state);
  if (timeOf(state, now) >= request.expiresAt) {
    throw new ReeveError(
      'CONFLICT',
      'The time for answers to this request is over, so it is refused. It has to be asked for again.',
    );
  }
  const stranger = strangerTo(request, attempt.approver);
  if (stranger !== null) throw stranger;
  if (attempt.digest !== request.digest) {
    throw new ReeveError(
      'CONFLICT',
      'digest: your answer is about something else than what awaits approval. Look at the request again, and answer with the digest that you see.',
      [{ field: 'digest', problem: 'is of something else', expected: request.digest }],
    );
  }
  const { open } = standing(request, answers);
  if (open === null) throw closed(state);
  const stage = attempt.stage ?? open;
  if (!Number.isInteger(stage) || stage < 0 || stage >= request.stages.length) {
    throw new ReeveError(
      'INVALID_REQUEST',
      `stage: there is no such stage; this request has stages 0 to ${request.stages.length - 1}.`,
      [{ field: 'stage', problem: 'there is none' }],
    );
  }
  if (stage > open || (attempt.stage === null && isOfLater(state, open, attempt.approver))) {
    throw new ReeveError(
      'APPROVAL_OUT_OF_ORDER',
      `Stage ${open + 1} (${request.stages[open]!.role}) is still open and comes first. Answer once it is granted.`,
    );
  }
  if (stage < open) {
    throw new ReeveError('CONFLICT', `Stage ${stage + 1} is granted already; nothing was changed.`);
  }
  const objection = objectionTo(request, request.stages[stage]!, attempt.approver, answers);
  if (objection !== null) throw objection;
  return stage;
}

/** Somebody who is asked later, and not now. */
function isOfLater({ request }: ApprovalState, open: number, { roles }: Principal): boolean {
  return (
    !roles.includes(request.stages[open]!.role) &&
    request.stages.slice(open + 1).some((stage) => roles.includes(stage.role))
  );
}

/** `entries` are the caller's to add. */
export function consider(
  state: ApprovalState,
  attempt: Attempt,
  now: number,
  rules: Rules,
): Omit<AnswerStep, 'entries'> {
  const stage = stageFor(state, attempt, now);
  const { request, answers } = state;
  const { role } = request.stages[stage]!;
  const accepted = rules.proofs(role);
  if (!accepted.includes(attempt.proof.kind)) {
    throw new ReeveError(
      'APPROVAL_NOT_ALLOWED',
      accepted.length === 0
        ? `No proof is accepted for the role ${role} at this risk. An operator names some under approvals.proofs in reeve.yaml.`
        : `The role ${role} answers this by ${accepted.join(' or ')}, and this came by ${attempt.proof.kind}. Answer on the page of the request.`,
    );
  }
  const reason = attempt.reason.trim();
  if (attempt.verdict === 'reject' && reason === '') {
    throw new ReeveError('INVALID_REQUEST', 'reason: say why you reject it; who asked reads it.', [
      { field: 'reason', problem: 'missing', expected: 'a sentence' },
    ]);
  }
  if (reason.length > longestReason) {
    throw new ReeveError(
      'INVALID_REQUEST',
      `reason: at most ${longestReason} characters are expected, this has ${reason.length}.`,
      [{ field: 'reason', problem: 'too long' }],
    );
  }
  const at = timeOf(state, now);
  const answer: Answer = Object.freeze({
    requestId: request.requestId,
    stage,
    role,
    approver: attempt.approver.id,
    verdict: attempt.verdict,
    reason: reason.toWellFormed(),
    digest: request.digest,
    at,
    proof: attempt.proof,
  });
  if (attempt.verdict === 'reject') {
    return {
      answer,
      next: {
        kind: 'reject',
        at,
        errorCode: 'APPROVAL_REJECTED',
        errorMessage: `${attempt.approver.id} (${role}) rejected it: ${visibleLine(reason)}`,
      },
    };
  }
  if (!standing(request, [...answers, answer]).granted) return { answer, next: { kind: 'wait' } };
  return {
    answer,
    next: { kind: 'queue', owner: rules.owner, startBy: at + rules.startWithinMs },
  };
}

function closed({ execution }: ApprovalState): ReeveError {
  const why =
    execution.errorMessage === null ? '' : ` (${execution.errorCode}: ${execution.errorMessage})`;
  return new ReeveError(
    'CONFLICT',
    `This request takes no answers any more: it is ${execution.status}${why}. Nothing was changed.`,
  );
}
