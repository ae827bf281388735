/**
 * A call in a runbook: a command with its arguments. In: fields right in form. Out: the call, its command and findings.
 * Never: a command that is a runbook or Reeve itself, that does not run where the runbook does, or an argument it would refuse.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Command } from '../../core/command.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { RunbookCall, ValueSource } from '../../core/runbook.ts';
import { isInside } from '../placement.ts';
import type { Path } from '../source.ts';
import { compileValidator } from '../validator.ts';
import { either, nearest, quote } from '../words.ts';
import { looksPasted, parseValue, writeReference } from './reference.ts';
import { misfit } from './result-field.ts';
import { type House, lookUp, type Scope } from './scope.ts';

/** The folder of the package that this file is in: from dist/ one up, from src/inventory/runbooks/ three. Null where it lies in none. */
function packageFolder(): string | null {
  let at = import.meta.dirname;
  for (let up = 0; up < 4; up += 1) {
    if (existsSync(join(at, 'bin/start.mjs'))) return at;
    at = dirname(at);
  }
  return null;
}
const ownRoot = packageFolder();

/** True where a command starts Reeve: by its executable, or by a fixed argument that is a path to it. */
export function startsReeve(command: Command): boolean {
  const isReeve = (file: string) =>
    /^reeve(?:\.m?js)?$/.test(basename(file)) ||
    (ownRoot !== null &&
      ['bin', 'dist', 'src'].some((folder) => isInside(file, join(ownRoot, folder))));
  const { source, path } = command.executable;
  if (isReeve(source) || isReeve(path)) return true;
  const starter = /^(?:env|node|sh|bash|dash|nice|nohup|setsid|timeout|npx|npm|xargs)$/;
  return command.template.some((token) => {
    if (token.kind !== 'text' || token.parts.some((part) => part.kind !== 'text')) return false;
    const text = token.parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
    return text.includes('/') ? isReeve(text) : text === 'reeve' && starter.test(basename(path));
  });
}

/** The command of that name, if a step may call it. */
export function findCommand(name: string, house: House, at: Path): Command | null {
  const { commands, findings, runbooks } = house;
  const command = commands.get(name);
  if (command === undefined) {
    if (runbooks.has(name)) {
      const whose = name === house.name ? 'this runbook itself' : 'a runbook';
      const message = `${quote(name)} is ${whose}, and a step runs a command: runbooks never start runbooks`;
      findings.error(at, 'recursion', message, 'Write its steps out here, or start it by itself.');
      return null;
    }
    const close = nearest(name, commands.keys());
    const message = `the inventory has no command ${quote(name)}`;
    const remedy = close === undefined ? 'Declare it there.' : `Did you mean ${close}?`;
    findings.error(at, 'unknown-command', message, remedy);
    return null;
  }
  if (startsReeve(command)) {
    const message = `the command ${name} starts Reeve itself, which could start this runbook again`;
    const remedy =
      'Name the command that is to run: a step has its own decision and its own record.';
    findings.error(at, 'recursion', message, remedy);
    return null;
  }
  const missing = house.environments.filter((e) => !Object.hasOwn(command.environments, e));
  if (missing.length > 0) {
    const message = `the command ${name} does not run in ${either(missing)}, where this runbook does`;
    const remedy = `It runs in ${either(Object.keys(command.environments))}: add the environment there, or remove it from the runbook.`;
    findings.error(at, 'unknown-environment', message, remedy);
  }
  return command;
}

/** The arguments of a call, each checked against what the command takes. */
export function readCall(
  command: Command,
  given: Readonly<Record<string, unknown>>,
  scope: Scope,
  at: Path,
): RunbookCall {
  const { findings } = scope;
  const place = [...at, 'with'];
  const properties = command.parameters.properties as Readonly<Record<string, JsonObject>>;
  const required = command.parameters.required as readonly string[];
  const values: [string, ValueSource][] = [];
  for (const [name, written] of Object.entries(given)) {
    const where = [...place, name];
    if (!Object.hasOwn(properties, name)) {
      const known = Object.keys(properties);
      const close = nearest(name, known);
      const message = `the command ${command.name} has no parameter ${quote(name)}`;
      const remedy =
        close !== undefined
          ? `Did you mean ${close}?`
          : known.length > 0
            ? `It has ${either(known)}.`
            : 'It takes none: remove it.';
      findings.error(where, 'unknown-parameter', message, remedy, 'key');
      continue;
    }
    const value = parseValue(written);
    if (!value.ok) findings.error(where, 'reference', value.problem, value.remedy);
    else {
      values.push([name, value.value]);
      if (value.value.kind === 'literal')
        checkLiteral(command, name, value.value.value, scope, where);
      else
        checkReference(
          value.value,
          properties[name]!,
          required.includes(name),
          command,
          scope,
          where,
        );
    }
  }
  for (const name of required) {
    if (Object.hasOwn(given, name)) continue;
    const message = `the command ${command.name} needs the argument ${name}`;
    findings.error(
      Object.keys(given).length > 0 ? place : [...at, 'command'],
      'missing-argument',
      message,
      `Add it: with: { ${name}: … }.`,
    );
  }
  return { command: command.name, hash: command.hash, with: Object.fromEntries(values) };
}

function checkLiteral(
  command: Command,
  name: string,
  value: JsonValue,
  { findings }: Scope,
  at: Path,
): void {
  const property = (command.parameters.properties as Record<string, JsonObject>)[name]!;
  const stdin = command.stdin?.kind === 'parameter' && command.stdin.name === name ? name : null;
  const schema = { ...command.parameters, properties: { [name]: property }, required: [] };
  const checked = compileValidator(schema, stdin).check({ [name]: value });
  if (!checked.ok) {
    for (const { problem, expected } of checked.problems)
      findings.error(
        at,
        'bad-argument',
        `the command ${command.name} would refuse this: ${name} ${problem}`,
        expected === undefined ? null : `It takes ${expected}.`,
      );
  } else if (looksPasted(value)) {
    const message = 'this text is passed on as it stands, and looks like a reference';
    findings.warn(at, 'looks-like-reference', message, 'Write { from: … } for the value itself.');
  }
}

function checkReference(
  reference: Exclude<ValueSource, { kind: 'literal' }>,
  target: JsonObject,
  required: boolean,
  command: Command,
  scope: Scope,
  at: Path,
): void {
  const { findings } = scope;
  const name = String(at.at(-1));
  const place = [...at, 'from'];
  const seen = lookUp(reference, scope, place);
  if (seen === undefined) return;
  const problem = misfit(seen.schema, target);
  const text = writeReference(reference);
  if (problem !== null) {
    const message = `${quote(text)} cannot be ${name} of ${command.name}: it ${problem}`;
    findings.error(place, 'wrong-type', message, null);
  } else if (required && seen.optional) {
    findings.error(
      place,
      'may-be-absent',
      `${quote(text)} may be absent, and ${command.name} needs ${name}`,
      reference.kind === 'parameter'
        ? `Add ${reference.name} to "required" of the runbook, or give it a default.`
        : 'Have the schema of that result require the field.',
    );
  } else if (
    required &&
    seen.conditional !== null &&
    scope.steps.get(scope.step)?.conditional !== true
  ) {
    findings.warn(
      place,
      'may-be-absent',
      `${quote(text)} is absent where the condition of step ${seen.conditional} skips it, and this step then fails`,
      'Give this step a condition as well.',
    );
  }
}
