/** What the operations on runbooks do, in terms of the desk. In: a checked call. Out: a reply. Never: a decision of its own. */
import { ReeveError } from '../../core/errors.ts';
import { isOver } from '../../core/runbook.ts';
import type { Steering } from '../../runbooks/desk.ts';
import { type DrawnStep, mermaidOf } from '../../runbooks/graph.ts';
import { svgOf } from '../../runbooks/svg.ts';
import type { RunView } from '../../runbooks/view.ts';
import { timeOf } from '../answer.ts';
import { startOnRecord, waitForRest } from '../runbook-faces.ts';
import type * as contract from './contract-runbooks.ts';
import { entryReportOf } from './convert.ts';
import { runReportOf } from './convert-runbooks.ts';
import { type Handler, json, type Reply } from './operation.ts';
import { preferenceOf } from './prefer.ts';

export const listRunbooks: Handler<typeof contract.listRunbooks> = async ({ runbooks, caller }) => {
  const listed = await runbooks.list(caller);
  return json(200, {
    status: 'ok',
    runbooks: listed,
    meta: { count: listed.length, returnedAt: timeOf(Date.now()) },
  });
};

export const getRunbook: Handler<typeof contract.getRunbook> = async ({
  runbooks,
  caller,
  params,
}) => {
  const listing = (await runbooks.list(caller)).find(({ name }) => name === params.name);
  if (listing !== undefined) return json(200, listing);
  throw new ReeveError(
    'REQUEST_NOT_FOUND',
    'There is no runbook of that name, or it is not yours to run. See GET /v1/runbooks.',
    [{ field: 'name', problem: 'not found', expected: 'the name of a listed runbook' }],
  );
};

export const planRunbook: Handler<typeof contract.planRunbook> = async (call) =>
  json(200, await call.runbooks.plan(call.caller, requestOf(call.params.name!, call.body)));

export const rehearseRunbook: Handler<typeof contract.rehearseRunbook> = async (call) =>
  json(200, await call.runbooks.rehearse(call.caller, requestOf(call.params.name!, call.body)));

/** A client that goes away ends the waiting, not the run. */
export const startRunbook: Handler<typeof contract.startRunbook> = async (call) => {
  const { gateway, runbooks, caller, params, body, signal } = call;
  const { waitSeconds, applied } = preferenceOf(call.header('prefer'));
  const idempotencyKey = call.header('idempotency-key');
  const request = { ...requestOf(params.name!, body), idempotencyKey };
  const started = await startOnRecord(gateway, runbooks, caller, request);
  const { runId } = started;
  const view =
    waitSeconds === null || waitSeconds === 0
      ? started
      : await waitForRest(runbooks, caller, runId, waitSeconds * 1_000, signal);
  const over = isOver(view.status);
  return json(over ? 200 : 202, runReportOf(view), {
    ...(over ? {} : { Location: `/v1/runbooks/runs/${encodeURIComponent(runId)}` }),
    ...(applied === null ? {} : { 'Preference-Applied': applied }),
  });
};

function requestOf(
  runbook: string,
  body: {
    arguments?: Parameters<typeof startOnRecord>[3]['arguments'] | undefined;
    environment?: string | undefined;
  },
) {
  return { runbook, arguments: body.arguments ?? {}, environment: body.environment ?? null };
}

export const listRuns: Handler<typeof contract.listRuns> = async ({ runbooks, caller, query }) => {
  const { runbook, environment, status, limit, cursor } = query;
  const page = await runbooks.runs(caller, {
    ...(runbook === undefined ? {} : { runbook }),
    ...(environment === undefined ? {} : { environment }),
    ...(status === undefined ? {} : { status }),
    limit: limit ?? 50,
    ...(cursor === undefined ? {} : { before: cursor }),
  });
  return json(200, {
    status: 'ok',
    runs: page.runs.map(runReportOf),
    meta: {
      count: page.runs.length,
      nextCursor: page.nextCursor,
      returnedAt: timeOf(Date.now()),
    },
  });
};

