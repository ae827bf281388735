/**
 * Calls of runbook tools: start, look, steer. In: arguments as a client sent them. Out: tool results with the run as it stands;
 * refusals are results too, on record where something was to be done. Never: a run that ends because its client went away,
 * or a call that waits without an end.
 */
import type { CallToolResult, ServerContext } from '@modelcontextprotocol/server';
import { ReeveError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Caller } from '../../core/principal.ts';
import { visibleLine } from '../../core/text.ts';
import type { RunbookListing, StartRequest } from '../../runbooks/desk.ts';
import type { RunView } from '../../runbooks/view.ts';
import { startOnRecord, waitForRest } from '../runbook-faces.ts';
import { invalid, numberFrom, refuseUnknown, reservedNames, textFrom } from './arguments.ts';
import { asResult, goneSignal } from './call.ts';
import type { Door } from './door.ts';
import { refuseCall } from './refusal.ts';
import type { RunbookNames } from './runbook-names.ts';
import { StepTeller } from './runbook-progress.ts';
import { planResult, runResult } from './runbook-result.ts';
import { maxReasonLength, maxWaitSeconds, type RunbookHandleName } from './runbook-tools.ts';

type Given = Readonly<Record<string, unknown>>;

/** How much longer a client waits that is told how it goes: ten minutes, with the usual patience. */
const toldTimes = 13;

export async function callRunbook(
  door: Door,
  runbooks: RunbookNames,
  caller: Caller,
  listing: RunbookListing,
  given: Given,
  ctx: ServerContext,
): Promise<CallToolResult> {
  return asResult(door, async () => {
    const request = await parsed(door, caller, listing.tool, () => startRequest(listing, given));
    const started = await startOnRecord(door.gateway, runbooks.desk, caller, request);
    const told = ctx.mcpReq._meta?.progressToken !== undefined;
    const patience = told ? door.roundMs * toldTimes : door.roundMs;
    const view = await waitTelling(runbooks, caller, started, patience, ctx);
    return runResult(door.gateway, caller, view, false);
  });
}

function startRequest({ name }: RunbookListing, given: Given): StartRequest {
  const { environment: _, idempotencyKey: __, ...rest } = given;
  for (const reserved of reservedNames)
    if (Object.hasOwn(rest, reserved))
      throw invalid(
        reserved,
        'not taken by runbooks',
        'its own parameters, environment and idempotencyKey alone',
      );
  return {
    runbook: name,
    arguments: rest as JsonObject,
    environment: textFrom(given, 'environment'),
    idempotencyKey: textFrom(given, 'idempotencyKey'),
  };
}

export async function callRunbookHandle(
  door: Door,
  runbooks: RunbookNames,
  caller: Caller,
  name: RunbookHandleName,
  given: Given,
  ctx: ServerContext,
): Promise<CallToolResult> {
  return asResult(door, async () => {
    const { desk } = runbooks;
    const shown = (view: RunView) => runResult(door.gateway, caller, view, true);
    const steer = (known: readonly string[]) =>
      parsed(door, caller, name, () => {
        refuseUnknown(given, ['runId', 'reason', ...known]);
        return { runId: runIdFrom(given), steering: { reason: reasonFrom(given, name) } };
      });
    switch (name) {
      case 'reeve_runbook_plan': {
        const request = await parsed(door, caller, name, () => planRequest(given));
        const named = await runbooks.find(caller, request.runbook);
        return planResult(
          await desk.plan(caller, { ...request, runbook: named?.name ?? request.runbook }),
        );
      }
      case 'reeve_runbook_status': {
        const { runId, waitMs } = await parsed(door, caller, name, () => statusRequest(given));
        const seen = await desk.show(caller, runId);
        return shown(
          waitMs === 0 ? seen : await waitTelling(runbooks, caller, seen, waitMs, ctx, true),
        );
      }
      case 'reeve_runbook_pause': {
        const { runId, steering } = await steer([]);
        return shown(await desk.pause(caller, runId, steering));
      }
      case 'reeve_runbook_resume': {
        const { runId, steering } = await steer([]);
        return shown(await desk.resume(caller, runId, steering));
      }
      case 'reeve_runbook_cancel': {
        const { runId, steering } = await steer(['when', 'thenRollback']);
        const how = await parsed(door, caller, name, () => cancelHow(given));
        const cancelled = await desk.cancel(caller, runId, { ...steering, ...how });
        // What is ended now ends within the grace of the settings; that is worth the wait.
        const patience = how.when === 'now' ? maxWaitSeconds * 1_000 : 0;
        return shown(
          patience === 0
            ? cancelled
            : await waitForRest(desk, caller, runId, patience, goneSignal(ctx)),
        );
      }
    }
  });
}

