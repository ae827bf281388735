/**
 * One runbook. In: what a file declares, and the inventory whose commands it calls. Out: the runbook, complete and frozen,
 * or everything that is wrong with it. Never: a reference, a need or a command that could turn out wrong once it runs.
 */
import { type Command, risks } from '../../core/command.ts';
import { deepFreeze, digestJson, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Runbook, RunbookStep } from '../../core/runbook.ts';
import { ancestorsOf } from '../../core/runbook-graph.ts';
import type { Settings } from '../../core/settings.ts';
import { parseDuration } from '../../core/units.ts';
import { type Findings, soundFields } from '../diagnose.ts';
import { toolName } from '../inventory-schema.ts';
import { checkParameters, checkRequired, schemaOf } from '../parameters.ts';
import { valueAt } from '../schema-walk.ts';
import type { Path, Source } from '../source.ts';
import { compileValidator } from '../validator.ts';
import { either, nearest, quote } from '../words.ts';
import { findCommand } from './call.ts';
import { checkNames, readNeeds } from './needs.ts';
import { reservedRunbooks } from './reserved-runbooks.ts';
import { longestRunMs, type RunbookFields, runbookSchema, stepSchema } from './runbook-schema.ts';
import type { House, KnownStep } from './scope.ts';
import { readStep } from './step.ts';

export interface Ground {
  readonly settings: Settings;
  readonly commands: ReadonlyMap<string, Command>;
  /** Names and tools of all runbooks. */
  readonly runbooks: ReadonlySet<string>;
}

/** Reads the runbook at `runbooks.<name>` of a source. */
export function readRunbook(
  source: Source,
  name: string,
  ground: Ground,
  findings: Findings,
): Runbook | null {
  const at: Path = ['runbooks', name];
  const before = errorsIn(findings);
  const written = valueAt(source.value, at) as JsonValue;
  const fields = soundFields(source, runbookSchema, findings, at);
  const tool = fields.tool ?? name.replaceAll('-', '_');
  if (fields.tool === undefined && !toolName.safeParse(tool).success) {
    const message = `${quote(tool)} cannot be the name of a tool: names beginning with "reeve" are kept for Reeve's own`;
    findings.error(at, 'bad-name', message, 'Rename it, or give it another "tool".', 'key');
  }
  if (reservedRunbooks.includes(name)) {
    const message = `${quote(name)} cannot be the name of a runbook: /v1/runbooks/${name} is a path of its own`;
    findings.error(at, 'reserved-name', message, 'Rename it.', 'key');
  }
  const environments = readEnvironments(fields, ground.settings, at, findings);
  const timeoutMs = readWholeTimeout(fields, at, findings);
  const parameters = readParameters(fields, written, at, findings);

  const place = [...at, 'steps'];
  const steps = (fields.steps ?? []).map((_, index) =>
    soundFields(source, stepSchema, findings, [...place, index]),
  );
  checkNames(steps, place, findings);
  const needs = readNeeds(steps, place, findings);
  const house = {
    name,
    commands: ground.commands,
    runbooks: ground.runbooks,
    environments,
    parameters,
    findings,
    used: new Set<string>(),
  };
  const known = new Map<string, KnownStep>();
  const commands = steps.map((step, index) => {
    const none = { ...house, steps: known } satisfies House;
    const where = [...place, index, 'command'];
    const command = step.command === undefined ? null : findCommand(step.command, none, where);
    if (step.name !== undefined && !known.has(step.name))
      known.set(step.name, { name: step.name, command, conditional: step.when !== undefined });
    return command;
  });
  const nodes = steps.flatMap(({ name: step }, index) =>
    step === undefined ? [] : [{ name: step, needs: needs?.[index] ?? [] }],
  );
  const everything = new Set(known.keys());
  const read = steps.map((step, index) => {
    const own = step.name ?? '';
    const scope = {
      ...house,
      steps: known,
      step: own,
      // Without a sound graph nobody can say what comes first.
      ancestors: needs === null ? everything : ancestorsOf(own, nodes),
      after: false,
      own: null,
    };
    const onFailure = fields.onFailure ?? 'stop';
    const about = { source, scope, needs: needs?.[index] ?? [], onFailure, timeoutMs };
    return readStep(step, commands[index]!, about, [...place, index]);
  });
  warnOfUnused(parameters, house.used, at, findings);
  const sound = read.filter((step) => step !== null);
  if (errorsIn(findings) > before || sound.length !== read.length || parameters === null)
    return null;
  const { description, owner } = fields as RunbookFields;
  const hashes = Object.fromEntries(sound.flatMap(hashesOf).sort(([a], [b]) => (a < b ? -1 : 1)));
  return deepFreeze<Runbook>({
    name,
    tool,
    title: fields.title ?? name,
    description,
    owner,
    risk: risks[Math.max(...Object.keys(hashes).map((c) => risks.indexOf(riskOf(c, ground))))]!,
    parameters,
    environments,
    defaultEnvironment: fields.defaultEnvironment ?? null,
    timeoutMs,
    onFailure: fields.onFailure ?? 'stop',
    approvals: fields.approvals ?? 'per-step',
    parallel: fields.parallel ?? 1,
    guardrails: fields.guardrails ?? [],
    steps: sound,
    hash: digestJson({ [name]: written }),
    commands: hashes,
    commandsHash: digestJson(hashes),
  });
}

