/**
 * One declaration. In: a command as a file has it. Out: the command, complete and frozen, or everything that is wrong with
 * it. Never: a command whose executable, template or environments were not checked.
 */
import type { Command, EnvironmentOverride } from '../core/command.ts';
import { deepFreeze, digestJson, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Settings } from '../core/settings.ts';
import { parseDuration } from '../core/units.ts';
import { readAssurance } from './assurance/read-assurance.ts';
import {
  checkConcurrency,
  checkDefaultEnvironment,
  checkWorkspace,
  readInputs,
} from './declaration-checks.ts';
import { checkDependencyUses } from './dependency-probes.ts';
import { type Findings, soundFields } from './diagnose.ts';
import { checkAssuranceArguments, checkExamples } from './examples.ts';
import { findExecutable } from './executable.ts';
import {
  type CommandFields,
  commandDefaults,
  commandSchema,
  toolName,
} from './inventory-schema.ts';
import { lintCommand } from './lint/lint.ts';
import { type DeclaredMount, mergeMounts, readMounts } from './mounts.ts';
import { checkParameters, checkRequired, schemaOf } from './parameters.ts';
import { readResult } from './results/read-result.ts';
import { readRun } from './run-line.ts';
import { checkSecretUses, readSecretUses } from './secret-uses.ts';
import type { Path, Source } from './source.ts';
import { readStdin } from './stdin/read-stdin.ts';
import type { Declared } from './template.ts';
import { completeLimits, readLimits, readOverride, readStages, readTimeout } from './terms.ts';
import { bytesFrom } from './validators.ts';
import { either, nearest, quote } from './words.ts';

/** Reads the declaration at `commands.<name>` of a source; `folder` is that of its file. */
export function readDeclaration(
  source: Source,
  name: string,
  folder: string,
  settings: Settings,
  findings: Findings,
): Command | null {
  const at: Path = ['commands', name];
  const before = errorsIn(findings);
  const fields = soundFields(source, commandSchema, findings, at);
  const written = (source.value as Record<string, JsonObject>).commands![name] as JsonValue;

  const tool = fields.tool ?? name.replaceAll('-', '_');
  if (fields.tool === undefined && !toolName.safeParse(tool).success) {
    findings.error(
      at,
      'bad-name',
      `${quote(tool)} cannot be the name of a tool: names beginning with "reeve" are kept for Reeve's own`,
      'Rename the command, or give it another "tool".',
      'key',
    );
  }
  const environments = readEnvironments(fields, at, settings, findings);
  const workspaces = Object.values(settings.environments);
  const mounts = readMounts(fields.mounts ?? [], folder, workspaces, [...at, 'mounts'], findings);
  const everywhere = environmentMounts(Object.keys(environments), mounts, settings, at, findings);

  const parameters = fields.parameters ?? {};
  const required = fields.required ?? [];
  const parametersAreSound = sound(source, fields, at, 'parameters');
  const always = new Set([
    ...required,
    ...Object.keys(parameters).filter((p) => parameters[p]!.default !== undefined),
  ]);
  const declared: Declared = { parameters, always };
  const stdin = readStdin(fields, parametersAreSound ? declared : null, at, findings);
  // With standard input wrong, a parameter may only seem unused.
  const stdinIsSound =
    sound(source, fields, at, 'stdin') && (fields.stdin === undefined || stdin !== null);
  const unused = stdinIsSound ? 'is wrong' : 'may leave parameters out';
  const asBytes = bytesFrom({ stdin });
  checkParameters(parameters, asBytes, [...at, 'parameters'], findings);
  // With unsound parameters, everything that names one would be complained of as well.
  if (parametersAreSound) checkRequired(required, parameters, [...at, 'required'], findings);
  const run =
    fields.run === undefined || !parametersAreSound
      ? null
      : readRun(fields.run, declared, stdin, [...at, 'run'], findings, unused);
  const find = (program: string) =>
    findExecutable(program, folder, [...mounts, ...everywhere], workspaces);
  const executable = run === null ? null : find(run.executable);
  if (executable?.ok === false)
    findings.error([...at, 'run', 0], 'executable', executable.problem, executable.remedy);

  const inputs = readInputs(fields, environments, at, findings);
  if (parametersAreSound) checkConcurrency(fields, declared, asBytes, at, findings);
  const result = readResult(fields.result, [...at, 'result'], findings);
  const ground = { fields, declared: parametersAreSound ? declared : null, stdin, result };
  const assurance = readAssurance({ ...ground, environments, settings, find }, at, findings);
  checkWorkspace(fields, at, findings);
  checkSecretUses(fields, environments, mounts, settings, at, findings);
  checkDependencyUses(fields.dependencies ?? [], environments, settings, at, findings);
  checkDefaultEnvironment(fields, environments, at, findings);
  const timeout =
    fields.timeout === undefined ? null : readTimeout(fields.timeout, [...at, 'timeout'], findings);

  if (errorsIn(findings) > before || run === null || timeout === null || executable?.ok !== true)
    return null;
  const { description, owner, risk, dependencies, approvals } = fields as CommandFields;
  const command: Command = {
    name,
    tool,
    title: fields.title ?? name,
    description,
    owner,
    ...optional(fields, [
      'usageFrequency',
      'priority',
      'automationCoverage',
      'complianceNotes',
      'rollback',
      'defaultEnvironment',
    ]),
    ...(fields.reviewCadence === undefined
      ? {}
      : { reviewCadenceMs: parseDuration(fields.reviewCadence)! }),
    risk,
    executable: { path: executable.path, source: executable.source },
    template: run.template,
    parameters: schemaOf(parameters, required, asBytes),
    environments,
    timeout,
    limits: completeLimits(readLimits(fields.limits), timeout),
    concurrency:
      fields.concurrency === undefined
        ? null
        : { key: fields.concurrency.key, max: fields.concurrency.max ?? 1 },
    network: fields.network ?? commandDefaults.network,
    workspace: fields.workspace ?? commandDefaults.workspace,
    mounts: mounts.map(({ source: from, target }) => ({ source: from, target })),
    inputs,
    secrets: readSecretUses(fields.secrets ?? []),
    dependencies,
    approvals: readStages(approvals, null),
    guardrails: fields.guardrails ?? [],
    variables: { ...fields.variables },
    stdin,
    result,
    assurance,
    examples: {
      accept: (fields.examples?.accept ?? []) as JsonValue[],
      reject: (fields.examples?.reject ?? []) as JsonValue[],
    },
    hash: digestJson({ [name]: written }),
  };
  checkExamples(command, settings, [...at, 'examples'], findings);
  checkAssuranceArguments(command, settings, [...at, 'assurance', 'arguments'], findings);
  const linted = lintCommand(command, fields.lint, at, findings);
  return errorsIn(findings) > before ? null : deepFreeze(linted);
}

