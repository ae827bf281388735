/**
 * The name of a sandbox that was started ahead, in place of a request id: on its command line and of its control groups.
 * It names the gateway that it is of, so that the next one finds what a killed one left. Never: a name used twice.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killGroups, removeGroups } from '../cgroup.ts';
import { type CgroupHost, groupFolder } from '../cgroup-host.ts';
import { isAlive, namesAhead, signalPid, startOf } from '../processes.ts';

const form = /^ahead-(\d+)-(\d+)-(\d+)-[0-9a-f]{32}$/;

export function newName(): string {
  const own = `${pidNamespace()}-${process.pid}-${startOf(process.pid) ?? 0}`;
  return `ahead-${own}-${randomUUID().replaceAll('-', '')}`;
}

/** Only ever the group of a sandbox that was started ahead, directly in a folder of that name. */
export function isAheadGroup(path: string): boolean {
  return form.test(basename(path)) && basename(dirname(path)) === groupFolder;
}

/** True where the name is of a gateway that is gone. Pids mean something only within a pid namespace. */
function isAbandoned(name: string): boolean {
  const [, namespace, pid, start] = form.exec(name) ?? [];
  return namespace === pidNamespace() && !isAlive(Number(pid), start!);
}

/** Ends all sandboxes, and removes all groups, of gateways that are gone. True once there are none; repeat it freely. */
export async function endAbandoned(host: CgroupHost | null, withinMs: number): Promise<boolean> {
  for (let waited = 0, step = 5; ; waited += step, step = Math.min(step * 2, 100)) {
    const left = namesAhead();
    if (left === null) return false;
    const abandoned = left.filter(({ name }) => isAbandoned(name));
    if (abandoned.length === 0) break;
    if (waited > withinMs) return false;
    for (const { pid } of abandoned) signalPid(pid, 'SIGKILL');
    await sleep(step);
  }
  const groups = abandonedGroups(host);
  if (!(await killGroups(groups, withinMs))) return false;
  await removeGroups(groups);
  return true;
}

/** Groups that killed gateways left, in every tree. */
export function abandonedGroups(host: CgroupHost | null): readonly string[] {
  return [...new Set(Object.values(host?.bases ?? {}))].flatMap((base) =>
    listed(base)
      .filter(isAbandoned)
      .map((name) => join(base, name)),
  );
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}
