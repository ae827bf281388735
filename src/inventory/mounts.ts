/**
 * Mounts. In: what a file says. Out: a host path, resolved, and where it appears in the sandbox.
 * Never: a place that a command can write to, or one that would cover what the sandbox itself is made of.
 */
import { lstatSync, realpathSync } from 'node:fs';
import { normalize, resolve } from 'node:path';
import type { Mount } from '../core/command.ts';
import type { Findings } from './diagnose.ts';
import type { MountField } from './fields.ts';
import { isInside, placesOnTheWay, type Writable } from './placement.ts';
import type { Path } from './source.ts';

const neverMounted = ['/proc', '/sys', '/dev'];
/** The sandbox makes these itself; nothing may lie over or in them. `/tmp` may hold mounts, and not be hidden by one. */
const taken = [
  '/workspace',
  '/usr',
  '/etc',
  '/proc',
  '/sys',
  '/dev',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
];
const notHidden = [...taken, '/tmp', '/run'];

/** A mount as declared: `written` is the absolute path before symbolic links were followed. */
export interface DeclaredMount extends Mount {
  readonly written: string;
}

/** The mounts that are right; what is wrong goes to the findings. Relative paths are relative to `folder`. */
export function readMounts(
  fields: readonly MountField[],
  folder: string,
  workspaces: Iterable<Writable>,
  at: Path,
  findings: Findings,
): DeclaredMount[] {
  const mounts: DeclaredMount[] = [];
  const environments = [...workspaces];
  fields.forEach((field, index) => {
    const path = [...at, index];
    const refuse = (rule: string, message: string, remedy: string) =>
      findings.error(path, rule, message, remedy);
    const written = resolve(folder, typeof field === 'string' ? field : field.path);
    const target = typeof field === 'string' || field.at === undefined ? written : plain(field.at);
    let source: string;
    try {
      source = realpathSync(written);
    } catch {
      refuse('mount', `the mount ${written} does not exist`, 'Create it, or correct the path.');
      return;
    }
    const stat = lstatSync(source);
    if (!stat.isDirectory() && !stat.isFile()) {
      refuse(
        'mount',
        `the mount ${written} is neither a folder nor a regular file`,
        'Mount a folder or a file.',
      );
      return;
    }
    if (source === '/' || neverMounted.some((place) => isInside(source, place))) {
      refuse(
        'mount',
        `${source} is never mounted into a sandbox`,
        'Mount the folder that the command needs, and no more.',
      );
      return;
    }
    for (const environment of environments) {
      const { name, workspace } = environment;
      if (placesOnTheWay(written).some((place) => isInside(place, workspace))) {
        refuse(
          'mount',
          `the mount ${written} lies in the workspace of environment ${name}, where a command could change it`,
          'Keep executables and fixed files outside of every workspace.',
        );
        return;
      }
      if (isInside(workspace, source)) {
        refuse(
          'mount',
          `the mount ${written} holds the workspace of environment ${name}`,
          'Mount a folder that holds no workspace.',
        );
        return;
      }
    }
    const over =
      taken.find((place) => isInside(target, place)) ??
      notHidden.find((place) => isInside(place, target));
    if (over !== undefined) {
      refuse(
        'mount-target',
        `a mount at ${target} would lie over ${over}, which the sandbox makes itself`,
        'Give it another place: { path: …, at: /opt/… }.',
      );
      return;
    }
    const other = mounts.find((m) => m.target === target);
    if (other !== undefined) {
      refuse(
        'mount-target',
        `two mounts are to appear at ${target}`,
        'Give one of them another place with "at".',
      );
      return;
    }
    mounts.push({ source, target, written });
  });
  return mounts;
}

function plain(path: string): string {
  const normal = normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/** Two lists as one. The first place at which both want something else, or the list. */
export function mergeMounts(
  first: readonly Mount[],
  second: readonly Mount[],
): readonly Mount[] | string {
  const merged = first.map(({ source, target }) => ({ source, target }));
  for (const { source, target } of second) {
    const other = merged.find((m) => m.target === target);
    if (other === undefined) merged.push({ source, target });
    else if (other.source !== source) return target;
  }
  return merged;
}
