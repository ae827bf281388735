/**
 * One rehearsal: copy → may ask? → invocation → decision → queue → decided again → permit → carried out. In: a caller, and a
 * copy that this caller had made. Out: how it ended. Never: a permit for anything but this copy, on a decision that was not
 * made under the configuration of this moment.
 */
import { asked, decided } from '../../audit/entries.ts';
import type { Command } from '../../core/command.ts';
import { type Decision, issuePermit, type Permit } from '../../core/decision.ts';
import { ReeveError } from '../../core/errors.ts';
import type { Execution } from '../../core/execution.ts';
import type { Invocation } from '../../core/invocation.ts';
import type { StoredOutput } from '../../core/ports.ts';
import type { Caller } from '../../core/principal.ts';
import { carryOut, known } from '../carry-out.ts';
import { settle } from '../conclude.ts';
import { assertAvailable } from '../dependencies/available.ts';
import { factsOfCommand, factsOfInvocation, newExecution } from '../draft.ts';
import type { Generation } from '../generation.ts';
import type { House } from '../house.ts';
import { commandInSight, ofSandbox, ofTrust, stagesOf } from '../judge.ts';
import { LiveRun } from '../live.ts';
import { asReeveError, refuse } from '../refuse.ts';
import type { RehearsalRequest, Rehearsed } from '../rehearsals.ts';
import { closedBecause } from '../submit.ts';
import { stillPresent } from '../who.ts';
import type { Copies, Held } from './copies.ts';
import { rehearsalInvocation, rehearsedCommand, settingsOfCopy } from './invocation.ts';
import { assertMayRehearse, disposableOf, disposableSecrets } from './may-rehearse.ts';
import { assertNoWayOut } from './mounts.ts';
import { mayNot, withoutSandbox } from './objections.ts';

/** What would run, and the decision about it, both under one generation. */
interface Judged {
  readonly generation: Generation;
  /** As it is rehearsed. */
  readonly command: Command;
  readonly invocation: Invocation;
  readonly decision: Decision;
}

/** Throws Refusal where it never started. */
export async function rehearse(
  house: House,
  copies: Copies,
  caller: Caller,
  request: RehearsalRequest,
): Promise<Rehearsed> {
  const rehearsal = { for: request.for, of: request.of };
  const draft: Execution = { ...newExecution(house, caller, request.command), rehearsal };
  let facts: Partial<Execution> = {};
  let begun: { readonly held: Held; readonly live: LiveRun; readonly judged: Judged };
  try {
    assertOpen(house);
    const held = copies.find(request.copy, caller.principal);
    if (held === null) throw noSuchCopy();
    const judged = await judge(house, caller, request, held, (more) => {
      facts = { ...facts, ...more };
    });
    begun = { held, judged, live: accept(house, { ...draft, ...facts }, judged) };
  } catch (error) {
    throw refuse(house, { ...draft, ...facts }, asReeveError(house, error));
  }
  await carriedOut(house, caller, request, begun);
  const { requestId } = draft;
  const execution = begun.live.execution;
  return { execution, output: house.store.output(requestId) ?? noOutput };
}

/** All that can be asked about it now, in the order of a real run. `learn` is told what becomes known on the way. */
async function judge(
  house: House,
  caller: Caller,
  { command: name, cli, ...given }: RehearsalRequest,
  held: Held,
  learn: (facts: Partial<Execution>) => void = () => {},
): Promise<Judged> {
  for (;;) {
    const generation = house.generations.current;
    const { settings, policy } = generation;
    const declared = commandInSight(generation, caller, house.trust, name);
    learn({ ...factsOfCommand(declared), environment: held.environment });
    assertMayRehearse(declared, held.environment, settings);
    const command = rehearsedCommand(declared, cli);
    const { principal } = caller;
    const invocation = await rehearsalInvocation(command, settings, held, given, principal);
    learn(factsOfInvocation(invocation));
    await assertNoWayOut(invocation.mounts);
    // That took its time: what is decided on is of the configuration that holds.
    if (generation !== house.generations.current) continue;
    const stages = stagesOf(declared, held.environment);
    const at = { face: caller.face, trust: house.trust, stages };
    const decision = policy.assure(principal, invocation, declared, at);
    learn({ policies: decision.policies });
    const objection =
      (decision.kind === 'deny' ? mayNot(name, held.environment, decision) : null) ??
      ofTrust(house.trust, generation, declared) ??
      withoutSandbox(house) ??
      ofSandbox(house, generation, invocation);
    if (objection !== null) throw objection;
    return { generation, command, invocation, decision };
  }
}

