/**
 * The desk of rehearsals: a run in a copy of a workspace, from who asks to how it ended. In: callers of this process's rooms.
 * Out: executions that are on record and marked. Never: anything outside the copy reached without the approvals that stand
 * before it, so what could reach it is refused; a copy known by anything but the id that its owner was given.
 */
import { ReeveError } from '../core/errors.ts';
import type { RehearsalNote } from '../core/execution.ts';
import type { Caller } from '../core/principal.ts';
import { mergeMounts } from '../inventory/mounts.ts';
import { newExecution } from './draft.ts';
import type { Generation } from './generation.ts';
import type { House } from './house.ts';
import { commandInSight, ofTrust, stagesOf } from './judge.ts';
import { noRehearsals } from './no-desks.ts';
import { asReeveError, refuse } from './refuse.ts';
import { Copies, type Held } from './rehearsal/copies.ts';
import { assertMayRehearse } from './rehearsal/may-rehearse.ts';
import { assertNoWayOut } from './rehearsal/mounts.ts';
import { mayNot, withoutSandbox } from './rehearsal/objections.ts';
import { rehearse } from './rehearsal/run.ts';
import type { CopyRequest, RehearsalCopy, RehearsalDesk, RehearsalRequest } from './rehearsals.ts';
import { closedBecause } from './submit.ts';

/** Commands that one set of copies may be for. */
const mostCommands = 64;
const mostCopies = 4;
const idForm = /^[A-Za-z0-9_.:-]{1,128}$/;

export interface Rehearsals {
  readonly desk: RehearsalDesk;
  /** Removes what gateways that are gone have left. */
  sweep(): Promise<void>;
  /** Removes all of this gateway's; once nothing runs any more. */
  close(): Promise<void>;
}

/** Without a state directory there is no place for copies, and no desk. */
export function rehearsalsOf(house: House): Rehearsals {
  if (house.stateDir === undefined)
    return { desk: noRehearsals, sweep: async () => {}, close: async () => {} };
  const copies = new Copies(house, house.stateDir);
  const desk: RehearsalDesk = Object.freeze({
    prepare: (caller: Caller, request: CopyRequest) => prepare(house, copies, caller, request),
    run: (caller: Caller, request: RehearsalRequest) => {
      assertNote(request);
      return rehearse(house, copies, caller, request);
    },
  });
  return { desk, sweep: () => copies.sweep(), close: () => copies.releaseAll() };
}

async function prepare(
  house: House,
  copies: Copies,
  caller: Caller,
  request: CopyRequest,
): Promise<readonly RehearsalCopy[]> {
  assertNote(request);
  const { commands, environment } = request;
  const draft = newExecution(house, caller, commands[0] ?? null);
  try {
    assertForm(request);
    const closed = closedBecause(house);
    if (closed !== null) throw closed;
    const generation = house.generations.current;
    for (const name of new Set(commands))
      await assertRehearsable(house, generation, caller, name, environment);
    const { settings } = generation;
    const made = await copies.make(caller.principal, settings, environment, request.copies);
    return made.map((held) => handleOf(copies, held));
  } catch (error) {
    const rehearsal = { for: request.for, of: request.of };
    throw refuse(house, { ...draft, rehearsal }, asReeveError(house, error));
  }
}

/** Everything that speaks against it before its arguments are known, so that nothing is copied in vain. */
async function assertRehearsable(
  house: House,
  generation: Generation,
  caller: Caller,
  name: string,
  environment: string,
): Promise<void> {
  const { settings, policy } = generation;
  const command = commandInSight(generation, caller, house.trust, name);
  assertMayRehearse(command, environment, settings);
  const at = { face: caller.face, trust: house.trust, stages: stagesOf(command, environment) };
  const verdict = policy.rehearse(caller.principal, command, environment, at);
  if (!verdict.allowed) throw mayNot(name, environment, verdict);
  const objection = ofTrust(house.trust, generation, command) ?? withoutSandbox(house);
  if (objection !== null) throw objection;
  const mounts = mergeMounts(command.mounts, settings.environments[environment]!.mounts);
  if (typeof mounts !== 'string') await assertNoWayOut(mounts);
}

function handleOf(copies: Copies, held: Held): RehearsalCopy {
  const { id, environment, workspace, scratch } = held;
  const release = () => copies.release(held);
  return Object.freeze({ id, environment, workspace, scratch, release });
}

/** It goes on record, and comes from a room of this process. */
function assertNote({ for: purpose, of }: RehearsalNote): void {
  if ((purpose === 'assurance' || purpose === 'runbook') && idForm.test(of)) return;
  throw new TypeError('a rehearsal says what it is for, and the id of that');
}

function assertForm({ commands, copies }: CopyRequest): void {
  if (commands.length === 0 || commands.length > mostCommands)
    throw invalid('commands', `are ${commands.length}`, `1 to ${mostCommands}`);
  if (!Number.isInteger(copies) || copies < 1 || copies > mostCopies)
    throw invalid('copies', `are ${copies}`, `1 to ${mostCopies}`);
}

function invalid(field: string, problem: string, expected: string): ReeveError {
  const message = `The ${field} ${problem}, and ${expected} are taken. Nothing was started.`;
  return new ReeveError('INVALID_REQUEST', message, [{ field, problem, expected }]);
}
