/**
 * A call that waits for people. In: an execution that awaits approval, and what its client can do. Out: the execution
 * once it was decided on, or what to answer meanwhile. Never: an answer to an approval; people give it on their page.
 */
import { randomUUID } from 'node:crypto';
import {
  type CallToolResult,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Execution } from '../../core/execution.ts';
import type { Caller } from '../../core/principal.ts';
import { visibleLine } from '../../core/text.ts';
import type { ApprovalNote } from '../answer.ts';
import { noteIfWaiting, openStageText } from '../approval-note.ts';
import type { Client, Door } from './door.ts';
import type { Carried } from './request-states.ts';
import { awaitingResult } from './result.ts';

/** Rounds before the handle is given: clients give up after ten. */
const mostRounds = 5;
const heartbeatMs = 5_000;
const key = 'approval';

export interface WaitingCall {
  readonly door: Door;
  readonly caller: Caller;
  readonly client: Client;
  readonly ctx: ServerContext;
  /** Aborted when the client has gone back on the call. */
  readonly gone: AbortSignal;
  /** What it is known by when it is repeated. */
  readonly digest: string;
  /** Null in the first round. */
  readonly carried: Carried | null;
}

/** `told` is how many notifications of progress have gone out already. */
export type Waited =
  | { readonly kind: 'go-on'; readonly execution: Execution; readonly told: number }
  | { readonly kind: 'answer'; readonly result: CallToolResult | InputRequiredResult };

export async function awaitApproval(call: WaitingCall, execution: Execution): Promise<Waited> {
  const { door, caller, client } = call;
  const note = await noteIfWaiting(door.gateway, caller, execution);
  if (!client.elicitsUrl || note === null || note.page === null) {
    return answer(awaitingResult(execution, note, null));
  }
  switch (client.era) {
    case 'modern':
      return inRounds(call, execution, note, note.page);
    case 'legacy':
      return inOneCall(call, execution, note, note.page);
  }
}

/** The 2026 revision: each round is a call of its own, and nothing is held between them. */
async function inRounds(
  call: WaitingCall,
  execution: Execution,
  note: ApprovalNote,
  page: string,
): Promise<Waited> {
  const { door, ctx, carried, digest } = call;
  const { requestId } = execution;
  const round = (carried?.round ?? 0) + 1;
  const response = inputResponse(ctx.mcpReq.inputResponses, key);
  const again = async (ask: boolean): Promise<Waited> =>
    answer(
      inputRequired({
        requestState: await door.states.give({ requestId, round }, digest, ctx),
        ...(ask
          ? {
              inputRequests: {
                [key]: inputRequired.elicitUrl({ url: page, message: messageOf(execution, note) }),
              },
            }
          : {}),
      }),
    );
  if (carried === null) return again(true);
  if (response.kind === 'elicit' && response.action !== 'accept') {
    return answer(awaitingResult(execution, note, declined));
  }
  // A first round that nobody answered is asked again; later ones only come back to see how it stands.
  if (response.kind !== 'elicit' && carried.round <= 1) return again(round <= mostRounds);
  const waited = await untilDecided(call, execution, door.roundMs, call.gone);
  if (waited.execution.status !== 'awaiting_approval' || call.gone.aborted) {
    return { kind: 'go-on', ...waited };
  }
  if (round <= mostRounds) return again(false);
  return answer(await still(call, waited.execution));
}

