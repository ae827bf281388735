/** What a plan is made of: the run, its places, and the numbers of the child's descriptors. Values only. */
import type { Invocation } from '../core/invocation.ts';
import type { SecretValue } from '../core/secret.ts';
import type { Host } from './host.ts';
import type { Identity } from './identity.ts';
import type { Place } from './places.ts';

/** Numbers of the child's descriptors; places follow from 15 on. */
export const descriptors = Object.freeze({
  gate: 8,
  arguments: 9,
  seccomp: 10,
  passwd: 11,
  group: 12,
  status: 14,
  firstPlace: 15,
});

/** A place as the plan uses it: `staged` is where root binds it first, if the sandbox's user cannot walk to it. */
export type PlannedPlace = Omit<Place, 'mustStage'> & { readonly staged: string | null };

export interface PlanInput {
  readonly requestId: string;
  readonly invocation: Invocation;
  readonly host: Host;
  readonly identity: Identity;
  readonly places: readonly PlannedPlace[];
  /** Paths in the sandbox that are covered by empty folders. */
  readonly hidden: readonly string[];
  /** Their values go through pipes: into bubblewrap's arguments, or into files of the sandbox's own memory. */
  readonly secrets: readonly SecretValue[];
  /** `cgroup.procs` files of the run's control groups. Empty: no control group. */
  readonly entries: readonly string[];
  /** The gateway's pid: its descriptors prove that what was staged is what was opened. */
  readonly gatewayPid: number;
  /** True where the command is to wait in any case. With control groups a sandboxed one always does. */
  readonly gated?: boolean;
  /** True where the gateway itself reads how much processor time the whole run has used. */
  readonly cpuClock?: boolean;
}

/** True where the command waits until it is let in. */
export function isGated({ entries, gated }: Pick<PlanInput, 'entries' | 'gated'>): boolean {
  return gated === true || entries.length > 0;
}
