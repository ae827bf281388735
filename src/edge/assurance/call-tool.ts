/**
 * A tool called as any agent calls it: by the MCP library's own client, from a server of ours over a pair of transports in
 * memory. In: a gateway to serve, and one call. Out: how it ended, read from the answer alone. Never: a look past the answer.
 */
import { Client } from '@modelcontextprotocol/client';
import { InMemoryTransport } from '@modelcontextprotocol/server';
import type { CallTool } from '../../assurance/assure.ts';
import type { RunEnd } from '../../assurance/evidence.ts';
import { ReeveError } from '../../core/errors.ts';
import { type ExecutionStatus, executionStatuses } from '../../core/execution.ts';
import type { JsonValue } from '../../core/json.ts';
import { type Door, OpenCalls, reportToStderr, usualRoundMs } from '../mcp/door.ts';
import { reeveHandlers } from '../mcp/handlers.ts';
import { RequestStates } from '../mcp/request-states.ts';
import { buildServer } from '../mcp/server.ts';
import { ToolNames } from '../mcp/tool-names.ts';

/** Milliseconds for everything besides the run itself: copies are made before, queues are waited for. */
const patienceMs = 120_000;

/** `version` is Reeve's. */
export function toolCaller(version: string): CallTool {
  return async (gateway, caller, { tool, arguments: given, environment, timeoutMs }) => {
    const calls = new OpenCalls();
    const door: Door = {
      gateway,
      version,
      callerOf: () => caller,
      calls,
      tools: new ToolNames(gateway),
      roundMs: usualRoundMs,
      states: new RequestStates(() => caller.principal.id),
      ended: () => {},
      reached: () => {},
      report: reportToStderr,
    };
    const [near, far] = InMemoryTransport.createLinkedPair();
    const server = buildServer(door, reeveHandlers(door));
    const client = new Client({ name: 'reeve-assurance', version });
    try {
      await server.connect(far);
      await client.connect(near);
      // The client holds answers to the tool's output schema, which it knows from the listing.
      await listed(client, tool);
      const answer = await client.callTool(
        { name: tool, arguments: { ...given, environment } },
        { timeout: timeoutMs + patienceMs },
      );
      return endOf(answer.structuredContent);
    } catch (error) {
      if (error instanceof ReeveError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new ReeveError(
        'COMMAND_EXECUTION_FAILED',
        `The MCP client could not call ${tool}: ${why.slice(0, 500)}`,
        [],
        { cause: error },
      );
    } finally {
      await client.close();
      await server.close();
      await calls.settled();
    }
  };
}

async function listed(client: Client, tool: string): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await client.listTools(cursor === undefined ? {} : { cursor });
    if (page.tools.some(({ name }) => name === tool)) return;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  throw new ReeveError('COMMAND_NOT_ALLOWED', `MCP does not list the tool ${tool} for you.`);
}

type Json = Readonly<Record<string, unknown>>;

/** The parts of an answer or a refusal that count; what is missing counts as null. */
function endOf(content: unknown): RunEnd {
  const answer = objectOf(content);
  const result = objectOf(answer.result);
  const refused = answer.executionStatus === 'rejected';
  return {
    requestId: textOf(refused ? answer.requestId : result.requestId),
    status: refused ? 'rejected' : statusOf(answer.status),
    exitCode: typeof result.exitCode === 'number' ? result.exitCode : null,
    signal: textOf(result.signal),
    errorCode: textOf(refused ? answer.errorCode : result.errorCode),
    stdout: bytesOf(result, 'stdout'),
    stderr: bytesOf(result, 'stderr'),
    truncated: result.truncated === true,
    structured: (result.structured ?? null) as JsonValue,
    structuredProblem: textOf(result.structuredProblem),
  };
}

function statusOf(value: unknown): ExecutionStatus {
  const status = executionStatuses.find((each) => each === value);
  if (status !== undefined) return status;
  throw new ReeveError('COMMAND_EXECUTION_FAILED', 'The answer of the tool names no status.');
}

/** The exact bytes: where they are no UTF-8, the text holds replacements. */
function bytesOf(result: Json, stream: 'stdout' | 'stderr'): Uint8Array {
  const exact = result[`${stream}Base64`];
  if (typeof exact === 'string') return Buffer.from(exact, 'base64');
  return Buffer.from(textOf(result[stream]) ?? '');
}

function objectOf(value: unknown): Json {
  return value !== null && typeof value === 'object' ? (value as Json) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
