/**
 * From the queue to the permit: still the same → decided again → dependencies → secrets, and after each decided again →
 * carried out. Never: a process for what was not decided on under the configuration of this moment, or while something
 * that it depends on is away; a secret fetched for what may not run.
 */
import type { Command } from '../core/command.ts';
import { issuePermit, type Permit } from '../core/decision.ts';
import { ReeveError } from '../core/errors.ts';
import type { Execution } from '../core/execution.ts';
import type { Invocation } from '../core/invocation.ts';
import type { Caller } from '../core/principal.ts';
import { noSecrets, type SealedSecrets } from '../core/secret.ts';
import { noTracing, type TraceContext } from '../core/tracing.ts';
import { grantsFor } from './approvals/grants.ts';
import { carryOut, known } from './carry-out.ts';
import { settle } from './conclude.ts';
import { assertAvailable } from './dependencies/available.ts';
import { gatherSecrets } from './gather-secrets.ts';
import type { Generation } from './generation.ts';
import type { House } from './house.ts';
import { commandInSight, decide, objections } from './judge.ts';
import { LiveRun } from './live.ts';
import { type Prepared, prepareAgain } from './prepare-again.ts';
import { RunTrace } from './run-trace.ts';
import { stillPresent } from './who.ts';
import { isSource, Withheld } from './withheld.ts';

/** Hands a queued execution to the queue. A crash from here to the intent leaves it `queued`: nothing ran. */
export function enqueue(
  house: House,
  caller: Caller,
  execution: Execution,
  prepared: Prepared,
  context: TraceContext | null = null,
): void {
  const trace = new RunTrace(house.tracing ?? noTracing, context, execution);
  const live = new LiveRun(execution, trace);
  house.live.set(execution.requestId, live);
  hand(house, caller, live, prepared);
}

/** Hands what is live to the queue. */
export function hand(house: House, caller: Caller, live: LiveRun, prepared: Prepared): void {
  const { execution, trace } = live;
  trace.enter('queue');
  // What starts within this very turn was prepared just now.
  let waited = false;
  house.queue
    .enqueue({
      requestId: execution.requestId,
      principal: execution.principal,
      key: execution.concurrencyKey,
      start: () =>
        trace.within(async () => {
          const how = await perform(house, caller, live, prepared, waited);
          if (how === 'busy') trace.enter('queue');
          return how;
        }),
      signal: live.controller.signal,
    })
    .catch((error) => notStarted(house, live, known(house, error)));
  waited = true;
}

/** The queue let go of it: cancelled while it waited, the gateway is stopping, or there was no room after all. */
function notStarted(house: House, live: LiveRun, error: ReeveError): void {
  switch (error.code) {
    case 'COMMAND_CANCELLED': {
      const reason = String(live.controller.signal.reason);
      settle(
        house,
        live,
        'cancelled',
        new ReeveError(error.code, `Nothing was started: ${reason}.`),
      );
      break;
    }
    case 'SHUTTING_DOWN':
      settle(house, live, 'cancelled', error);
      break;
    default:
      settle(house, live, 'rejected', error);
  }
}

async function perform(
  house: House,
  caller: Caller,
  live: LiveRun,
  prepared: Prepared,
  waited: boolean,
): Promise<'done' | 'busy'> {
  const { invocation } = prepared;
  let permit: Permit;
  let policies: readonly string[];
  let secrets = noSecrets;
  try {
    if (waited) await stillTheSame(house, caller, prepared);
    // Cancelled, or asked to stop, while that was looked at: the queue lets go of it, and nothing was started.
    if (isOver(house, live)) return 'busy';
    ({ permit, policies } = decideAgain(house, caller, live.execution, invocation));
    if (dependsOnAnything(house, caller, invocation)) {
      // Nobody looks for what could not start yet.
      if (isFull(house, invocation)) return 'busy';
      live.trace.enter('dependencies');
      await dependenciesOf(house, caller, live, prepared);
      if (isOver(house, live)) return 'busy';
      assertNotFrozen(house);
      ({ permit, policies } = decideAgain(house, caller, live.execution, invocation));
    }
    if (invocation.secrets.length > 0) {
      // Nobody is asked for a secret that could not be used yet.
      if (isFull(house, invocation)) return 'busy';
      live.trace.enter('secrets');
      secrets = await secretsFor(house, caller, live, prepared);
      if (isOver(house, live)) return 'busy';
      ({ permit, policies } = decideAgain(house, caller, live.execution, invocation));
    }
  } catch (error) {
    if (isOver(house, live)) return 'busy';
    settle(house, live, 'rejected', known(house, error));
    return 'done';
  }
  const { settings, inventory } = house.generations.current;
  const withheld = isSource(settings, invocation.command) ? new Withheld() : null;
  // By the declaration that was decided on within this very turn.
  const result = inventory.commands.get(invocation.command)?.result ?? null;
  return carryOut(house, live, { invocation, permit, policies, secrets, withheld, result });
}

