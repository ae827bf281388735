/**
 * Plan → running process. In: a plan and open files. Out: the process, its output as it comes, its end. The one place
 * that starts a command's process. Never: a descriptor in the child that the plan does not name.
 */
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { ReeveError } from '../core/errors.ts';
import {
  type Feed,
  type Gate,
  type Inlet,
  type Outlet,
  openFeed,
  openGate,
  openInlet,
  openOutlet,
  type PipeSupply,
} from './pipes.ts';
import type { Plan } from './plan.ts';
import { descriptors } from './plan-input.ts';
import { SandboxStatus } from './sandbox-status.ts';
import { type Ending, type Handed, SpawnerLost, type Started } from './spawner/order.ts';
import type { Starters } from './spawner/starters.ts';

export interface LaunchInput {
  readonly plan: Plan;
  readonly stdin: Uint8Array | null;
  /** Files that bubblewrap reads; opened anew for each run, a reused descriptor is at its end. */
  readonly files: {
    readonly seccomp: string | null;
    readonly passwd: string;
    readonly group: string;
    /** Writes standard input to a file of its own; it is unlinked as soon as it is open. */
    readonly stdin: (bytes: Uint8Array) => string;
  };
  /** Called right before the process is asked for, with nothing awaited in between; what it throws prevents the start. */
  readonly lastCheck: () => void;
  readonly onChunk: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void;
  /** The child's numbers for what it is handed later, and for what it says of that; absent where it gets nothing later. */
  readonly ahead?: { readonly feed: number; readonly report: number };
}

export interface Running {
  readonly pid: number;
  readonly pidStart: string | null;
  readonly status: SandboxStatus;
  readonly ended: Promise<Ending>;
  /** True once the command has been let in. */
  readonly admitted: boolean;
  /** Lets the command in, where the plan has it wait. Until then nothing of it has run. */
  letIn(): void;
  /** Hands over what it waits for, where it was started ahead. */
  give(bytes: Uint8Array): void;
  /** Resolves once what was started ahead waits inside. */
  readonly arrived: Promise<void>;
  /** True where what was handed over could not become a process: it was not the command that said so. */
  readonly reported: boolean;
  kill(signal: NodeJS.Signals): void;
  /** Takes what the pipes still hold. Call once every process of the run is dead. */
  drain(atMost: number): void;
  release(): void;
}

/** Whom the process is to be started by, and where its pipes come from. */
export interface LaunchMeans {
  readonly supply: PipeSupply;
  readonly starters: Starters;
}

/** What bubblewrap and command read, write and hold; `flags` is how each end is opened by whoever starts the process. */
const open = Object.freeze({
  read: constants.O_RDONLY,
  write: constants.O_WRONLY,
  both: constants.O_RDWR,
  /** A pipe whose writer may be done already. */
  readPipe: constants.O_RDONLY | constants.O_NONBLOCK,
  /** O_PATH: Linux gives it the same number on all architectures; Node does not name it. */
  place: 0o10000000,
});

/**
 * Starts the process. Throws ReeveError if there was none: then nothing has run. Throws SpawnerLost where that is not
 * known; then there may be a process, and it waits for what will not come: nothing of the command has run.
 */
