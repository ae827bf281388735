/**
 * One run from its start to the proof that nothing of it is left. In: a running process, its limits, the ways to stop
 * it. Out: what was seen. Never answers while a process of the run may still write.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Group, killGroups, killMembers } from './cgroup.ts';
import type { Running } from './launch.ts';
import { childrenOf, isAlive, processesOf, signalGroup, signalPid } from './processes.ts';
import type { Stop } from './seen.ts';
import type { Ending } from './spawner/order.ts';

export interface Supervised {
  readonly requestId: string;
  readonly running: Running;
  readonly group: Group | null;
  readonly timeoutMs: number;
  readonly graceMs: number;
  /** Processor time in milliseconds over all processes, and how many processors they may use at once. */
  readonly cpu: { readonly timeMs: number; readonly processors: number };
  readonly sandboxed: boolean;
}

export interface Seen {
  readonly process: Ending;
  readonly stop: Stop | null;
  readonly gone: boolean;
}

const longestTimer = 2 ** 31 - 1;
const patienceMs = 5_000;
/** What the pipes may still hold at the end, and more: bounded for whoever keeps writing. */
const lastDrain = 16 * 2 ** 20;

export class Supervision {
  readonly #run: Supervised;
  readonly #timers = new Set<NodeJS.Timeout>();
  #stop: Stop | null = null;
  #ended = false;

  constructor(run: Supervised) {
    this.#run = run;
    this.#after(Math.min(run.timeoutMs, longestTimer), () => this.stop('timeout', ''));
    if (run.group?.cpuMs() != null) this.#watchCpu(run.group);
  }

  /** Ends the run: SIGTERM, after the grace period SIGKILL; at once where the run is beyond asking. The first reason stands. */
  stop(reason: Stop['reason'], text: string): void {
    const { running, graceMs, sandboxed } = this.#run;
    if (this.#ended || this.#stop !== null || running.status.exitCode !== null) return;
    const ask = (reason === 'timeout' || reason === 'cancelled') && graceMs > 0;
    const asked = ask && (sandboxed ? this.#askSandboxed() : this.#askGroup());
    this.#stop = { reason, text, graceMs: asked ? graceMs : 0, manner: 'ended-itself' };
    if (asked) this.#after(graceMs, () => this.#kill());
    else this.#kill();
  }

  /** True once it is being ended, by whomever. */
  get stopping(): boolean {
    return this.#stop !== null || this.#ended;
  }

  /** Waits for the end, then until every process of the run is dead, and takes the rest of its output. */
  async finished(): Promise<Seen> {
    const { running } = this.#run;
    const process = await running.ended;
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    // Nobody is its parent any more, and nobody would tell of its end.
    if (process.lost) this.#kill();
    running.drain(lastDrain);
    const gone = await this.#gone(process.lost);
    running.drain(lastDrain);
    running.release();
    return { process, stop: this.#stop, gone };
  }

  /** Signals what the sandbox's first process started. bubblewrap itself would take everything down at once. */
  #askSandboxed(): boolean {
    const { childPid } = this.#run.running.status;
    if (childPid === null) return false;
    const commands = childrenOf(childPid);
    for (const pid of commands) signalPid(pid, 'SIGTERM');
    return commands.length > 0;
  }

  #askGroup(): boolean {
    signalGroup(this.#run.running.pid, 'SIGTERM');
    return true;
  }

  #kill(): void {
    if (this.#stop !== null) this.#stop = { ...this.#stop, manner: 'killed' };
    const { running, group, sandboxed } = this.#run;
    const { childPid } = running.status;
    if (sandboxed) {
      running.kill('SIGKILL');
      // Its parent is ours, so the pid cannot have been given to another while bubblewrap lives.
      if (childPid !== null && isAlive(childPid, running.status.childStart)) {
        signalPid(childPid, 'SIGKILL');
      }
    } else signalGroup(running.pid, 'SIGKILL');
    if (group !== null) killMembers(group.paths);
  }

  async #gone(lost: boolean): Promise<boolean> {
    const { running, group, sandboxed, requestId } = this.#run;
    const groupGone = group === null || (await killGroups(group.paths, patienceMs));
    const { childPid, childStart } = running.status;
    if (sandboxed && childPid !== null) {
      // The first process of a pid namespace is gone only after everything in the namespace is.
      const sandboxGone = childStart === null || (await dead(childPid, childStart));
      if (!sandboxGone || !lost) return groupGone && sandboxGone;
    }
    if (!sandboxed) signalGroup(running.pid, 'SIGKILL');
    // bubblewrap that failed half-way can leave its child waiting; without a sandbox anything may be left.
    return (await killByRequest(requestId, patienceMs)) && groupGone;
  }

  #watchCpu(group: Group): void {
    const { timeMs, processors } = this.#run.cpu;
    const look = (): void => {
      const left = timeMs - (group.cpuMs() ?? 0);
      if (left <= 0) this.stop('cpu', '');
      // Not before the limit could be reached at full speed.
      else this.#after(Math.min(Math.max(left / processors, 50), longestTimer), look);
    };
    look();
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}

async function dead(pid: number, start: string): Promise<boolean> {
  for (let waited = 0, step = 1; ; waited += step, step = Math.min(step * 2, 50)) {
    if (!isAlive(pid, start)) return true;
    if (waited > patienceMs) return false;
    if (waited > 20) signalPid(pid, 'SIGKILL');
    await sleep(step);
  }
}

/** Kills everything that carries the request id. True once nothing does; false where that cannot be known. */
export async function killByRequest(requestId: string, withinMs: number): Promise<boolean> {
  for (let waited = 0, step = 10; ; waited += step, step = Math.min(step * 2, 100)) {
    const left = processesOf(requestId);
    if (left === null) return false;
    if (left.length === 0) return true;
    if (waited > withinMs) return false;
    for (const pid of left) signalPid(pid, 'SIGKILL');
    await sleep(step);
  }
}
