/**
 * The Gateway interface over REST, so that the CLI and `reeve mcp` work on a running gateway as on their own.
 * In: its URL and a token. Out: the same values and refusals. Never: a caller other than the token's; `Reeve-Client` only tells.
 */
import type { z } from 'zod';
import { ReeveError, Refusal } from '../../core/errors.ts';
import { type Execution, isFinal } from '../../core/execution.ts';
import type { ExecutionFilter } from '../../core/ports.ts';
import type { Caller } from '../../core/principal.ts';
import type { ExecuteRequest, ExecutionEvent, Gateway, Health } from '../../gateway/gateway.ts';
import { noRehearsals } from '../../gateway/no-desks.ts';
import type { RunbookDesk } from '../../runbooks/desk.ts';
import * as reports from '../rest/report-schemas.ts';
import * as shapes from '../rest/schemas.ts';
import { remoteApprovals } from './approvals.ts';
import { remoteAssurance } from './assurance.ts';
import { remoteCredentials } from './credentials.ts';
import { serverEvents } from './events.ts';
import { idempotencyHeader } from './idempotency.ts';
import { remoteLog } from './log.ts';
import { entryOf, executionOf, executionOfRecord, outputOf, queryOf, whyOf } from './rebuild.ts';
import { remoteRetention } from './retention.ts';
import { remoteRunbooks } from './runbooks.ts';
import { ask, open, strange, unreachable, type Wire } from './wire.ts';

export interface RemoteOptions {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: string;
  readonly client: string | null;
}

/** Seconds that one request waits for the end of a run; short enough for proxies on the way. */
const waitSeconds = 50;

export interface RemoteGateway extends Gateway {
  readonly runbooks: RunbookDesk;
}

export function remoteGateway(options: RemoteOptions): RemoteGateway {
  const closing = new AbortController();
  const wire: Wire = {
    url: options.url.replace(/\/+$/, ''),
    token: options.token,
    closing: closing.signal,
  };
  const clientOf = (caller: Caller | null): string | null => {
    const name = caller?.client ?? options.client;
    return caller === null ? name : `${caller.face}; ${name ?? 'unnamed'}`;
  };
  const get = <S extends z.ZodType>(
    caller: Caller | null,
    shape: S,
    path: string,
    more: Partial<Parameters<typeof ask>[2]> = {},
  ) => ask(wire, shape, { method: 'GET', path, client: clientOf(caller), ...more });
  const post = <S extends z.ZodType>(
    caller: Caller | null,
    shape: S,
    path: string,
    body?: unknown,
    headers = {},
  ) => ask(wire, shape, { method: 'POST', path, client: clientOf(caller), body, headers });

  const execution = async (caller: Caller, requestId: string): Promise<Execution> =>
    executionOf(await get(caller, shapes.answer, pathOf(requestId)));

  const refuse = async (
    caller: Caller | null,
    error: ReeveError,
    command: string | null,
  ): Promise<Refusal> => {
    const { requestId } = await post(caller, reports.refusedReport, '/v1/commands/refused', {
      errorCode: error.code,
      message: error.message.slice(0, 4_000).toWellFormed(),
      details: error.details.slice(0, 100),
      command: command === null ? null : command.slice(0, 200).toWellFormed(),
    });
    return new Refusal(requestId, error);
  };

  /** `execution` as it stands once it has ended, or when time or patience are over. */
  const wait = async (
    caller: Caller,
    requestId: string,
    milliseconds: number | null,
    signal?: AbortSignal,
  ): Promise<Execution> => {
    const deadline = milliseconds === null ? null : performance.now() + milliseconds;
    for (;;) {
      const left = deadline === null ? waitSeconds * 1_000 : deadline - performance.now();
      if (left <= 0 || signal?.aborted) return execution(caller, requestId);
      const over = AbortSignal.any([
        ...(signal === undefined ? [] : [signal]),
        ...(deadline === null ? [] : [AbortSignal.timeout(Math.min(Math.ceil(left), 2 ** 31 - 1))]),
      ]);
      const seconds = Math.min(waitSeconds, Math.ceil(left / 1_000));
      try {
        const headers = { Prefer: `wait=${seconds}` };
        const seen = await get(caller, shapes.answer, pathOf(requestId), { headers, signal: over });
        if (isFinal(seen.status)) return executionOf(seen);
      } catch (error) {
        if (!over.aborted || closing.signal.aborted) throw error;
      }
    }
  };

  return {
    approvals: remoteApprovals({ get, post }),
    log: remoteLog(wire, clientOf),
    credentials: remoteCredentials({ get, post }),
    retention: remoteRetention({ get, post }),
    assurance: remoteAssurance({ get, post }),
    runbooks: remoteRunbooks({ get, post }, wire, clientOf, refuse),
    rehearsals: noRehearsals,
    refuse,
    wait,
    execution,
    submit: async (caller, request) => {
      const { idempotencyKey, command } = request;
      const key = await idempotencyHeader(caller, idempotencyKey, command, refuse);
      const headers = { Prefer: 'wait=0', ...key };
      return executionOf(
        await post(caller, shapes.answer, '/v1/commands/execute', bodyOf(request), headers),
      );
    },
    cancel: async (caller, requestId, reason) => {
      const body = {
        reason: reason.trim() === '' ? undefined : reason.slice(0, 500).toWellFormed(),
      };
      return executionOf(await post(caller, shapes.answer, pathOf(requestId, '/cancel'), body));
    },
    plan: (caller, request) =>
      post(caller, reports.planReport, '/v1/commands/plan', bodyOf(request)),
    output: async (caller, requestId) =>
      outputOf(await get(caller, reports.outputReport, pathOf(requestId, '/output'))),
    watch: (caller, requestId, signal) => watchOver(wire, clientOf(caller), requestId, signal),
    entries: async (caller, requestId) =>
      (await get(caller, reports.entriesReport, pathOf(requestId, '/entries'))).entries.map(
        entryOf,
      ),
    why: async (caller, requestId) =>
      whyOf(await get(caller, reports.whyReport, pathOf(requestId, '/why'))),
    entry: async (caller, seq) =>
      entryOf(await get(caller, reports.entryReport, `/v1/audit/entries/${seq}`)),
    audit: async (caller, filter: ExecutionFilter) => {
      const page = await get(caller, reports.auditPage, `/v1/commands/audit?${queryOf(filter)}`);
      return { executions: page.records.map(executionOfRecord), nextCursor: page.meta.nextCursor };
    },
    inventory: async (caller) =>
      (await get(caller, reports.inventoryReport, '/v1/inventory')).commands,
    health: async (): Promise<Health> => {
      const found = await get(null, reports.readyReport, '/readyz', { accept: [200, 503] });
      const { status, problems, generation, frozen, trust } = found;
      if (
        problems === undefined ||
        generation === undefined ||
        frozen === undefined ||
        trust === undefined
      ) {
        throw new ReeveError(
          'UNAUTHENTICATED',
          `The gateway at ${wire.url} does not know this token. Use the local.token of its state folder, or set REEVE_TOKEN.`,
        );
      }
      return { ready: status === 'ready', problems, generation, frozen, trust };
    },
    freeze: async (caller, reason) => {
      await post(caller, reports.frozenReport, '/v1/admin/freeze', { reason });
    },
    unfreeze: async (caller) => {
      await post(caller, reports.frozenReport, '/v1/admin/unfreeze');
    },
    reload: (caller) => post(caller, reports.reloadReport, '/v1/admin/reload'),
    close: async () => closing.abort(),
  };
}

