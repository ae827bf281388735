/**
 * Executables. In: `run[0]` and the mounts of a command. Out: the path by which the sandbox knows it, and the file on this
 * host that it is. Never: a file that a command could change, or one that the sandbox would not show.
 */
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, relative, resolve } from 'node:path';
import type { Mount } from '../core/command.ts';
import type { DeclaredMount } from './mounts.ts';
import { isInside, placesOnTheWay, type Writable } from './placement.ts';
import { quote } from './words.ts';

export type Found =
  | { readonly ok: true; readonly path: string; readonly source: string }
  | { readonly ok: false; readonly problem: string; readonly remedy: string | null };

/** What the sandbox has at its root: links into /usr, as on a merged-usr system, and two places shared with the host. */
const rootLinks: Readonly<Record<string, string>> = {
  '/bin': '/usr/bin',
  '/sbin': '/usr/sbin',
  '/lib': '/usr/lib',
  '/lib32': '/usr/lib32',
  '/lib64': '/usr/lib64',
  '/libx32': '/usr/libx32',
};
const shared: readonly Mount[] = ['/usr', '/etc/alternatives'].map((place) => ({
  source: place,
  target: place,
}));

/** Finds the executable; `folder` is that of the file which names it. */
export function findExecutable(
  written: string,
  folder: string,
  mounts: readonly DeclaredMount[],
  workspaces: readonly Writable[],
): Found {
  if (!written.includes('/')) return bareName(written, folder, mounts);
  const inWorkspace = workspaceRefusal(resolve(folder, written), workspaces);
  if (inWorkspace !== null) return inWorkspace;
  const path = isAbsolute(written)
    ? normalize(written)
    : sandboxPathOf(resolve(folder, written), mounts);
  if (path === null) {
    return {
      ok: false,
      problem: `the executable ${resolve(folder, written)} lies in no mount, so the sandbox would not show it`,
      remedy: `Mount its folder: mounts: [${dirname(written)}].`,
    };
  }
  let seen = seeInSandbox(path, mounts);
  let known = path;
  if (!seen.ok && isAbsolute(written)) {
    // Perhaps it is named by where it is on this host, and mounted elsewhere.
    const mapped = sandboxPathOf(path, mounts);
    if (mapped !== null && mapped !== path) {
      known = mapped;
      seen = seeInSandbox(mapped, mounts);
    }
  }
  if (!seen.ok) return seen;
  const { source } = seen;
  const ends = workspaceRefusal(source, workspaces);
  if (ends !== null) return ends;
  const stat = lstatSync(source);
  if (!stat.isFile()) {
    return {
      ok: false,
      problem: `${quote(written)} is not a regular file`,
      remedy: 'Name the program itself.',
    };
  }
  if ((stat.mode & 0o111) === 0) {
    return {
      ok: false,
      problem: `${source} is not executable`,
      remedy: `Make it executable: chmod +x ${source}`,
    };
  }
  return { ok: true, path: known, source };
}

function workspaceRefusal(path: string, workspaces: readonly Writable[]): Found | null {
  const places = [path, ...placesOnTheWay(path)];
  const where = workspaces.find(({ workspace }) => places.some((p) => isInside(p, workspace)));
  if (where === undefined) return null;
  return {
    ok: false,
    problem: `the executable ${path} lies in the workspace of environment ${where.name}, where a command could replace it`,
    remedy: 'Keep executables outside of every workspace and mount their folder.',
  };
}

function bareName(written: string, folder: string, mounts: readonly DeclaredMount[]): Found {
  const system = ['/usr/local/bin', '/usr/bin', '/usr/sbin'].map((place) => join(place, written));
  const own = mounts
    .map((mount) => join(mount.written, written))
    .find((place) => existsSync(place));
  const close = [...system, ...(own === undefined ? [] : [relative(folder, own)])].find((place) =>
    existsSync(resolve(folder, place)),
  );
  return {
    ok: false,
    problem: `the executable ${quote(written)} is a bare name, and Reeve searches no PATH`,
    remedy:
      close === undefined
        ? 'Write its path, such as /usr/bin/name or bin/name.'
        : `Write ${close}.`,
  };
}

/** Where a host path appears in the sandbox, by the deepest mount that holds it; null if none does. */
function sandboxPathOf(path: string, mounts: readonly DeclaredMount[]): string | null {
  let best: { root: string; target: string } | null = null;
  for (const { written, source, target } of mounts) {
    for (const root of [written, source]) {
      if (isInside(path, root) && (best === null || root.length > best.root.length))
        best = { root, target };
    }
  }
  return best === null ? null : best.target + path.slice(best.root.length);
}

/** Follows a path as it would be followed inside the sandbox, over the files of this host. */
function seeInSandbox(
  path: string,
  mounts: readonly Mount[],
): { ok: true; source: string } | { ok: false; problem: string; remedy: string | null } {
  const hidden = (at: string) => ({
    ok: false as const,
    problem: isInside(path, at)
      ? `the executable ${path} lies neither under /usr nor in a mount, so the sandbox would not show it`
      : `the executable ${path} leads to ${at}, which the sandbox does not show`,
    remedy: 'Executables lie under /usr or in a mount: mount the folder that holds it.',
  });
  const places = [...shared, ...mounts].sort((a, b) => b.target.length - a.target.length);
  let current = '/';
  let source: string | null = null;
  let pending = path.split('/').filter(Boolean);
  for (let links = 0; pending.length > 0; ) {
    const [name, ...rest] = pending as [string, ...string[]];
    pending = rest;
    if (name === '.') continue;
    const next = name === '..' ? dirname(current) : join(current, name);
    let target: string | null = Object.hasOwn(rootLinks, next) ? rootLinks[next]! : null;
    if (target === null && name !== '..') {
      const place = places.find((p) => isInside(next, p.target));
      if (place === undefined) {
        // On the way to a mount there are only folders that the sandbox makes for it.
        if (!places.some((p) => isInside(p.target, next))) return hidden(next);
        source = null;
      } else {
        source = place.source + next.slice(place.target.length);
        try {
          if (lstatSync(source).isSymbolicLink()) target = readlinkSync(source);
        } catch {
          return {
            ok: false,
            problem: `the executable ${path} does not exist`,
            remedy:
              source === path
                ? 'Install it, or correct the path.'
                : `On this host it would be ${source}.`,
          };
        }
      }
    }
    if (target === null) {
      current = next;
      continue;
    }
    links += 1;
    if (links > 40)
      return { ok: false, problem: `${path} leads through too many symbolic links`, remedy: null };
    if (target.startsWith('/')) current = '/';
    pending = [...target.split('/').filter(Boolean), ...rest];
  }
  return source === null ? hidden(current) : { ok: true, source };
}