function errorsIn(findings: Findings): number {
  return findings.all.filter((d) => d.severity === 'error').length;
}

/** True unless the field is there and wrong. */
function sound(
  source: Source,
  fields: Partial<CommandFields>,
  at: Path,
  field: keyof CommandFields,
): boolean {
  const written = at.reduce<unknown>(
    (value, step) => (value as Record<string, unknown>)[step],
    source.value,
  );
  // A command that is no map at all has been complained of as a whole.
  if (written === null || typeof written !== 'object') return true;
  return fields[field] !== undefined || !Object.hasOwn(written, field);
}

function optional<K extends keyof CommandFields>(
  fields: Partial<CommandFields>,
  names: readonly K[],
): Partial<Pick<CommandFields, K>> {
  return Object.fromEntries(
    names.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]),
  ) as Partial<Pick<CommandFields, K>>;
}

function readEnvironments(
  fields: Partial<CommandFields>,
  at: Path,
  settings: Settings,
  findings: Findings,
): Record<string, EnvironmentOverride> {
  const found: Record<string, EnvironmentOverride> = {};
  const { environments } = fields;
  if (environments === undefined) return found;
  const listed = Array.isArray(environments)
    ? environments.map((name, index) => [name, null, index] as const)
    : Object.entries(environments).map(([name, field]) => [name, field, name] as const);
  if (listed.length === 0)
    findings.error(
      [...at, 'environments'],
      'bad-value',
      'a command without environments can run nowhere',
      'Name at least one.',
    );
  const limits = readLimits(fields.limits);
  for (const [name, field, step] of listed) {
    const place = [...at, 'environments', step];
    if (!Object.hasOwn(settings.environments, name)) {
      const known = Object.keys(settings.environments);
      const close = nearest(name, known);
      findings.error(
        place,
        'unknown-environment',
        `the settings have no environment ${quote(name)}`,
        close === undefined
          ? `They have ${either(known)}; declare it there or remove it here.`
          : `Did you mean ${close}?`,
        'key',
      );
    } else if (Object.hasOwn(found, name)) {
      findings.error(place, 'bad-value', `${name} is named twice`, null);
    } else {
      found[name] = readOverride(
        field,
        name,
        { approvals: fields.approvals, limits },
        place,
        findings,
      );
    }
  }
  return found;
}

/** The mounts that every environment of the command brings: only in those may its executable lie. */
function environmentMounts(
  names: readonly string[],
  own: readonly DeclaredMount[],
  settings: Settings,
  at: Path,
  findings: Findings,
): DeclaredMount[] {
  for (const name of names) {
    const clash = mergeMounts(own, settings.environments[name]!.mounts);
    if (typeof clash === 'string') {
      findings.error(
        [...at, 'mounts'],
        'mount-target',
        `environment ${name} mounts something else at ${clash}`,
        'Give one of them another place with "at".',
      );
    }
  }
  const [first, ...others] = names.map((name) => settings.environments[name]!.mounts);
  return (first ?? [])
    .filter((mount) =>
      others.every((list) =>
        list.some((m) => m.source === mount.source && m.target === mount.target),
      ),
    )
    .map((mount) => ({ ...mount, written: mount.source }));
}
