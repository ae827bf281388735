/**
 * One run's start, in order: identity, places, control group, plan, process, supervision. In: an invocation that has
 * been decided. Out: the run, under way. Throws only before the process exists; a crash after that leaves what gone.ts finds.
 */

import { ReeveError } from '../core/errors.ts';
import type { Invocation } from '../core/invocation.ts';
import { noSecrets } from '../core/secret.ts';
import { visibleLine } from '../core/text.ts';
import type { ActiveRun, RunContext, RunControl } from './active-run.ts';
import { type Group, openGroup, removeGroups } from './cgroup.ts';
import { enterGroups } from './enter.ts';
import { proveGone } from './gone.ts';
import { withInputs } from './inputs-bind.ts';
import { KeptStream } from './kept-stream.ts';
import { launch } from './launch.ts';
import { Lookout, lookAtWorkspace, type WorkspaceLook } from './lookout.ts';
import { commandsOf, holdStill, letGo, membersOfRun } from './members.ts';
import { closePlaces } from './places.ts';
import { sandboxedPlan, unsandboxedPlan } from './plan.ts';
import { accountFiles, planInputOf, prepareRun } from './prepare.ts';
import { redactionOf } from './redaction/filter.ts';
import { limitsProcessesInside, namespaceProcesses, openFilesLimit } from './rlimits.ts';
import { SpawnerLost } from './spawner/order.ts';
import { Supervision } from './supervise.ts';

export type { ActiveRun, RunContext, RunControl } from './active-run.ts';

/** Past so many times the limit a stream ends its run. */
const floodFactor = 64;

/** Starts the process. Throws ReeveError if there is none. `lastCheck` runs right before it is created. */
export async function startRun(
  context: RunContext,
  requestId: string,
  invocation: Invocation,
  control: RunControl,
  lastCheck: () => void = () => {},
): Promise<ActiveRun> {
  const check = (): void => {
    if (control.signal.aborted) throw cancelledBefore(control.signal);
    lastCheck();
  };
  const opened = prepareRun(context, invocation);
  const prepared = await withInputs(context, invocation, opened, check);
  const { identity, places } = prepared;
  let group: Group | null = null;
  const secrets = (control.secrets ?? noSecrets).open();
  const redaction = control.withheld === true ? null : redactionOf(secrets);
  const keep = (stream: 'stdout' | 'stderr') =>
    new KeptStream(invocation.limits.output, redaction, (chunk) => control.onOutput(stream, chunk));
  const output = { stdout: keep('stdout'), stderr: keep('stderr') };
  let active: ActiveRun | null = null;
  const onChunk = (stream: 'stdout' | 'stderr', chunk: Uint8Array): void => {
    output[stream].add(chunk);
    if (output[stream].total > floodFactor * invocation.limits.output) active?.stop('output', '');
    if (stream === 'stderr') active?.lookout.complained();
  };
  const members = (): readonly number[] => membersOfRun(active);
  let workspace: WorkspaceLook | null = null;
  try {
    workspace = await lookAtWorkspace(invocation, prepared.workspace, {
      members,
      pause: () => holdStill(() => commandsOf(active)),
      resume: () => letGo(commandsOf(active)),
      outgrown: () => active?.stop('workspace', ''),
    });
    if (context.cgroups !== null) group = openGroup(context.cgroups, requestId, invocation.limits);
    const entries = group?.entries ?? [];
    const input = planInputOf(context, requestId, invocation, prepared, { secrets, entries });
    const plan = context.sandboxed ? sandboxedPlan(input) : unsandboxedPlan(input);
    const running = await launch(
      {
        plan,
        stdin: invocation.stdin,
        files: accountFiles(context, identity),
        onChunk,
        lastCheck: check,
      },
      context,
    );
    const startedAt = { now: context.clock.now(), monotonic: context.clock.monotonic() };
    const supervision = new Supervision({
      requestId,
      running,
      group,
      timeoutMs: invocation.timeoutMs,
      graceMs: context.graceMs,
      cpu: { timeMs: invocation.limits.cpuTimeMs, processors: Math.max(invocation.limits.cpu, 1) },
      sandboxed: context.sandboxed,
    });
    const cancel = (): void => supervision.stop('cancelled', reasonOf(control.signal));
    control.signal.addEventListener('abort', cancel, { once: true });
    if (control.signal.aborted) cancel();
    active = {
      invocation,
      context,
      identity,
      group,
      startedAt,
      output,
      running,
      supervision,
      lookout: new Lookout(workspace, {
        members,
        openFiles: openFilesLimit(invocation.limits, context.host),
        processes:
          group === null && context.sandboxed && limitsProcessesInside(context.host)
            ? namespaceProcesses(invocation.limits)
            : null,
      }),
      stop: (reason, text) => supervision.stop(reason, text),
      detach: () => {
        control.signal.removeEventListener('abort', cancel);
        // bubblewrap has bound them, or proven that what was staged is them.
        closePlaces(places);
      },
      release: prepared.release,
    };
  } catch (error) {
    closePlaces(places);
    workspace?.close();
    const lost = error instanceof SpawnerLost ? await neverLetIn(context, requestId, error) : null;
    await prepared.release();
    if (lost !== null) throw lost;
    if (group !== null) await removeGroups(group.paths);
    if (error instanceof ReeveError) throw error;
    throw unavailable(error);
  }
  try {
    control.onStarted({
      bootId: context.bootId,
      pid: active.running.pid,
      pidStart: active.running.pidStart,
      cgroups: group?.paths ?? [],
    });
  } catch (error) {
    // Nobody could find the run again after a crash: it must not go on.
    active.stop('cancelled', `its processes could not be recorded: ${(error as Error).message}`);
  }
  if (group !== null && context.sandboxed) {
    try {
      await enterGroups(group, active.running);
    } catch (error) {
      await abandon(active);
      throw unavailable(error);
    }
  } else active.running.letIn();
  return active;
}

/** Ends a sandbox whose command was never let in, and leaves nothing of it. */
async function abandon(run: ActiveRun): Promise<void> {
  run.stop('cancelled', '');
  await run.supervision.finished();
  await run.lookout.finish();
  run.detach();
  await run.release();
  if (run.group !== null) await removeGroups(run.group.paths);
}

/**
 * Asked for, and whoever starts processes went away before it had answered. Whether there was a process or not, its gate
 * was never opened; what there is of it is ended, and only then it is told.
 */
async function neverLetIn(
  context: RunContext,
  requestId: string,
  cause: SpawnerLost,
): Promise<ReeveError> {
  const gone = await proveGone(requestId, null, context.cgroups);
  const left = gone
    ? 'Ask again'
    : 'Its empty sandbox could not be ended: look for it on the host, then ask again';
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `${cause.message[0]!.toUpperCase()}${cause.message.slice(1)}; nothing of the command ran. ${left}.`,
    [],
    { cause },
  );
}

function unavailable(error: unknown): ReeveError {
  return new ReeveError(
    'SANDBOX_UNAVAILABLE',
    `Nothing was started: ${visibleLine((error as Error).message)}. Run reeve doctor.`,
    [],
    { cause: error },
  );
}

function reasonOf(signal: AbortSignal): string {
  const { reason } = signal;
  if (typeof reason === 'string') return reason;
  return reason instanceof Error && reason.name !== 'AbortError' ? reason.message : 'on request';
}

function cancelledBefore(signal: AbortSignal): ReeveError {
  return new ReeveError(
    'COMMAND_CANCELLED',
    `The run was cancelled (${visibleLine(reasonOf(signal))}) before a process existed; nothing was started.`,
  );
}
