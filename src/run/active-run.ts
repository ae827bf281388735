/** A run under way, what it was given, and where it goes on. Types only. */
import type { Invocation } from '../core/invocation.ts';
import type { Clock, RunHandle } from '../core/ports.ts';
import type { SealedSecrets } from '../core/secret.ts';
import type { Group } from './cgroup.ts';
import type { CgroupHost } from './cgroup-host.ts';
import type { Host } from './host.ts';
import type { Identity } from './identity.ts';
import type { CopiesFolder } from './inputs-folder.ts';
import type { KeptStream } from './kept-stream.ts';
import type { LaunchMeans, Running } from './launch.ts';
import type { Lookout } from './lookout.ts';
import type { RuntimeFolder } from './runtime-folder.ts';
import type { Stop } from './seen.ts';
import type { Supervision } from './supervise.ts';

export interface RunControl {
  /** Cancels the run; `reason` is put into the message. */
  readonly signal: AbortSignal;
  /** The values that the invocation names; none where it names none. They are given to the process, and hidden in its output. */
  readonly secrets?: SealedSecrets;
  /** True where the output goes to nobody but the gateway itself, as it is: nothing is hidden in it. */
  readonly withheld?: boolean;
  /** Called once, right after the process was created, and before the command is let in. */
  onStarted(handle: RunHandle): void;
  /** The first `limits.output` bytes of each stream as they come, exactly; beyond that only the outcome has the tail. */
  onOutput(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
}

export interface RunContext extends LaunchMeans {
  readonly host: Host;
  readonly folder: RuntimeFolder;
  readonly copies: CopiesFolder;
  /** File of the seccomp program; null where there is none for this processor. */
  readonly seccomp: string | null;
  readonly cgroups: CgroupHost | null;
  readonly sandboxed: boolean;
  readonly bootId: string;
  readonly clock: Clock;
  readonly graceMs: number;
  readonly stateDir: string;
  readonly gateway: { readonly uid: number; readonly gid: number };
}

export interface ActiveRun {
  readonly invocation: Invocation;
  readonly context: RunContext;
  readonly identity: Identity;
  readonly group: Group | null;
  readonly startedAt: { readonly now: number; readonly monotonic: number };
  readonly output: { readonly stdout: KeptStream; readonly stderr: KeptStream };
  readonly running: Running;
  readonly supervision: Supervision;
  readonly lookout: Lookout;
  stop(reason: Stop['reason'], text: string): void;
  /** Stops listening to the one who may cancel. */
  detach(): void;
  /** Removes what was copied for it. */
  release(): Promise<void>;
  /** Tells that the run has ended, so that something may be started ahead. */
  over(): void;
}
