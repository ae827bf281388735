/**
 * An execution as server-sent events. In: what the gateway lets one watch. Out: status, output, end, and heartbeats.
 * Never: memory that grows with a slow reader, or a stream that outlives its reader or the server.
 */
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ExecutionEvent } from '../../gateway/gateway.ts';
import { answerOf } from '../answer.ts';
import type * as contract from './contract.ts';
import { viewOf } from './convert.ts';
import { named } from './handlers.ts';
import type { Handler } from './operation.ts';

const heartbeatMs = 15_000;
/** A reader that takes nothing for this long is gone, whatever its connection says. */
const stalledMs = 60_000;

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
  const { response } = raw;
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'X-Accel-Buffering': 'no',
    ...named(requestId),
  });
  response.flushHeaders();
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': still here\n\n');
  }, heartbeatMs);
  try {
    let id = 0;
    for await (const event of gateway.watch(caller, requestId, signal)) {
      id += 1;
      if (!(await put(response, textOf(event, id), signal))) break;
    }
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
  return { kind: 'streamed' };
};

/** False when nobody reads any more. */
async function put(response: ServerResponse, text: string, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted || response.destroyed) return false;
  if (response.write(text)) return true;
  try {
    await once(response, 'drain', {
      signal: AbortSignal.any([signal, AbortSignal.timeout(stalledMs)]),
    });
    return true;
  } catch {
    response.destroy();
    return false;
  }
}

/** JSON holds no raw newline, so one `data:` line takes any of them. */
function textOf(event: ExecutionEvent, id: number): string {
  return `id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(dataOf(event))}\n\n`;
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
