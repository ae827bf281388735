/**
 * Plan → running process. In: a plan and open files. Out: the process, its output as it comes, its end. The one place
 * that starts a command's process. Never: a descriptor in the child that the plan does not name.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { ReeveError } from '../core/errors.ts';
import {
  type Gate,
  type Inlet,
  type Outlet,
  openGate,
  openInlet,
  openOutlet,
  type PipeSupply,
} from './pipes.ts';
import { descriptors, type Plan } from './plan.ts';
import { startOf } from './processes.ts';
import { SandboxStatus } from './sandbox-status.ts';

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
  /** What the gateway inherited: `/dev/null` is put in their place. */
  readonly inherited: readonly number[];
  /** Called right before the process is created, with nothing awaited in between; what it throws prevents the start. */
  readonly lastCheck: () => void;
  readonly onChunk: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Running {
  readonly pid: number;
  readonly pidStart: string | null;
  readonly status: SandboxStatus;
  readonly ended: Promise<Ending>;
  /** Lets the command in, where the plan has it wait. Until then nothing of it has run. */
  letIn(): void;
  kill(signal: NodeJS.Signals): void;
  /** Takes what the pipes still hold. Call once every process of the run is dead. */
  drain(atMost: number): void;
  release(): void;
}

/** Starts the process. Throws ReeveError if there was none: then nothing has run. */
export async function launch(input: LaunchInput, supply: PipeSupply): Promise<Running> {
  const { plan } = input;
  const [out, err, status, args, gatePipe, ...more] = await supply.take(5 + plan.contents.length);
  const sandboxStatus = new SandboxStatus();
  const inlets: Inlet[] = [];
  const outlets: Outlet[] = [];
  const opened: number[] = [];
  const inlet = (path: string, onChunk: (chunk: Uint8Array) => void): number => {
    const made = openInlet(path, onChunk);
    inlets.push(made);
    opened.push(made.childEnd);
    return made.childEnd;
  };
  const outlet = (path: string, bytes: Uint8Array): number => {
    const made = openOutlet(path, bytes);
    outlets.push(made);
    opened.push(made.childEnd);
    return made.childEnd;
  };
  const file = (path: string, flags = 'r'): number => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  let gate: Gate | null = null;
  let child: ChildProcess;
  try {
    const layout = new Map<number, number>();
    if (input.inherited.length > 0) {
      const nothing = file('/dev/null', 'r+');
      for (const fd of input.inherited) layout.set(fd, nothing);
    }
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
    if (plan.sandboxArguments !== null) {
      layout.set(descriptors.arguments, outlet(args!, plan.sandboxArguments));
      layout.set(
        descriptors.status,
        inlet(status!, (chunk) => sandboxStatus.add(chunk)),
      );
      if (plan.gated) {
        gate = openGate(gatePipe!);
        opened.push(gate.childEnd);
        layout.set(descriptors.gate, gate.childEnd);
      }
      layout.set(descriptors.passwd, file(input.files.passwd));
      layout.set(descriptors.group, file(input.files.group));
      if (input.files.seccomp !== null) layout.set(descriptors.seccomp, file(input.files.seccomp));
    }
    for (const { fd, as } of plan.placeDescriptors) layout.set(as, fd);
    plan.contents.forEach(({ bytes, as }, index) => {
      layout.set(as, outlet(more[index]!, bytes));
    });
    input.lastCheck();
    const highest = Math.max(...layout.keys());
    child = spawn(plan.file, [...plan.args], {
      cwd: plan.cwd,
      env: plan.environment,
      // Gives up root's further groups too.
      ...(plan.user ?? {}),
      // A group and session of its own: a Ctrl-C on the gateway's terminal is the gateway's to handle.
      detached: true,
      stdio: Array.from({ length: highest + 1 }, (_, fd) => layout.get(fd) ?? 'ignore'),
    });
  } catch (error) {
    for (const end of [...inlets, ...outlets, ...(gate === null ? [] : [gate])]) end.destroy();
    throw failure(error);
  } finally {
    for (const fd of opened) closeSync(fd);
    supply.discard([args!, status!, gatePipe!, ...more]);
  }
  const release = (): void => {
    for (const end of [...inlets, ...outlets, ...(gate === null ? [] : [gate])]) end.destroy();
  };
  const ended = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  if (child.pid === undefined) {
    const error = await new Promise<Error>((resolve) => child.once('error', resolve));
    release();
    throw failure(error);
  }
  child.on('error', () => {});
  return {
    pid: child.pid,
    pidStart: startOf(child.pid),
    status: sandboxStatus,
    ended,
    letIn: () => gate?.open(),
    kill: (signal) => void child.kill(signal),
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