async function* watchOver(
  wire: Wire,
  client: string | null,
  requestId: string,
  signal?: AbortSignal,
): AsyncGenerator<ExecutionEvent> {
  if (signal?.aborted) return;
  try {
    const response = await open(wire, {
      method: 'GET',
      path: pathOf(requestId, '/events'),
      client,
      headers: { Accept: 'text/event-stream, application/problem+json' },
      signal,
    });
    for await (const { event, data } of serverEvents(response.body ?? nothing())) {
      const known = eventOf(wire, event, data);
      if (known === null) continue;
      yield known;
      if (known.kind === 'end') return;
    }
  } catch (error) {
    if (signal?.aborted) return;
    throw error instanceof ReeveError ? error : unreachable(wire, error);
  }
  if (signal?.aborted) return;
  throw new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `The gateway at ${wire.url} ended the stream of ${requestId} before the run had ended. "reeve show ${requestId}" tells how it went.`,
  );
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Null for an event of a later version. */
function eventOf(wire: Wire, event: string, data: string): ExecutionEvent | null {
  switch (event) {
    case 'output': {
      const { stream, encoding, data: text } = checked(wire, reports.outputEvent, data);
      return { kind: 'output', stream, chunk: Buffer.from(text, encoding) };
    }
    case 'status':
    case 'end':
      return { kind: event, execution: executionOf(checked(wire, shapes.answer, data)) };
    default:
      return null;
  }
}

function checked<S extends z.ZodType>(wire: Wire, shape: S, data: string): z.output<S> {
  try {
    return shape.parse(JSON.parse(data));
  } catch {
    throw strange(wire, 'an event of its stream has another shape than this version knows');
  }
}

function bodyOf(request: ExecuteRequest): Record<string, unknown> {
  const { idempotencyKey: _, ...fields } = request;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function pathOf(requestId: string, rest = ''): string {
  return `/v1/commands/executions/${encodeURIComponent(requestId.toWellFormed())}${rest}`;
}
