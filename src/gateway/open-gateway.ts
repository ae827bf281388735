/**
 * A gateway on a house: the interface that faces speak to, and its life from recovery to shutdown.
 * A crash anywhere in here is met by the recovery of the next gateway on the same state.
 */
import * as entries from '../audit/entries.ts';
import { ReeveError } from '../core/errors.ts';
import { isFinal } from '../core/execution.ts';
import type { Caller } from '../core/principal.ts';
import { visibleLine } from '../core/text.ts';
import { approvalDesk } from './approvals/desk.ts';
import { close as closeWaiting, expiry } from './approvals/expire.ts';
import { assuranceDesk } from './assurance-desk.ts';
import { credentialDesk } from './credentials.ts';
import { newExecution } from './draft.ts';
import type { Gateway, ReloadReport } from './gateway.ts';
import { health } from './health.ts';
import type { House } from './house.ts';
import { listCommands } from './list-commands.ts';
import { logDesk } from './log-desk.ts';
import { plan } from './plan.ts';
import { announcer, rememberGeneration } from './presence.ts';
import { expiryOfPayloads } from './prune.ts';
import {
  readAudit,
  readEntries,
  readEntry,
  readExecution,
  readOutput,
  waitFor,
  watchExecution,
} from './read.ts';
import { recover } from './recover.ts';
import { refusalBoundOf } from './refusal-bound.ts';
import { refuse } from './refuse.ts';
import { type Rehearsals, rehearsalsOf } from './rehearse.ts';
import { restartNeeded } from './restart-needed.ts';
import { retentionDesk } from './retention-desk.ts';
import { submit } from './submit.ts';
import { why } from './why.ts';

/** How often executions of lost gateways, and cancellations asked of other processes, are looked for (milliseconds). */
const recoverMs = 5_000;
const cancelMs = 250;
const expiryMs = 1_000;
const payloadsMs = 60_000;
const refusalsMs = 10_000;

/**
 * `announce` says when the record tells that this gateway began: `now` for one that others reach, `first-use` for one
 * that may only look something up. `drainMs` is how long `close` lets running work go on.
 */
export interface GatewayOptions {
  readonly announce: 'now' | 'first-use';
  readonly drainMs: number;
}

/** Recovers what earlier gateways left, then takes work. */
export async function openGateway(house: House, options: GatewayOptions): Promise<Gateway> {
  const presence = announcer(house);
  if (options.announce === 'now') presence.begin();
  const rehearsals = rehearsalsOf(house);
  const tidy = async () => {
    await recover(house);
    // What recovery has settled has nothing running in its copy any more.
    await rehearsals.sweep();
  };
  await tidy();
  const timers = [
    every(recoverMs, tidy, house),
    every(cancelMs, () => heedCancellations(house), house),
    every(expiryMs, expiry(house), house),
    every(refusalsMs, () => refusalBoundOf(house).tell('due'), house),
    // One that comes and goes leaves it to the next that stays.
    ...(house.trust === 'gateway' ? [every(payloadsMs, expiryOfPayloads(house), house)] : []),
  ];
  let closing: Promise<void> | null = null;

  return {
    log: logDesk(house),
    retention: retentionDesk(house),
    assurance: assuranceDesk(house),
    rehearsals: rehearsals.desk,
    approvals: approvalDesk(house),
    credentials: credentialDesk(house),
    submit: (caller, request) => {
      presence.begin();
      return submit(house, caller, request);
    },
    refuse: async (caller, error, command) =>
      refuse(house, newExecution(house, caller ?? nobody(), command), error),
    wait: (caller, requestId, milliseconds, signal) =>
      waitFor(house, caller, requestId, milliseconds, signal),
    cancel: (caller, requestId, reason) => cancel(house, caller, requestId, reason),
    plan: (caller, request) => plan(house, caller, request),
    execution: async (caller, requestId) => readExecution(house, caller, requestId),
    output: async (caller, requestId) => readOutput(house, caller, requestId),
    watch: (caller, requestId, signal) => watchExecution(house, caller, requestId, signal),
    entries: async (caller, requestId) => readEntries(house, caller, requestId),
    why: async (caller, requestId) => why(house, caller, requestId),
    entry: async (caller, seq) => readEntry(house, caller, seq),
    audit: async (caller, filter) => readAudit(house, caller, filter),
    inventory: (caller) => listCommands(house, caller),
    health: async () => health(house),
    freeze: async (caller, reason) => {
      assertAdministrator(house, caller, 'freeze');
      const at = house.clock.now();
      house.store.freeze(
        caller.principal.id,
        at,
        reason,
        entries.frozen(at, caller.principal.id, reason),
      );
    },
    unfreeze: async (caller) => {
      assertAdministrator(house, caller, 'unfreeze');
      house.store.unfreeze(entries.unfrozen(house.clock.now(), caller.principal.id));
    },
    reload: (caller) => reload(house, caller),
    close: () => {
      closing ??= close(house, rehearsals, timers, options.drainMs).then(presence.end);
      return closing;
    },
  };
}

