/**
 * One run's start, in order: identity, places, control group, plan, process, supervision. In: an invocation that has
 * been decided. Out: the run, under way. Throws only before the process exists; a crash after that leaves what gone.ts finds.
 */

import type { Invocation } from '../core/invocation.ts';
import { noSecrets } from '../core/secret.ts';
import type { ActiveRun, RunContext, RunControl } from './active-run.ts';
import type { Pool } from './ahead/pool.ts';
import type { Waiting } from './ahead/waiting.ts';
import { type Group, openGroup, removeGroups } from './cgroup.ts';
import { enterGroups } from './enter.ts';
import { proveGone } from './gone.ts';
import { withInputs } from './inputs-bind.ts';
import { KeptStream } from './kept-stream.ts';
import { launch, type Running } from './launch.ts';
import { Lookout, lookAtWorkspace, type WorkspaceLook } from './lookout.ts';
import { commandsOf, holdStill, letGo, membersOfRun } from './members.ts';
import { cancelledBefore, neverLetIn, reasonOf, refusalOf } from './not-begun.ts';
import { closePlaces } from './places.ts';
import { sandboxedPlan, unsandboxedPlan } from './plan.ts';
import { accountFiles, type Prepared, planInputOf, prepareRun } from './prepare.ts';
import { redactionOf } from './redaction/filter.ts';
import { limitsProcessesInside, namespaceProcesses, openFilesLimit } from './rlimits.ts';
import { SpawnerLost } from './spawner/order.ts';
import { Supervision } from './supervise.ts';

export type { ActiveRun, RunContext, RunControl } from './active-run.ts';

/** Past so many times the limit a stream ends its run. */
const floodFactor = 64;

/**
 * Starts the process, or hands the command to a sandbox of `pool` that waits. Throws ReeveError if there is none.
 * `lastCheck` runs right before it is asked for or handed over.
 */
export async function startRun(
  context: RunContext,
  requestId: string,
  invocation: Invocation,
  control: RunControl,
  lastCheck: () => void = () => {},
  pool: Pool | null = null,
): Promise<ActiveRun> {
  const check = (): void => {
    if (control.signal.aborted) throw cancelledBefore(control.signal);
    lastCheck();
  };
  const opened = prepareOrRefuse(context, invocation);
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
  let waiting: Waiting | null = null;
  const kind = pool?.kindOf(invocation, prepared, secrets.length) ?? null;
  const over = pool?.began(kind, invocation) ?? (() => {});
  try {
    workspace = await lookAtWorkspace(invocation, prepared.workspace, {
      members,
      pause: () => holdStill(() => commandsOf(active)),
      resume: () => letGo(commandsOf(active)),
      outgrown: () => active?.stop('workspace', ''),
    });
    waiting = kind === null ? null : ((await pool?.take(kind)) ?? null);
    const fresh = async (): Promise<Running> => {
      if (context.cgroups !== null) {
        group = openGroup(context.cgroups, requestId, invocation.limits);
      }
      const entries = group?.entries ?? [];
      const input = planInputOf(context, requestId, invocation, prepared, { secrets, entries });
      const plan = context.sandboxed ? sandboxedPlan(input) : unsandboxedPlan(input);
      const files = accountFiles(context, identity);
      const { stdin } = invocation;
      return launch({ plan, stdin, files, onChunk, lastCheck: check }, context);
    };
    if (waiting !== null) {
      check();
      group = waiting.group;
      waiting.listen(onChunk);
    }
    // Proven: there is no process, and what there was had not been let in. So it has not run, and runs now.
    const again = async (error: unknown): Promise<Running> => {
      const none =
        error instanceof SpawnerLost && (await proveGone(requestId, null, context.cgroups));
      if (!none) throw error;
      return fresh();
    };
    const running = waiting?.running ?? (await fresh().catch(again));
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
        waiting?.release();
      },
      release: prepared.release,
      over,
    };
  } catch (error) {
    closePlaces(places);
    workspace?.close();
    over();
    await waiting?.end();
    const lost = error instanceof SpawnerLost ? await neverLetIn(context, requestId, error) : null;
    await prepared.release();
    if (lost !== null) throw lost;
    if (group !== null) await removeGroups(group.paths);
    throw refusalOf(error, invocation);
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
  if (waiting !== null) {
    // A run that is being ended already is not let in.
    if (!active.supervision.stopping) waiting.give(requestId, invocation);
  } else if (group !== null && context.sandboxed) {
    try {
      await enterGroups(group, active.running);
    } catch (error) {
      await abandon(active);
      throw refusalOf(error, invocation);
    }
  } else if (!active.supervision.stopping) active.running.letIn();
  return active;
}

function prepareOrRefuse(context: RunContext, invocation: Invocation): Prepared {
  try {
    return prepareRun(context, invocation);
  } catch (error) {
    throw refusalOf(error, invocation);
  }
}

/** Ends a sandbox whose command was never let in, and leaves nothing of it. */
async function abandon(run: ActiveRun): Promise<void> {
  run.stop('cancelled', '');
  await run.supervision.finished();
  await run.lookout.finish();
  run.detach();
  await run.release();
  run.over();
  if (run.group !== null) await removeGroups(run.group.paths);
}
