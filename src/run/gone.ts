/**
 * Proof, after a crash, that nothing of a run is left. In: the request id and what was remembered of the run. Out: true
 * only if it is proven. What still lives is killed first: a run without its gateway has nobody who holds it to its limits.
 */
import type { RunHandle } from '../core/ports.ts';
import { endAbandoned, isAheadGroup } from './ahead/name.ts';
import { groupPaths, isRunGroup, killGroups, removeGroups } from './cgroup.ts';
import type { CgroupHost } from './cgroup-host.ts';
import { bootId, isAlive, signalPid } from './processes.ts';
import { killByRequest } from './supervise.ts';

const patienceMs = 5_000;

/** True once every process of the run is proven dead. False where something survives, or nothing can be proven. */
export async function proveGone(
  requestId: string,
  handle: RunHandle | null,
  cgroups: CgroupHost | null,
): Promise<boolean> {
  const boot = bootId();
  if (handle !== null && boot !== null && handle.bootId !== boot) return true;
  // Recorded paths count only if they are this run's by name, or of a sandbox that is used once: a group is killed whole.
  const recorded = (handle?.cgroups ?? []).filter(
    (path) => isRunGroup(path, requestId) || isAheadGroup(path),
  );
  const groups = [...new Set([...recorded, ...(cgroups ? groupPaths(cgroups, requestId) : [])])];
  // Without a start time it had ended before it could be looked at.
  const pid = handle?.pidStart == null ? null : handle.pid;
  const lives = (): boolean => pid !== null && isAlive(pid, handle!.pidStart);
  if (pid !== null && lives()) signalPid(pid, 'SIGKILL');
  if (!(await killGroups(groups, patienceMs))) return false;
  if (!(await killByRequest(requestId, patienceMs))) return false;
  // It may have been given a sandbox that bears another name, and nobody could note that.
  if (!(await endAbandoned(cgroups, patienceMs))) return false;
  if (lives()) return false;
  await removeGroups(groups);
  return true;
}