/** A caller who came without a valid credential: on record as nobody. */
function nobody(): Caller {
  return {
    principal: { id: 'unauthenticated', kind: 'agent', roles: [], onBehalfOf: null },
    face: 'rest',
    client: null,
  };
}

function assertAdministrator(
  house: House,
  caller: Caller,
  action: 'freeze' | 'unfreeze' | 'reload',
): void {
  const verdict = house.generations.current.policy.administer(caller.principal, action);
  if (!verdict.allowed) {
    throw new ReeveError(
      'COMMAND_NOT_ALLOWED',
      `Policy does not permit you to ${action} this gateway.`,
    );
  }
}

async function cancel(house: House, caller: Caller, requestId: string, reason: string) {
  const execution = readExecution(house, caller, requestId);
  if (isFinal(execution.status)) return execution;
  const at = house.clock.now();
  house.store.record([entries.cancelAsked(at, caller.principal.id, requestId, reason)]);
  if (execution.status === 'awaiting_approval') {
    const text = `Cancelled by ${caller.principal.id} while it awaited approval: ${visibleLine(reason)}; nothing ran.`;
    if (closeWaiting(house, execution, 'cancelled', 'COMMAND_CANCELLED', text))
      return readExecution(house, caller, requestId);
    // It was granted or closed at this very moment: go on with what it has become.
  }
  if (house.live.has(requestId))
    cancelHere(house, requestId, `cancelled by ${caller.principal.id}: ${reason}`);
  else
    house.store.setValue(`cancel/${requestId}`, `cancelled by ${caller.principal.id}: ${reason}`);
  return waitFor(house, caller, requestId, 30_000);
}

/** Takes it out of the queue where it waits, ends it where it runs. */
function cancelHere(house: House, requestId: string, reason: string): void {
  house.live.get(requestId)?.controller.abort(reason);
}

/** Cancellations that another process on this state has asked for. */
function heedCancellations(house: House): void {
  for (const requestId of house.live.keys()) {
    const reason = house.store.value(`cancel/${requestId}`);
    if (reason !== null) cancelHere(house, requestId, reason);
  }
}

async function reload(house: House, caller: Caller): Promise<ReloadReport> {
  assertAdministrator(house, caller, 'reload');
  const loaded = await house.generations.reload((result) => {
    const at = house.clock.now();
    const by = caller.principal.id;
    house.store.record([
      result.ok
        ? entries.generationLoaded(at, by, result.value)
        : entries.generationRefused(at, by, result.diagnostics),
    ]);
    if (result.ok) rememberGeneration(house, result.value.hash);
  });
  const { current, first } = house.generations;
  return {
    loaded: loaded.ok,
    generation: current.hash,
    diagnostics: loaded.ok
      ? [...loaded.warnings, ...restartNeeded(first.settings, loaded.value.settings)]
      : loaded.diagnostics,
  };
}

/** Takes no more, settles what waits, lets what runs go on for a while, then cancels it with its outcome on record. */
async function close(
  house: House,
  rehearsals: Rehearsals,
  timers: readonly NodeJS.Timeout[],
  drainMs: number,
): Promise<void> {
  house.state.shuttingDown = true;
  for (const timer of timers) clearInterval(timer);
  const idle = house.queue.drain();
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, drainMs);
  await Promise.race([idle, patience.promise]);
  clearTimeout(timer);
  for (const live of house.live.values()) live.controller.abort('the gateway is stopping');
  await idle;
  refusalBoundOf(house).tell('all');
  await house.runner.close();
  await rehearsals.close();
}

function every(milliseconds: number, work: () => unknown, house: House): NodeJS.Timeout {
  let busy = false;
  const timer = setInterval(async () => {
    if (busy) return;
    busy = true;
    try {
      await work();
    } catch (error) {
      house.report('periodic work of the gateway failed; it is tried again', error);
    } finally {
      busy = false;
    }
  }, milliseconds);
  timer.unref();
  return timer;
}
