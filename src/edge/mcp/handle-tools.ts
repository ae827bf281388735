/**
 * Long work by handle: begin it, look at it, end it. What reeve_start began goes on when its client goes away.
 * In: arguments as a client sent them. Out: tool results with the execution as it stands.
 */
import type { CallToolResult, ServerContext, Tool } from '@modelcontextprotocol/server';
import { ReeveError } from '../../core/errors.ts';
import { isFinal } from '../../core/execution.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Caller } from '../../core/principal.ts';
import { visibleLine } from '../../core/text.ts';
import { invalid, numberFrom, refuseUnknown, startRequestFrom, textFrom } from './arguments.ts';
import { answerOfExecution, asResult, goneSignal, submit } from './call.ts';
import type { Door } from './door.ts';
import { refuseCall } from './refusal.ts';
import { answerSchema, idempotencyKeySchema, requestIdSchema } from './schemas.ts';

/** Seconds that reeve_status waits at most: below what clients wait for any call. */
const maxWaitSeconds = 50;
const maxReasonLength = 500;

const handleToolNames = ['reeve_start', 'reeve_status', 'reeve_cancel'] as const;
type HandleToolName = (typeof handleToolNames)[number];

export function isHandleTool(name: string): name is HandleToolName {
  return (handleToolNames as readonly string[]).includes(name);
}

export const handleTools: readonly Tool[] = [
  tool(
    'reeve_start',
    'Start a command and do not wait for it',
    'Begins a listed tool and answers at once with a requestId; the run goes on when the connection ends. Follow it with reeve_status, end it with reeve_cancel. The way to run whatever may take longer than a minute.',
    {
      tool: { type: 'string', description: 'The name of a listed tool.' },
      arguments: {
        type: 'object',
        description: "The tool's own arguments, without those named below.",
      },
      environment: { type: 'string', description: 'Where to run.' },
      workingDirectory: {
        type: 'string',
        description: 'A folder inside the workspace, relative to it.',
      },
      timeoutSeconds: { type: 'number', exclusiveMinimum: 0, description: 'Time limit.' },
      idempotencyKey: idempotencyKeySchema,
    },
    ['tool'],
    { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  ),
  tool(
    'reeve_status',
    'Look at a run',
    'How a run stands, and its output so far; of one that awaits approval, what it waits for. With waitSeconds it answers as soon as the run has ended, or when that time is over.',
    {
      requestId: requestIdSchema,
      waitSeconds: {
        type: 'number',
        minimum: 0,
        maximum: maxWaitSeconds,
        description: 'Default: 0.',
      },
    },
    ['requestId'],
    { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  ),
  tool(
    'reeve_cancel',
    'End a run',
    'Ends what waits or runs, and takes back what awaits approval; whatever the command has done by then stays done. A run that has ended already is left as it is.',
    {
      requestId: requestIdSchema,
      reason: { type: 'string', maxLength: maxReasonLength, description: 'Goes on record.' },
    },
    ['requestId'],
    { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  ),
];

export async function callHandleTool(
  door: Door,
  caller: Caller,
  name: HandleToolName,
  given: Readonly<Record<string, unknown>>,
  ctx: ServerContext,
): Promise<CallToolResult> {
  return asResult(door, async () => {
    switch (name) {
      case 'reeve_start': {
        const named = typeof given.tool === 'string' ? given.tool : name;
        const execution = await submit(door, caller, named, () => startRequestFrom(given));
        return answerOfExecution(door, caller, execution);
      }
      case 'reeve_status':
        return status(
          door,
          caller,
          await parsed(door, caller, name, () => statusRequest(given)),
          ctx,
        );
      case 'reeve_cancel':
        return cancel(door, caller, await parsed(door, caller, name, () => cancelRequest(given)));
    }
  });
}

async function status(
  door: Door,
  caller: Caller,
  { requestId, waitMs }: { requestId: string; waitMs: number },
  ctx: ServerContext,
): Promise<CallToolResult> {
  const execution =
    waitMs === 0
      ? await door.gateway.execution(caller, requestId)
      : await door.gateway.wait(caller, requestId, waitMs, goneSignal(ctx));
  const result = await answerOfExecution(door, caller, execution);
  // Looking at a run that failed is no failure of the look.
  return { ...result, isError: false };
}

async function cancel(
  door: Door,
  caller: Caller,
  { requestId, reason }: { requestId: string; reason: string },
): Promise<CallToolResult> {
  const asked = await door.gateway.cancel(caller, requestId, reason);
  // The tree is ended within the grace of the settings; the end is worth the wait.
  const ended = isFinal(asked.status)
    ? asked
    : await door.gateway.wait(caller, requestId, maxWaitSeconds * 1_000);
  const result = await answerOfExecution(door, caller, ended);
  return { ...result, isError: false };
}

function statusRequest(given: Readonly<Record<string, unknown>>): {
  requestId: string;
  waitMs: number;
} {
  refuseUnknown(given, ['requestId', 'waitSeconds']);
  const wait = numberFrom(given, 'waitSeconds') ?? 0;
  if (!(wait >= 0 && wait <= maxWaitSeconds)) {
    throw invalid('waitSeconds', 'out of range', `0 to ${maxWaitSeconds}`);
  }
  return { requestId: requestIdFrom(given), waitMs: Math.round(wait * 1_000) };
}

function cancelRequest(given: Readonly<Record<string, unknown>>): {
  requestId: string;
  reason: string;
} {
  refuseUnknown(given, ['requestId', 'reason']);
  const reason = textFrom(given, 'reason') ?? 'Cancelled with reeve_cancel.';
  if (reason.length > maxReasonLength) {
    throw invalid('reason', 'too long', `at most ${maxReasonLength} characters`);
  }
  return { requestId: requestIdFrom(given), reason: visibleLine(reason) };
}

function requestIdFrom(given: Readonly<Record<string, unknown>>): string {
  const requestId = textFrom(given, 'requestId');
  if (requestId === null) throw invalid('requestId', 'missing', 'the requestId of a run');
  if (requestId.length === 0 || requestId.length > 200) {
    throw invalid('requestId', 'of the wrong length', '1 to 200 characters');
  }
  return requestId;
}

async function parsed<T>(door: Door, caller: Caller, name: string, parse: () => T): Promise<T> {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
    throw await refuseCall(door.gateway, caller, error, name);
  }
}

function tool(
  name: HandleToolName,
  title: string,
  description: string,
  properties: JsonObject,
  required: readonly string[],
  annotations: NonNullable<Tool['annotations']>,
): Tool {
  return {
    name,
    title,
    description,
    inputSchema: {
      type: 'object',
      properties,
      required,
      additionalProperties: false,
    } as unknown as Tool['inputSchema'],
    outputSchema: answerSchema as unknown as NonNullable<Tool['outputSchema']>,
    annotations: { title, ...annotations },
  };
}
