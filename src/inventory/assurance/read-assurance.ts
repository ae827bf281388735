/**
 * The `assurance` of a command. In: the field as written, and what the command declares besides. Out: the declaration, or
 * everything that is wrong with it. Never: a command line whose executable was not found as that of `run` is, a pattern that
 * could take for ever, or one that would make everything look alike without a word.
 */
import type { AssuranceDeclaration, CommandLine, Disposable } from '../../core/assurance.ts';
import type { EnvironmentOverride, StandardInput } from '../../core/command.ts';
import { probeOf } from '../../core/dependency.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ResultDeclaration } from '../../core/result.ts';
import { secretBytes } from '../../core/secret.ts';
import type { Settings } from '../../core/settings.ts';
import { parseDuration } from '../../core/units.ts';
import type { Findings } from '../diagnose.ts';
import type { Found } from '../executable.ts';
import { inputPatternProblem } from '../inputs.ts';
import type { CommandFields } from '../inventory-schema.ts';
import { patternProblem } from '../pattern-safety.ts';
import { readResult } from '../results/read-result.ts';
import { readRun } from '../run-line.ts';
import { readSecretUses } from '../secret-uses.ts';
import type { Path } from '../source.ts';
import type { Declared } from '../template.ts';
import { either, nearest, quote } from '../words.ts';
import type { AssuranceField } from './assurance-field.ts';

/** What the field is read against. */
export interface AssuranceGround {
  readonly fields: Partial<CommandFields>;
  /** Null where the parameters are wrong already. */
  readonly declared: Declared | null;
  readonly stdin: StandardInput | null;
  readonly result: ResultDeclaration | null;
  readonly environments: Readonly<Record<string, EnvironmentOverride>>;
  readonly settings: Settings;
  /** Finds an executable as that of `run` is found. */
  readonly find: (written: string) => Found;
}

/** Null where there is none, or it is wrong. `at` is the place of the command. */
export function readAssurance(
  ground: AssuranceGround,
  at: Path,
  findings: Findings,
): AssuranceDeclaration | null {
  const field = ground.fields.assurance;
  if (field === undefined) return null;
  const place = [...at, 'assurance'];
  const cli = readCommandLine(field, ground, place, findings);
  const cliResult = readResult(field.cliResult, [...place, 'cliResult'], findings);
  const compare = readCompare(field, ground.result, cliResult, place, findings);
  checkIgnore(field.ignore ?? [], [...place, 'ignore'], findings);
  const required = readRequired(field, ground.environments, place, findings);
  const disposable = readDisposable(field, ground.fields, place, findings);
  checkReach(ground, disposable, place, findings);
  if (cli === null) return null;
  return {
    cli,
    cliResult,
    compare,
    ignore: field.ignore ?? [],
    normalise: readPatterns(field, place, findings),
    arguments: (field.arguments ?? {}) as JsonObject,
    maxAgeMs: field.maxAge === undefined ? null : parseDuration(field.maxAge)!,
    required,
    disposable,
  };
}

function readCommandLine(
  { cli }: AssuranceField,
  { declared, stdin, find }: AssuranceGround,
  at: Path,
  findings: Findings,
): CommandLine | null {
  if (declared === null) return null;
  const place = [...at, 'cli'];
  // JSON on standard input is the tool's alone, and the command line may name what is in it.
  const own = stdin?.kind === 'parameter' ? stdin : null;
  const run = readRun(cli, declared, own, place, findings, 'may leave parameters out');
  if (run === null) return null;
  const executable = find(run.executable);
  if (!executable.ok) {
    findings.error([...place, 0], 'executable', executable.problem, executable.remedy);
    return null;
  }
  const { path, source } = executable;
  return { executable: { path, source }, template: run.template };
}

function readCompare(
  { compare }: AssuranceField,
  result: ResultDeclaration | null,
  cliResult: ResultDeclaration | null,
  at: Path,
  findings: Findings,
): AssuranceDeclaration['compare'] {
  const both = result !== null && cliResult !== null;
  if (compare === 'structured' && !both) {
    findings.error(
      [...at, 'compare'],
      'assurance',
      `structured results cannot be compared where ${result === null ? 'the command declares no "result"' : 'the command line declares no "cliResult"'}`,
      'Declare both, or compare: output.',
    );
  }
  return compare ?? (both ? 'structured' : 'output');
}

function checkIgnore(patterns: readonly string[], at: Path, findings: Findings): void {
  patterns.forEach((pattern, index) => {
    const problem = inputPatternProblem(pattern);
    if (problem !== null) {
      findings.error(
        [...at, index],
        'assurance',
        `the pattern ${quote(pattern)} ${problem}`,
        'Write it like log/** or *.pid.',
      );
    } else if (pattern === '**') {
      findings.warn(
        [...at, index],
        'assurance-ignores-all',
        'every file of the workspace is ignored, so nothing is shown of the state that either side leaves',
        'Name what may differ: ignore: [log/**].',
      );
    }
  });
}