/** Waits until the run rests, and tells of each step where the client asked for that. */
async function waitTelling(
  runbooks: RunbookNames,
  caller: Caller,
  from: RunView,
  milliseconds: number,
  ctx: ServerContext,
  news = false,
): Promise<RunView> {
  const teller = ctx.mcpReq._meta?.progressToken === undefined ? null : new StepTeller(ctx);
  try {
    const seen = teller === null ? undefined : (view: RunView) => teller.saw(view);
    const after = news ? from : null;
    const gone = goneSignal(ctx);
    return await waitForRest(runbooks.desk, caller, from.runId, milliseconds, gone, seen, after);
  } finally {
    await teller?.end();
  }
}

function planRequest(given: Given): StartRequest {
  refuseUnknown(given, ['runbook', 'arguments', 'environment']);
  const runbook = textFrom(given, 'runbook');
  if (runbook === null) throw invalid('runbook', 'missing', "the name of a runbook's tool");
  const own = Object.hasOwn(given, 'arguments') ? given.arguments : {};
  if (own === null || typeof own !== 'object' || Array.isArray(own))
    throw invalid('arguments', 'not an object', "an object with the runbook's own arguments");
  return { runbook, arguments: own as JsonObject, environment: textFrom(given, 'environment') };
}

function statusRequest(given: Given): { runId: string; waitMs: number } {
  refuseUnknown(given, ['runId', 'waitSeconds']);
  const wait = numberFrom(given, 'waitSeconds') ?? 0;
  if (!(wait >= 0 && wait <= maxWaitSeconds))
    throw invalid('waitSeconds', 'out of range', `0 to ${maxWaitSeconds}`);
  return { runId: runIdFrom(given), waitMs: Math.round(wait * 1_000) };
}

function cancelHow(given: Given): { when: 'now' | 'after-step'; thenRollback: boolean } {
  const when = textFrom(given, 'when') ?? 'now';
  if (when !== 'now' && when !== 'after-step')
    throw invalid('when', 'none of the values', 'now or after-step');
  const thenRollback = Object.hasOwn(given, 'thenRollback') ? given.thenRollback : false;
  if (typeof thenRollback !== 'boolean')
    throw invalid('thenRollback', 'not true or false', 'true or false');
  return { when, thenRollback };
}

function runIdFrom(given: Given): string {
  const runId = textFrom(given, 'runId');
  if (runId === null) throw invalid('runId', 'missing', "the runId that a runbook's tool gave");
  if (runId.length === 0 || runId.length > 200)
    throw invalid('runId', 'of the wrong length', '1 to 200 characters');
  return runId;
}

function reasonFrom(given: Given, name: string): string {
  const reason = textFrom(given, 'reason') ?? `asked for with ${name}`;
  if (reason.length > maxReasonLength)
    throw invalid('reason', 'too long', `at most ${maxReasonLength} characters`);
  return visibleLine(reason);
}

async function parsed<T>(door: Door, caller: Caller, name: string, parse: () => T): Promise<T> {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
    throw await refuseCall(door.gateway, caller, error, name);
  }
}
