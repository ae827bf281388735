/**
 * The processes of a run under way, by its control group or by descent. In: the run, null before it has begun. Out:
 * their pids; and the command held still, or let go on. Never: bubblewrap's own processes stopped, they watch over the rest.
 */

import type { Group } from './cgroup.ts';
import { membersOf } from './cgroup.ts';
import type { Running } from './launch.ts';
import { signalPid, treeOf } from './processes.ts';

export interface Membered {
  readonly group: Group | null;
  readonly running: Running;
  readonly context: { readonly sandboxed: boolean };
}

/** Processes that are looked at where no control group lists them. */
const most = 4_096;
/** Whoever is forked while the others are being stopped is found by the next pass; each stops those that fork. */
const passes = 20;

/** All of them as far as they can be seen, bubblewrap's own included. */
export function membersOfRun(run: Membered | null): readonly number[] {
  if (run === null) return [];
  const path = run.group?.paths[0];
  if (path !== undefined) return membersOf(path);
  const first = run.context.sandboxed ? run.running.status.childPid : run.running.pid;
  return first === null ? [] : treeOf(first, most);
}

/** Those of the command alone. */
export function commandsOf(run: Membered | null): readonly number[] {
  if (run?.context.sandboxed !== true) return membersOfRun(run);
  const { running } = run;
  return membersOfRun(run).filter((pid) => pid !== running.pid && pid !== running.status.childPid);
}

export function holdStill(commands: () => readonly number[]): void {
  const stopped = new Set<number>();
  for (let pass = 0; pass < passes; pass++) {
    const moving = commands().filter((pid) => !stopped.has(pid));
    if (moving.length === 0) return;
    for (const pid of moving) {
      signalPid(pid, 'SIGSTOP');
      stopped.add(pid);
    }
  }
}

export function letGo(commands: readonly number[]): void {
  for (const pid of commands) signalPid(pid, 'SIGCONT');
}
