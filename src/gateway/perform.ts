/**
 * From the queue to the end on record: decided again → permit → intent durable → process → outcome durable → answer.
 * Never: a process before its intent is on record, an answer before its outcome is, a second process for one execution.
 */
import { intent } from '../audit/entries.ts';
import type { Command } from '../core/command.ts';
import { issuePermit, type Permit } from '../core/decision.ts';
import { ReeveError } from '../core/errors.ts';
import type { Execution, Outcome } from '../core/execution.ts';
import type { Invocation } from '../core/invocation.ts';
import type { Caller } from '../core/principal.ts';
import { conclude, finishElsewhere, settle } from './conclude.ts';
import type { Generation } from './generation.ts';
import type { House } from './house.ts';
import { commandInSight, decide, objections } from './judge.ts';
import { LiveRun } from './live.ts';
import { type Prepared, prepareAgain } from './prepare-again.ts';

/** Hands a queued execution to the queue. A crash from here to the intent leaves it `queued`: nothing ran. */
export function enqueue(
  house: House,
  caller: Caller,
  execution: Execution,
  prepared: Prepared,
): void {
  const live = new LiveRun(execution);
  house.live.set(execution.requestId, live);
  // What starts within this very turn was prepared just now.
  let waited = false;
  house.queue
    .enqueue({
      requestId: execution.requestId,
      principal: execution.principal,
      key: execution.concurrencyKey,
      start: () => perform(house, caller, live, prepared, waited),
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
  const { requestId, owner, fence } = live.execution;
  const { invocation } = prepared;
  let permit: Permit;
  let policies: readonly string[];
  try {
    if (waited) await stillTheSame(house, caller, prepared);
    // Cancelled, or asked to stop, while that was looked at: the queue lets go of it, and nothing was started.
    if (live.controller.signal.aborted || house.state.shuttingDown) return 'busy';
    ({ permit, policies } = decideAgain(house, caller, live.execution, invocation));
  } catch (error) {
    settle(house, live, 'rejected', known(house, error));
    return 'done';
  }

  const startedAt = house.clock.now();
  const sandbox = house.runner.report(invocation);
  try {
    const result = house.store.start(
      requestId,
      owner,
      fence,
      startedAt,
      invocation.concurrency?.max ?? null,
      intent(live.execution, { at: startedAt, policies, sandbox }),
    );
    switch (result.kind) {
      case 'busy':
        return 'busy';
      case 'frozen':
        settle(
          house,
          live,
          'rejected',
          new ReeveError(
            'FROZEN',
            'The gateway was frozen while this waited; nothing was started.',
          ),
        );
        return 'done';
      case 'lost':
        finishElsewhere(house, live);
        return 'done';
      case 'started':
        break;
    }
  } catch (error) {
    notIntended(house, live, known(house, error));
    return 'done';
  }

  live.status({ ...live.execution, status: 'running', startedAt, policies });
  const outcome = await run(house, live, permit);
  await conclude(house, live, outcome);
  return 'done';
}

/**
 * The intent was reported as not written, so nothing runs. It may have reached the disk all the same: then the record
 * says `running`, and has to be told that nothing ran. If that fails too, recovery does it.
 */
function notIntended(house: House, live: LiveRun, error: ReeveError): void {
  if (statusOnRecord(house, live) !== 'running') {
    settle(house, live, 'rejected', error);
    return;
  }
  live.execution = { ...live.execution, status: 'running' };
  settle(house, live, 'failed', error);
}

function statusOnRecord(house: House, live: LiveRun): Execution['status'] | null {
  try {
    return house.store.execution(live.execution.requestId)?.status ?? null;
  } catch {
    return null;
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

/** Policy, inventory and host as they are at this moment, not as they were when it was asked. */
function decideAgain(
  house: House,
  caller: Caller,
  execution: Execution,
  invocation: Invocation,
): { permit: Permit; policies: readonly string[] } {
  const generation = house.generations.current;
  const command = commandInForce(house, generation, caller, invocation);
  const decision = decide(generation, caller, house.trust, command, invocation);
  const [objection] = objections(house, generation, command, invocation, decision);
  if (objection !== undefined) throw objection;
  return {
    permit: issuePermit(execution.requestId, execution.fence, invocation, decision, []),
    policies: decision.policies,
  };
}

async function run(house: House, live: LiveRun, permit: Permit): Promise<Outcome> {
  const { requestId } = live.execution;
  const began = house.clock.monotonic();
  try {
    return await house.runner.run(permit, {
      signal: live.controller.signal,
      onStarted: (handle) => {
        try {
          house.store.attach(requestId, handle);
        } catch (error) {
          // Recovery can still find the run by its request id; the run goes on.
          house.report(`the processes of ${requestId} could not be noted`, error);
        }
      },
      onOutput: (stream, chunk) => live.output(stream, chunk),
    });
  } catch (error) {
    return notRun(known(house, error), house.clock.monotonic() - began, house, live);
  }
}

/** The outcome of a run that never became a process (the sandbox could not be set up, the executable changed). */
function notRun(error: ReeveError, durationMs: number, house: House, live: LiveRun): Outcome {
  const nothing = { bytes: new Uint8Array(), total: 0, truncated: false };
  return {
    status: live.controller.signal.aborted ? 'cancelled' : 'failed',
    exitCode: null,
    signal: null,
    errorCode: live.controller.signal.aborted ? 'COMMAND_CANCELLED' : error.code,
    errorMessage: error.message,
    stdout: nothing,
    stderr: nothing,
    usage: { cpuMs: null, peakMemory: null, peakProcesses: null, stdoutBytes: 0, stderrBytes: 0 },
    sandbox: {
      tier:
        house.runner.capabilities.tier === 'none' ? 'unsandboxed' : house.runner.capabilities.tier,
      enforced: [],
      degraded: [],
    },
    durationMs,
  };
}

function known(house: House, error: unknown): ReeveError {
  if (error instanceof ReeveError) return error;
  house.report('a run failed in a way that nobody foresaw', error);
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    "The gateway failed while starting the command. The gateway's log says more.",
  );
}
