/**
 * Where on this host a run's control groups can be made: inside the gateway's own, so that a limit on the gateway stays
 * one on everything that it starts. Out: a folder a controller, or why there is none. Tried for real, never guessed.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { startOf } from './processes.ts';

/** The folder that holds the groups of runs, in each tree. */
export const groupFolder = 'reeve';

/** `bases` maps a controller to the folder that holds one group a run. */
export interface CgroupHost {
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  readonly bases: Readonly<Record<string, string>>;
}

/** True where the kernel counts processor time over a whole group. */
export function hasCpuClock(host: CgroupHost | null): boolean {
  return host !== null && host.bases[host.version === 2 ? 'cpu' : 'cpuacct'] !== undefined;
}

export type CgroupSearch =
  | { readonly ok: true; readonly host: CgroupHost }
  | { readonly ok: false; readonly why: string; readonly remedy: string };

const leaf = 'reeve-gateway';
const wanted = ['memory', 'pids', 'cpu'] as const;
const delegate =
  'Under systemd set Delegate=yes on the unit (or start with: systemd-run --user --scope -p Delegate=yes reeve …); in a container mount a writable cgroup namespace.';
/** systemd hands version 1 to nobody but root, whatever the unit says. */
const unify =
  'These are control groups of version 1, which systemd hands to root alone: boot with systemd.unified_cgroup_hierarchy=1 on the kernel command line, and set Delegate=yes on the unit; in a container mount a writable cgroup namespace.';

/** Looks at the host and prepares the folders. Memory and processes at least must be there. */
export function findCgroupHost(): CgroupSearch {
  let own: readonly OwnGroup[];
  try {
    own = ownGroups(
      readFileSync('/proc/self/cgroup', 'latin1'),
      readFileSync('/proc/self/mountinfo', 'latin1'),
    );
  } catch {
    return { ok: false, why: 'this host has no /proc with control groups', remedy: delegate };
  }
  const unified = own.find((group) => group.version === 2);
  if (unified !== undefined && controllersOf(unified.path).includes('memory')) {
    return prepareUnified(unified.path);
  }
  return prepareVersion1(own.filter((group) => group.version === 1));
}

export interface OwnGroup {
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  readonly path: string;
}

/** The groups that this process is in, as folders. In: the texts of /proc/self/cgroup and /proc/self/mountinfo. */
export function ownGroups(cgroup: string, mountinfo: string): readonly OwnGroup[] {
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const [left, right] = line.split(' - ');
    if (left === undefined || right === undefined) return [];
    const [type, , options] = right.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    const fields = left.split(' ');
    return [{ type, root: fields[3]!, point: fields[4]!, options: (options ?? '').split(',') }];
  });
  return cgroup.split('\n').flatMap((line): OwnGroup[] => {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match === null) return [];
    const controllers = match[1] === '' ? [] : match[1]!.split(',');
    const version = match[1] === '' ? 2 : 1;
    const mount = mounts.find((m) =>
      version === 2 ? m.type === 'cgroup2' : controllers.every((c) => m.options.includes(c)),
    );
    if (mount === undefined) return [];
    // A container may see only a part of the hierarchy: then its root is where we are, or above.
    const below = relative(mount.root, match[2]!);
    const path = below.startsWith('..') ? mount.point : join(mount.point, below);
    return [{ version, controllers, path }];
  });
}

function prepareVersion1(groups: readonly OwnGroup[]): CgroupSearch {
  const bases: Record<string, string> = {};
  let reason = 'no memory controller is mounted';
  for (const controller of [...wanted, 'cpuacct']) {
    const group = groups.find((g) => g.controllers.includes(controller));
    if (group === undefined) continue;
    const base = join(group.path, groupFolder);
    const failure = tryFolder(base);
    if (failure === null) bases[controller] = base;
    else reason = failure;
  }
  return finish(1, bases, reason, groups.length === 0 ? delegate : unify);
}

function prepareUnified(own: string): CgroupSearch {
  // A gateway that another one started sits in that one's leaf; the runs of both go beside it.
  const top = basename(own) === leaf ? dirname(own) : own;
  const needed = wanted.filter((c) => controllersOf(top).includes(c));
  const enable = needed.map((c) => `+${c}`).join(' ');
  try {
    accessSync(join(top, 'cgroup.procs'), constants.W_OK);
    // Only a group without processes of its own may hand controllers down, except the root of all (it has no type).
    if (top === own && existsSync(join(top, 'cgroup.type'))) {
      mkdirSync(join(top, leaf), { recursive: true });
      writeFileSync(join(top, leaf, 'cgroup.procs'), String(process.pid));
    }
    try {
      writeFileSync(join(top, 'cgroup.subtree_control'), enable);
    } catch (error) {
      if (top === own) undoLeaf(top);
      throw error;
    }
    const base = join(top, groupFolder);
    const failure = tryFolder(base);
    if (failure !== null) return { ok: false, why: failure, remedy: delegate };
    writeFileSync(join(base, 'cgroup.subtree_control'), enable);
    return finish(2, Object.fromEntries(needed.map((c) => [c, base])), 'controllers are missing');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === 'EBUSY'
        ? `other processes share the control group ${top} with this one`
        : `the control group ${top} cannot be used (${code})`;
    return { ok: false, why, remedy: delegate };
  }
}

function undoLeaf(top: string): void {
  try {
    writeFileSync(join(top, 'cgroup.procs'), String(process.pid));
    rmdirSync(join(top, leaf));
  } catch {}
}

function finish(
  version: 1 | 2,
  bases: Record<string, string>,
  reason: string,
  remedy: string = delegate,
): CgroupSearch {
  if (bases.memory === undefined || bases.pids === undefined) {
    return { ok: false, why: reason, remedy };
  }
  return {
    ok: true,
    host: Object.freeze({
      version,
      controllers: Object.freeze(Object.keys(bases)),
      bases: Object.freeze(bases),
    }),
  };
}

function tryFolder(base: string): string | null {
  const trial = join(base, `trial-${process.pid}`);
  try {
    mkdirSync(trial, { recursive: true });
    rmdirSync(trial);
    removeAbandoned(base);
    return null;
  } catch (error) {
    return `${base} cannot be written (${(error as NodeJS.ErrnoException).code})`;
  }
}

/** Groups of probes whose gateway was killed meanwhile. Groups of runs are recovery's, and stay. */
function removeAbandoned(base: string): void {
  for (const name of readdirSync(base)) {
    const pid = /^(?:probe|trial)-(\d+)$/.exec(name)?.[1];
    if (pid === undefined || startOf(Number(pid)) !== null) continue;
    try {
      rmdirSync(join(base, name));
    } catch {}
  }
}

function controllersOf(path: string): readonly string[] {
  try {
    return readFileSync(join(path, 'cgroup.controllers'), 'latin1').trim().split(' ');
  } catch {
    return [];
  }
}
