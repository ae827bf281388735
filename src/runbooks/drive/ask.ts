/**
 * Whether a step may be asked for at this moment, and the asking. In: a run and the work that it wants. Out: an execution, as
 * any call has one. Must never: ask under a definition that changed, for somebody who may not ask any more, or past a freeze.
 */
import { type Execution, neverStarted, type StepOrigin } from '../../core/execution.ts';
import type { Caller } from '../../core/principal.ts';
import type { Work } from '../../core/runbook.ts';
import type { RunbookRun } from '../../core/runbook-ports.ts';
import type { House } from '../../gateway/house.ts';
import { closedBecause, submit } from '../../gateway/submit.ts';
import { present } from '../../gateway/who.ts';

/**
 * `wait`: not now, for a reason that passes by itself. `pause`: not until a person has looked at it. `ask`: as this caller.
 */
export type Leave =
  | { readonly kind: 'ask'; readonly caller: Caller }
  | { readonly kind: 'wait'; readonly why: string }
  | { readonly kind: 'pause'; readonly why: string };

export function originOf(run: RunbookRun, { step, phase, attempt }: Work): StepOrigin {
  return { run: run.id, step, phase, attempt };
}

/** What exists of it and counts: what never started leaves the step to be asked for once more. */
export function askedFor(house: House, run: RunbookRun, work: Work): Execution | null {
  const found = house.store.runbooks.execution(originOf(run, work));
  return found === null || neverStarted(found) ? null : found;
}

export function mayAsk(house: House, run: RunbookRun, { command }: Work): Leave {
  if (run.state.paused !== null) return { kind: 'wait', why: 'the run is paused' };
  const closed = closedBecause(house);
  if (closed !== null) return { kind: 'wait', why: closed.message };
  const caller = present(house, run.caller);
  if (caller === null) {
    const who = run.caller.principal.id;
    const why = `the credential of ${who}, who started it, was revoked or has expired; nothing more is asked for in that name`;
    return { kind: 'pause', why };
  }
  const declared = house.generations.current.inventory.commands.get(command);
  if (declared?.hash !== run.frozen.runbook.commands[command]) {
    const what = declared === undefined ? 'is no longer declared' : 'changed';
    const why = `CONFLICT: the command ${command} ${what} since the run started, and what would run is no longer what was started; put it back and resume, or cancel the run`;
    return { kind: 'pause', why };
  }
  return { kind: 'ask', caller };
}

/** Throws Refusal where it was refused, on record; any other ReeveError where nothing is on record. */
export function askFor(
  house: House,
  caller: Caller,
  run: RunbookRun,
  work: Work,
): Promise<Execution> {
  const { timeoutMs } = run.frozen.runbook.steps.find(({ name }) => name === work.step)!;
  const request = {
    command: work.command,
    arguments: work.arguments,
    args: null,
    environment: run.frozen.environment,
    workingDirectory: null,
    timeoutSeconds: work.phase === 'run' && timeoutMs !== null ? timeoutMs / 1000 : null,
    idempotencyKey: null,
  };
  return submit(house, caller, request, originOf(run, work));
}
