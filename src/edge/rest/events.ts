/**
 * Executions and runs of runbooks as server-sent events. In: what one may watch. Out: status, output, end, and heartbeats.
 * Never: memory that grows with a slow reader, or a stream that outlives its reader or the server.
 */
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ReeveError } from '../../core/errors.ts';
import { isOver } from '../../core/runbook.ts';
import type { ExecutionEvent } from '../../gateway/gateway.ts';
import type { RunView } from '../../runbooks/view.ts';
import { answerOf } from '../answer.ts';
import type * as contract from './contract.ts';
import { viewOf } from './convert.ts';
import { runReportOf } from './convert-runbooks.ts';
import { named } from './handlers.ts';
import type { Handler, Reply } from './operation.ts';

const heartbeatMs = 15_000;
/** A reader that takes nothing for this long is gone, whatever its connection says. */
const stalledMs = 60_000;
/** What is said last waits no longer than this for its reader. */
const farewellMs = 1_000;

export const watch: Handler<typeof contract.watch> = async ({
  gateway,
  caller,
  params,
  signal,
  raw,
}) => {
  const requestId = params.requestId!;
  // Before the head is out: a request that is not there must leave as a problem, not as an empty stream.
  await gateway.execution(caller, requestId);
  const events = texts(gateway.watch(caller, requestId, signal), textOf);
  return stream(raw.response, signal, events, named(requestId));
};

export const watchRun: Handler<typeof contract.watchRun> = async (call) => {
  const { runbooks, caller, params, signal, raw } = call;
  const runId = params.runId!;
  await runbooks.show(caller, runId);
  return stream(raw.response, signal, texts(runbooks.watch(caller, runId, signal), textOfRun), {});
};

async function* texts<Event>(
  events: AsyncIterable<Event>,
  textOf: (event: Event, id: number) => string,
): AsyncGenerator<string> {
  let id = 0;
  for await (const event of events) {
    id += 1;
    yield textOf(event, id);
  }
}

async function stream(
  response: ServerResponse,
  signal: AbortSignal,
  events: AsyncIterable<string>,
  headers: Readonly<Record<string, string>>,
): Promise<Reply> {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'X-Accel-Buffering': 'no',
    ...headers,
  });
  response.flushHeaders();
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': still here\n\n');
  }, heartbeatMs);
  let over = false;
  try {
    for await (const text of events) {
      if (!(await put(response, text, signal))) break;
      over = /^id: \d+\nevent: end\n/.test(text);
    }
    if (!over && signal.reason instanceof ReeveError)
      await put(response, lastWord(signal.reason), null);
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
  return { kind: 'streamed' };
}

/** False when nobody reads any more. */
async function put(
  response: ServerResponse,
  text: string,
  signal: AbortSignal | null,
): Promise<boolean> {
  if (signal?.aborted || response.destroyed) return false;
  if (response.write(text)) return true;
  try {
    await once(response, 'drain', {
      signal: AbortSignal.any([
        ...(signal === null ? [] : [signal]),
        AbortSignal.timeout(signal === null ? farewellMs : stalledMs),
      ]),
    });
    return true;
  } catch {
    response.destroy();
    return false;
  }
}

/** Why a stream ends before what it tells of has: the gateway stops, or the token was revoked. */
function lastWord({ code, message }: ReeveError): string {
  return `event: closed\ndata: ${JSON.stringify({ errorCode: code, message })}\n\n`;
}

/** JSON holds no raw newline, so one `data:` line takes any of them. */
function textOf(event: ExecutionEvent, id: number): string {
  return `id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(dataOf(event))}\n\n`;
}

function textOfRun(view: RunView, id: number): string {
  const event = isOver(view.status) ? 'end' : 'status';
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(runReportOf(view))}\n\n`;
}

function dataOf(event: ExecutionEvent): unknown {
  switch (event.kind) {
    case 'output': {
      const { stream } = event;
      const chunk = viewOf(event.chunk);
      return isUtf8(chunk)
        ? { stream, encoding: 'utf8', data: chunk.toString('utf8') }
        : { stream, encoding: 'base64', data: chunk.toString('base64') };
    }
    case 'status':
    case 'end':
      return answerOf(event.execution, null);
  }
}