function errorsIn(findings: Findings): number {
  return findings.all.filter((d) => d.severity === 'error').length;
}

function riskOf(command: string, ground: Ground) {
  return ground.commands.get(command)!.risk;
}

function hashesOf(step: RunbookStep): [string, string][] {
  const calls = [step, ...step.check, ...step.verify, ...(step.rollback ? [step.rollback] : [])];
  return calls.map(({ command, hash }) => [command, hash]);
}

function readEnvironments(
  fields: Partial<RunbookFields>,
  settings: Settings,
  at: Path,
  findings: Findings,
): readonly string[] {
  const found: string[] = [];
  const known = Object.keys(settings.environments);
  (fields.environments ?? []).forEach((name, index) => {
    const place = [...at, 'environments', index];
    if (!known.includes(name)) {
      const close = nearest(name, known);
      const remedy =
        close === undefined
          ? `They have ${either(known)}; declare it there or remove it here.`
          : `Did you mean ${close}?`;
      const message = `the settings have no environment ${quote(name)}`;
      findings.error(place, 'unknown-environment', message, remedy);
    } else if (found.includes(name)) {
      findings.error(place, 'bad-value', `${name} is named twice`, 'Remove one of them.');
    } else found.push(name);
  });
  const { defaultEnvironment } = fields;
  if (
    defaultEnvironment !== undefined &&
    fields.environments !== undefined &&
    !fields.environments.includes(defaultEnvironment)
  ) {
    const message = `the runbook does not run in ${quote(defaultEnvironment)}`;
    const place = [...at, 'defaultEnvironment'];
    findings.error(place, 'unknown-environment', message, `Choose ${either(found)}.`);
  }
  return found;
}

function readWholeTimeout(fields: Partial<RunbookFields>, at: Path, findings: Findings): number {
  const ms = fields.timeout === undefined ? longestRunMs : parseDuration(fields.timeout)!;
  if (ms > longestRunMs)
    findings.error(
      [...at, 'timeout'],
      'timeout',
      'a runbook may take 24h at most; the time in which it waits for people does not count',
      'Shorten it, or make two runbooks of it.',
    );
  return ms;
}

/** The schema of its arguments; null where they are wrong, and all that refers to them is passed over. */
function readParameters(
  fields: Partial<RunbookFields>,
  written: JsonValue,
  at: Path,
  findings: Findings,
): JsonObject | null {
  const unsound =
    fields.parameters === undefined &&
    written !== null &&
    typeof written === 'object' &&
    Object.hasOwn(written, 'parameters');
  if (unsound) return null;
  const parameters = fields.parameters ?? {};
  const before = errorsIn(findings);
  checkParameters(parameters, null, [...at, 'parameters'], findings);
  checkRequired(fields.required ?? [], parameters, [...at, 'required'], findings);
  if (errorsIn(findings) > before) return null;
  const schema = schemaOf(parameters, fields.required ?? [], null);
  for (const [name, field] of Object.entries(parameters)) {
    if (field.default === undefined) continue;
    const properties = { [name]: (schema.properties as JsonObject)[name]! };
    const checked = compileValidator({ ...schema, properties, required: [] }, null).check({
      [name]: field.default as JsonValue,
    });
    if (checked.ok) continue;
    const [{ problem } = { problem: 'is refused' }] = checked.problems;
    const place = [...at, 'parameters', name, 'default'];
    findings.error(place, 'bad-value', `the default of ${name} ${problem}`, null);
  }
  return schema;
}

function warnOfUnused(
  parameters: JsonObject | null,
  used: ReadonlySet<string>,
  at: Path,
  findings: Findings,
): void {
  for (const name of Object.keys((parameters?.properties as JsonObject | undefined) ?? {})) {
    if (used.has(name)) continue;
    const message = `no step refers to the parameter ${name}`;
    const remedy = `Write { from: parameters.${name} } where it belongs, or remove it.`;
    findings.warn([...at, 'parameters', name], 'unused-parameter', message, remedy);
  }
}
