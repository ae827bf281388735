/** What the operations on approvals do: ask the desk. In: a checked call. Out: a reply. Never: a verdict of its own. */
import { answerOf, timeOf } from '../answer.ts';
import type * as contract from './contract-approvals.ts';
import { approvalReportOf } from './convert-approvals.ts';
import { named } from './handlers.ts';
import { type Handler, json } from './operation.ts';

export const listApprovals: Handler<typeof contract.listApprovals> = async ({
  gateway,
  caller,
  query,
}) => {
  const page = await gateway.approvals.list(caller, {
    state: query.state ?? 'mine',
    limit: query.limit ?? 50,
    ...(query.cursor === undefined ? {} : { before: query.cursor }),
  });
  return json(200, {
    status: 'ok',
    approvals: page.approvals.map(approvalReportOf),
    meta: {
      count: page.approvals.length,
      nextCursor: page.nextCursor,
      returnedAt: timeOf(Date.now()),
    },
  });
};

export const getApproval: Handler<typeof contract.getApproval> = async ({
  gateway,
  caller,
  params,
}) => {
  const view = await gateway.approvals.show(caller, params.requestId!);
  return json(200, approvalReportOf(view), named(view.requestId));
};

export const challengeApproval: Handler<typeof contract.challengeApproval> = async ({
  gateway,
  caller,
  params,
  body,
}) => {
  const requestId = params.requestId!;
  const { verdict, stage = null, digest } = body;
  const challenge = await gateway.approvals.challenge(caller, requestId, {
    verdict,
    stage,
    digest,
  });
  return json(200, challenge, named(challenge.content.requestId));
};

export const answerApproval: Handler<typeof contract.answerApproval> = async ({
  gateway,
  caller,
  params,
  body,
}) => {
  const { verdict, stage = null, digest, reason = '', assertion = null } = body;
  const answer = { verdict, stage, digest, reason, assertion };
  const view = await gateway.approvals.answer(caller, params.requestId!, answer);
  return json(200, approvalReportOf(view), named(view.requestId));
};

export const withdrawApproval: Handler<typeof contract.withdrawApproval> = async ({
  gateway,
  caller,
  params,
  body,
}) => {
  const execution = await gateway.approvals.withdraw(caller, params.requestId!, body.reason ?? '');
  return json(200, answerOf(execution, null), named(execution.requestId));
};
