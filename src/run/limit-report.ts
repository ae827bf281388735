/** Which limits a run is held to, and which not. Pure. In: tier, controllers, invocation. Never: a limit left out. */
import type { LimitName, Limits } from '../core/command.ts';
import type { LimitReport, SandboxTier } from '../core/execution.ts';
import type { Invocation } from '../core/invocation.ts';
import { fewestOpenFiles } from './rlimits.ts';

export interface Holds {
  readonly tier: SandboxTier;
  readonly controllers: readonly string[];
  /** True where processor time is counted over all processes of a run. */
  readonly cpuClock: boolean;
  readonly processLimit: 'cgroup' | 'rlimit' | 'none';
}

/** Every limit is in exactly one of the two lists. */
export function limitReport(
  holds: Holds,
  invocation: Pick<Invocation, 'workspaceAccess'> & {
    readonly limits: Pick<Limits, 'openFiles'>;
  },
): LimitReport {
  const has = (controller: string): boolean => holds.controllers.includes(controller);
  // Looked at where it can be written to. Without a sandbox a command that has no workspace may write to it all the same.
  const growth = holds.tier !== 'unsandboxed' || invocation.workspaceAccess !== 'none';
  const held: Readonly<Record<LimitName, boolean>> = {
    cpu: has('cpu'),
    // RLIMIT_CPU is a process's own and a command of many processes evades it: only the group's clock counts.
    cpuTimeMs: holds.cpuClock,
    memory: has('memory'),
    processes: holds.processLimit !== 'none',
    openFiles: invocation.limits.openFiles >= fewestOpenFiles,
    fileSize: true,
    workspaceGrowth: growth,
    workspaceFiles: growth,
    output: true,
  };
  const names = Object.keys(held) as LimitName[];
  return Object.freeze({
    tier: holds.tier,
    enforced: Object.freeze(names.filter((name) => held[name])),
    degraded: Object.freeze(names.filter((name) => !held[name])),
  });
}