export async function launch(input: LaunchInput, means: LaunchMeans): Promise<Running> {
  const { plan } = input;
  const { supply } = means;
  const [out, err, status, args, gatePipe, feedPipe, reportPipe, ...more] = await supply.take(
    7 + plan.contents.length,
  );
  const sandboxStatus = new SandboxStatus();
  const inlets: Inlet[] = [];
  const outlets: Outlet[] = [];
  const opened: number[] = [];
  const inlet = (path: string, onChunk: (chunk: Uint8Array) => void): Handed => {
    const made = openInlet(path, onChunk);
    inlets.push(made);
    opened.push(made.childEnd);
    return { fd: made.childEnd, flags: open.write };
  };
  const outlet = (path: string, bytes: Uint8Array): Handed => {
    const made = openOutlet(path, bytes);
    outlets.push(made);
    opened.push(made.childEnd);
    return { fd: made.childEnd, flags: open.readPipe };
  };
  const file = (path: string): Handed => {
    const fd = openSync(path, 'r');
    opened.push(fd);
    return { fd, flags: open.read };
  };
  let gate: Gate | null = null;
  let feed: Feed | null = null;
  const said = { bytes: 0, arrived: Promise.withResolvers<void>() };
  let child: Started;
  const release = (): void => {
    for (const end of [...inlets, ...outlets, ...(gate === null ? [] : [gate])]) end.destroy();
  };
  try {
    const layout = new Map<number, Handed>();
    if (input.stdin === null || input.stdin.length === 0) layout.set(0, file('/dev/null'));
    else {
      // A file, not a pipe: a pipe whose writer has gone blocks whoever opens it again as /dev/stdin.
      const path = input.files.stdin(input.stdin);
      layout.set(0, file(path));
      unlinkSync(path);
    }
    layout.set(
      1,
      inlet(out!, (chunk) => input.onChunk('stdout', chunk)),
    );
    layout.set(
      2,
      inlet(err!, (chunk) => input.onChunk('stderr', chunk)),
    );
    if (plan.gated) {
      gate = openGate(gatePipe!);
      opened.push(gate.childEnd);
      layout.set(descriptors.gate, { fd: gate.childEnd, flags: open.both });
    }
    if (plan.sandboxArguments !== null) {
      layout.set(descriptors.arguments, outlet(args!, plan.sandboxArguments));
      layout.set(
        descriptors.status,
        inlet(status!, (chunk) => sandboxStatus.add(chunk)),
      );
      layout.set(descriptors.passwd, file(input.files.passwd));
      layout.set(descriptors.group, file(input.files.group));
      if (input.files.seccomp !== null) layout.set(descriptors.seccomp, file(input.files.seccomp));
    }
    if (input.ahead !== undefined) {
      feed = openFeed(feedPipe!);
      outlets.push(feed);
      opened.push(feed.childEnd);
      layout.set(input.ahead.feed, { fd: feed.childEnd, flags: open.readPipe });
      const report = inlet(reportPipe!, (chunk) => {
        said.bytes += chunk.length;
        said.arrived.resolve();
      });
      layout.set(input.ahead.report, report);
    }
    for (const { fd, as } of plan.placeDescriptors) layout.set(as, { fd, flags: open.place });
    plan.contents.forEach(({ bytes, as }, index) => {
      layout.set(as, outlet(more[index]!, bytes));
    });
    const starter = await means.starters.ready();
    input.lastCheck();
    child = await starter.start({ ...plan, descriptors: layout });
  } catch (error) {
    release();
    throw error instanceof SpawnerLost ? error : failure(error);
  } finally {
    for (const fd of opened) closeSync(fd);
    supply.discard([args!, status!, gatePipe!, feedPipe!, reportPipe!, ...more]);
  }
  let admitted = !plan.gated;
  return {
    pid: child.pid,
    pidStart: child.pidStart,
    status: sandboxStatus,
    ended: child.ended,
    get admitted() {
      return admitted;
    },
    letIn: () => {
      admitted = true;
      gate?.open();
    },
    give: (bytes) => feed?.give(bytes),
    arrived: said.arrived.promise,
    get reported() {
      return said.bytes > 1;
    },
    kill: (signal) => child.kill(signal),
    drain: (atMost) => {
      for (const end of inlets) end.drain(atMost);
    },
    release,
  };
}

function failure(error: unknown): ReeveError {
  if (error instanceof ReeveError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const why =
    code === 'E2BIG'
      ? 'its arguments and variables are larger than the kernel takes; pass less, or use standard input'
      : `the process could not be created (${code}); run reeve doctor`;
  return new ReeveError(
    code === 'E2BIG' ? 'COMMAND_EXECUTION_FAILED' : 'SANDBOX_UNAVAILABLE',
    `Nothing was started: ${why}.`,
    [],
    { cause: error },
  );
}
