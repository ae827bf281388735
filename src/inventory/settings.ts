/**
 * Settings. In: `reeve.yaml` and the `REEVE_*` variables. Out: `Settings`, complete, with absolute paths, or everything
 * that is wrong. Never: settings with a configuration file, inventory, policy or audit file that a command could rewrite.
 */
import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Environment } from '../core/command.ts';
import type { Diagnostic, Loaded } from '../core/diagnostic.ts';
import { deepFreeze } from '../core/json.ts';
import type { Settings } from '../core/settings.ts';
import { parseDuration } from '../core/units.ts';
import { type Findings, findingsFor, soundFields } from './diagnose.ts';
import { readMounts } from './mounts.ts';
import {
  isInside,
  placementMessage,
  placementRemedy,
  type Writable,
  writableFrom,
} from './placement.ts';
import { type Overridden, type Overrides, readOverrides } from './settings-overrides.ts';
import { type SettingsFile, settingsDefaults, settingsSchema } from './settings-schema.ts';
import { fileError, type Path, readSource } from './source.ts';
import { either, nearest, quote } from './words.ts';

export { checkStateDirectory } from './placement.ts';
export { settingsSchema } from './settings-schema.ts';

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

/** Loads the settings. Reads the file and looks at the folders that it names; writes nothing. */
export function loadSettings(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Loaded<Settings> {
  const path = resolve(file);
  const overrides = readOverrides(env);
  const read = readSource(path);
  if (!read.ok) return { ok: false, diagnostics: [...read.diagnostics, ...overrides.diagnostics] };
  const findings = findingsFor(read.source);
  const written = soundFields(read.source, settingsSchema, findings);
  const settings = complete(path, written, overrides, findings);
  const diagnostics = [...overrides.diagnostics, ...findings.all];
  if (settings === null || diagnostics.some((d) => d.severity === 'error')) {
    return { ok: false, diagnostics: inOrder(diagnostics) };
  }
  return { ok: true, value: deepFreeze(settings), warnings: inOrder(diagnostics) };
}

/** Diagnostics in the order of the files' lines. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const order = (a: Diagnostic, b: Diagnostic) =>
    a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1;
  return [...diagnostics].sort(order);
}

/** Where a field was set, so that a complaint names the variable or the line. */
type Blame = (field: Overridden, rule: string, message: string, remedy?: string | null) => void;

function complete(
  file: string,
  written: Partial<SettingsFile>,
  overrides: Overrides,
  findings: Findings,
): Settings | null {
  const folder = dirname(file);
  const fields = { ...written, ...overrides.fields };
  const blame: Blame = (field, rule, message, remedy = null) => {
    const variable = overrides.from.get(field);
    if (variable === undefined) findings.error(field.split('.'), rule, message, remedy);
    else findings.all.push(fileError(variable, rule, message, remedy));
  };
  const environments = readEnvironments(written, folder, findings);
  const workspaces: Writable[] = [...environments.values()];
  const inventory = resolve(folder, fields.inventory ?? settingsDefaults.inventory);
  const policy = fields.policy === undefined ? null : resolve(folder, fields.policy);
  const auditFile = fields.auditFile === undefined ? null : resolve(folder, fields.auditFile);

  if (kindOf(inventory) === 'missing') {
    blame(
      'inventory',
      'missing-file',
      `the inventory ${inventory} does not exist`,
      'Create it, or correct the path: inventory: inventory.yaml.',
    );
  }
  if (policy !== null) checkPolicyFolder(policy, blame);
  const placed: readonly [Overridden | null, string, string | null][] = [
    [null, 'the settings file', file],
    ['inventory', 'the inventory', inventory],
    ['policy', 'the policy folder', policy],
    ['auditFile', 'the audit file', auditFile],
  ];
  for (const [field, what, place] of placed) {
    const where = place === null ? null : writableFrom(place, workspaces);
    if (where === null) continue;
    const message = placementMessage(what, place!, where);
    if (field === null)
      findings.all.push(fileError(file, 'writable-by-commands', message, placementRemedy));
    else blame(field, 'writable-by-commands', message, placementRemedy);
  }

  const defaultEnvironment = chooseDefault(fields.defaultEnvironment, written, blame);
  const listen = readListen(fields.listen ?? settingsDefaults.listen, blame);
  const publicUrl = readPublicUrl(fields.publicUrl, blame);
  if (listen === null || defaultEnvironment === null) return null;
  const concurrency = { ...written.concurrency, ...overrides.fields.concurrency };
  const localRisks = new Set([
    ...settingsDefaults.localRisks,
    ...(fields.localMode?.allowRisks ?? []),
  ]);
  return {
    file,
    folder,
    inventory,
    policy,
    listen,
    publicUrl,
    allowedHosts: fields.allowedHosts ?? [],
    defaultEnvironment,
    environments: Object.fromEntries(environments),
    sandbox: fields.sandbox ?? settingsDefaults.sandbox,
    limitsRequired: fields.limits?.required ?? false,
    concurrency: {
      running: concurrency.running ?? settingsDefaults.running,
      waiting: concurrency.waiting ?? settingsDefaults.waiting,
    },
    graceMs: fields.grace === undefined ? settingsDefaults.graceMs : parseDuration(fields.grace)!,
    localRisks: [...localRisks],
    auditFile,
  };
}

function readEnvironments(written: Partial<SettingsFile>, folder: string, findings: Findings) {
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

function checkPolicyFolder(policy: string, blame: Blame): void {
  const kind = kindOf(policy);
  const remedy =
    'Create it with at least one *.cedar file, or leave "policy" out for the built-in policy of the local user.';
  if (kind === 'missing')
    blame('policy', 'missing-file', `the policy folder ${policy} does not exist`, remedy);
  else if (kind === 'file')
    blame(
      'policy',
      'missing-file',
      `${policy} is not a folder`,
      'Name the folder that holds the *.cedar files.',
    );
  else if (!readdirSync(policy).some((name) => name.endsWith('.cedar')))
    blame('policy', 'missing-file', `the policy folder ${policy} holds no *.cedar file`, remedy);
}

function chooseDefault(
  asked: string | undefined,
  written: Partial<SettingsFile>,
  blame: Blame,
): string | null {
  if (written.environments === undefined) return null;
  const names = Object.keys(written.environments);
  if (asked === undefined) {
    if (names.length === 1) return names[0]!;
    if (names.includes('development')) return 'development';
    blame(
      'environments',
      'missing-field',
      'defaultEnvironment is missing, and none of the environments is called development',
      `Say which one requests mean that name none: defaultEnvironment: ${names[0]}.`,
    );
    return null;
  }
  if (names.includes(asked)) return asked;
  const close = nearest(asked, names);
  blame(
    'defaultEnvironment',
    'unknown-environment',
    `there is no environment ${quote(asked)}`,
    close === undefined ? `Choose ${either(names)}.` : `Did you mean ${close}?`,
  );
  return null;
}

function readListen(text: string, blame: Blame): Settings['listen'] | null {
  const match =
    /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})?)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match && port <= 65_535) return { host: match[1] ?? match[2]!, port };
  blame(
    'listen',
    'bad-value',
    `${quote(text)} is not HOST:PORT`,
    'Write it as 127.0.0.1:8080 or [::1]:8080.',
  );
  return null;
}

function readPublicUrl(text: string | undefined, blame: Blame): string | null {
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  const fine =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (fine) return url.href.replace(/\/+$/, '');
  blame(
    'publicUrl',
    'bad-value',
    `${quote(text)} is not an http(s) address without user, query and fragment`,
    'Write it as https://reeve.example.org.',
  );
  return null;
}

function kindOf(path: string): 'missing' | 'file' | 'folder' {
  try {
    return lstatSync(realpathSync(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    return 'missing';
  }
}
