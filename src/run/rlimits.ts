/**
 * What the kernel limits for each process, or within the sandbox's user namespace. In: limits, the host. Out: numbers and
 * arguments. Pure. Never: more than the gateway itself may have.
 */
import type { Limits } from '../core/command.ts';
import type { Host } from './host.ts';
import type { PlanInput } from './plan-input.ts';

/** bubblewrap itself needs some descriptors to set the sandbox up. */
export const fewestOpenFiles = 16;
const blockSize = 512;

/** Open files; file size in blocks; processor seconds a process, soft and hard (the soft one tells by its signal). */
export function limitArguments({ invocation, host, cpuClock }: PlanInput): readonly string[] {
  const { limits } = invocation;
  const files = openFilesLimit(limits, host);
  const blocks = Math.floor(Math.min(limits.fileSize, host.ceiling.fileSize) / blockSize);
  // The kernel counts this one in ticks, which run ahead on a busy machine: where there is a clock it only stands behind.
  const spare = cpuClock === true ? limits.cpuTimeMs / 1_000 + 10 : 0;
  const seconds = Math.max(1, Math.ceil(limits.cpuTimeMs / 1_000 + spare));
  return [files, blocks, seconds, seconds + 1].map(String);
}

/** Descriptors that a process of the run may have. */
export function openFilesLimit(limits: Pick<Limits, 'openFiles'>, host: Host): number {
  return Math.max(fewestOpenFiles, Math.min(limits.openFiles, host.ceiling.openFiles));
}

/** Without a control group: a limit on processes within the sandbox's own user namespace, its first process included. */
export function processLimit({ invocation, host, entries }: PlanInput): readonly string[] {
  if (entries.length > 0 || !limitsProcessesInside(host)) return [];
  const count = namespaceProcesses(invocation.limits);
  return [host.prlimit!, `--nproc=${count}:${count}`, '--'];
}

/** Processes and threads in the sandbox's user namespace, its first process included. */
export function namespaceProcesses(limits: Pick<Limits, 'processes'>): number {
  return limits.processes + 1;
}

export function limitsProcessesInside(host: Host): boolean {
  return host.prlimit !== null && host.countsPerNamespace;
}
