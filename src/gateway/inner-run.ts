/**
 * A run within the turn of another one, asked for by the gateway because the settings name it: an execution of its own,
 * declared, decided, sandboxed and on record like any other. In: which, and why. Out: how it ended. Never: one that waits
 * for people, or that outlives the run that needs it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { asked, decided } from '../audit/entries.ts';
import type { Command } from '../core/command.ts';
import { type Decision, issuePermit } from '../core/decision.ts';
import { ReeveError } from '../core/errors.ts';
import type { Execution } from '../core/execution.ts';
import type { Invocation } from '../core/invocation.ts';
import type { JsonObject } from '../core/json.ts';
import type { Caller } from '../core/principal.ts';
import type { ResultDeclaration } from '../core/result.ts';
import { noSecrets, SealedSecrets } from '../core/secret.ts';
import { noTracing } from '../core/tracing.ts';
import { prepareInvocation } from '../inventory/invoke.ts';
import { carryOut } from './carry-out.ts';
import { settle } from './conclude.ts';
import { factsOfCommand, factsOfInvocation, newExecution } from './draft.ts';
import type { Generation } from './generation.ts';
import { gatewayCaller, type House } from './house.ts';
import { approvalRequired, decide, objections } from './judge.ts';
import { LiveRun } from './live.ts';
import { asReeveError, refuse } from './refuse.ts';
import { RunTrace } from './run-trace.ts';
import { readSecret, sourceOf, unavailable } from './secret-source.ts';
import type { Withheld } from './withheld.ts';

/** Milliseconds between looks whether its concurrency key has room, and how often. */
const busyMs = 150;
const busyLooks = 200;

/** `setting` names the place of the settings that says so, such as `secrets.DATABASE_URL`; `client` what it is for. */
export interface InnerRun {
  readonly command: string;
  readonly arguments: JsonObject;
  readonly environment: string;
  readonly setting: string;
  readonly client: string;
  /** Where its output goes; null for ordinary output. */
  readonly withheld: Withheld | null;
  /** What has to hold before it may start, besides what holds for every run. */
  readonly before?: (command: Command, signal: AbortSignal) => Promise<void>;
}

/** It ended, however. `invocation` is null where it was refused before there was one. */
export interface InnerEnd {
  readonly requestId: string;
  readonly execution: Execution | null;
  readonly invocation: Invocation | null;
  /** Why it was refused; null where it was not. */
  readonly refusal: ReeveError | null;
}

/** Runs it. Its cancellation is the signal's; answers only once nothing of it is left. */
export async function runWithin(
  house: House,
  generation: Generation,
  inner: InnerRun,
  signal: AbortSignal,
): Promise<InnerEnd> {
  const caller: Caller = { ...gatewayCaller, client: inner.client };
  const draft = newExecution(house, caller, inner.command);
  const { requestId } = draft;
  let begun: Begun;
  try {
    begun = await begin(house, generation, caller, draft, inner, signal);
  } catch (error) {
    const refusal = asReeveError(house, error);
    return { requestId, execution: null, invocation: null, refusal };
  }
  const execution = await follow(house, begun, inner.withheld, signal);
  const frozen = execution.errorCode === 'FROZEN';
  return {
    requestId,
    execution,
    invocation: begun.invocation,
    refusal: frozen
      ? new ReeveError('FROZEN', execution.errorMessage ?? 'The gateway is frozen.')
      : null,
  };
}

interface Begun {
  readonly live: LiveRun;
  readonly invocation: Invocation;
  readonly decision: Decision;
  readonly secrets: SealedSecrets;
  readonly result: ResultDeclaration | null;
}