const isOver = (house: House, live: LiveRun): boolean =>
  live.controller.signal.aborted || house.state.shuttingDown;

/** A look ahead only: what holds is decided when the intent is put on record. */
function isFull(house: House, { concurrency }: Invocation): boolean {
  if (concurrency === null) return false;
  const running = house.store
    .open()
    .filter((e) => e.status === 'running' && e.concurrencyKey === concurrency.key);
  return running.length >= concurrency.max;
}

function dependsOnAnything(house: House, caller: Caller, invocation: Invocation): boolean {
  const command = commandInForce(house, house.generations.current, caller, invocation);
  return command.dependencies.length > 0;
}

/** By the probes that are in force when they have answered. Throws DEPENDENCY_UNAVAILABLE. */
async function dependenciesOf(
  house: House,
  caller: Caller,
  live: LiveRun,
  prepared: Prepared,
): Promise<void> {
  const { invocation } = prepared;
  const { requestId } = live.execution;
  const { signal } = live.controller;
  for (;;) {
    const generation = house.generations.current;
    const command = commandInForce(house, generation, caller, invocation);
    await assertAvailable(house, generation, command, invocation.environment, requestId, signal);
    // That took its time, and others ran meanwhile.
    await stillTheSame(house, caller, prepared);
    if (generation === house.generations.current) return;
  }
}

/** The store says so when it is to start, too; asked here so that no secret is fetched for it. */
function assertNotFrozen(house: House): void {
  if (house.store.frozen() === null) return;
  throw new ReeveError('FROZEN', 'The gateway was frozen while this waited; nothing was started.');
}

/** The values by the sources that are in force when they have come. */
async function secretsFor(
  house: House,
  caller: Caller,
  live: LiveRun,
  prepared: Prepared,
): Promise<SealedSecrets> {
  for (;;) {
    const generation = house.generations.current;
    const secrets = await gatherSecrets(house, generation, live, prepared.invocation);
    // That took its time, and others ran meanwhile.
    await stillTheSame(house, caller, prepared);
    if (generation === house.generations.current) return secrets;
  }
}

/** Looks anew for as long as the configuration changes meanwhile: what holds in the end is what was looked at. */
async function stillTheSame(house: House, caller: Caller, prepared: Prepared): Promise<void> {
  for (;;) {
    const generation = house.generations.current;
    const command = commandInForce(house, generation, caller, prepared.invocation);
    await prepareAgain(generation, command, caller, prepared);
    if (generation === house.generations.current) return;
  }
}

function commandInForce(
  house: House,
  generation: Generation,
  caller: Caller,
  invocation: Invocation,
): Command {
  const command = commandInSight(generation, caller, house.trust, invocation.command);
  if (command.hash !== invocation.commandHash) {
    throw new ReeveError(
      'CONFLICT',
      `The declaration of ${command.name} changed while this waited, so what would run is no longer what was decided. Ask again.`,
    );
  }
  return command;
}

/** Who asked, policy, inventory and host as they are at this moment, not as they were when it was asked. */
function decideAgain(
  house: House,
  asked: Caller,
  execution: Execution,
  invocation: Invocation,
): { permit: Permit; policies: readonly string[] } {
  const caller = stillPresent(house, asked);
  const generation = house.generations.current;
  const command = commandInForce(house, generation, caller, invocation);
  const decision = decide(generation, caller, house.trust, command, invocation);
  const [objection] = objections(house, generation, command, invocation, decision);
  if (objection !== undefined) throw objection;
  const grants = decision.kind === 'needs-approval' ? grantsFor(house, execution, decision) : [];
  return {
    permit: issuePermit(execution.requestId, execution.fence, invocation, decision, grants),
    policies: decision.policies,
  };
}
