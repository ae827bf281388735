/**
 * The way in, on one page: request → command → may ask? → invocation → decision → queue,
 * or approval first.
 * In: a parsed call and who makes it. Out: an execution that is on record. Never: a refusal that is not on record,
 * a look at the arguments before it is decided that the principal may see the command, a process.
 */
import { asked, decided } from '../audit/entries.ts';
import type { ApprovalRequest } from '../core/approval.ts';
import type { Command } from '../core/command.ts';
import type { Decision } from '../core/decision.ts';
import { ReeveError } from '../core/errors.ts';
import type { Execution, StepOrigin } from '../core/execution.ts';
import type { IdempotencyKey } from '../core/idempotency-key.ts';
import type { Caller } from '../core/principal.ts';
import { visibleLine } from '../core/text.ts';
import { noTracing, type Span, type TraceContext } from '../core/tracing.ts';
import { prepareInvocation } from '../inventory/invoke.ts';
import { approvalRequest, assertPatience } from './approvals/ask.ts';
import { factsOfCommand, factsOfInvocation, newExecution } from './draft.ts';
import type { ExecuteRequest } from './gateway.ts';
import type { Generation } from './generation.ts';
import type { House } from './house.ts';
import { commandInSight, decide, objections } from './judge.ts';
import { enqueue } from './perform.ts';
import type { Prepared } from './prepare-again.ts';
import { asReeveError, refuse } from './refuse.ts';
import { askedAgain, idempotencyOf, keyConflict, replay, replayStep } from './replay.ts';
import { factsOf } from './run-trace.ts';

/**
 * Resolves with the execution once it is queued (or with an earlier one, by its idempotency key or its step); else throws
 * Refusal. `step` is what a run of a runbook asks for it as; no face has it.
 */
export async function submit(
  house: House,
  caller: Caller,
  request: ExecuteRequest,
  step: StepOrigin | null = null,
): Promise<Execution> {
  const draft = newExecution(house, caller, request.command, step);
  const tracing = house.tracing ?? noTracing;
  const above = tracing.current();
  const span = tracing.start('reeve.decide', { parent: above });
  // What follows belongs to the request; where nobody asked from outside, to the decision itself.
  const context = above ?? span.context;
  try {
    const execution = await tracing.within(context, draft.requestId, () =>
      decideAndAccept(house, caller, request, draft, context, span),
    );
    span.note({ ...factsOf(execution), 'reeve.status': execution.status });
    span.end(null);
    return execution;
  } catch (error) {
    span.note({ ...factsOf(draft), 'reeve.status': 'rejected' });
    span.end(error instanceof ReeveError ? error.code : 'COMMAND_EXECUTION_FAILED');
    throw error;
  }
}

async function decideAndAccept(
  house: House,
  caller: Caller,
  request: ExecuteRequest,
  draft: Execution,
  context: TraceContext | null,
  span: Span,
): Promise<Execution> {
  let known: Partial<Execution> = {};
  let policies: readonly string[] = [];
  try {
    const idempotency = idempotencyOf(request, draft.requestedAt);
    const earlier = replayStep(house, draft) ?? replay(house, caller, draft, idempotency);
    if (earlier !== null) return earlier;

    assertOpen(house);
    const generation = house.generations.current;
    const command = commandInSight(generation, caller, house.trust, request.command);
    known = factsOfCommand(command);
    span.note(factsOf({ ...draft, ...known }));

    const invocation = await prepareInvocation(
      command,
      generation.settings,
      request,
      caller.principal,
    );
    known = { ...known, ...factsOfInvocation(invocation) };

    const decision = decide(generation, caller, house.trust, command, invocation);
    policies = decision.policies;
    const [objection] = objections(house, generation, command, invocation, decision);
    if (objection !== undefined) throw objection;

    const execution: Execution = { ...draft, ...known, policies };
    const prepared: Prepared = { request, invocation };
    const asks: Asked = {
      ...{ house, caller, execution, generation, command, prepared, idempotency },
      context,
    };
    if (decision.kind === 'needs-approval') return awaitApproval(asks, decision);
    const queued = queue(asks, decision);
    await onDisk(house, queued);
    return queued;
  } catch (error) {
    throw refuse(house, { ...draft, ...known, policies }, asReeveError(house, error));
  }
}

