/**
 * The desk: who looks at requests for approval, and who answers them. In: callers and their answers. Out: what is on
 * record afterwards. Never: an answer without a proof, or one that is refused and not on record.
 */
import { randomBytes } from 'node:crypto';
import { challengeOf } from '../../approvals/challenge.ts';
import { consider, stageFor, timeOf } from '../../approvals/consider.ts';
import { proofsFor } from '../../approvals/entitlement.ts';
import {
  approvalAnswered,
  approvalGranted,
  approvalRefused,
  settled,
} from '../../audit/entries.ts';
import type { Answer, ChallengeContent } from '../../core/approval.ts';
import type { EntryDraft } from '../../core/entry.ts';
import { ReeveError } from '../../core/errors.ts';
import type { AnswerStep, ApprovalState } from '../../core/people-ports.ts';
import { type Caller, hasScope } from '../../core/principal.ts';
import { visibleLine } from '../../core/text.ts';
import type { AnswerChallenge, AnswerRequest, ApprovalDesk } from '../gateway.ts';
import type { House } from '../house.ts';
import { readExecution } from '../read.ts';
import { refusalBoundOf } from '../refusal-bound.ts';
import { asReeveError } from '../refuse.ts';
import { present } from '../who.ts';
import { approvalSpan } from './approval-span.ts';
import { close } from './expire.ts';
import { listApprovals } from './list.ts';
import { proceed } from './proceed.ts';
import { proofOf } from './proof.ts';
import { mayWithdraw, stateInSight, viewOf } from './view.ts';

/** How long a challenge may be answered, in milliseconds. */
const challengeMs = 5 * 60_000;

export function approvalDesk(house: House): ApprovalDesk {
  return {
    list: async (caller, filter) => listApprovals(house, caller, filter),
    show: async (caller, requestId) =>
      viewOf(house, caller, stateInSight(house, caller, requestId)),
    challenge: async (caller, requestId, wanted) =>
      onRecord(house, caller, requestId, wanted, () => challenge(house, caller, requestId, wanted)),
    answer: (caller, requestId, given) =>
      onRecord(house, caller, requestId, given, () => answer(house, caller, requestId, given)),
    withdraw: async (caller, requestId, reason) => {
      const state = stateInSight(house, caller, requestId);
      if (!mayWithdraw(caller, state)) {
        throw new ReeveError(
          'APPROVAL_NOT_ALLOWED',
          'Only who asked for it, or the person behind the agent that asked, withdraws a request. Reject it instead, if you may.',
        );
      }
      const by = `withdrawn by ${caller.principal.id}: ${visibleLine(reason) || 'no reason given'}`;
      const ours =
        state.execution.status === 'awaiting_approval' &&
        close(house, state.execution, 'cancelled', 'APPROVAL_WITHDRAWN', `${by}; nothing ran.`);
      if (!ours) {
        throw new ReeveError(
          'CONFLICT',
          `It does not await approval any more, so it cannot be withdrawn: it is ${house.store.execution(requestId)?.status}. "reeve cancel" ends what waits or runs.`,
        );
      }
      return house.store.execution(requestId)!;
    },
  };
}

async function challenge(
  house: House,
  caller: Caller,
  requestId: string,
  wanted: Pick<AnswerRequest, 'verdict' | 'stage' | 'digest'>,
): Promise<AnswerChallenge> {
  const state = stateInSight(house, caller, requestId);
  const approver = approverNow(house, caller);
  const now = house.clock.now();
  const stage = stageFor(state, { ...wanted, approver }, now);
  const credentials = house.store.credentials
    .passkeys(approver.id)
    .filter((passkey) => passkey.revokedAt === null)
    .map(({ credentialId, transports }) => ({ id: credentialId, transports }));
  if (credentials.length === 0) {
    throw new ReeveError(
      'APPROVAL_NOT_ALLOWED',
      'You have no passkey yet. An administrator gives you a one-time code (reeve people enrol) with which you enrol one.',
    );
  }
  const content: ChallengeContent = {
    requestId,
    stage,
    verdict: wanted.verdict,
    approver: approver.id,
    digest: state.request.digest,
    expiresAt: Math.min(timeOf(state, now) + challengeMs, state.request.expiresAt),
    nonce: randomBytes(32).toString('base64url'),
  };
  const hash = challengeOf(content);
  house.store.approvals.putChallenge(hash, content, now);
  return { content, challenge: hash, credentials };
}

