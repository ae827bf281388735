/**
 * One direct tool call: submit → follow → answer. In: a tool's name and arguments as a client sent them.
 * Out: a tool result; refusals are results too. Never: a run that goes on after the client that waited for it is gone.
 */
import type {
  CallToolResult,
  InputRequiredResult,
  ServerContext,
} from '@modelcontextprotocol/server';
import { ReeveError } from '../../core/errors.ts';
import { type Execution, isFinal } from '../../core/execution.ts';
import type { Caller } from '../../core/principal.ts';
import { visibleLine } from '../../core/text.ts';
import type { ExecuteRequest } from '../../gateway/gateway.ts';
import { noteIfWaiting } from '../approval-note.ts';
import { requestFrom } from './arguments.ts';
import { awaitApproval } from './await-approval.ts';
import type { Client, Door } from './door.ts';
import { exchangeOf } from './http-exchange.ts';
import { followWithProgress } from './progress.ts';
import { refuseCall } from './refusal.ts';
import { type Carried, callDigest } from './request-states.ts';
import { answerResult, awaitingResult, problemResult } from './result.ts';

export async function callCommand(
  door: Door,
  caller: Caller,
  tool: string,
  given: Readonly<Record<string, unknown>>,
  ctx: ServerContext,
  client: Client,
): Promise<CallToolResult | InputRequiredResult> {
  return asResult(door, async () => {
    const digest = callDigest(tool, given);
    const carried = await carriedBy(door, caller, tool, digest, ctx, client);
    // Whoever comes back for a request gets that one; only a first call asks for an execution.
    let execution =
      carried === null
        ? await submit(door, caller, tool, () => requestFrom(tool, given))
        : await door.gateway.execution(caller, carried.requestId);
    const gone = goneSignal(ctx);
    let told = 0;
    if (execution.status === 'awaiting_approval') {
      const waiting = { door, caller, client, ctx, gone, digest, carried };
      const waited = await awaitApproval(waiting, execution);
      if (waited.kind === 'answer') return waited.result;
      ({ execution, told } = waited);
    }
    const finished = await follow(door, caller, execution, gone, ctx, told);
    return answerOfExecution(door, caller, finished);
  });
}

/** What the client carries back from an earlier round; null for a first call. Refusals are on record. */
async function carriedBy(
  door: Door,
  caller: Caller,
  tool: string,
  digest: string,
  ctx: ServerContext,
  { era }: Client,
): Promise<Carried | null> {
  if (era === 'legacy') return null;
  const state = ctx.mcpReq.requestState<string>();
  try {
    if (state !== undefined) return await door.states.take(state, digest, ctx);
    if (ctx.mcpReq.inputResponses === undefined) return null;
    throw new ReeveError(
      'INVALID_REQUEST',
      'inputResponses: they came without the requestState of the call that they answer, so it is not known which that is. Nothing was started. Send both, or follow the request with reeve_status.',
      [{ field: 'requestState', problem: 'missing' }],
    );
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
    throw await refuseCall(door.gateway, caller, error, tool);
  }
}

/**
 * Submits what `parse` makes of the arguments, its command being a tool's name. Where it throws, or no such tool is
 * listed for the caller, the refusal goes on record under `name`.
 */
export async function submit(
  door: Door,
  caller: Caller,
  name: string,
  parse: () => ExecuteRequest,
): Promise<Execution> {
  let request: ExecuteRequest;
  try {
    request = parse();
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
    throw await refuseCall(door.gateway, caller, error, name);
  }
  const command = await door.tools.commandOf(caller, request.command);
  if (command === null) {
    throw await refuseCall(door.gateway, caller, notListed(request.command), request.command);
  }
  return door.gateway.submit(caller, { ...request, command });
}

/** The same for a tool that does not exist and for one that the caller may not see. */
function notListed(tool: string): ReeveError {
  return new ReeveError(
    'COMMAND_NOT_ALLOWED',
    `"${visibleLine(tool.slice(0, 100))}" is not among the tools that you may call here. Nothing was started.`,
    [{ field: 'name', problem: 'not allowed', expected: 'the name of a listed tool' }],
  );
}

/** Every way in which a call can fail as a tool result that says so. */
export async function asResult<Result extends CallToolResult | InputRequiredResult>(
  door: Door,
  work: () => Promise<Result>,
): Promise<Result | CallToolResult> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ReeveError) return problemResult(error);
    door.report('a call failed in a way that nobody foresaw', error);
    return problemResult(
      new ReeveError(
        'COMMAND_EXECUTION_FAILED',
        'The gateway failed while handling the call. Look with reeve_status or in the audit whether it ran before you repeat it.',
      ),
    );
  }
}

export async function answerOfExecution(
  door: Door,
  caller: Caller,
  execution: Execution,
): Promise<CallToolResult> {
  // Nothing that never started has output.
  const output =
    execution.startedAt === null ? null : await door.gateway.output(caller, execution.requestId);
  const note = await noteIfWaiting(door.gateway, caller, execution);
  return execution.status === 'awaiting_approval'
    ? awaitingResult(execution, note, null)
    : answerResult(execution, output);
}

/** Waits for the end; a client that cancels or goes away cancels the run. */
async function follow(
  door: Door,
  caller: Caller,
  execution: Execution,
  gone: AbortSignal,
  ctx: ServerContext,
  told: number,
): Promise<Execution> {
  if (isFinal(execution.status)) return execution;
  const { requestId } = execution;
  const finished = gone.aborted
    ? execution
    : ctx.mcpReq._meta?.progressToken === undefined
      ? await door.gateway.wait(caller, requestId, null, gone)
      : await followWithProgress(door, caller, execution, gone, ctx, told);
  if (!gone.aborted || isFinal(finished.status)) return finished;
  return door.gateway.cancel(caller, requestId, reasonOf(ctx));
}

/** Aborted when the client cancels, when the connection ends, and when the stream of the answer is closed. */
export function goneSignal(ctx: ServerContext): AbortSignal {
  const stream = ctx.http?.req?.signal;
  return stream === undefined ? ctx.mcpReq.signal : AbortSignal.any([ctx.mcpReq.signal, stream]);
}

const reasonLength = 200;

function reasonOf(ctx: ServerContext): string {
  const { signal } = ctx.mcpReq;
  if (ctx.http !== undefined && exchangeOf(ctx).cut?.aborted === true)
    return 'The credential that the call came with was revoked.';
  if (!signal.aborted) return 'The client closed the stream of the answer.';
  if (signal.reason instanceof Error && signal.reason.name === 'AbortError')
    return 'The client cancelled the call.';
  if (signal.reason instanceof Error) return 'The client went away.';
  if (typeof signal.reason !== 'string') return 'The client cancelled the call.';
  return `The client cancelled the call: ${visibleLine(signal.reason.slice(0, reasonLength))}`;
}
