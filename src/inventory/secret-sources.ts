/**
 * Where secrets come from. In: `secrets:` of the settings, and the commands of the inventory. Out: a source for each
 * environment, or what is wrong with it, at its line. Never: a file that a command could see, or a command that needs the
 * output of another one first. No source is read here.
 */
import { resolve } from 'node:path';
import type { Command, Environment, Mount } from '../core/command.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { JsonObject } from '../core/json.ts';
import type { SecretSource, SecretSources } from '../core/secret.ts';
import type { Settings } from '../core/settings.ts';
import { type Findings, findingsFor } from './diagnose.ts';
import { isInside, placesOnTheWay } from './placement.ts';
import { valueAt } from './schema-walk.ts';
import type { SecretSourceField, SettingsFile } from './settings-schema.ts';
import { type Path, readSource } from './source.ts';
import { validatorOf } from './validators.ts';
import { either, nearest, quote } from './words.ts';

/** What every sandbox shows of the host, besides what is declared. */
const shared = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/etc/ld.so.conf.d',
  '/etc/ssl/certs',
  '/etc/pki/tls/certs',
  '/etc/pki/ca-trust/extracted',
  '/etc/alternatives',
];

/** What shows these places of the host to a command, in words; null if nothing does. */
export function shownBy(
  places: readonly string[],
  environments: Iterable<Pick<Environment, 'name' | 'workspace' | 'mounts'>>,
  commands: Iterable<{ readonly name: string; readonly mounts: readonly Mount[] }>,
): string | null {
  const inside = (folder: string) => places.some((place) => isInside(place, folder));
  const mounted = (mounts: readonly Mount[]) => mounts.find(({ source }) => inside(source));
  const system = shared.find(inside);
  if (system !== undefined) return `${system}, which every command sees`;
  for (const { name, workspace, mounts } of environments) {
    if (inside(workspace)) return `the workspace of environment ${name} (${workspace})`;
    const mount = mounted(mounts);
    if (mount !== undefined) return `the mount ${mount.source} of environment ${name}`;
  }
  for (const { name, mounts } of commands) {
    const mount = mounted(mounts);
    if (mount !== undefined) return `the mount ${mount.source} of the command ${name}`;
  }
  return null;
}

/** The sources as the settings say them, spelled out for each environment. */
export function readSecretSources(
  written: Partial<SettingsFile>,
  environments: ReadonlyMap<string, Environment>,
  folder: string,
  findings: Findings,
): SecretSources {
  const found: Record<string, Record<string, SecretSource>> = {};
  for (const [name, field] of Object.entries(written.secrets ?? {})) {
    const own: Record<string, SecretSource> = {};
    found[name] = own;
    const add = (environment: string, source: SecretSourceField, at: Path) => {
      own[environment] = sourceOf(source, folder, environments, at, findings);
    };
    if (!('environments' in field)) {
      const source = sourceOf(field, folder, environments, ['secrets', name], findings);
      for (const environment of environments.keys()) own[environment] = source;
      continue;
    }
    for (const [environment, source] of Object.entries(field.environments)) {
      const at = ['secrets', name, 'environments', environment];
      if (written.environments === undefined || Object.hasOwn(written.environments, environment)) {
        add(environment, source, at);
        continue;
      }
      const known = Object.keys(written.environments);
      const close = nearest(environment, known);
      findings.error(
        at,
        'unknown-environment',
        `there is no environment ${quote(environment)}`,
        close === undefined ? `There are ${either(known)}.` : `Did you mean ${close}?`,
        'key',
      );
    }
  }
  return found;
}

function sourceOf(
  field: SecretSourceField,
  folder: string,
  environments: ReadonlyMap<string, Environment>,
  at: Path,
  findings: Findings,
): SecretSource {
  if ('env' in field) return { kind: 'env', variable: field.env };
  if ('credential' in field) return { kind: 'credential', credential: field.credential };
  if ('command' in field) {
    const args = (field.arguments ?? {}) as JsonObject;
    return { kind: 'command', command: field.command, arguments: args };
  }
  const path = resolve(folder, field.file);
  const shown = shownBy([path, ...placesOnTheWay(path)], environments.values(), []);
  if (shown !== null) refuseFile(path, shown, [...at, 'file'], findings);
  return { kind: 'file', path };
}

