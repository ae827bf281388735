/**
 * One tools/call as a span. In: the call's `_meta`. Out: what the work gives. The context in `_meta` is the caller's own, so
 * it comes before that of the HTTP request that carried it, which is linked. Never: a name or an argument of the caller's.
 */
import type { CallToolResult, InputRequiredResult } from '@modelcontextprotocol/server';
import { currentTrace } from '../telemetry/around.ts';
import { contextFrom } from '../telemetry/trace-context.ts';
import type { Door } from './door.ts';

type Result = CallToolResult | InputRequiredResult;

export async function tracedCall(
  door: Door,
  meta: Readonly<Record<string, unknown>> | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  if (door.telemetry === undefined) return work();
  const carrier = currentTrace();
  const said = contextFrom(meta?.traceparent, meta?.tracestate);
  // A gateway that cannot be opened is the call's own failure, told by the call.
  const telemetry = await door.telemetry().catch(() => null);
  if (telemetry === null) return work();
  const span = telemetry.start('tools/call', {
    kind: 'server',
    parent: said ?? carrier,
    link: said === null ? null : carrier,
    facts: { 'mcp.method.name': 'tools/call', 'rpc.system.name': 'jsonrpc' },
  });
  try {
    const result = await telemetry.within(span.context, null, work);
    span.end((result as CallToolResult).isError === true ? 'tool_error' : null);
    return result;
  } catch (error) {
    span.end('tool_error');
    throw error;
  }
}