interface Asked {
  readonly house: House;
  readonly caller: Caller;
  readonly execution: Execution;
  readonly generation: Generation;
  readonly command: Command;
  readonly prepared: Prepared;
  readonly idempotency: IdempotencyKey | null;
  readonly context: TraceContext | null;
}

/** From here to `enqueue` nothing awaits: the room that was seen in the queue is still there. */
function queue(asks: Asked, decision: Decision): Execution {
  const { house, caller, prepared } = asks;
  assertOpen(house);
  assertRoom(house, asks.execution);
  const queued: Execution = { ...asks.execution, status: 'queued' };
  return accepted(asks, queued, decision, null, (execution) =>
    enqueue(house, caller, execution, prepared, asks.context),
  );
}

/** Nobody is told of what a power cut could still take back. Whoever is told that it failed is told that nothing runs. */
async function onDisk(house: House, { requestId }: Execution): Promise<void> {
  try {
    await house.store.durable();
  } catch (error) {
    // It cannot have started: that waits for the disk, too, and after this.
    house.live.get(requestId)?.controller.abort('it could not be put on record');
    throw error;
  }
}

/** It waits on record alone: nothing of it is held by this process, so it outlives it. */
function awaitApproval(
  asks: Asked,
  decision: Extract<Decision, { kind: 'needs-approval' }>,
): Execution {
  const { house, caller, generation, command, prepared } = asks;
  assertOpen(house);
  assertPatience(house, generation, asks.execution.principal);
  const waiting: Execution = { ...asks.execution, status: 'awaiting_approval' };
  const request = approvalRequest(
    house,
    generation,
    caller,
    waiting,
    command,
    prepared,
    decision,
    asks.context,
  );
  return accepted(asks, waiting, decision, request, ({ requestId }) =>
    house.tracing?.remember(requestId, asks.context),
  );
}

function accepted(
  { house, execution, generation, prepared, idempotency }: Asked,
  begun: Execution,
  decision: Decision,
  approval: ApprovalRequest | null,
  then: (execution: Execution) => void,
): Execution {
  const result = house.store.accept(
    begun,
    [
      asked(begun),
      decided(begun, decision, {
        generation: generation.hash,
        sandbox: house.runner.report(prepared.invocation),
      }),
    ],
    idempotency,
    approval,
  );
  switch (result.kind) {
    case 'accepted':
      then(result.execution);
      return result.execution;
    case 'replayed':
      return askedAgain(house, execution, result.execution);
    case 'conflict':
      throw keyConflict(result.requestId);
  }
}

function assertOpen(house: House): void {
  const closed = closedBecause(house);
  if (closed !== null) throw closed;
}

/** Nothing is taken while stopping, while frozen, or while an outcome is waiting to be put on record. */
export function closedBecause(house: House): ReeveError | null {
  if (house.state.shuttingDown) {
    return new ReeveError('SHUTTING_DOWN', 'The gateway is stopping and takes no more work.');
  }
  const frozen = house.store.frozen();
  if (frozen !== null) {
    return new ReeveError(
      'FROZEN',
      `Frozen by ${frozen.by} since ${new Date(frozen.at).toISOString()} (${visibleLine(frozen.reason) || 'no reason given'}). Nothing starts until an operator runs "reeve unfreeze".`,
    );
  }
  if (house.state.unrecorded > 0) {
    return new ReeveError(
      'AUDIT_UNAVAILABLE',
      'The outcome of an earlier run could not be written to the record yet, so no new work is taken. Check the disk of the state directory.',
    );
  }
  return null;
}

/** Asked before anything is written, so that work beyond what may wait is refused at once. */
function assertRoom(house: House, { principal, concurrencyKey }: Execution): void {
  const refusal = house.queue.noRoom(principal, concurrencyKey);
  if (refusal !== null) throw refusal;
}
