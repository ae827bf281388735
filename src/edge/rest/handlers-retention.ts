/** What the operations on records do, in terms of the desk. In: a checked call. Out: a reply. Never: a decision of its own. */
import type * as contract from './contract-retention.ts';
import { checkReportOf, dueReportOf, holdReportOf, prunedReportOf } from './convert-retention.ts';
import { type Handler, json } from './operation.ts';
import { momentOf } from './queries.ts';

export const listDue: Handler<typeof contract.listDue> = async ({ gateway, caller }) =>
  json(200, dueReportOf(await gateway.retention.due(caller)));

export const prune: Handler<typeof contract.prune> = async ({ gateway, caller }) =>
  json(200, prunedReportOf(await gateway.retention.prune(caller)));

export const listHolds: Handler<typeof contract.listHolds> = async ({ gateway, caller }) => {
  const holds = await gateway.retention.holds(caller);
  return json(200, { status: 'ok', holds: holds.map(holdReportOf) });
};

export const placeHold: Handler<typeof contract.placeHold> = async ({ gateway, caller, body }) => {
  const { reason, requestId, command, principal, environment, since, until } = body;
  const hold = await gateway.retention.placeHold(caller, {
    reason,
    holds: {
      requestId: requestId ?? null,
      command: command ?? null,
      principal: principal ?? null,
      environment: environment ?? null,
      since: since === undefined ? null : momentOf(since),
      until: until === undefined ? null : momentOf(until),
    },
  });
  return json(201, holdReportOf(hold));
};

export const releaseHold: Handler<typeof contract.releaseHold> = async (call) => {
  const { gateway, caller, params, body } = call;
  return json(
    200,
    holdReportOf(await gateway.retention.releaseHold(caller, params.holdId!, body.reason)),
  );
};

export const checkCommitments: Handler<typeof contract.checkCommitments> = async (call) => {
  const { gateway, caller, params } = call;
  return json(200, checkReportOf(await gateway.retention.check(caller, params.requestId!)));
};
