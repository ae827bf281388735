/**
 * One run's control groups: limits set before the process enters, usage read after it ended, everything in them killed.
 * In: a request id and limits. Never: a group with a process left in it when `killGroups` has answered true.
 */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Limits } from '../core/command.ts';
import { type CgroupHost, groupFolder } from './cgroup-host.ts';
import { signalPid } from './processes.ts';

/** What the kernel counted; null where it does not say. */
export interface GroupFacts {
  readonly oomKills: number;
  readonly refusedForks: number;
  readonly cpuMs: number | null;
  readonly peakMemory: number | null;
  readonly peakProcesses: number | null;
}

export interface Group {
  readonly paths: readonly string[];
  /** Files to write `0` into, in the process that is to enter. */
  readonly entries: readonly string[];
  cpuMs(): number | null;
  facts(): GroupFacts;
}

/** bubblewrap itself and the first process of the sandbox sit in the group and are not the command's. */
export const ownProcesses = 2;
const cpuPeriod = 100_000;

/** Request ids are safe as names; anything else would be a path, so it is refused. */
export function groupPaths(host: CgroupHost, requestId: string): readonly string[] {
  if (!/^[A-Za-z0-9_-]{1,200}$/.test(requestId)) throw new TypeError('not a request id');
  return [...new Set(Object.values(host.bases))].map((base) => join(base, requestId));
}

/** Makes the groups of a run. Throws if the host refuses: nothing has started then. */
export function openGroup(host: CgroupHost, requestId: string, limits: Limits): Group {
  const paths = groupPaths(host, requestId);
  const of = (controller: string): string | null => {
    const base = host.bases[controller];
    return base === undefined ? null : join(base, requestId);
  };
  const memory = of('memory');
  const pids = of('pids');
  const cpu = of('cpu');
  const accounting = host.version === 2 ? cpu : of('cpuacct');
  const quota = Math.max(1_000, Math.round(limits.cpu * cpuPeriod));
  const processes = String(limits.processes + ownProcesses);
  try {
    for (const path of paths) mkdirSync(path, { recursive: true });
    if (host.version === 2) {
      if (memory !== null) {
        writeFileSync(join(memory, 'memory.max'), String(limits.memory));
        writeIfThere(join(memory, 'memory.swap.max'), '0');
        writeIfThere(join(memory, 'memory.oom.group'), '1');
      }
      if (cpu !== null) writeFileSync(join(cpu, 'cpu.max'), `${quota} ${cpuPeriod}`);
    } else {
      if (memory !== null) {
        writeFileSync(join(memory, 'memory.limit_in_bytes'), String(limits.memory));
        writeIfThere(join(memory, 'memory.memsw.limit_in_bytes'), String(limits.memory));
      }
      if (cpu !== null) {
        writeFileSync(join(cpu, 'cpu.cfs_period_us'), String(cpuPeriod));
        writeFileSync(join(cpu, 'cpu.cfs_quota_us'), String(quota));
      }
    }
    if (pids !== null) writeFileSync(join(pids, 'pids.max'), processes);
  } catch (error) {
    for (const path of paths) removeGroup(path);
    throw error;
  }
  const cpuMs = (): number | null => {
    if (accounting === null) return null;
    if (host.version === 2) {
      const usec = field(join(accounting, 'cpu.stat'), 'usage_usec');
      return usec === null ? null : usec / 1_000;
    }
    const nanoseconds = number(join(accounting, 'cpuacct.usage'));
    return nanoseconds === null ? null : nanoseconds / 1_000_000;
  };
  return {
    paths,
    entries: paths.map((path) => join(path, 'cgroup.procs')),
    cpuMs,
    facts() {
      const events = host.version === 2 ? 'memory.events' : 'memory.oom_control';
      const peak = host.version === 2 ? 'memory.peak' : 'memory.max_usage_in_bytes';
      const peakPids = pids === null ? null : number(join(pids, 'pids.peak'));
      const cpuTime = cpuMs();
      return {
        oomKills: memory === null ? 0 : (field(join(memory, events), 'oom_kill') ?? 0),
        refusedForks: pids === null ? 0 : (field(join(pids, 'pids.events'), 'max') ?? 0),
        cpuMs: cpuTime === null ? null : Math.round(cpuTime),
        peakMemory: memory === null ? null : number(join(memory, peak)),
        peakProcesses: peakPids === null ? null : Math.max(1, peakPids - ownProcesses),
      };
    },
  };
}

/** Kills whatever is in the groups, and what it forks meanwhile. True once they are empty or gone. */
export async function killGroups(paths: readonly string[], withinMs: number): Promise<boolean> {
  for (let waited = 0, step = 1; ; waited += step, step = Math.min(step * 2, 20)) {
    const members = paths.flatMap(membersOf);
    if (members.length === 0) return true;
    if (waited > withinMs) return false;
    killMembers(paths);
    await sleep(step);
  }
}

/** One shot: `cgroup.kill` where the kernel has it, else a signal to each member. */
export function killMembers(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      // 'r+' never creates: in a version 1 hierarchy there is no such file.
      writeFileSync(join(path, 'cgroup.kill'), '1', { flag: 'r+' });
    } catch {
      for (const pid of membersOf(path)) if (pid !== process.pid) signalPid(pid, 'SIGKILL');
    }
  }
}

/** Process ids in a group; empty if there is no such group. */
export function membersOf(path: string): readonly number[] {
  try {
    return readFileSync(join(path, 'cgroup.procs'), 'latin1')
      .split('\n')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

/** Removes the groups of a run, again and again while the kernel still lets go of their last processes. */
export async function removeGroups(paths: readonly string[], attempts = 50): Promise<boolean> {
  let left = paths;
  for (let attempt = 0; attempt < attempts; attempt++) {
    left = left.filter((path) => !removeGroup(path));
    if (left.length === 0) return true;
    await sleep(Math.min(2 ** attempt, 20));
  }
  return false;
}

/** Only ever a run's own group, directly in a folder of that name: a recorded path is not trusted further. */
export function isRunGroup(path: string, requestId: string): boolean {
  return basename(path) === requestId && basename(dirname(path)) === groupFolder;
}

function removeGroup(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function writeIfThere(path: string, value: string): void {
  try {
    writeFileSync(path, value, { flag: 'r+' });
  } catch {}
}

function number(path: string): number | null {
  try {
    const value = Number(readFileSync(path, 'latin1').trim());
    return Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}

function field(path: string, name: string): number | null {
  try {
    const line = readFileSync(path, 'latin1')
      .split('\n')
      .find((l) => l.startsWith(`${name} `));
    return line === undefined ? null : Number(line.slice(name.length + 1));
  } catch {
    return null;
  }
}
