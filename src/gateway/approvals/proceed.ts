/**
 * From granted to the queue. In: an execution that is queued, owned by this process and granted. Out: it is carried
 * like any other. Never: something else than what was granted: it is prepared anew, and has to have the same digest.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ReeveError } from '../../core/errors.ts';
import type { ApprovalState } from '../../core/people-ports.ts';
import { noTracing } from '../../core/tracing.ts';
import { prepareInvocation } from '../../inventory/invoke.ts';
import { known } from '../carry-out.ts';
import { settle } from '../conclude.ts';
import type { ExecuteRequest } from '../gateway.ts';
import type { House } from '../house.ts';
import { commandInSight } from '../judge.ts';
import { LiveRun } from '../live.ts';
import { hand } from '../perform.ts';
import type { Prepared } from '../prepare-again.ts';
import { RunTrace } from '../run-trace.ts';
import { present } from '../who.ts';
import { isOverdue } from './grants.ts';

/** Milliseconds between two looks for room in the queue. */
const roomMs = 250;

/** Returns at once; what happens goes on record. A crash from here on leaves `queued`: another gateway takes it over. */
export function proceed(house: House, state: ApprovalState): void {
  const context = state.request.trace ?? null;
  const trace = new RunTrace(house.tracing ?? noTracing, context, state.execution);
  const live = new LiveRun(state.execution, trace);
  trace.enter('queue');
  live.mustStartBy = house.clock.monotonic() + timeLeft(house, state);
  house.live.set(state.execution.requestId, live);
  void follow(house, live, state).catch((error) =>
    settle(house, live, 'rejected', known(house, error)),
  );
}

async function follow(house: House, live: LiveRun, state: ApprovalState): Promise<void> {
  const { request } = state;
  const caller = present(house, request.caller);
  if (caller === null) {
    throw new ReeveError(
      'COMMAND_NOT_ALLOWED',
      `The credential of ${request.caller.principal.id}, who asked for this, was revoked or has expired since; nothing was started.`,
    );
  }
  const generation = house.generations.current;
  const call = request.call as unknown as ExecuteRequest;
  const command = commandInSight(generation, caller, house.trust, call.command);
  const invocation = await prepareInvocation(command, generation.settings, call, caller.principal);
  if (invocation.digest !== request.digest) {
    throw new ReeveError(
      'CONFLICT',
      `What ${command.name} would run is no longer what was approved: the declaration, the configuration, the program or a declared input changed since. Nothing was started; ask again, and it is approved anew.`,
    );
  }
  await room(house, live, request.startBy ?? 0);
  const prepared: Prepared = { request: call, invocation };
  hand(house, caller, live, prepared);
}

/** Milliseconds until its start is overdue. No clock that was put back makes it more than the settings give. */
function timeLeft(house: House, { request }: ApprovalState): number {
  const { startWithinMs } = house.generations.current.settings.approvals;
  return Math.min((request.startBy ?? 0) - house.clock.now(), startWithinMs);
}

/** What was granted is not thrown away because the queue is full: it waits for room until it is overdue. */
async function room(house: House, live: LiveRun, startBy: number): Promise<void> {
  const { principal, concurrencyKey } = live.execution;
  for (;;) {
    if (live.controller.signal.aborted || house.state.shuttingDown) return;
    const refusal = house.queue.noRoom(principal, concurrencyKey);
    if (refusal === null) return;
    if (isOverdue(house, live, startBy)) throw refusal;
    await sleep(roomMs);
  }
}
