/**
 * What this host can enforce, found out by running the real sandbox once. Out: the tier, and for everything that is
 * missing what, why and how to get it. Never: a capability that was not tried.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { LimitReport, SandboxTier } from '../core/execution.ts';
import { type CgroupHost, findCgroupHost, hasCpuClock } from './cgroup-host.ts';
import type { Host } from './host.ts';
import { type Holds, limitReport } from './limit-report.ts';
import { fewestOpenFiles, limitsProcessesInside } from './rlimits.ts';

export interface Problem {
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
}

export interface Capabilities {
  /** `none`: no sandbox can be had. */
  readonly tier: 'bubblewrap+cgroup' | 'bubblewrap' | 'none';
  readonly bubblewrap: { readonly path: string; readonly version: string } | null;
  readonly cgroup: { readonly version: 1 | 2; readonly controllers: readonly string[] } | null;
  /** True where system calls are filtered: x86_64 and aarch64. */
  readonly seccomp: boolean;
  /** How the number of processes is limited, if at all. */
  readonly processLimit: 'cgroup' | 'rlimit' | 'none';
  /** How a command with a writable workspace is held: an ordinary one, whose limits ask for nothing out of the way. */
  readonly limits: LimitReport;
  /** Whether a small process of its own starts the others; if not, why, and the gateway does it itself. */
  readonly spawner: { readonly use: boolean; readonly why: string | null };
  readonly problems: readonly Problem[];
}

export interface Probed {
  readonly capabilities: Omit<Capabilities, 'spawner'>;
  readonly cgroups: CgroupHost | null;
}

/** Runs `true` in the sandbox, in the control groups or without; null if that succeeded, else what was said. */
export type Trial = (cgroups: CgroupHost | null) => Promise<string | null>;

export async function probe(host: Host, trial: Trial): Promise<Probed> {
  const problems: Problem[] = [];
  const search = findCgroupHost();
  let cgroups = search.ok ? search.host : null;
  if (!search.ok) problems.push(withoutGroups(search.why, search.remedy));
  if (host.arch === null) {
    problems.push({
      what: 'system calls are not filtered',
      why: `there is no filter for the architecture ${process.arch}`,
      remedy: 'Use an x86_64 or aarch64 host.',
    });
  }
  const bubblewrap = await findBubblewrap(host, problems);
  let works = false;
  if (bubblewrap !== null) {
    let said = await trial(cgroups);
    if (said !== null && cgroups !== null) {
      // Perhaps only the groups are to blame: what works without them is worth having.
      const without = await trial(null);
      if (without === null) {
        problems.push(
          withoutGroups(said, 'Check that the groups can be entered; see docs/sandbox.md.'),
        );
        cgroups = null;
      }
      said = without;
    }
    works = said === null;
    if (said !== null) problems.push(sandboxFails(said));
  }
  const tier = !works ? 'none' : cgroups === null ? 'bubblewrap' : 'bubblewrap+cgroup';
  const processLimit =
    cgroups !== null ? 'cgroup' : works && limitsProcessesInside(host) ? 'rlimit' : 'none';
  return {
    cgroups,
    capabilities: Object.freeze({
      tier,
      bubblewrap,
      cgroup:
        cgroups === null ? null : { version: cgroups.version, controllers: cgroups.controllers },
      seccomp: works && host.arch !== null,
      processLimit,
      limits: limitReport(
        holdsOf(tier === 'none' ? 'unsandboxed' : tier, cgroups, processLimit),
        ordinary,
      ),
      problems: Object.freeze(problems),
    }),
  };
}

const ordinary = Object.freeze({
  limits: { openFiles: fewestOpenFiles },
  workspaceAccess: 'read-write',
} as const);

/** What this host holds runs to. */
export function holdsOf(
  tier: SandboxTier,
  cgroups: CgroupHost | null,
  processLimit: Capabilities['processLimit'],
): Holds {
  return {
    tier,
    controllers: cgroups?.controllers ?? [],
    cpuClock: hasCpuClock(cgroups),
    processLimit,
  };
}

function withoutGroups(why: string, remedy: string): Problem {
  return {
    what: 'memory, processor share and processor time are not limited (no control group)',
    why,
    remedy,
  };
}

async function findBubblewrap(
  host: Host,
  problems: Problem[],
): Promise<Capabilities['bubblewrap']> {
  const install =
    'Install it: apt install bubblewrap, dnf install bubblewrap, or apk add bubblewrap.';
  if (process.platform !== 'linux') {
    problems.push({
      what: 'no sandbox',
      why: `bubblewrap needs Linux, and this is ${process.platform}`,
      remedy: 'Run Reeve in the container; see docs/sandbox.md.',
    });
    return null;
  }
  if (host.bwrap === null) {
    problems.push({ what: 'no sandbox', why: 'bubblewrap is not installed', remedy: install });
    return null;
  }
  const options = { env: {}, cwd: '/', timeout: 10_000 };
  try {
    const [version, help] = await Promise.all([
      promisify(execFile)(host.bwrap, ['--version'], options),
      promisify(execFile)(host.bwrap, ['--help'], options),
    ]);
    const number = version.stdout.trim().replace(/^bubblewrap /, '');
    if (!help.stdout.includes('--ro-bind-fd')) {
      problems.push({
        what: 'no sandbox',
        why: `bubblewrap ${number} cannot bind open folders (--bind-fd), so a path could be swapped while it is set up`,
        remedy: 'Install bubblewrap 0.10 or later, or a distribution’s update of 2024 or later.',
      });
      return null;
    }
    return Object.freeze({ path: host.bwrap, version: number });
  } catch (error) {
    problems.push({
      what: 'no sandbox',
      why: `${host.bwrap} does not run (${(error as Error).message.split('\n')[0]})`,
      remedy: install,
    });
    return null;
  }
}

/** The usual reasons why bubblewrap cannot work here, each with its remedy. */
function sandboxFails(said: string): Problem {
  const problem = (remedy: string): Problem => ({ what: 'no sandbox', why: said, remedy });
  if (setting('kernel/unprivileged_userns_clone') === '0') {
    return problem('Allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1');
  }
  if (setting('user/max_user_namespaces') === '0') {
    return problem('Allow user namespaces: sysctl -w user.max_user_namespaces=10000');
  }
  if (setting('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return problem(
      'AppArmor restricts user namespaces (Ubuntu 23.10 and later): install the profile that docs/ubuntu.md shows as /etc/apparmor.d/bwrap and load it with apparmor_parser -r.',
    );
  }
  if (inContainer()) {
    return problem(
      'In a container: run as a user other than root, with cap_drop ALL, no-new-privileges, systempaths=unconfined, apparmor=unconfined, and the seccomp profile that docs/sandbox.md names.',
    );
  }
  return problem('Run the same as docs/sandbox.md shows by hand, and read what bubblewrap says.');
}

function inContainer(): boolean {
  const marks = ['/.dockerenv', '/run/.containerenv'];
  return marks.some((path) => read(path) !== null) || process.pid === 1;
}

function setting(name: string): string | null {
  return read(`/proc/sys/${name}`)?.trim() ?? null;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