/** Texts of which a pattern for variance covers at most a part. */
const telling = ['applied 3 migrations', 'error: table users is missing'];

function readPatterns(
  { normalise = [] }: AssuranceField,
  at: Path,
  findings: Findings,
): AssuranceDeclaration['normalise'] {
  return normalise.map(({ pattern, replace = '<…>' }, index) => {
    const place = [...at, 'normalise', index, 'pattern'];
    const problem = patternProblem(pattern);
    if (problem !== null) {
      findings.error(place, 'pattern', `the pattern ${problem.message}`, problem.remedy);
    } else if (new RegExp(pattern, 'u').test('')) {
      findings.error(
        place,
        'pattern',
        'the pattern matches nothing at all, and so between any two characters',
        'Let it match at least one character: use + for *.',
      );
    } else if (telling.every((text) => new RegExp(`^(?:${pattern})$`, 'u').test(text))) {
      findings.warn(
        place,
        'assurance-normalises-all',
        'the pattern stands for any line, so different output would look alike',
        'Write it for what may differ alone: a process id, a port.',
      );
    }
    return { pattern, replace };
  });
}

function readRequired(
  { required = [], maxAge }: AssuranceField,
  environments: Readonly<Record<string, EnvironmentOverride>>,
  at: Path,
  findings: Findings,
): readonly string[] {
  const known = Object.keys(environments);
  required.forEach((name, index) => {
    if (Object.hasOwn(environments, name)) return;
    const close = nearest(name, known);
    findings.error(
      [...at, 'required', index],
      'unknown-environment',
      `the command does not run in ${quote(name)}`,
      close === undefined
        ? known.length === 0
          ? null
          : `Choose of ${either(known)}.`
        : `Did you mean ${close}?`,
    );
  });
  if (required.length > 0 && maxAge === undefined) {
    findings.note(
      [...at, 'required'],
      'assurance-without-age',
      'evidence is demanded and never grows too old: only another declaration, executable or policy makes it stale',
      'Say how long it counts: maxAge: 90d.',
    );
  }
  return required;
}

function readDisposable(
  { disposable = {} }: AssuranceField,
  fields: Partial<CommandFields>,
  at: Path,
  findings: Findings,
): Disposable {
  const place = [...at, 'disposable'];
  const uses = readSecretUses(fields.secrets ?? []);
  for (const [name, value] of Object.entries(disposable.secrets ?? {})) {
    const where = [...place, 'secrets', name];
    const use = uses.find((each) => each.name === name);
    const bytes = Buffer.byteLength(value);
    if (use === undefined) {
      const message = `the command is given no secret ${quote(name)}`;
      findings.error(where, 'assurance', message, 'Remove it, or name it in "secrets".', 'key');
    } else if (bytes < secretBytes.fewest || bytes > secretBytes.most) {
      const message = `a secret has ${secretBytes.fewest} to ${secretBytes.most} bytes, and this value has ${bytes}`;
      findings.error(where, 'assurance', message, 'Write another value that is worth nothing.');
    } else if (value.includes('\0')) {
      findings.error(where, 'assurance', 'the value holds a NUL character', 'Leave it out.');
    }
  }
  (disposable.dependencies ?? []).forEach((name, index) => {
    if (fields.dependencies === undefined || fields.dependencies.includes(name)) return;
    findings.error(
      [...place, 'dependencies', index],
      'assurance',
      `the command does not depend on ${quote(name)}`,
      'Remove it, or name it in "dependencies".',
    );
  });
  return {
    secrets: { ...disposable.secrets },
    dependencies: disposable.dependencies ?? [],
  };
}

/** A command that reaches what has no copy is refused when it is to be rehearsed: better told of now. */
function checkReach(
  { fields, environments, settings }: AssuranceGround,
  disposable: Disposable,
  at: Path,
  findings: Findings,
): void {
  const warn = (place: Path, problem: string, remedy: string) =>
    findings.warn(place, 'assurance-out-of-reach', `it cannot be rehearsed: ${problem}`, remedy);
  if (fields.network === 'host') {
    warn(at, 'network: host reaches what has no copy', 'Remove "assurance", or network: host.');
  }
  for (const { name } of readSecretUses(fields.secrets ?? [])) {
    if (Object.hasOwn(disposable.secrets, name)) continue;
    warn(
      at,
      `the secret ${name} leads to something real`,
      `Declare a value that is worth nothing: disposable: { secrets: { ${name}: "…" } }.`,
    );
  }
  for (const name of fields.dependencies ?? []) {
    const real = Object.keys(environments).filter((environment) => {
      const kind = probeOf(settings, name, environment)?.kind;
      return kind !== undefined && kind !== 'file' && kind !== 'disk';
    });
    if (real.length === 0 || disposable.dependencies.includes(name)) continue;
    warn(
      at,
      `it depends on ${name} in ${real.join(', ')}, which has no copy`,
      `Where it can do without, say so: disposable: { dependencies: [${name}] }.`,
    );
  }
}
