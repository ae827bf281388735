/**
 * What a run is planned from: whom it runs as, and its places, opened. In: an invocation. Out: the plan's input. Throws
 * ReeveError for what may not be. Never: a place that is not what was decided; whoever prepares closes the places.
 */
import type { Invocation } from '../core/invocation.ts';
import type { SecretValue } from '../core/secret.ts';
import type { RunContext } from './active-run.ts';
import { hasCpuClock } from './cgroup-host.ts';
import { chooseIdentity, type Identity } from './identity.ts';
import type { LaunchInput } from './launch.ts';
import { hiddenTargets, openPlaces, ownerOf, type Place, workspaceTarget } from './places.ts';
import type { PlanInput, PlannedPlace } from './plan-input.ts';
import { placesOutsideOf } from './rehearsal.ts';

export interface Prepared {
  readonly identity: Identity;
  readonly places: readonly Place[];
  /** The workspace as the run gets it, open; null without one, and without a sandbox. */
  readonly workspace: number | null;
}

export function prepareRun(context: RunContext, invocation: Invocation): Prepared {
  const owner = ownerOf(invocation);
  const identity = chooseIdentity(invocation, owner, context.gateway);
  const places = context.sandboxed ? openPlaces(invocation, identity, owner) : [];
  const workspace = places.find((place) => place.target === workspaceTarget)?.fd ?? null;
  return { identity, places, workspace };
}

export function planInputOf(
  context: RunContext,
  requestId: string,
  invocation: Invocation,
  { identity, places }: Prepared,
  more: { readonly secrets: readonly SecretValue[]; readonly entries: readonly string[] },
): PlanInput {
  return {
    requestId,
    invocation,
    host: context.host,
    identity,
    places: stagePlaces(context, places),
    hidden: hiddenTargets(placesOutsideOf(invocation, places), context.stateDir),
    ...more,
    gatewayPid: process.pid,
    // Nothing of a command runs before its processes are remembered, whatever becomes of whoever starts them.
    gated: true,
    cpuClock: hasCpuClock(context.cgroups),
  };
}

function stagePlaces(context: RunContext, places: readonly Place[]): readonly PlannedPlace[] {
  // A mount inside a staged workspace needs no path of its own, but it is simpler to treat all alike.
  return places.map((place, index) => ({
    ...place,
    staged: place.mustStage ? context.folder.place(index, place.kind) : null,
  }));
}

export function accountFiles(context: RunContext, { uid, gid }: Identity): LaunchInput['files'] {
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
