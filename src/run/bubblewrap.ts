/**
 * bubblewrap's arguments: what a command finds in its sandbox, in the order in which it is laid. In: the plan's input.
 * Out: arguments. Pure. Never: anything of the caller's but the variables that were declared.
 */
import { descriptors, isGated, type PlanInput, type PlannedPlace } from './plan-input.ts';

/** The variables of a command, those of the gateway left out. */
export function environmentOf(
  invocation: Pick<PlanInput['invocation'], 'variables'>,
): Record<string, string> {
  // HOME in the workspace would let a planted .gitconfig act.
  return { PATH: '/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8', ...invocation.variables };
}

/** What of the host's /etc a command may read, where it is there. */
export function hostFiles(invocation: Pick<PlanInput['invocation'], 'network'>): readonly string[] {
  return [
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
}

/** Order matters: what comes later lies over what came before. */
export function bubblewrapArguments(
  input: PlanInput,
  as: ReadonlyMap<PlannedPlace, number>,
): readonly string[] {
  const { invocation, host } = input;
  const etc = hostFiles(invocation);
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
    ...(isGated(input) ? ['--block-fd', String(descriptors.gate)] : []),
    ...(host.arch === null ? [] : ['--seccomp', String(descriptors.seccomp)]),
  ];
}

function bind(place: PlannedPlace, as: number | undefined): readonly string[] {
  const mode = place.access === 'read-only' ? '--ro-bind' : '--bind';
  return as === undefined
    ? [mode, place.staged!, place.target]
    : [`${mode}-fd`, String(as), place.target];
}
