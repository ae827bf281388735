/**
 * Settings. In: `reeve.yaml` and the `REEVE_*` variables. Out: `Settings`, complete, with absolute paths, or everything
 * that is wrong. Never: settings with a configuration file, inventory, policy or audit file that a command could rewrite.
 */
import { dirname, resolve } from 'node:path';
import type { Loaded } from '../core/diagnostic.ts';
import { deepFreeze } from '../core/json.ts';
import type { Settings } from '../core/settings.ts';
import { parseDuration } from '../core/units.ts';
import { type Findings, findingsFor, inOrder, soundFields } from './diagnose.ts';
import {
  ownProgramProblems,
  placementMessage,
  placementRemedy,
  type Writable,
  writableFrom,
} from './placement.ts';
import { readSecretSources } from './secret-sources.ts';
import { readApprovals } from './settings-approvals.ts';
import { readAuditSettings } from './settings-audit.ts';
import { readDependencies } from './settings-dependencies.ts';
import { readProxy, readRate, readTls } from './settings-door.ts';
import { readEnvironments } from './settings-environments.ts';
import { readOidc } from './settings-oidc.ts';
import { type Overridden, type Overrides, readOverrides } from './settings-overrides.ts';
import { readRetention } from './settings-retention.ts';
import { readRotation } from './settings-rotation.ts';
import { type SettingsFile, settingsDefaults, settingsSchema } from './settings-schema.ts';
import { readTraces } from './settings-telemetry.ts';
import {
  type Blame,
  checkPolicyFolder,
  chooseDefault,
  kindOf,
  readListen,
  readPublicUrl,
} from './settings-values.ts';
import { readWebhooks } from './settings-webhooks.ts';
import { fileError, readSource } from './source.ts';

export { checkStateDirectory } from './placement.ts';
export { settingsSchema } from './settings-schema.ts';

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
  const runbooks = fields.runbooks === undefined ? null : resolve(folder, fields.runbooks);
  const policy = fields.policy === undefined ? null : resolve(folder, fields.policy);
  const auditFile = fields.auditFile === undefined ? null : resolve(folder, fields.auditFile);
  const people = fields.people === undefined ? null : resolve(folder, fields.people);

  if (kindOf(inventory) === 'missing') {
    blame(
      'inventory',
      'missing-file',
      `the inventory ${inventory} does not exist`,
      'Create it, or correct the path: inventory: inventory.yaml.',
    );
  }
  if (runbooks !== null && kindOf(runbooks) === 'missing') {
    const remedy = 'Create the file or folder, or correct the path: runbooks: runbooks.';
    blame('runbooks', 'missing-file', `the runbooks ${runbooks} do not exist`, remedy);
  }
  if (policy !== null) checkPolicyFolder(policy, blame);
  if (people !== null && kindOf(people) === 'missing') {
    const remedy = 'Create it, or correct the path: people: people.yaml.';
    blame('people', 'missing-file', `the people file ${people} does not exist`, remedy);
  }
  const placed: readonly [Overridden | null, string, string | null][] = [
    [null, 'the settings file', file],
    ['inventory', 'the inventory', inventory],
    ['runbooks', 'the runbooks', runbooks],
    ['policy', 'the policy folder', policy],
    ['auditFile', 'the audit file', auditFile],
    ['people', 'the people file', people],
  ];
  for (const [field, what, place] of placed) {
    const where = place === null ? null : writableFrom(place, workspaces);
    if (where === null) continue;
    const message = placementMessage(what, place!, where);
    if (field === null)
      findings.all.push(fileError(file, 'writable-by-commands', message, placementRemedy));
    else blame(field, 'writable-by-commands', message, placementRemedy);
  }

  for (const problem of ownProgramProblems(file, workspaces)) findings.all.push(problem);

  const defaultEnvironment = chooseDefault(fields.defaultEnvironment, written, blame);
  const listen = readListen(fields.listen ?? settingsDefaults.listen, blame);
  const publicUrl = readPublicUrl(fields.publicUrl, blame);
  if (listen === null || defaultEnvironment === null) return null;
  const secrets = readSecretSources(written, environments, folder, findings);
  const declared = Object.keys(written.environments ?? {});
  const concurrency = { ...written.concurrency, ...overrides.fields.concurrency };
  const localRisks = new Set([
    ...settingsDefaults.localRisks,
    ...(fields.localMode?.allowRisks ?? []),
  ]);
  return {
    file,
    folder,
    inventory,
    runbooks,
    policy,
    listen,
    publicUrl,
    tls: readTls(written.tls, environments, folder, findings),
    proxy: readProxy(written.proxy, findings),
    rate: readRate(written.rate),
    allowedHosts: fields.allowedHosts ?? [],
    defaultEnvironment,
    environments: Object.fromEntries(environments),
    secrets,
    dependencies: readDependencies(written.dependencies, declared, {
      folder,
      environments,
      secrets,
      findings,
    }),
    sandbox: fields.sandbox ?? settingsDefaults.sandbox,
    limitsRequired: fields.limits?.required ?? false,
    concurrency: {
      running: concurrency.running ?? settingsDefaults.running,
      waiting: concurrency.waiting ?? settingsDefaults.waiting,
      ...(concurrency.perCommand === undefined ? {} : { perCommand: concurrency.perCommand }),
    },
    graceMs: fields.grace === undefined ? settingsDefaults.graceMs : parseDuration(fields.grace)!,
    localRisks: [...localRisks],
    auditFile,
    auditRotation: readRotation(written.auditRotation),
    audit: readAuditSettings(written.audit, folder, workspaces, findings),
    people,
    identity: { oidc: readOidc(written.identity, environments, folder, findings) },
    approvals: readApprovals(written.approvals),
    webhooks: readWebhooks(written.webhooks, environments, folder, findings),
    retention: readRetention(written.retention, environments, findings),
    traces: readTraces(written.telemetry),
  };
}
