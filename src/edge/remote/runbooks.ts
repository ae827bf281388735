/** The runbooks of another gateway, over REST. In: what is asked of the desk. Out: the same values and refusals. */
import { ReeveError } from '../../core/errors.ts';
import type { Caller } from '../../core/principal.ts';
import type { RunbookDesk, StartRequest, Steering } from '../../runbooks/desk.ts';
import type { RunView } from '../../runbooks/view.ts';
import { runViewOf } from '../rest/convert-runbooks.ts';
import { entriesReport } from '../rest/report-schemas.ts';
import { rehearsalReport } from '../rest/schemas-rehearsal.ts';
import * as shapes from '../rest/schemas-runbooks.ts';
import type { Asking } from './approvals.ts';
import { serverEvents } from './events.ts';
import { idempotencyHeader, type Refuse } from './idempotency.ts';
import { entryOf } from './rebuild.ts';
import { open, strange, unreachable, type Wire } from './wire.ts';

const path = '/v1/runbooks';

export function remoteRunbooks(
  { get, post }: Asking,
  wire: Wire,
  clientOf: (caller: Caller) => string | null,
  refuse: Refuse,
): RunbookDesk {
  const steer = async (
    caller: Caller,
    runId: string,
    verb: string,
    { reason, revision, ...what }: Steering,
  ): Promise<RunView> => {
    const body = {
      ...what,
      ...(reason === '' ? {} : { reason: reason.toWellFormed() }),
      ...(revision === undefined || revision === null ? {} : { revision }),
    };
    return runViewOf(await post(caller, shapes.runReport, `${pathOf(runId)}/${verb}`, body));
  };
  const ask = (runbook: string, verb: string) => `${path}/${part(runbook)}/${verb}`;

  return {
    list: async (caller) => (await get(caller, shapes.runbooksReport, path)).runbooks,
    rehearse: (caller, request) =>
      post(caller, rehearsalReport, ask(request.runbook, 'rehearse'), bodyOf(request)),
    plan: (caller, request) =>
      post(caller, shapes.planReport, ask(request.runbook, 'plan'), bodyOf(request)),
    start: async (caller, request) => {
      const { runbook, idempotencyKey: key = null } = request;
      const headers = await idempotencyHeader(caller, key, runbook, refuse);
      const path = ask(runbook, 'start');
      return runViewOf(await post(caller, shapes.runReport, path, bodyOf(request), headers));
    },
    async runs(caller, { runbook, environment, status, limit, before }) {
      const given = { runbook, environment, status, limit: String(limit), cursor: before };
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(given))
        if (value !== undefined) query.set(name, value);
      const page = await get(caller, shapes.runsPage, `${path}/runs?${query}`);
      return { runs: page.runs.map(runViewOf), nextCursor: page.meta.nextCursor };
    },
    show: async (caller, runId) => runViewOf(await get(caller, shapes.runReport, pathOf(runId))),
    entries: async (caller, runId) =>
      (await get(caller, entriesReport, `${pathOf(runId)}/entries`)).entries.map(entryOf),
    watch: (caller, runId, signal) => watchOver(wire, clientOf(caller), runId, signal),
    pause: (caller, runId, steering) => steer(caller, runId, 'pause', steering),
    resume: (caller, runId, steering) => steer(caller, runId, 'resume', steering),
    cancel: (caller, runId, steering) => steer(caller, runId, 'cancel', steering),
    confirm: (caller, runId, steering) => steer(caller, runId, 'confirm', steering),
    retry: (caller, runId, steering) => steer(caller, runId, 'retry', steering),
    skip: (caller, runId, steering) => steer(caller, runId, 'skip', steering),
    resolve: (caller, runId, steering) => steer(caller, runId, 'resolve', steering),
    rollback: (caller, runId, steering) => steer(caller, runId, 'rollback', steering),
  };
}

/** Ends where the run is over or the signal came; anything else that ends the stream is told. */
async function* watchOver(
  wire: Wire,
  client: string | null,
  runId: string,
  signal?: AbortSignal,
): AsyncGenerator<RunView> {
  if (signal?.aborted) return;
  try {
    const response = await open(wire, {
      method: 'GET',
      path: `${pathOf(runId)}/events`,
      client,
      headers: { Accept: 'text/event-stream, application/problem+json' },
      signal,
    });
    for await (const { event, data } of serverEvents(response.body ?? nothing())) {
      // Events of a later version are passed over.
      if (event !== 'status' && event !== 'end') continue;
      yield viewIn(wire, data);
      if (event === 'end') return;
    }
  } catch (error) {
    if (signal?.aborted) return;
    throw error instanceof ReeveError ? error : unreachable(wire, error);
  }
  if (signal?.aborted) return;
  throw new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `The gateway at ${wire.url} ended the stream of ${runId} before the run was over. The run stands as it is on record; look at it again once the gateway is back: reeve runbook status ${runId}.`,
  );
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function viewIn(wire: Wire, data: string): RunView {
  try {
    return runViewOf(shapes.runReport.parse(JSON.parse(data)));
  } catch {
    throw strange(wire, 'an event of its stream has another shape than this version knows');
  }
}

function bodyOf({ arguments: given, environment }: StartRequest) {
  return { arguments: given, ...(environment === null ? {} : { environment }) };
}

function pathOf(runId: string): string {
  return `${path}/runs/${part(runId)}`;
}

function part(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
