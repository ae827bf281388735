/** What the operations on assurance do, in terms of the desk. In: a checked call. Out: a reply. Never: a decision of its own. */
import type * as contract from './contract-assurance.ts';
import { assurancePageOf, assuranceReportOf } from './convert-assurance.ts';
import { type Handler, json } from './operation.ts';
import { momentOf } from './queries.ts';

export const assure: Handler<typeof contract.assure> = async ({ gateway, caller, body }) => {
  const { command, environment, arguments: given } = body;
  const record = await gateway.assurance.run(caller, {
    command,
    environment: environment ?? null,
    arguments: given ?? null,
  });
  return json(201, assuranceReportOf(record), {
    Location: `/v1/assurance/${encodeURIComponent(record.id)}`,
  });
};

export const listAssurance: Handler<typeof contract.listAssurance> = async (call) => {
  const { command, environment, limit, cursor } = call.query;
  const page = await call.gateway.assurance.list(call.caller, {
    command: command ?? null,
    environment: environment ?? null,
    limit: limit ?? 50,
    before: cursor ?? null,
  });
  return json(200, assurancePageOf(page, Date.now()));
};

export const getAssurance: Handler<typeof contract.getAssurance> = async (call) => {
  const { gateway, caller, params } = call;
  return json(200, assuranceReportOf(await gateway.assurance.show(caller, params.assuranceId!)));
};

export const waiveAssurance: Handler<typeof contract.waiveAssurance> = async (call) => {
  const { gateway, caller, params, body } = call;
  const waiver = { reason: body.reason, until: momentOf(body.until)! };
  return json(
    200,
    assuranceReportOf(await gateway.assurance.waive(caller, params.assuranceId!, waiver)),
  );
};
