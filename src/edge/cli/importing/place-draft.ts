/**
 * Which settings a draft is for, and how it gets to its place. In: the project, and a way to draft for its environments.
 * Out: what was written. Never: files that do not load together, or a reeve.yaml of somebody's changed.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Diagnostic, Loaded } from '../../../core/diagnostic.ts';
import type { Settings } from '../../../core/settings.ts';
import { draftSettings, workspaceOf } from '../../../importers/draft-settings.ts';
import type { Draft } from '../../../importers/loco-draft.ts';
import { loadInventory } from '../../../inventory/load.ts';
import { loadSettings } from '../../../inventory/settings.ts';
import { usageFailure } from '../failure.ts';
import type { Variables } from '../wiring.ts';
import { userFor } from './ask-loco.ts';
import type { LocoProject } from './loco-project.ts';
import { assertFolder, assertNew, inPlace, MadeFolders, Pending } from './write-draft.ts';

/** Thrown where the draft does not load; nothing was written. */
export class DraftRefused extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super('the draft does not load');
    this.name = 'DraftRefused';
    this.diagnostics = diagnostics;
  }
}

/** The settings that are there, or null. `file` is the reeve.yaml, there or not. */
export interface Setting {
  readonly file: string;
  readonly settings: Settings | null;
}

/** A reeve.yaml named by --config, or that of the app's own folder. Throws DraftRefused where it does not load. */
export function readSetting(project: LocoProject, config: string | null, env: Variables): Setting {
  const file = config === null ? join(project.folder, 'reeve.yaml') : resolve(config);
  if (!existsSync(file)) {
    if (config === null) return { file, settings: null };
    throw usageFailure(
      `${file} does not exist.`,
      null,
      'name a reeve.yaml with --config, or leave it out',
    );
  }
  // The inventory that it names may be the one that is still to be made: any file stands in for it.
  const loaded = loadSettings(file, { ...env, REEVE_INVENTORY: file });
  if (!loaded.ok) throw new DraftRefused(loaded.diagnostics);
  return { file, settings: loaded.value };
}

/** The environments that the settings have as well; all of them where there are none yet. */
export function narrow(project: LocoProject, { file, settings }: Setting): LocoProject {
  if (settings === null) return project;
  const known = (name: string) => Object.hasOwn(settings.environments, name);
  const environments = project.environments.filter(known);
  if (environments.length === 0)
    throw usageFailure(
      `${file} has none of the environments of the app.`,
      `It has ${Object.keys(settings.environments).join(', ')}; the app has ${project.environments.join(', ')}.`,
      'declare them under environments in reeve.yaml, each with a workspace of its own',
    );
  const others = project.environments.filter((name) => !known(name));
  const note = `${others.join(', ')} left out: ${file} does not declare it`;
  return {
    ...project,
    environments,
    notes: others.length === 0 ? project.notes : [...project.notes, note],
  };
}

/** Where the draft goes: --out, else inventory.yaml in a new configuration, else inventory.draft.yaml beside the reeve.yaml. */
export function outFile({ file, settings }: Setting, out: string | null): string {
  if (out !== null) return resolve(out);
  return join(dirname(file), settings === null ? 'inventory.yaml' : 'inventory.draft.yaml');
}

export function assertPlace(setting: Setting, out: string, force: boolean): void {
  if (out === setting.file)
    throw usageFailure(
      `${out} is the configuration itself.`,
      null,
      'name another file with --out FILE',
    );
  assertFolder(out);
  assertNew(out, force);
}

/** Writes and checks. The names of all that is new, relative to nothing. */
export function placeDraft(
  project: LocoProject,
  setting: Setting,
  draft: Draft,
  out: string,
  force: boolean,
  env: Variables,
): readonly string[] {
  const folders = new MadeFolders();
  const files: Pending[] = [];
  const pending = (target: string, text: string, over: boolean) => {
    const one = new Pending(target, text, over);
    files.push(one);
    return one;
  };
  try {
    const inventory = pending(out, draft.text, force);
    let { settings } = setting;
    if (settings === null) {
      const root = dirname(setting.file);
      const runAs = userFor(project.folder);
      for (const name of project.environments) folders.make(root, workspaceOf(name), runAs);
      const text = draftSettings({
        inventory: relative(root, out),
        environments: project.environments,
        runAs,
      });
      const made = pending(setting.file, text, false);
      settings = checked(
        loadSettings(made.path, { ...env, REEVE_INVENTORY: inventory.path }),
        files,
      );
    }
    checked(loadInventory(inventory.path, settings), files);
    for (const file of files) file.place();
  } catch (error) {
    for (const file of files) file.discard();
    folders.discard();
    throw error;
  }
  return [...files.map(({ target }) => target), ...folders.made];
}

function checked<T>(loaded: Loaded<T>, files: readonly Pending[]): T {
  if (loaded.ok) return loaded.value;
  throw new DraftRefused(inPlace(loaded.diagnostics, files));
}
