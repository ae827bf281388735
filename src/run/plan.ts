/**
 * The plan of a run. In: the invocation, the host, who it runs as, the places it may see. Out: program, arguments and
 * which descriptor is what. Pure. Never: anything of a caller in the script, or on bubblewrap's side of `--`.
 */
import type { Limits } from '../core/command.ts';
import { ReeveError } from '../core/errors.ts';
import type { Invocation } from '../core/invocation.ts';
import type { SecretValue } from '../core/secret.ts';
import type { Host } from './host.ts';
import type { Identity } from './identity.ts';
import { type Place, workspaceTarget } from './places.ts';
import { requestVariable } from './processes.ts';
import { secretArguments, secretFiles, secretVariables } from './secret-arguments.ts';

/** Numbers of the child's descriptors; places follow from 15 on. */
export const descriptors = Object.freeze({
  gate: 8,
  arguments: 9,
  seccomp: 10,
  passwd: 11,
  group: 12,
  status: 14,
  firstPlace: 15,
});

/** A place as the plan uses it: `staged` is where root binds it first, if the sandbox's user cannot walk to it. */
export type PlannedPlace = Omit<Place, 'mustStage'> & { readonly staged: string | null };

export interface PlanInput {
  readonly requestId: string;
  readonly invocation: Invocation;
  readonly host: Host;
  readonly identity: Identity;
  readonly places: readonly PlannedPlace[];
  /** Paths in the sandbox that are covered by empty folders. */
  readonly hidden: readonly string[];
  /** Their values go through pipes: into bubblewrap's arguments, or into files of the sandbox's own memory. */
  readonly secrets: readonly SecretValue[];
  /** `cgroup.procs` files of the run's control groups. Empty: no control group. */
  readonly entries: readonly string[];
  /** The gateway's pid: its descriptors prove that what was staged is what was opened. */
  readonly gatewayPid: number;
}

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

/** bubblewrap itself needs some descriptors to set the sandbox up. */
export const fewestOpenFiles = 16;
const blockSize = 512;

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
    gated: input.entries.length > 0,
    placeDescriptors: handed.map(({ place, as }) => ({ fd: place.fd, as })),
    contents: files.map(({ bytes, as }) => ({ bytes, as })),
  });
}

/** The plan of a run without a sandbox: limits and user as far as they go, and the host's own paths. */
export function unsandboxedPlan(input: PlanInput): Plan {
  const { invocation, host, identity, requestId } = input;
  const args = [
    '-c',
    script,
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
    gated: false,
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

function environmentOf(invocation: Invocation): Record<string, string> {
  // HOME in the workspace would let a planted .gitconfig act.
  return { PATH: '/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8', ...invocation.variables };
}

/** Order matters: what comes later lies over what came before. */
function bubblewrapArguments(
  input: PlanInput,
  as: ReadonlyMap<PlannedPlace, number>,
): readonly string[] {
  const { invocation, host } = input;
  const etc = [
    '/etc/ld.so.cache',
    '/etc/ld.so.conf',
    '/etc/ld.so.conf.d',
    '/etc/ssl/certs',
    '/etc/ssl/openssl.cnf',
    '/etc/ssl/cert.pem',
    '/etc/pki/tls/certs',
    '/etc/pki/ca-trust/extracted',
    '/etc/alternatives',
    '/etc/localtime',
    ...(invocation.network === 'host'
      ? ['/etc/resolv.conf', '/etc/hosts', '/etc/nsswitch.conf']
      : []),
  ];
  return [
    ...['--unshare-user', '--disable-userns', '--unshare-pid', '--unshare-ipc', '--unshare-uts'],
    ...['--unshare-cgroup-try', ...(invocation.network === 'none' ? ['--unshare-net'] : [])],
    ...['--hostname', 'sandbox', '--ro-bind', '/usr', '/usr'],
    ...host.roots.flatMap(({ path, link }) =>
      link === null ? ['--ro-bind', path, path] : ['--symlink', link, path],
    ),
    ...['--perms', '0755', '--dir', '/etc'],
    ...etc.flatMap((path) => ['--ro-bind-try', path, path]),
    ...['--perms', '0444', '--ro-bind-data', String(descriptors.passwd), '/etc/passwd'],
    ...['--perms', '0444', '--ro-bind-data', String(descriptors.group), '/etc/group'],
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--size', String(16 * 2 ** 20), '--perms', '1777', '--tmpfs', '/dev/shm'],
    ...['--remount-ro', '/dev'],
    ...['--size', String(64 * 2 ** 20), '--perms', '1777', '--tmpfs', '/tmp', '--dir', '/run'],
    ...input.places.flatMap((place) => bind(place, as.get(place))),
    ...input.hidden.flatMap((t) => ['--perms', '0555', '--tmpfs', t, '--remount-ro', t]),
    ...['--die-with-parent', '--new-session', '--clearenv'],
    ...Object.entries(environmentOf(invocation)).flatMap(([k, v]) => ['--setenv', k, v]),
    ...['--cap-drop', 'ALL', '--json-status-fd', String(descriptors.status)],
    ...(input.entries.length > 0 ? ['--block-fd', String(descriptors.gate)] : []),
    ...(host.arch === null ? [] : ['--seccomp', String(descriptors.seccomp)]),
  ];
}

function bind(place: PlannedPlace, as: number | undefined): readonly string[] {
  const mode = place.access === 'read-only' ? '--ro-bind' : '--bind';
  return as === undefined
    ? [mode, place.staged!, place.target]
    : [`${mode}-fd`, String(as), place.target];
}

function becomeUser(host: Host, { uid, gid }: Identity): readonly string[] {
  const setpriv = required(host.setpriv, 'setpriv');
  return [setpriv, '--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--'];
}

/** Open files; file size in blocks; processor seconds a process, soft and hard (the soft one tells by its signal). */
function limitArguments({ invocation, host }: PlanInput): readonly string[] {
  const { limits } = invocation;
  const files = openFilesLimit(limits, host);
  const blocks = Math.floor(Math.min(limits.fileSize, host.ceiling.fileSize) / blockSize);
  const seconds = Math.max(1, Math.ceil(limits.cpuTimeMs / 1_000));
  return [files, blocks, seconds, seconds + 1].map(String);
}

/** Descriptors that a process of the run may have. */
export function openFilesLimit(limits: Pick<Limits, 'openFiles'>, host: Host): number {
  return Math.max(fewestOpenFiles, Math.min(limits.openFiles, host.ceiling.openFiles));
}

/** Without a control group: a limit on processes within the sandbox's own user namespace, its first process included. */
function processLimit({ invocation, host, entries }: PlanInput): readonly string[] {
  if (entries.length > 0 || !limitsProcessesInside(host)) return [];
  const count = namespaceProcesses(invocation.limits);
  return [host.prlimit!, `--nproc=${count}:${count}`, '--'];
}

/** Processes and threads in the sandbox's user namespace, its first process included. */
export function namespaceProcesses(limits: Pick<Limits, 'processes'>): number {
  return limits.processes + 1;
}

export function limitsProcessesInside(host: Host): boolean {
  return host.prlimit !== null && host.countsPerNamespace;
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