/** Up to revision 2025-11-25: the page is named in a request of ours, and the call goes on meanwhile. */
async function inOneCall(
  call: WaitingCall,
  execution: Execution,
  note: ApprovalNote,
  page: string,
): Promise<Waited> {
  const { ctx, gone, door } = call;
  const elicitationId = randomUUID();
  const over = new AbortController();
  const said = ctx.mcpReq
    .elicitInput(
      { mode: 'url', elicitationId, url: page, message: messageOf(execution, note) },
      { signal: over.signal, timeout: 2 ** 31 - 1 },
    )
    .then(
      ({ action }) => action,
      () => 'unanswered' as const,
    );
  const refused = said.then((action) => {
    if (action === 'decline' || action === 'cancel') over.abort();
    return action;
  });
  // Who is told how it goes keeps waiting; who is not would take silence for a failure.
  const patience = ctx.mcpReq._meta?.progressToken === undefined ? door.roundMs : null;
  const waited = await untilDecided(
    call,
    execution,
    patience,
    AbortSignal.any([gone, over.signal]),
  );
  const wasRefused = over.signal.aborted;
  const decided = waited.execution.status !== 'awaiting_approval';
  // Before our request is taken back, so that a client that still shows it knows why.
  if (decided) {
    await ctx.mcpReq
      .notify({ method: 'notifications/elicitation/complete', params: { elicitationId } })
      .catch(() => undefined);
  }
  over.abort();
  await refused;
  if (decided || gone.aborted) return { kind: 'go-on', ...waited };
  return answer(
    wasRefused
      ? awaitingResult(waited.execution, note, declined)
      : await still(call, waited.execution),
  );
}

/** As it stands once it awaits approval no more, or when time or patience are over. */
async function untilDecided(
  { door, caller, ctx }: WaitingCall,
  execution: Execution,
  milliseconds: number | null,
  signal: AbortSignal,
): Promise<{ execution: Execution; told: number }> {
  const { requestId } = execution;
  const progressToken = ctx.mcpReq._meta?.progressToken;
  const began = performance.now();
  let told = 0;
  const tell = async (): Promise<void> => {
    const note = await noteIfWaiting(door.gateway, caller, execution);
    const open = note === null ? null : openStageText(note);
    const seconds = Math.round((performance.now() - began) / 1_000);
    const message = `awaiting_approval, ${seconds}s so far${open === null ? '' : `: ${visibleLine(open)}`}`;
    told += 1;
    const params = { progressToken: progressToken!, progress: told, message };
    await ctx.mcpReq.notify({ method: 'notifications/progress', params });
  };
  let telling: Promise<void> | null = null;
  const timer =
    progressToken === undefined
      ? null
      : setInterval(() => {
          // Who does not read what was sent is not sent more; who is gone is known by the signal.
          telling ??= tell()
            .catch(() => undefined)
            .finally(() => {
              telling = null;
            });
        }, heartbeatMs);
  const stop = AbortSignal.any([
    signal,
    ...(door.leaving === undefined ? [] : [door.leaving]),
    ...(milliseconds === null ? [] : [AbortSignal.timeout(milliseconds)]),
  ]);
  let seen = execution;
  try {
    for await (const event of door.gateway.watch(caller, requestId, stop)) {
      if (event.kind === 'output') continue;
      seen = event.execution;
      if (seen.status !== 'awaiting_approval') break;
    }
  } finally {
    if (timer !== null) clearInterval(timer);
    await telling;
  }
  return { execution: seen, told };
}

async function still({ door, caller }: WaitingCall, execution: Execution): Promise<CallToolResult> {
  return awaitingResult(execution, await noteIfWaiting(door.gateway, caller, execution), null);
}

const declined =
  'The page for the approval was not opened here. The request stands all the same, and people may still answer it; take it back with reeve_cancel if it is not wanted any more.';

function messageOf(execution: Execution, note: ApprovalNote): string {
  const what = visibleLine(execution.command ?? 'The command');
  const where = execution.environment === null ? '' : ` in ${visibleLine(execution.environment)}`;
  const open = openStageText(note);
  return `${what}${where} has not run: it needs ${open === null ? 'approval' : visibleLine(open)}. The page shows everything that would run. Whoever holds the role answers there, with a credential of their own; pass the link on if that is somebody else.`;
}

function answer(result: CallToolResult | InputRequiredResult): Waited {
  return { kind: 'answer', result };
}
