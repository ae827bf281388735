/**
 * One sandbox that was started ahead and waits for its command. In: an invocation of the kind that it is for. Out: the
 * sandbox, in its control groups, used once or ended. Never: anything of a command in it before `give`.
 */
import type { Invocation } from '../../core/invocation.ts';
import type { RunContext } from '../active-run.ts';
import { environmentOf } from '../bubblewrap.ts';
import { type Group, killGroups, openGroup, removeGroups } from '../cgroup.ts';
import { enterGroups } from '../enter.ts';
import { launch, type Running } from '../launch.ts';
import { closePlaces } from '../places.ts';
import { sandboxedPlan } from '../plan.ts';
import { accountFiles, planInputOf, prepareRun } from '../prepare.ts';
import { isAlive, requestVariable, signalPid } from '../processes.ts';
import { SpawnerLost } from '../spawner/order.ts';
import { killByRequest } from '../supervise.ts';
import { entranceOf, entrant, entrantDescriptors } from './entrant.ts';
import { keyOf } from './key.ts';
import { newName } from './name.ts';

const patienceMs = 5_000;

type OnChunk = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void;

export interface Waiting {
  readonly key: string;
  readonly group: Group | null;
  readonly running: Running;
  /** False once it has ended, or said something: then it is good for nothing. */
  readonly sound: boolean;
  /** From now on its output goes there. */
  listen(onChunk: OnChunk): void;
  /** Hands the command over. False if that cannot be: then it never runs here. */
  give(requestId: string, invocation: Invocation): boolean;
  /** Lets go of what it was built from; nothing of the sandbox itself. */
  release(): void;
  /** Ends it, and leaves nothing of it. */
  end(): Promise<void>;
}

/** Starts one. Throws what a run of this kind would throw; then nothing is left of it. */
export async function startWaiting(
  context: RunContext,
  invocation: Invocation,
  lastCheck: () => void,
): Promise<Waiting> {
  const prepared = prepareRun(context, invocation);
  const name = newName();
  let group: Group | null = null;
  let running: Running | null = null;
  let over = false;
  let spoke = false;
  let onChunk: OnChunk = () => {
    spoke = true;
  };
  const release = (): void => closePlaces(prepared.places);
  const end = async (): Promise<void> => {
    running?.kill('SIGKILL');
    const { childPid, childStart } = running?.status ?? {};
    if (childPid != null && childStart != null && isAlive(childPid, childStart)) {
      signalPid(childPid, 'SIGKILL');
    }
    await running?.ended;
    if (group !== null) await killGroups(group.paths, patienceMs);
    running?.release();
    release();
    if (group !== null) await removeGroups(group.paths);
  };
  try {
    const key = keyOf(context, invocation, prepared);
    if (context.cgroups !== null) group = openGroup(context.cgroups, name, invocation.limits);
    const plain = { ...invocation, variables: {}, argv: entrant, workingDirectory: '/' };
    const input = planInputOf(context, name, plain, prepared, {
      secrets: [],
      entries: group?.entries ?? [],
    });
    running = await launch(
      {
        plan: sandboxedPlan(input),
        stdin: null,
        files: accountFiles(context, prepared.identity),
        onChunk: (stream, chunk) => onChunk(stream, chunk),
        lastCheck,
        ahead: entrantDescriptors,
      },
      context,
    );
    const begun = running;
    void begun.ended.then(() => {
      over = true;
    });
    if (group !== null) await enterGroups(group, begun);
    else begun.letIn();
    await Promise.race([begun.arrived, begun.ended]);
    if (over || spoke) throw new Error('the sandbox could not be set up');
    let admitted = false;
    return {
      key,
      group: group === null ? null : sinceNow(group),
      get sound() {
        return !over && !spoke;
      },
      running: {
        ...begun,
        status: begun.status,
        get admitted() {
          return admitted;
        },
        get reported() {
          return begun.reported;
        },
        letIn: () => {},
      },
      listen: (to) => {
        onChunk = to;
      },
      give: (requestId, { variables, argv, workingDirectory }) => {
        const entrance = entranceOf(
          workingDirectory,
          {
            ...environmentOf({ variables }),
            PWD: workingDirectory,
            [requestVariable]: requestId,
          },
          argv,
        );
        if (entrance === null || over) return false;
        admitted = true;
        begun.give(entrance);
        return true;
      },
      release,
      end,
    };
  } catch (error) {
    await end();
    if (error instanceof SpawnerLost) {
      await killByRequest(name, patienceMs);
      if (group !== null) await killGroups(group.paths, patienceMs);
    }
    if (group !== null) await removeGroups(group.paths);
    throw error;
  }
}

/** What the set-up used is not the command's. Read when the command is handed over: `cpuMs` first. */
function sinceNow(group: Group): Group {
  let before: number | null = null;
  const cpuMs = (): number | null => {
    const now = group.cpuMs();
    if (now === null) return null;
    before ??= now;
    return Math.max(0, now - before);
  };
  return {
    ...group,
    cpuMs,
    facts: () => {
      const used = cpuMs();
      return { ...group.facts(), cpuMs: used === null ? null : Math.round(used) };
    },
  };
}
