/**
 * Descriptors that whoever started the gateway left open: a child would inherit them, and through an open folder
 * climb out of any sandbox. Out: their numbers. Node opens its own close-on-exec, so one look at the start is enough.
 */
import { readdirSync, readFileSync } from 'node:fs';

const closeOnExec = 0o2000000;

/** Numbers above 2 that a spawned process would inherit; empty where there is no Linux /proc. */
export function inheritedDescriptors(): readonly number[] {
  let names: string[];
  try {
    names = readdirSync('/proc/self/fdinfo');
  } catch {
    return [];
  }
  return names
    .map(Number)
    .filter((fd) => fd > 2 && isInherited(fd))
    .sort((a, b) => a - b);
}

function isInherited(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
    return flags !== null && (Number.parseInt(flags[1]!, 8) & closeOnExec) === 0;
  } catch {
    return false;
  }
}
