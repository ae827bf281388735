/**
 * What really runs, looked up in /proc. In: an arena and a gateway's pid. Out: processes of the case, what they were
 * called, how many at once, the gateway's memory. Also the outer limit: a case that escapes its bounds is ended here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { entrant } from '../../src/run/ahead/entrant.ts';
import type { Arena } from './arena.ts';

export interface Seen {
  readonly pid: number;
  readonly name: string;
  readonly argv: string;
}

const outer = { processes: 400, memory: 3 * 2 ** 30 };

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}

/** Fields after the command's name, which may hold anything; index 0 is the state. */
function statOf(pid: number): { name: string; fields: readonly string[] } | null {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return null;
  const end = text.lastIndexOf(')');
  return { name: text.slice(text.indexOf('(') + 1, end), fields: text.slice(end + 2).split(' ') };
}

const pids = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Children, and theirs. */
function descendants(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const pid of pids()) {
    const parent = Number(statOf(pid)?.fields[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: number[] = [];
  for (let next = [root]; next.length > 0; ) {
    next = next.flatMap((pid) => children.get(pid) ?? []);
    found.push(...next);
  }
  return found;
}

const entrantLine = `${entrant.join('\0')}\0`;

/**
 * A sandbox that was started ahead, for a run that may come: it has nothing of a command. One that was given a command
 * counts like any other: below its bubblewrap there is then something else than what waits.
 */
function waits(pid: number): boolean {
  const line = read(`/proc/${pid}/cmdline`) ?? '';
  if (line === entrantLine) return true;
  if (!line.includes('\0--setenv\0REEVE_REQUEST_ID\0ahead-')) return false;
  const below = descendants(pid);
  const lines = below.map((child) => read(`/proc/${child}/cmdline`) ?? '');
  return lines.includes(entrantLine) && lines.every((l) => l === entrantLine || l === line);
}

/**
 * A number that grows whenever the gateway, or a helper of its, has started a process that has ended since: the page
 * faults of all children that were waited for. Nothing that a gateway says about itself goes into it.
 */
export function tracesOfChildren(gateway: number): string {
  const tree = [gateway, ...descendants(gateway)];
  return tree.map((pid) => `${pid}:${statOf(pid)?.fields[8] ?? 'gone'}`).join(' ');
}

export function memoryOf(pid: number): number {
  const kib = /^VmRSS:\s*(\d+)/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return Number(kib ?? 0) * 1024;
}

export class Watcher {
  readonly names = new Set<string>();
  peakProcesses = 0;
  peakGateway = 0;
  outerLimit: string | null = null;
  readonly #arena: Arena;
  readonly #before = new Set(pids());
  #gateway = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  watch(gateway: number): void {
    this.#gateway = gateway;
    this.stop();
    this.#timer = setInterval(() => this.#look(), 30);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Processes of the case that live now. Zombies hold nothing and do nothing. */
  alive(): readonly Seen[] {
    return pids().flatMap((pid) => {
      if (this.#before.has(pid) || pid === this.#gateway || !this.#isOurs(pid)) return [];
      if (waits(pid)) return [];
      const stat = statOf(pid);
      if (stat === null || stat.fields[0] === 'Z') return [];
      const argv = (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
      return [{ pid, name: stat.name, argv }];
    });
  }

  /** As root by the user that only this case has; else by the workspace that the process has mounted. */
  #isOurs(pid: number): boolean {
    if (this.#arena.user !== null) {
      const uids = /^Uid:\s*(\d+)\s+(\d+)/m.exec(read(`/proc/${pid}/status`) ?? '');
      return (uids?.slice(1) ?? []).some((uid) => Number(uid) === this.#arena.user);
    }
    return (read(`/proc/${pid}/mountinfo`) ?? '').includes(`${this.#arena.name}/`);
  }

  #look(): void {
    const alive = this.alive();
    for (const { name } of alive) this.names.add(name);
    this.peakProcesses = Math.max(this.peakProcesses, alive.length);
    this.peakGateway = Math.max(this.peakGateway, memoryOf(this.#gateway));
    const memory = alive.reduce((total, { pid }) => total + memoryOf(pid), this.peakGateway);
    if (alive.length <= outer.processes && memory <= outer.memory) return;
    this.outerLimit = `${alive.length} processes with ${Math.round(memory / 2 ** 20)} MiB: ended by the harness`;
    this.endAll();
    kill(this.#gateway);
  }

  endAll(): void {
    for (const { pid } of this.alive()) kill(pid);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}