export const getRun: Handler<typeof contract.getRun> = async (call) => {
  const { runbooks, caller, params, signal } = call;
  const runId = params.runId!;
  const { waitSeconds, applied } = preferenceOf(call.header('prefer'));
  const seen = await runbooks.show(caller, runId);
  const view =
    waitSeconds === null || waitSeconds === 0
      ? seen
      : await waitForRest(runbooks, caller, runId, waitSeconds * 1_000, signal, undefined, seen);
  return json(200, runReportOf(view), applied === null ? {} : { 'Preference-Applied': applied });
};

export const getRunEntries: Handler<typeof contract.getRunEntries> = async (call) => {
  const runId = call.params.runId!;
  const entries = await call.runbooks.entries(call.caller, runId);
  return json(200, { requestId: runId, entries: entries.map(entryReportOf) });
};

export const drawRun: Handler<typeof contract.drawRun> = async (call) => {
  const { runbooks, caller, params, query } = call;
  const view = await runbooks.show(caller, params.runId!);
  const wanted = call.header('accept')?.slice(0, 1_000) ?? '';
  const format = query.format ?? (/\bimage\/svg\+xml\b/i.test(wanted) ? 'svg' : 'mermaid');
  const title = `${view.title} in ${view.environment}`;
  return format === 'svg'
    ? bytes('image/svg+xml; charset=utf-8', svgOf(drawnOf(view), title))
    : bytes('text/plain; charset=utf-8', mermaidOf(drawnOf(view)));
};

function drawnOf({ steps }: RunView): readonly DrawnStep[] {
  return steps.map((step) => ({
    name: step.name,
    title: step.title,
    command: step.command,
    needs: step.needs,
    confirm: step.confirmation !== null,
    conditional: step.skipped === 'condition',
    status: step.status,
  }));
}

/** No page and no script may come of what is drawn. */
function bytes(mediaType: string, text: string): Reply {
  const headers = { 'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'" };
  return { kind: 'bytes', status: 200, mediaType, bytes: text, headers };
}

function steeringOf(body: {
  readonly reason?: string | undefined;
  readonly revision?: number | undefined;
}): Steering {
  return { reason: body.reason ?? '', revision: body.revision ?? null };
}

export const pauseRun: Handler<typeof contract.pauseRun> = async (call) => {
  const { runbooks, caller, params, body } = call;
  return shown(await runbooks.pause(caller, params.runId!, steeringOf(body)));
};
export const resumeRun: Handler<typeof contract.resumeRun> = async (call) => {
  const { runbooks, caller, params, body } = call;
  return shown(await runbooks.resume(caller, params.runId!, steeringOf(body)));
};
export const cancelRun: Handler<typeof contract.cancelRun> = async (call) => {
  const { runbooks, caller, params, body } = call;
  const how = { when: body.when ?? 'now', thenRollback: body.thenRollback ?? false };
  return shown(await runbooks.cancel(caller, params.runId!, { ...steeringOf(body), ...how }));
};
export const confirmStep: Handler<typeof contract.confirmStep> = async (call) => {
  const { runbooks, caller, params, body } = call;
  const { step, digest } = body;
  const what = { ...steeringOf(body), step, digest };
  return shown(await runbooks.confirm(caller, params.runId!, what));
};
export const retryStep: Handler<typeof contract.retryStep> = async (call) => {
  const { runbooks, caller, params, body } = call;
  const what = { ...steeringOf(body), step: body.step };
  return shown(await runbooks.retry(caller, params.runId!, what));
};
export const skipStep: Handler<typeof contract.skipStep> = async (call) => {
  const { runbooks, caller, params, body } = call;
  const what = { ...steeringOf(body), step: body.step };
  return shown(await runbooks.skip(caller, params.runId!, what));
};
export const resolveStep: Handler<typeof contract.resolveStep> = async (call) => {
  const { runbooks, caller, params, body } = call;
  const what = { ...steeringOf(body), step: body.step, as: body.as };
  return shown(await runbooks.resolve(caller, params.runId!, what));
};
export const rollbackRun: Handler<typeof contract.rollbackRun> = async (call) => {
  const { runbooks, caller, params, body } = call;
  return shown(await runbooks.rollback(caller, params.runId!, steeringOf(body)));
};

function shown(view: RunView): Reply {
  return json(200, runReportOf(view));
}
