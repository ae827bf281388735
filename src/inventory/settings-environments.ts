/** The environments of the settings. In: what is written. Out: workspaces and mounts that exist, resolved. Never: a workspace that belongs to the system. */
import { lstatSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Environment } from '../core/command.ts';
import type { Findings } from './diagnose.ts';
import { readMounts } from './mounts.ts';
import { isInside } from './placement.ts';
import type { SettingsFile } from './settings-schema.ts';
import type { Path } from './source.ts';

const system = [
  '/proc',
  '/sys',
  '/dev',
  '/usr',
  '/etc',
  '/boot',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
];

export function readEnvironments(
  written: Partial<SettingsFile>,
  folder: string,
  findings: Findings,
) {
  const found = new Map<string, Environment>();
  const declared = Object.entries(written.environments ?? {});
  for (const [name, fields] of declared) {
    const at: Path = ['environments', name, 'workspace'];
    const path = resolve(folder, fields.workspace);
    let workspace: string;
    try {
      workspace = realpathSync(path);
    } catch {
      findings.error(
        at,
        'workspace',
        `the workspace ${path} does not exist`,
        'Create the folder, or correct the path.',
      );
      continue;
    }
    if (!lstatSync(workspace).isDirectory()) {
      findings.error(at, 'workspace', `the workspace ${path} is not a folder`, 'Name a folder.');
      continue;
    }
    if (workspace === '/' || system.some((place) => isInside(workspace, place))) {
      findings.error(
        at,
        'workspace',
        `${workspace} belongs to the system and cannot be a workspace`,
        'Give commands a folder of their own.',
      );
      continue;
    }
    found.set(name, {
      name,
      workspace,
      variables: { ...fields.variables },
      mounts: [],
      runAs: fields.runAs ?? null,
    });
  }
  for (const [name, environment] of found) {
    const outer = [...found.values()].find(
      (other) =>
        other.workspace !== environment.workspace &&
        isInside(environment.workspace, other.workspace),
    );
    if (outer !== undefined) {
      findings.warn(
        ['environments', name, 'workspace'],
        'nested-workspaces',
        `this workspace lies inside that of ${outer.name}, whose commands can change it`,
        'Give each environment a folder that lies in no other.',
      );
    }
    const mounts = readMounts(
      written.environments?.[name]?.mounts ?? [],
      folder,
      found.values(),
      ['environments', name, 'mounts'],
      findings,
    );
    found.set(name, {
      ...environment,
      mounts: mounts.map(({ source, target }) => ({ source, target })),
    });
  }
  return found;
}
