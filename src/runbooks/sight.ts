/** Who sees which runbook and which run, and who may steer it. In: a caller as it is now. Out: what it asked for, or the same refusal for what is not there and what is not its own. */
import { ReeveError } from '../core/errors.ts';
import { type Caller, hasScope } from '../core/principal.ts';
import type { Runbook } from '../core/runbook.ts';
import type { RunbookRun } from '../core/runbook-ports.ts';
import type { Generation } from '../gateway/generation.ts';
import type { House } from '../gateway/house.ts';

/** All of its commands are in sight: whoever starts it asks for each of them. */
export function isInSight(house: House, generation: Generation, caller: Caller, runbook: Runbook) {
  const { inventory, policy } = generation;
  const at = { face: caller.face, trust: house.trust };
  return Object.keys(runbook.commands).every((name) => {
    const command = inventory.commands.get(name);
    return command !== undefined && policy.see(caller.principal, command, at).allowed;
  });
}

export function runbookInSight(
  house: House,
  generation: Generation,
  caller: Caller,
  name: string,
): Runbook {
  const runbook = generation.runbooks.all.get(name);
  if (runbook === undefined || !isInSight(house, generation, caller, runbook)) {
    throw new ReeveError(
      'REQUEST_NOT_FOUND',
      'There is no runbook of that name, or it is not yours to run. See reeve runbook list.',
      [{ field: 'runbook', problem: 'not found', expected: 'the name of a listed runbook' }],
    );
  }
  return runbook;
}

/** Whoever started it, the person behind the agent that did, who reads everybody's records, and who may steer. */
export function runInSight(house: House, caller: Caller, id: string): RunbookRun {
  const run = house.store.runbooks.run(id);
  if (run === null || !(isMine(caller, run) || readsAll(house, caller))) {
    throw new ReeveError(
      'REQUEST_NOT_FOUND',
      'There is no run of that id, or it is not yours. See reeve runbook status.',
      [{ field: 'run', problem: 'not found' }],
    );
  }
  return run;
}

function isMine({ principal }: Caller, { caller }: RunbookRun): boolean {
  return (
    caller.principal.id === principal.id ||
    (principal.kind === 'person' && caller.principal.onBehalfOf === principal.id)
  );
}

export function readsAll(house: House, { principal }: Caller): boolean {
  const { policy } = house.generations.current;
  return (['readAudit', 'steerRunbook'] as const).some(
    (action) => policy.administer(principal, action).allowed,
  );
}

/**
 * Throws COMMAND_NOT_ALLOWED unless the caller may steer this run at all: it is its own, or policy says so; and, where
 * somebody has to answer for it, unless it is a person whose credential may.
 */
export function assertMaySteer(
  house: House,
  caller: Caller,
  run: RunbookRun,
  who: 'anybody' | 'person',
): void {
  const { principal } = caller;
  const { policy } = house.generations.current;
  const allowed = isMine(caller, run) || policy.administer(principal, 'steerRunbook').allowed;
  if (!allowed) {
    throw new ReeveError(
      'COMMAND_NOT_ALLOWED',
      'Policy does not permit you to steer runs that others started (steerRunbook).',
    );
  }
  if (who === 'person') {
    if (principal.kind !== 'person') {
      throw new ReeveError(
        'COMMAND_NOT_ALLOWED',
        'Only a person confirms, retries, skips, resolves or rolls back a step; programs cannot. Ask one: reeve runbook status shows what is to be decided.',
      );
    }
    if (!hasScope(caller, 'approve')) {
      throw new ReeveError(
        'COMMAND_NOT_ALLOWED',
        'This credential may not answer for a step: it needs the scope "approve".',
      );
    }
    return;
  }
  if (!hasScope(caller, 'run') && !hasScope(caller, 'approve')) {
    throw new ReeveError(
      'COMMAND_NOT_ALLOWED',
      'This credential may only read: steering a run needs the scope "run" or "approve".',
    );
  }
}
