/**
 * How a gateway says that it runs on a state folder, and how others find it: STATE/gateway.json.
 * Never: the token sent to whatever else took the port of a gateway that is gone, so the process is checked first.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPrivateFile } from './folders.ts';

export interface RunningGateway {
  readonly url: string;
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: tells a reused pid apart. */
  readonly pidStart: string | null;
  readonly startedAt: string;
}

const fileOf = (stateDir: string) => join(stateDir, 'gateway.json');

/** Written after listening. A crash between the two files leaves no announcement, or the old one, whose process is gone. */
export function announceGateway(stateDir: string, url: string, now: number): void {
  const value: RunningGateway = {
    url,
    pid: process.pid,
    pidStart: processStart(process.pid),
    startedAt: new Date(now).toISOString(),
  };
  const temporary = `${fileOf(stateDir)}.${process.pid}`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, fileOf(stateDir));
}

/** Removes the announcement if it is this process's. */
export function retractGateway(stateDir: string): void {
  if (readAnnouncement(stateDir)?.pid === process.pid) rmSync(fileOf(stateDir), { force: true });
}

/** The gateway whose process still runs, or null. Says nothing about whether it answers. */
export function findGateway(stateDir: string): RunningGateway | null {
  const found = readAnnouncement(stateDir);
  if (found === null || found.pidStart === null) return null;
  return processStart(found.pid) === found.pidStart ? found : null;
}

function readAnnouncement(stateDir: string): RunningGateway | null {
  const file = fileOf(stateDir);
  if (!isPrivateFile(file)) return null;
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunningGateway> | null;
    if (value === null || typeof value !== 'object') return null;
    const { url, pid, pidStart, startedAt } = value;
    if (typeof url !== 'string' || !Number.isSafeInteger(pid) || typeof startedAt !== 'string') {
      return null;
    }
    return { url, pid: pid!, pidStart: typeof pidStart === 'string' ? pidStart : null, startedAt };
  } catch {
    return null; // half-written by hand, or gone in between: the same as none
  }
}

function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program's name may hold spaces and parentheses; the fields start after the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