/** From here to the queue nothing awaits. */
function accept(
  house: House,
  execution: Execution,
  { generation, invocation, decision }: Judged,
): LiveRun {
  assertOpen(house);
  const queued: Execution = { ...execution, status: 'queued' };
  const full = house.queue.noRoom(queued.principal, queued.concurrencyKey);
  if (full !== null) throw full;
  const under = { generation: generation.hash, sandbox: house.runner.report(invocation) };
  house.store.accept(queued, [asked(queued), decided(queued, decision, under)], null);
  const live = new LiveRun(queued);
  house.live.set(queued.requestId, live);
  return live;
}

/** Resolves once its end is on record, or left to recovery by a gateway that stops. */
async function carriedOut(
  house: House,
  caller: Caller,
  request: RehearsalRequest,
  { held, live, judged }: { readonly held: Held; readonly live: LiveRun; readonly judged: Judged },
): Promise<void> {
  const { requestId, principal, concurrencyKey: key } = live.execution;
  const start = () => perform(house, caller, request, held, live, judged);
  const over = house.queue
    .enqueue({ requestId, principal, key, start, signal: live.controller.signal })
    .catch((error) => {
      const why = known(house, error);
      const { signal } = live.controller;
      const told =
        why.code === 'COMMAND_CANCELLED'
          ? new ReeveError(why.code, `Nothing was started: ${String(signal.reason)}.`)
          : why;
      const stopped = why.code === 'COMMAND_CANCELLED' || why.code === 'SHUTTING_DOWN';
      settle(house, live, stopped ? 'cancelled' : 'rejected', told);
    });
  const run = { live, over };
  held.runs.add(run);
  if (held.released !== null) live.controller.abort('its copy of the workspace was released');
  try {
    await over;
  } finally {
    held.runs.delete(run);
  }
}

async function perform(
  house: House,
  asker: Caller,
  request: RehearsalRequest,
  held: Held,
  live: LiveRun,
  before: Judged,
): Promise<'done' | 'busy'> {
  const isOver = () => live.controller.signal.aborted || house.state.shuttingDown;
  const { requestId, fence } = live.execution;
  let judged: Judged;
  let permit: Permit;
  try {
    judged = await again(house, asker, request, held, before);
    if (await lookedAtDependencies(house, judged, held, live)) {
      // That took its time.
      judged = await again(house, asker, request, held, before);
    }
    permit = issuePermit(requestId, fence, judged.invocation, judged.decision, []);
  } catch (error) {
    if (isOver()) return 'busy';
    settle(house, live, 'rejected', known(house, error));
    return 'done';
  }
  // Nothing was started: the queue lets go of it.
  if (isOver()) return 'busy';
  const { command, invocation, decision } = judged;
  return carryOut(house, live, {
    invocation,
    permit,
    policies: decision.policies,
    secrets: disposableSecrets(command),
    withheld: null,
    result: command.result,
  });
}

/** Who asked, policy, inventory, copy and executable as they are at this moment. */
async function again(
  house: House,
  asker: Caller,
  request: RehearsalRequest,
  held: Held,
  { invocation }: Judged,
): Promise<Judged> {
  const now = await judge(house, stillPresent(house, asker), request, held);
  if (now.invocation.digest === invocation.digest) return now;
  throw new ReeveError(
    'CONFLICT',
    `What ${request.command} would run in the copy changed while this waited, so it is no longer what was decided. Nothing was started; ask again.`,
  );
}

/** Those that a copy has: files and disks, looked at where the copy has them. False where there are none. */
async function lookedAtDependencies(
  house: House,
  { generation, command, invocation }: Judged,
  held: Held,
  live: LiveRun,
): Promise<boolean> {
  const without = disposableOf(command).dependencies;
  const needed = command.dependencies.filter((name) => !without.includes(name));
  if (needed.length === 0) return false;
  const settings = settingsOfCopy(generation.settings, held);
  await assertAvailable(
    house,
    { ...generation, settings },
    { ...command, dependencies: needed },
    invocation.environment,
    live.execution.requestId,
    live.controller.signal,
  );
  return true;
}

function assertOpen(house: House): void {
  const closed = closedBecause(house);
  if (closed !== null) throw closed;
}

/** The same for what is not there, what is somebody else's, and what was released. */
function noSuchCopy(): ReeveError {
  return new ReeveError(
    'REQUEST_NOT_FOUND',
    'There is no copy of that id, or it is not yours, or it was released. Nothing was started; have the workspace copied anew.',
    [{ field: 'copy', problem: 'not found' }],
  );
}

const noOutput: StoredOutput = Object.freeze({
  stdout: new Uint8Array(),
  stderr: new Uint8Array(),
  stdoutTotal: 0,
  stderrTotal: 0,
  stdoutTruncated: false,
  stderrTruncated: false,
  structured: null,
  structuredProblem: null,
});
