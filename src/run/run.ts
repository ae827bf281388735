/**
 * One run's start, in order: identity, places, control group, plan, process, supervision. In: an invocation that has
 * been decided. Out: the run, under way. Throws only before the process exists; a crash after that leaves what gone.ts finds.
 */

import { ReeveError } from '../core/errors.ts';
import type { Invocation } from '../core/invocation.ts';
import type { Clock, RunHandle } from '../core/ports.ts';
import { noSecrets, type SealedSecrets } from '../core/secret.ts';
import { visibleLine } from '../core/text.ts';
import { type Group, openGroup, removeGroups } from './cgroup.ts';
import type { CgroupHost } from './cgroup-host.ts';
import { enterGroups } from './enter.ts';
import type { Host } from './host.ts';
import { chooseIdentity, type Identity } from './identity.ts';
import { KeptStream } from './kept-stream.ts';
import { launch, type Running } from './launch.ts';
import { Lookout, lookAtWorkspace, type WorkspaceLook } from './lookout.ts';
import { commandsOf, holdStill, letGo, membersOfRun } from './members.ts';
import type { PipeSupply } from './pipes.ts';
import {
  closePlaces,
  hiddenTargets,
  openPlaces,
  ownerOf,
  type Place,
  workspaceTarget,
} from './places.ts';
import {
  limitsProcessesInside,
  namespaceProcesses,
  openFilesLimit,
  type PlannedPlace,
  sandboxedPlan,
  unsandboxedPlan,
} from './plan.ts';

import { redactionOf } from './redaction/filter.ts';
import type { RuntimeFolder } from './runtime-folder.ts';
import type { Stop } from './seen.ts';
import { Supervision } from './supervise.ts';

export interface RunControl {
  /** Cancels the run; `reason` is put into the message. */
  readonly signal: AbortSignal;
  /** The values that the invocation names; none where it names none. They are given to the process, and hidden in its output. */
  readonly secrets?: SealedSecrets;
  /** True where the output goes to nobody but the gateway itself, as it is: nothing is hidden in it. */
  readonly withheld?: boolean;
  /** Called once, right after the process was created. */
  onStarted(handle: RunHandle): void;
  /** The first `limits.output` bytes of each stream as they come, exactly; beyond that only the outcome has the tail. */
  onOutput(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
}

export interface RunContext {
  readonly host: Host;
  readonly folder: RuntimeFolder;
  readonly inherited: readonly number[];
  readonly supply: PipeSupply;
  /** File of the seccomp program; null where there is none for this processor. */
  readonly seccomp: string | null;
  readonly cgroups: CgroupHost | null;
  readonly sandboxed: boolean;
  readonly bootId: string;
  readonly clock: Clock;
  readonly graceMs: number;
  readonly stateDir: string;
  readonly gateway: { readonly uid: number; readonly gid: number };
}

export interface ActiveRun {
  readonly invocation: Invocation;
  readonly context: RunContext;
  readonly identity: Identity;
  readonly group: Group | null;
  readonly startedAt: { readonly now: number; readonly monotonic: number };
  readonly output: { readonly stdout: KeptStream; readonly stderr: KeptStream };
  readonly running: Running;
  readonly supervision: Supervision;
  readonly lookout: Lookout;
  stop(reason: Stop['reason'], text: string): void;
  /** Stops listening to the one who may cancel. */
  detach(): void;
}

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
  const owner = ownerOf(invocation);
  const identity = chooseIdentity(invocation, owner, context.gateway);
  const places = context.sandboxed ? openPlaces(invocation, identity, owner) : [];
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
    const opened = places.find((place) => place.target === workspaceTarget)?.fd ?? null;
    workspace = await lookAtWorkspace(invocation, opened, {
      members,
      pause: () => holdStill(() => commandsOf(active)),
      resume: () => letGo(commandsOf(active)),
      outgrown: () => active?.stop('workspace', ''),
    });
    if (context.cgroups !== null) group = openGroup(context.cgroups, requestId, invocation.limits);
    const input = {
      requestId,
      invocation,
      host: context.host,
      identity,
      places: stagePlaces(context, places),
      hidden: hiddenTargets(places, context.stateDir),
      secrets,
      entries: group?.entries ?? [],
      gatewayPid: process.pid,
    };
    const plan = context.sandboxed ? sandboxedPlan(input) : unsandboxedPlan(input);
    const running = await launch(
      {
        plan,
        stdin: invocation.stdin,
        files: accountFiles(context, identity),
        inherited: context.inherited,
        onChunk,
        lastCheck: () => {
          if (control.signal.aborted) throw cancelledBefore(control.signal);
          lastCheck();
        },
      },
      context.supply,
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
    };
  } catch (error) {
    closePlaces(places);
    workspace?.close();
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
  }
  return active;
}

/** Ends a sandbox whose command was never let in, and leaves nothing of it. */
async function abandon(run: ActiveRun): Promise<void> {
  run.stop('cancelled', '');
  await run.supervision.finished();
  await run.lookout.finish();
  run.detach();
  if (run.group !== null) await removeGroups(run.group.paths);
}

function unavailable(error: unknown): ReeveError {
  return new ReeveError(
    'SANDBOX_UNAVAILABLE',
    `Nothing was started: ${visibleLine((error as Error).message)}. Run reeve doctor.`,
    [],
    { cause: error },
  );
}

function stagePlaces(context: RunContext, places: readonly Place[]): readonly PlannedPlace[] {
  // A mount inside a staged workspace needs no path of its own, but it is simpler to treat all alike.
  return places.map((place, index) => ({
    ...place,
    staged: place.mustStage ? context.folder.place(index, place.kind) : null,
  }));
}

function accountFiles(context: RunContext, { uid, gid }: Identity) {
  return {
    seccomp: context.seccomp,
    passwd: context.folder.file(
      `passwd-${uid}-${gid}`,
      `reeve:x:${uid}:${gid}:Reeve:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    ),
    stdin: (bytes: Uint8Array) => context.folder.passing(bytes),
    group: context.folder.file(`group-${gid}`, `reeve:x:${gid}:\nnogroup:x:65534:\n`),
  };
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
