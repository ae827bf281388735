/** The causes that have to do with approvals: which stage, who, for which reason. In: what is known. Out: plain words. */
import type { ErrorCode } from '../core/errors.ts';
import { visibleLine } from '../core/text.ts';
import type { Cause, Fact, Known } from './why-known.ts';
import { iso, openStage, stages } from './why-waits.ts';

type ApprovalCode = Extract<ErrorCode, `APPROVAL_${string}`>;

export const approvalCauses: Readonly<Record<ApprovalCode, (known: Known) => Cause>> =
  Object.freeze({
    APPROVAL_NOT_ALLOWED: (k) => ({
      headline: `${name(k)} did not run because a grant does not count: who gave it may not any more.`,
      because: [end(k), ...stages(k)],
      next: [again(k), 'The people file says who holds which role: reeve people.'],
    }),
    APPROVAL_OUT_OF_ORDER: (k) => ({
      headline: `${name(k)} was refused because an earlier stage of its approvals is still open.`,
      because: [end(k), ...stages(k)],
      next: ['Wait until the earlier stage is granted: reeve show ID names it.'],
    }),
    APPROVAL_REQUIRED: (k) => ({
      headline: `${name(k)} did not run because people have to approve it first, and here nobody could be waited for.`,
      because: [end(k), ...stages(k), ...demanded(k)],
      next: [
        'Ask for it by itself, so that its approvals can be collected: reeve run … --wait-for-approval.',
      ],
    }),
    APPROVAL_REJECTED: rejected,
    APPROVAL_EXPIRED: expired,
    APPROVAL_WITHDRAWN: (k) => ({
      headline: `${name(k)} did not run because the request was taken back before it was approved.`,
      because: [end(k), ...stages(k)],
      next: [again(k)],
    }),
  });

const name = ({ execution: { command } }: Known): string =>
  command === null ? 'The request' : visibleLine(command);
const again = (k: Known): string => `Ask again if it is still wanted: reeve run ${name(k)} …`;

function end(k: Known): Fact {
  return k.from(k.last('outcome') === null ? 'refused' : 'outcome', k.message);
}

function demanded(k: Known): readonly Fact[] {
  if (k.approval !== null || k.command === null || k.command.approvals.length === 0) return [];
  const roles = k.command.approvals.map(({ role, count }) => `${count} × ${role}`);
  return [
    { fact: `It demands approval by ${roles.join(', then ')}.`, source: k.declared('approvals') },
  ];
}

function rejected(k: Known): Cause {
  const answer = k.approval?.state.answers.findLast(({ verdict }) => verdict === 'reject');
  if (answer === undefined)
    return {
      headline: `${name(k)} did not run because an approver rejected it.`,
      because: [end(k), ...stages(k)],
      next: ['Read the reason; ask again once it no longer holds.'],
    };
  const of = k.approval!.state.request.stages.length;
  return {
    headline: `${name(k)} did not run because ${visibleLine(answer.approver)} rejected it as ${answer.role} (stage ${answer.stage + 1} of ${of}): ${visibleLine(answer.reason)}`,
    because: [
      k.from(
        'approval-answered',
        `${visibleLine(answer.approver)} answered at ${iso(answer.at)}, by ${answer.proof.kind}.`,
      ),
      ...stages(k),
    ],
    next: [
      `Talk to ${visibleLine(answer.approver)}; ask again once the reason no longer holds: reeve run ${name(k)} …`,
    ],
  };
}

function expired(k: Known): Cause {
  const { approvals, file } = k.generation.settings;
  const request = k.approval?.state.request;
  if (request !== undefined && request.startBy !== null)
    return {
      headline: `${name(k)} was approved in time, but did not start by ${iso(request.startBy)}, so the approval lapsed.`,
      because: [
        end(k),
        {
          fact: `What is approved has to start within ${approvals.startWithinMs / 1_000} s of the last grant.`,
          source: `approvals.startWithin, ${file}`,
        },
        ...stages(k),
      ],
      next: [again(k), 'reeve ps shows what kept it waiting, if that still runs.'],
    };
  const open = openStage(k);
  return {
    headline:
      open === null
        ? `${name(k)} did not run because the approvals did not come in time.`
        : `${name(k)} did not run because nobody with the role ${open.role} approved stage ${open.number} of ${open.of} in time.`,
    because: [
      end(k),
      {
        fact: `Answers were taken until ${iso(request?.expiresAt ?? k.execution.finishedAt)}; requests wait ${approvals.expireAfterMs / 60_000} min now.`,
        source: `approvals.expireAfter, ${file}`,
      },
      ...stages(k),
    ],
    next: [
      again(k),
      `See that somebody with the role ${open?.role ?? 'of the stage'} is told: webhooks (approval.requested), reeve approvals.`,
    ],
  };
}
