/**
 * The programs that a configuration brings along. In: an inventory. Out: the files on this host that its commands name and
 * that no package of the system keeps. Never: a file under /usr, which changes with every update.
 */
import { lstatSync, realpathSync } from 'node:fs';
import type { Command, Mount } from '../core/command.ts';
import type { Settings } from '../core/settings.ts';
import type { Inventory } from './load.ts';
import { isInside } from './placement.ts';

/** Resolved paths, sorted: executables, and regular files in mounts that the template names by their whole path (scripts). */
export function ownPrograms(inventory: Inventory, settings: Settings): readonly string[] {
  const found = [...inventory.commands.values()].flatMap((command) =>
    filesNamedBy(command, mountsOf(command, settings)),
  );
  return [...new Set(found)].filter((file) => !isInside(file, '/usr')).sort();
}

function mountsOf(command: Command, settings: Settings): readonly Mount[] {
  const everywhere = Object.keys(command.environments).flatMap(
    (name) => settings.environments[name]?.mounts ?? [],
  );
  return [...command.mounts, ...everywhere];
}

function filesNamedBy(command: Command, mounts: readonly Mount[]): string[] {
  const files = [command.executable.source];
  for (const token of command.template) {
    if (token.kind !== 'text' || token.parts.some((part) => part.kind !== 'text')) continue;
    const text = token.parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
    for (const { source, target } of mounts) {
      const file = isInside(text, target) ? regularFile(source + text.slice(target.length)) : null;
      if (file !== null) files.push(file);
    }
  }
  return files;
}

function regularFile(path: string): string | null {
  try {
    const file = realpathSync(path);
    return lstatSync(file).isFile() ? file : null;
  } catch {
    return null; // what is not there changes nothing; once it is there, it is new
  }
}