/** From the declaration to `queued`, on record; or refused, on record. */
async function begin(
  house: House,
  generation: Generation,
  caller: Caller,
  draft: Execution,
  inner: InnerRun,
  signal: AbortSignal,
): Promise<Begun> {
  let known: Partial<Execution> = {};
  try {
    const command = generation.inventory.commands.get(inner.command)!;
    known = factsOfCommand(command);
    const ask = {
      arguments: inner.arguments,
      args: null,
      environment: inner.environment,
      workingDirectory: null,
      timeoutSeconds: null,
    };
    const invocation = await prepareInvocation(command, generation.settings, ask, caller.principal);
    known = { ...known, ...factsOfInvocation(invocation) };
    const permitted = () => {
      const decision = decideForSettings(house, generation, caller, command, invocation, inner);
      known = { ...known, policies: decision.policies };
      const [objection] = objections(house, generation, command, invocation, decision);
      // Nobody would answer while a run waits for this one.
      const refusal = objection ?? approvalRequired(invocation, decision);
      if (refusal !== null) throw refusal;
      return decision;
    };
    let decision = permitted();
    if (inner.before !== undefined && command.dependencies.length > 0) {
      await inner.before(command, signal);
      decision = permitted();
    }
    const secrets = placedSecrets(generation, invocation);
    const queued: Execution = { ...draft, ...known, status: 'queued' };
    const under = { generation: generation.hash, sandbox: house.runner.report(invocation) };
    house.store.accept(queued, [asked(queued), decided(queued, decision, under)], null);
    const tracing = house.tracing ?? noTracing;
    const live = new LiveRun(queued, new RunTrace(tracing, tracing.current(), queued));
    house.live.set(queued.requestId, live);
    return { live, invocation, decision, secrets, result: command.result };
  } catch (error) {
    const why = signal.aborted ? called(signal) : asReeveError(house, error);
    throw refuse(house, { ...draft, ...known }, why);
  }
}

/**
 * Policy decides as for any principal, here `gateway`. Where it says nothing of it, the settings are the permit: who wrote
 * them named this very command with these arguments. A policy that forbids stands.
 */
function decideForSettings(
  house: House,
  generation: Generation,
  caller: Caller,
  command: Command,
  invocation: Invocation,
  { setting }: InnerRun,
): Decision {
  const decision = decide(generation, caller, house.trust, command, invocation);
  if (decision.kind !== 'deny' || decision.policies.length > 0 || decision.errors.length > 0)
    return decision;
  return { kind: 'permit', digest: decision.digest, policies: [`settings: ${setting}`] };
}

/** Its own secrets lie somewhere: that none comes from a command was checked when the configuration was loaded. */
function placedSecrets(generation: Generation, invocation: Invocation): SealedSecrets {
  if (invocation.secrets.length === 0) return noSecrets;
  return new SealedSecrets(
    invocation.secrets.map((use) => {
      const source = sourceOf(generation, use.name, invocation.environment);
      if (source !== undefined && source.kind !== 'command')
        return { ...use, value: readSecret(generation, use, source) };
      throw unavailable(use.name, 'it has no source that is none of a command', 'Give it one.');
    }),
  );
}

/** Starts it once its key has room, and answers how it ended. Its cancellation is that of the run which needs it. */
async function follow(
  house: House,
  begun: Begun,
  withheld: Withheld | null,
  signal: AbortSignal,
): Promise<Execution> {
  const { live, invocation, decision, secrets, result } = begun;
  const cancel = () => live.controller.abort(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    for (let looks = 0; ; looks++) {
      if (live.controller.signal.aborted || looks >= busyLooks) {
        giveUp(house, live);
        break;
      }
      const { requestId, fence } = live.execution;
      const permit = issuePermit(requestId, fence, invocation, decision, []);
      const ready = { invocation, permit, policies: decision.policies, secrets, withheld, result };
      if ((await carryOut(house, live, ready)) === 'done') break;
      await sleep(busyMs);
    }
    return live.execution;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function giveUp(house: House, live: LiveRun): void {
  const { signal } = live.controller;
  const late = 'Others held its concurrency key for too long; nothing was started.';
  const why = signal.aborted ? called(signal) : new ReeveError('CONCURRENCY_LIMIT', late);
  settle(house, live, 'cancelled', why);
}

function called(signal: AbortSignal): ReeveError {
  return new ReeveError('COMMAND_CANCELLED', `Nothing was started: ${String(signal.reason)}.`);
}
