/**
 * The plan of a run. In: the invocation, the host, who it runs as, the places it may see. Out: program, arguments and
 * which descriptor is what. Pure. Never: anything of a caller in the script, or on bubblewrap's side of `--`.
 */
import { ReeveError } from '../core/errors.ts';
import type { Invocation } from '../core/invocation.ts';
import { bubblewrapArguments, environmentOf } from './bubblewrap.ts';
import type { Host } from './host.ts';
import type { Identity } from './identity.ts';
import { workspaceTarget } from './places.ts';
import { descriptors, isGated, type PlanInput } from './plan-input.ts';
import { requestVariable } from './processes.ts';
import { limitArguments, processLimit } from './rlimits.ts';
import { secretArguments, secretFiles, secretVariables } from './secret-arguments.ts';

export type { PlanInput, PlannedPlace } from './plan-input.ts';

export interface Plan {
  readonly file: string;
  readonly args: readonly string[];
  /** bubblewrap's arguments, NUL-separated; null without a sandbox. */
  readonly sandboxArguments: Uint8Array | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Whom the process is to be started as; null where it stays the gateway's user, or has to become another by itself. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
  /** True where the command waits until it is let in: the gateway puts the sandbox into its control groups meanwhile. */
  readonly gated: boolean;
  /** The child's number for each place that is handed over open. */
  readonly placeDescriptors: readonly { readonly fd: number; readonly as: number }[];
  /** What bubblewrap reads from a pipe at the child's number. */
  readonly contents: readonly { readonly bytes: Uint8Array; readonly as: number }[];
}

/**
 * Constant; values come as positional parameters only. Enters the control groups (without a sandbox), binds what has to be staged and
 * proves it (-ef: same device and inode), sets the limits, and becomes the command. It exits 95 to 98 where it fails.
 */
const script = `while [ "$1" != -- ]; do echo 0 > "$1" || exit 98; shift; done; shift
while [ "$1" != -- ]; do mount --bind -- "$1" "$2" && [ "$2" -ef "$3" ] || exit 95; shift 3; done; shift
ulimit -c 0 && ulimit -n "$1" && ulimit -f "$2" && ulimit -S -t "$3" && ulimit -H -t "$4" || exit 97
shift 4
exec "$@"`;

/** Without a sandbox the script itself waits; both ends are open here, so that it never reads an end of file. */
const waits = `read -r _ <&${descriptors.gate} || exit 96; exec ${descriptors.gate}<&-`;

/** The plan of a sandboxed run. */
export function sandboxedPlan(input: PlanInput): Plan {
  const { invocation, host, identity, requestId } = input;
  const staged = input.places.filter((place) => place.staged !== null);
  const handed = input.places
    .filter((place) => place.staged === null)
    .map((place, index) => ({ place, as: descriptors.firstPlace + index }));
  const as = new Map(handed.map(({ place, as }) => [place, as]));
  const files = secretFiles(input.secrets, descriptors.firstPlace + handed.length);
  const sandboxArguments = nulSeparated([
    ...bubblewrapArguments(input, as),
    ...secretArguments(input.secrets, files),
    ...['--remount-ro', '/', '--chdir', invocation.workingDirectory],
  ]);
  const args = [
    ...(staged.length > 0 ? ['--mount', '--propagation', 'slave', '--', host.shell] : []),
    '-c',
    script,
    'reeve-run',
    '--',
    ...staged.flatMap((p) => [p.path, p.staged!, `/proc/${input.gatewayPid}/fd/${p.fd}`]),
    '--',
    ...limitArguments(input),
    // Binding needs root still.
    ...(identity.change && staged.length > 0 ? becomeUser(host, identity) : []),
    required(host.bwrap, 'bwrap'),
    '--args',
    String(descriptors.arguments),
    // In sight on purpose: recovery finds a run's bubblewrap by it.
    '--setenv',
    requestVariable,
    requestId,
    '--',
    ...processLimit(input),
    ...invocation.argv,
  ];
  return Object.freeze({
    file: staged.length > 0 ? required(host.unshare, 'unshare') : host.shell,
    args: withoutNul(args),
    sandboxArguments,
    environment: {},
    cwd: '/',
    user: identity.change && staged.length === 0 ? { uid: identity.uid, gid: identity.gid } : null,
    gated: isGated(input),
    placeDescriptors: handed.map(({ place, as }) => ({ fd: place.fd, as })),
    contents: files.map(({ bytes, as }) => ({ bytes, as })),
  });
}

/** The plan of a run without a sandbox: limits and user as far as they go, and the host's own paths. */
export function unsandboxedPlan(input: PlanInput): Plan {
  const { invocation, host, identity, requestId } = input;
  const args = [
    '-c',
    input.gated === true ? `${waits}\n${script}` : script,
    'reeve-run',
    ...input.entries,
    '--',
    '--',
    ...limitArguments(input),
    ...(identity.change ? becomeUser(host, identity) : []),
    invocation.executable.source,
    ...invocation.argv.slice(1).map((argument) => hostPath(invocation, argument)),
  ];
  return Object.freeze({
    file: host.shell,
    args: withoutNul(args),
    sandboxArguments: null,
    environment: {
      ...environmentOf(invocation),
      ...secretVariables(input.secrets),
      [requestVariable]: requestId,
    },
    cwd: hostPath(invocation, invocation.workingDirectory),
    user: null,
    gated: input.gated === true,
    placeDescriptors: [],
    contents: [],
  });
}

/** A path of the sandbox as the host has it: only whole paths below the workspace change. */
export function hostPath(invocation: Invocation, path: string): string {
  if (path === workspaceTarget) return invocation.workspace;
  if (!path.startsWith(`${workspaceTarget}/`)) return path;
  return invocation.workspace + path.slice(workspaceTarget.length);
}

function becomeUser(host: Host, { uid, gid }: Identity): readonly string[] {
  const setpriv = required(host.setpriv, 'setpriv');
  return [setpriv, '--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--'];
}

function required(program: string | null, name: string): string {
  if (program !== null) return program;
  throw new ReeveError(
    'SANDBOX_UNAVAILABLE',
    `${name} is not installed, so nothing was started. Install the packages bubblewrap and util-linux, then run reeve doctor.`,
  );
}

/** A NUL would end an argument early and let the rest of it pass as the next one. */
function withoutNul(args: readonly string[]): readonly string[] {
  if (args.some((argument) => argument.includes('\0'))) {
    throw new ReeveError(
      'COMMAND_EXECUTION_FAILED',
      'An argument or variable of the command holds a NUL character; nothing was started. Leave it out.',
    );
  }
  return args;
}

function nulSeparated(args: readonly string[]): Uint8Array {
  return Buffer.from(
    withoutNul(args)
      .map((argument) => `${argument}\0`)
      .join(''),
  );
}
