/** What /proc tells of processes. Out: facts of one moment. Never throws for a process that has gone meanwhile. */
import { readdirSync, readFileSync, statSync } from 'node:fs';

/** The kernel's name for this boot; null where there is no Linux /proc. */
export function bootId(): string | null {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

/** Start time in clock ticks since boot, or null if there is no such process. A zombie counts as gone. */
export function startOf(pid: number): string | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The name in parentheses may hold anything, a parenthesis too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  return state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
}

/** True while the process that had this pid at this start time still lives. */
export function isAlive(pid: number, start: string | null): boolean {
  const now = startOf(pid);
  return now !== null && (start === null || now === start);
}

/** Direct children, by the kernel's list; empty where it cannot be read. */
export function childrenOf(pid: number): readonly number[] {
  return numbersIn(read(`/proc/${pid}/task/${pid}/children`));
}

/** A process and everything below it, itself first; at most so many. Without a control group this is who a run is. */
export function treeOf(pid: number, most: number): readonly number[] {
  const tree = [pid];
  for (let at = 0; at < tree.length && tree.length < most; at++) {
    const parent = tree[at]!;
    // Children belong to the thread that started them.
    for (const thread of names(`/proc/${parent}/task`)) {
      tree.push(...numbersIn(read(`/proc/${parent}/task/${thread}/children`)));
    }
  }
  return tree.slice(0, most);
}

/** Descriptors that a process has open; null where that cannot be known. */
export function openFilesOf(pid: number): number | null {
  const folder = `/proc/${pid}/fd`;
  try {
    // Linux 6.2 and later tell their number as the folder's size.
    return statSync(folder).size || readdirSync(folder).length;
  } catch {
    return null;
  }
}

/** Threads of a process, of which the first is the process itself; 0 if it has gone. */
export function threadsOf(pid: number): number {
  try {
    return statSync(`/proc/${pid}/task`).nlink - 2;
  } catch {
    return 0;
  }
}

/** Sends a signal; a process that has gone, or is not ours to signal, is left alone. Never signals a group or pid 0. */
export function signalPid(pid: number, signal: NodeJS.Signals): void {
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  try {
    process.kill(pid, signal);
  } catch {}
}

/** Signals the process group that a detached child leads. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  if (!Number.isSafeInteger(leader) || leader <= 1) return;
  try {
    process.kill(-leader, signal);
  } catch {}
}

/** The variable by which a run's processes are known, on bubblewrap's command line and in the command's environment. */
export const requestVariable = 'REEVE_REQUEST_ID';

/**
 * Every living process that carries the request id: bubblewrap on its command line, a command in its environment as it
 * was started with. Null where /proc cannot be listed, so that nobody takes ignorance for proof.
 */
export function processesOf(requestId: string): readonly number[] | null {
  const entries = names('/proc');
  if (entries.length === 0) return null;
  const onCommandLine = `\0--setenv\0${requestVariable}\0${requestId}\0`;
  const inEnvironment = `\0${requestVariable}=${requestId}\0`;
  const found: number[] = [];
  for (const name of entries) {
    const pid = Number(name);
    if (!Number.isSafeInteger(pid) || pid <= 1 || pid === process.pid) continue;
    const carries =
      `\0${read(`/proc/${pid}/cmdline`) ?? ''}`.includes(onCommandLine) ||
      `\0${read(`/proc/${pid}/environ`) ?? ''}`.includes(inEnvironment);
    if (carries && startOf(pid) !== null) found.push(pid);
  }
  return found;
}

/** Sandboxes that were started ahead, by the name on their command lines. Null where /proc cannot be listed. */
export function namesAhead(): readonly { readonly pid: number; readonly name: string }[] | null {
  const entries = names('/proc');
  if (entries.length === 0) return null;
  const named = new RegExp(`\\0--setenv\\0${requestVariable}\\0(ahead-[0-9a-f-]+)\\0`);
  return entries.flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isSafeInteger(pid) || pid <= 1 || pid === process.pid) return [];
    const name = named.exec(`\0${read(`/proc/${pid}/cmdline`) ?? ''}`)?.[1];
    return name === undefined || startOf(pid) === null ? [] : [{ pid, name }];
  });
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function numbersIn(text: string | null): readonly number[] {
  return (text ?? '')
    .split(' ')
    .map(Number)
    .filter((n) => Number.isSafeInteger(n) && n > 0);
}