function refuseFile(path: string, shown: string, at: Path, findings: Findings): void {
  findings.error(
    at,
    'secret-in-sight',
    `the secret's file ${path} lies in ${shown}: commands that are not given it could read it`,
    'Keep it where no command sees it, readable for the gateway alone.',
  );
}

/** What is wrong with sources once the commands are known. */
export function checkSecretSources(
  settings: Settings,
  commands: readonly Command[],
): readonly Diagnostic[] {
  const late = Object.values(settings.secrets).flatMap((own) => Object.values(own));
  if (!late.some(({ kind }) => kind === 'command' || kind === 'file')) return [];
  const read = readSource(settings.file);
  if (!read.ok) return read.diagnostics;
  const findings = findingsFor(read.source);
  const checked = new Set<SecretSource>();
  for (const [name, own] of Object.entries(settings.secrets)) {
    for (const [environment, source] of Object.entries(own)) {
      const field = valueAt(read.source.value, ['secrets', name]) as JsonObject;
      const spelled = Object.hasOwn(field, 'environments');
      const at = ['secrets', name, ...(spelled ? ['environments', environment] : [])];
      if (source.kind === 'file' && !checked.has(source)) {
        const shown = shownBy([source.path, ...placesOnTheWay(source.path)], [], commands);
        if (shown !== null) refuseFile(source.path, shown, [...at, 'file'], findings);
      }
      if (source.kind === 'command') {
        checkCommand(source, environment, settings, commands, at, checked, findings);
      } else checked.add(source);
    }
  }
  return findings.all;
}

function checkCommand(
  source: SecretSource & { readonly kind: 'command' },
  environment: string,
  settings: Settings,
  commands: readonly Command[],
  at: Path,
  checked: Set<SecretSource>,
  findings: Findings,
): void {
  const place = [...at, 'command'];
  const command = commands.find(({ name }) => name === source.command);
  if (command === undefined) {
    if (checked.has(source)) return;
    checked.add(source);
    const close = nearest(
      source.command,
      commands.map(({ name }) => name),
    );
    findings.error(
      place,
      'unknown-command',
      `the inventory has no command ${quote(source.command)}`,
      close === undefined ? 'Declare it there.' : `Did you mean ${close}?`,
    );
    return;
  }
  const refuse = (message: string, remedy: string, where: Path = place) =>
    findings.error(where, 'secret-command', message, remedy);
  if (!Object.hasOwn(command.environments, environment)) {
    // One source for all environments means those where it is needed.
    const needs = (c: Command) =>
      Object.hasOwn(c.environments, environment) && c.secrets.some((s) => s.name === at[1]);
    if (at.length > 2 || commands.some(needs))
      refuse(
        `${command.name} does not run in ${environment}`,
        'Name another source for it under "environments", or let it run there.',
      );
    return;
  }
  const needed = command.secrets.find(({ name }) => {
    const sources = Object.hasOwn(settings.secrets, name) ? settings.secrets[name]! : {};
    return Object.hasOwn(sources, environment) && sources[environment]!.kind === 'command';
  });
  if (needed !== undefined) {
    refuse(
      `${command.name} itself needs ${needed.name}, which comes from a command in ${environment}`,
      'A command that gives a secret takes its own from env, file or credential.',
    );
  }
  if ((command.environments[environment]!.approvals ?? command.approvals).length > 0) {
    refuse(
      `${command.name} demands approvals in ${environment}, and nobody is asked for a secret`,
      'Declare a command without approvals for it.',
    );
  }
  if (checked.has(source)) return;
  checked.add(source);
  const result = validatorOf(command).check(source.arguments);
  if (result.ok) return;
  for (const { field, problem, expected } of result.problems) {
    refuse(
      `the arguments do not fit ${command.name}: ${field ?? 'arguments'} ${problem}`,
      expected === undefined ? 'Correct them.' : `Expected: ${expected}.`,
      [...at, 'arguments'],
    );
  }
}