async function answer(house: House, caller: Caller, requestId: string, given: AnswerRequest) {
  const seen = stateInSight(house, caller, requestId);
  const approver = approverNow(house, caller);
  // Before the proof is looked at, so that a passkey is not asked about what would be refused anyway.
  // From here on it is about this stage, and no other: not about one that opens meanwhile, nor one that nobody signed for.
  const stage = stageFor(seen, { ...given, approver }, house.clock.now());
  const proof = await proofOf(house, caller, seen, { ...given, stage });
  const { settings } = house.generations.current;
  const risk = seen.execution.risk ?? 'critical';
  let step: AnswerStep | null = null;
  const state = house.store.approvals.answer(requestId, (at) => {
    // The roles once more: this is the moment that counts.
    const attempt = { ...given, stage, approver: approverNow(house, caller), proof };
    const considered = consider(at, attempt, house.clock.now(), {
      proofs: (role) => proofsFor(settings.approvals, role, risk),
      startWithinMs: settings.approvals.startWithinMs,
      owner: house.liveness.self,
    });
    step = { ...considered, entries: entriesFor(at, considered) };
    return step;
  });
  tellEnd(house, state, (step as AnswerStep | null)?.next ?? null);
  if ((step as AnswerStep | null)?.next.kind === 'queue') proceed(house, state);
  return viewOf(house, caller, state);
}

/** The wait is over, granted or rejected; null or `wait`: it is not. */
function tellEnd(house: House, state: ApprovalState, next: AnswerStep['next'] | null): void {
  const { execution, request } = state;
  switch (next?.kind) {
    case 'queue':
      approvalSpan(house, execution, request, { outcome: 'granted', errorCode: null });
      break;
    case 'reject':
      approvalSpan(house, execution, request, { outcome: 'closed', errorCode: next.errorCode });
      house.ended?.(execution);
      break;
    default:
      break;
  }
}

function entriesFor(
  { execution, request, answers }: ApprovalState,
  { answer, next }: Omit<AnswerStep, 'entries'>,
): readonly EntryDraft[] {
  const given = approvalAnswered(answer, {
    stages: request.stages.length,
    salt: execution.salt,
  });
  switch (next.kind) {
    case 'wait':
      return [given];
    case 'queue':
      return [
        given,
        approvalGranted(execution, {
          at: answer.at,
          startBy: next.startBy,
          approvers: approversOf([...answers, answer]),
        }),
      ];
    case 'reject': {
      const { errorCode, errorMessage, at } = next;
      return [
        given,
        settled({ ...execution, status: 'rejected', finishedAt: at, errorCode, errorMessage }),
      ];
    }
  }
}

function approversOf(answers: readonly Answer[]): readonly string[] {
  return answers.filter((a) => a.verdict === 'approve').map((a) => a.approver);
}

/** The approver as he is at this moment. Throws where the credential is not good for answers. */
function approverNow(house: House, caller: Caller) {
  const now = present(house, caller);
  if (now === null) {
    throw new ReeveError(
      'APPROVAL_NOT_ALLOWED',
      'Your credential was revoked, has expired, or you are no longer in the people file. Sign in again.',
    );
  }
  if (!hasScope(now, 'approve')) {
    throw new ReeveError(
      'APPROVAL_NOT_ALLOWED',
      'This credential may not be used to answer approvals: it lacks the scope "approve". Answer on the page of the request, with your passkey.',
    );
  }
  return now.principal;
}

/** Refusals of answers are on record: who tried what. One that cannot be put on record is answered all the same. */
async function onRecord<T>(
  house: House,
  caller: Caller,
  requestId: string,
  wanted: Pick<AnswerRequest, 'verdict' | 'stage'>,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    const error = asReeveError(house, thrown);
    // Who may not even see it leaves no mark on somebody else's request.
    const known = error.code !== 'REQUEST_NOT_FOUND' || isReadable(house, caller, requestId);
    if (known && refusalBoundOf(house).admits(caller.principal.id, error.code)) {
      const facts = {
        requestId,
        approver: caller.principal.id,
        verdict: wanted.verdict,
        stage: Number.isInteger(wanted.stage) ? wanted.stage : null,
        errorCode: error.code,
        errorMessage: error.message,
      };
      house.store.record([approvalRefused(house.clock.now(), facts)]);
    }
    throw error;
  }
}

function isReadable(house: House, caller: Caller, requestId: string): boolean {
  try {
    readExecution(house, caller, requestId);
    return true;
  } catch {
    return false;
  }
}
