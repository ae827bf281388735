/**
 * What is looked at while a run goes on, and once more at its end: the growth of its workspace, and the limits that the
 * kernel holds without telling. In: the run under way. Out: what was seen. Never: a look that outlives its run.
 */
import { closeSync } from 'node:fs';
import type { WorkspaceAccess } from '../core/command.ts';
import type { Invocation } from '../core/invocation.ts';
import { type AtLimit, Brink, type BrinkOptions } from './brink.ts';
import { holdsMounts } from './disk.ts';
import { type Grown, type GrowthWatch, type WatchedRun, watchGrowth } from './growth.ts';
import { openWorkspace } from './places.ts';

/** Milliseconds between two looks: what a run can write in that time is how far it can pass its workspace's limits. */
const lookMs = 50;

export interface Sights {
  readonly grown: Grown | null;
  readonly atLimit: AtLimit;
}

/** True where the growth of the workspace has to be looked at: elsewhere the sandbox leaves nothing to write to. */
function mayGrow(access: WorkspaceAccess, sandboxed: boolean): boolean {
  return access === 'read-write' || (!sandboxed && access === 'read-only');
}

/**
 * The workspace's growth from now on; null where it cannot grow. `opened` is the folder that the run gets, which stays the
 * caller's; without a sandbox nobody has opened it, and it is opened here. Throws COMMAND_EXECUTION_FAILED if it cannot be.
 */
export async function lookAtWorkspace(
  invocation: Pick<Invocation, 'limits' | 'workspace' | 'workspaceAccess'>,
  opened: number | null,
  run: WatchedRun,
): Promise<WorkspaceLook | null> {
  if (!mayGrow(invocation.workspaceAccess, opened !== null)) return null;
  const fd = opened ?? openWorkspace(invocation.workspace);
  const close = (): void => {
    if (opened === null) closeSync(fd);
  };
  try {
    const mounts = holdsMounts(invocation.workspace);
    return { watch: await watchGrowth({ fd, limits: invocation.limits, mounts, run }), close };
  } catch (error) {
    close();
    throw error;
  }
}

export interface WorkspaceLook {
  readonly watch: GrowthWatch;
  close(): void;
}

export class Lookout {
  readonly #workspace: WorkspaceLook | null;
  readonly #brink: Brink;
  readonly #timer: NodeJS.Timeout;

  constructor(workspace: WorkspaceLook | null, brink: BrinkOptions) {
    this.#workspace = workspace;
    this.#brink = new Brink(brink);
    this.#timer = setInterval(() => {
      this.#workspace?.watch.look();
      this.#brink.look();
    }, lookMs);
  }

  /** The command complained: a program that may not go on is still there for a moment. */
  complained(): void {
    this.#brink.look();
  }

  /** Once every process of the run is gone. */
  async finish(): Promise<Sights> {
    clearInterval(this.#timer);
    try {
      const grown = (await this.#workspace?.watch.finish()) ?? null;
      return { grown, atLimit: this.#brink.seen };
    } finally {
      this.#workspace?.close();
    }
  }
}
