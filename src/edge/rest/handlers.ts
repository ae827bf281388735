/** What each operation does, in terms of the gateway. In: a checked call. Out: a reply. Never: a decision of its own. */
import { type ErrorDetail, ReeveError } from '../../core/errors.ts';
import { type Execution, isFinal, openStatuses } from '../../core/execution.ts';
import type { Caller } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { answerOf, timeOf } from '../answer.ts';
import { noteIfWaiting } from '../approval-note.ts';
import type * as contract from './contract.ts';
import {
  entryReportOf,
  filterOf,
  outputReportOf,
  pageMeta,
  recordOf,
  refusalOf,
  requestOf,
  viewOf,
  whyReportOf,
} from './convert.ts';
import { type Call, type Handler, json } from './operation.ts';
import { preferenceOf } from './prefer.ts';

type AnyCall = Call<unknown, unknown>;

/** A client that goes away stops the waiting, not the run. */
export const execute: Handler<typeof contract.execute> = async (call) => {
  const { gateway, caller } = call;
  const { waitSeconds, applied } = preferenceOf(call.header('prefer'));
  const accepted = await gateway.submit(
    caller,
    requestOf(call.body, call.header('idempotency-key')),
  );
  const execution = await settled(call, accepted, waitSeconds);
  if (execution.status === 'rejected') throw refusalOf(execution);
  return answerReply(gateway, caller, execution, applied);
};

async function settled(
  call: AnyCall,
  execution: Execution,
  waitSeconds: number | null,
): Promise<Execution> {
  const { requestId, status } = execution;
  // People take their time: waiting for an approval is never what "as long as it takes" means.
  const patience = waitSeconds === null && status === 'awaiting_approval' ? 0 : waitSeconds;
  if (isFinal(status) || patience === 0) return execution;
  const milliseconds = patience === null ? null : patience * 1_000;
  return call.gateway.wait(call.caller, requestId, milliseconds, call.signal);
}

async function answerReply(
  gateway: Gateway,
  caller: Caller,
  execution: Execution,
  applied: string | null,
) {
  const { requestId, status } = execution;
  const output =
    isFinal(status) && execution.startedAt !== null
      ? await gateway.output(caller, requestId)
      : null;
  const approval = await noteIfWaiting(gateway, caller, execution);
  return json(isFinal(status) ? 200 : 202, answerOf(execution, output, approval), {
    ...named(requestId),
    ...(isFinal(status) ? {} : { Location: locationOf(requestId) }),
    ...(applied === null ? {} : { 'Preference-Applied': applied }),
  });
}

export const plan: Handler<typeof contract.plan> = async ({ gateway, caller, body }) =>
  json(200, await gateway.plan(caller, requestOf(body, null)));

export const recordRefused: Handler<typeof contract.recordRefused> = async ({
  gateway,
  caller,
  body,
}) => {
  const error = new ReeveError(body.errorCode, body.message, (body.details ?? []) as ErrorDetail[]);
  const refusal = await gateway.refuse(caller, error, body.command ?? null);
  // What comes back under another code was not recorded: the record itself failed.
  if (refusal.code !== body.errorCode) throw refusal;
  return json(200, { requestId: refusal.requestId }, named(refusal.requestId));
};

export const listOpen: Handler<typeof contract.listOpen> = async ({ gateway, caller, query }) => {
  const { limit, cursor } = query;
  const page = await gateway.audit(caller, {
    ...filterOf({ limit, cursor }),
    statuses: openStatuses,
  });
  return json(200, {
    status: 'ok',
    executions: page.executions.map((e) => answerOf(e, null)),
    meta: pageMeta(page, Date.now()),
  });
};

export const getExecution: Handler<typeof contract.getExecution> = async (call) => {
  const { gateway, caller, params } = call;
  const requestId = params.requestId!;
  const { waitSeconds, applied } = preferenceOf(call.header('prefer'));
  const execution =
    waitSeconds === null || waitSeconds === 0
      ? await gateway.execution(caller, requestId)
      : await gateway.wait(caller, requestId, waitSeconds * 1_000, call.signal);
  const output = execution.startedAt === null ? null : await gateway.output(caller, requestId);
  const approval = await noteIfWaiting(gateway, caller, execution);
  return json(200, answerOf(execution, output, approval), {
    ...named(requestId),
    ...(applied === null ? {} : { 'Preference-Applied': applied }),
  });
};

export const getOutput: Handler<typeof contract.getOutput> = async ({
  gateway,
  caller,
  params,
  query,
}) => {
  const requestId = params.requestId!;
  const output = await gateway.output(caller, requestId);
  const { stream } = query;
  if (stream === undefined) return json(200, outputReportOf(requestId, output), named(requestId));
  return {
    kind: 'bytes',
    status: 200,
    mediaType: 'application/octet-stream',
    bytes: viewOf(output[stream]),
    headers: {
      ...named(requestId),
      'Content-Disposition': `attachment; filename="${stream}"`,
      'Reeve-Output-Total': String(output[`${stream}Total`]),
      'Reeve-Output-Truncated': String(output[`${stream}Truncated`]),
    },
  };
};

export const getEntries: Handler<typeof contract.getEntries> = async ({
  gateway,
  caller,
  params,
}) => {
  const requestId = params.requestId!;
  const entries = await gateway.entries(caller, requestId);
  return json(200, { requestId, entries: entries.map(entryReportOf) }, named(requestId));
};

export const explainExecution: Handler<typeof contract.explainExecution> = async ({
  gateway,
  caller,
  params,
}) => {
  const report = await gateway.why(caller, params.requestId!);
  return json(200, whyReportOf(report), named(report.requestId));
};

export const getEntry: Handler<typeof contract.getEntry> = async ({ gateway, caller, params }) => {
  // Anything but a whole number is the number of no entry.
  const seq = /^[1-9]\d{0,15}$/.test(params.seq!) ? Number(params.seq) : 0;
  return json(200, entryReportOf(await gateway.entry(caller, seq)));
};

export const cancel: Handler<typeof contract.cancel> = async ({
  gateway,
  caller,
  params,
  body,
}) => {
  const requestId = params.requestId!;
  const execution = await gateway.cancel(caller, requestId, body.reason ?? 'asked for over REST');
  return answerReply(gateway, caller, execution, null);
};

export const audit: Handler<typeof contract.audit> = async ({ gateway, caller, query }) => {
  const page = await gateway.audit(caller, filterOf(query));
  return json(200, {
    status: 'ok',
    records: page.executions.map(recordOf),
    meta: pageMeta(page, Date.now()),
  });
};

export const inventory: Handler<typeof contract.inventory> = async ({ gateway, caller }) => {
  const commands = await gateway.inventory(caller);
  return json(200, {
    status: 'ok',
    commands,
    meta: { count: commands.length, returnedAt: timeOf(Date.now()) },
  });
};

export const freeze: Handler<typeof contract.freeze> = async ({ gateway, caller, body }) => {
  await gateway.freeze(caller, body.reason);
  return json(200, { frozen: true });
};

export const unfreeze: Handler<typeof contract.unfreeze> = async ({ gateway, caller }) => {
  await gateway.unfreeze(caller);
  return json(200, { frozen: false });
};

export const reload: Handler<typeof contract.reload> = async ({ gateway, caller }) =>
  json(200, await gateway.reload(caller));

export const healthz: Handler<typeof contract.healthz> = async () => json(200, { status: 'ok' });

export function named(requestId: string): Record<string, string> {
  return { 'Reeve-Request-Id': requestId };
}

function locationOf(requestId: string): string {
  return `/v1/commands/executions/${encodeURIComponent(requestId)}`;
}
