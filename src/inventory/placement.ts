/**
 * Where files lie. In: a path, and the workspaces in which commands may write. Out: the workspace that the path, or any
 * symbolic link on the way to it, lies in. Never: a configuration that a command could rewrite.
 */
import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Settings } from '../core/settings.ts';
import { fileError } from './source.ts';

/** True where `path` is `folder` or lies inside it. Both absolute and resolved. */
export function isInside(path: string, folder: string): boolean {
  const root = folder.endsWith(sep) ? folder : folder + sep;
  return path === folder || path.startsWith(root);
}

/**
 * Every place that the kernel passes on the way to `path`: each symbolic link, and the end. What does not exist is taken
 * as written. Empty where the links run in a circle.
 */
export function placesOnTheWay(path: string): readonly string[] {
  const places: string[] = [];
  let pending = resolve(path).split(sep).filter(Boolean);
  let current = '/';
  let links = 0;
  while (pending.length > 0) {
    const [name, ...rest] = pending as [string, ...string[]];
    pending = rest;
    if (name === '.') continue;
    if (name === '..') {
      current = dirname(current);
      continue;
    }
    const next = join(current, name);
    const target = linkTarget(next);
    if (target === null) {
      current = next;
      continue;
    }
    places.push(next);
    links += 1;
    if (links > 40) return [];
    if (target.startsWith('/')) current = '/';
    pending = [...target.split(sep).filter(Boolean), ...rest];
  }
  places.push(current);
  return places;
}

function linkTarget(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch {
    return null;
  }
}

export interface Writable {
  readonly name: string;
  readonly workspace: string;
}

/** The environment whose commands can write at `path`; null if none can. `.reeve/` at a workspace's root is safe: it is mounted read-only. */
export function writableFrom(path: string, environments: Iterable<Writable>): Writable | null {
  const places = placesOnTheWay(path);
  for (const environment of environments) {
    for (const place of places) {
      if (!isInside(place, environment.workspace)) continue;
      const [first, ...rest] = relative(environment.workspace, place).split(sep);
      if (
        first === '.reeve' &&
        rest.length > 0 &&
        linkTarget(join(environment.workspace, first)) === null
      )
        continue;
      return environment;
    }
  }
  return null;
}

/** Says that something lies where a command could rewrite it. */
export function placementMessage(what: string, path: string, where: Writable): string {
  return `${what} ${path} lies in the workspace of environment ${where.name} (${where.workspace}), where a command could rewrite it`;
}
export const placementRemedy =
  "Move it out of every workspace, or into .reeve/ at the workspace's root, which commands see read-only.";

/**
 * What is wrong with the place of Reeve's own code and of the Node that runs it: a command that could write there would
 * be the gateway at its next start. `program` is this very file unless told.
 */
export function ownProgramProblems(
  settingsFile: string,
  environments: readonly Writable[],
  program: readonly string[] = [fileURLToPath(import.meta.url), process.execPath],
): readonly Diagnostic[] {
  for (const path of program) {
    const where = writableFrom(path, environments);
    if (where === null) continue;
    return [
      fileError(
        settingsFile,
        'writable-by-commands',
        placementMessage("Reeve's own program", path, where),
        'Install Reeve outside of every workspace (npm install --global reeve), or name a narrower folder as the workspace.',
      ),
    ];
  }
  return [];
}

/** What is wrong with the place of the state directory; null if nothing is. It need not exist yet. */
export function checkStateDirectory(directory: string, settings: Settings): Diagnostic | null {
  const path = resolve(directory);
  const where = writableFrom(path, Object.values(settings.environments));
  if (where === null) return null;
  const message = placementMessage('the state directory', path, where);
  return fileError(path, 'writable-by-commands', message, placementRemedy);
}
