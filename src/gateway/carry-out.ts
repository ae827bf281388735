/**
 * Permit → intent durable → process → outcome durable. In: an execution that is queued, its permit and its secrets.
 * Never: a process before its intent is on record, an answer before its outcome is.
 */
import { intent } from '../audit/entries.ts';
import type { Permit } from '../core/decision.ts';
import { ReeveError } from '../core/errors.ts';
import type { Execution, Outcome } from '../core/execution.ts';
import type { Invocation } from '../core/invocation.ts';
import type { ResultDeclaration, StructuredResult } from '../core/result.ts';
import type { SealedSecrets } from '../core/secret.ts';
import { problemOf } from '../inventory/results/parse-result.ts';
import { conclude, finishElsewhere, settle } from './conclude.ts';
import type { House } from './house.ts';
import type { LiveRun } from './live.ts';
import { resultOf } from './structured.ts';
import { type Withheld, withoutOutput } from './withheld.ts';

export interface Ready {
  readonly invocation: Invocation;
  readonly permit: Permit;
  /** Those of the decision that was made last. */
  readonly policies: readonly string[];
  readonly secrets: SealedSecrets;
  /** Where its output goes instead of to those who watch, and instead of being kept; null for ordinary output. */
  readonly withheld: Withheld | null;
  /** What its standard output was declared to be. */
  readonly result: ResultDeclaration | null;
}

/** `busy`: its concurrency key has no room, and nothing happened. `done`: it has ended, however. */
export async function carryOut(
  house: House,
  live: LiveRun,
  ready: Ready,
): Promise<'done' | 'busy'> {
  const { requestId, owner, fence } = live.execution;
  const { invocation, policies } = ready;
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
        await house.store.durable();
        break;
    }
  } catch (error) {
    notIntended(house, live, known(house, error));
    return 'done';
  }

  const { trace } = live;
  trace.enter('run');
  live.status({ ...live.execution, status: 'running', startedAt, policies });
  const unsigned = await signed(house, live);
  if (unsigned !== null) {
    settle(house, live, 'failed', unsigned);
    return 'done';
  }
  const ran = await run(house, live, ready);
  const outcome = ready.withheld === null ? ran : withoutOutput(ran);
  trace.note({
    'process.exit.code': outcome.exitCode,
    'reeve.signal': outcome.signal,
    'reeve.status': outcome.status,
    'reeve.sandbox.tier': outcome.sandbox.tier,
  });
  trace.leave(outcome.errorCode);
  trace.enter('record');
  await conclude(house, live, outcome, read(house, outcome, ready));
  return 'done';
}

/**
 * What can do much harm starts only once its intent is in a signed checkpoint: from then on not even whoever holds the
 * database can make it unasked. Null where it is, or need not be. A crash meanwhile leaves `running`, and no process.
 */
async function signed(house: House, { execution }: LiveRun): Promise<ReeveError | null> {
  if (execution.risk !== 'high' && execution.risk !== 'critical') return null;
  try {
    await house.log.publish();
    return null;
  } catch (error) {
    return known(house, error);
  }
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

/** A result that cannot be read for a defect of ours is a problem of the result: how the run ended is on record all the same. */
function read(house: House, outcome: Outcome, ready: Ready): StructuredResult {
  try {
    return resultOf(ready.result, outcome, ready.secrets, ready.withheld !== null);
  } catch (error) {
    house.report('the result of a run could not be read', error);
    return problemOf(
      "nothing is read of it: the gateway failed to, and the gateway's log says more",
    );
  }
}

async function run(
  house: House,
  live: LiveRun,
  { permit, secrets, withheld }: Ready,
): Promise<Outcome> {
  const { requestId } = live.execution;
  const began = house.clock.monotonic();
  try {
    return await house.runner.run(permit, {
      signal: live.controller.signal,
      secrets,
      // A secret that is made of another one is to arrive whole.
      withheld: withheld !== null,
      onStarted: (handle) => {
        live.trace.event('reeve.process_started');
        try {
          house.store.attach(requestId, handle);
        } catch (error) {
          // Recovery can still find the run by its request id; the run goes on.
          house.report(`the processes of ${requestId} could not be noted`, error);
        }
      },
      onOutput: (stream, chunk) => (withheld ?? live).output(stream, chunk),
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

/** Errors that nobody foresaw are the gateway's own failure: told to the operator, not to the caller. */
export function known(house: House, error: unknown): ReeveError {
  if (error instanceof ReeveError) return error;
  house.report('a run failed in a way that nobody foresaw', error);
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    "The gateway failed while starting the command. The gateway's log says more.",
  );
}
