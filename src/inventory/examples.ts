/**
 * The examples of a command. In: calls that its author says must be accepted and refused. Out: a finding for each that is
 * not. They pass through the validator and template of real calls; only the file system is left out.
 */
import type { Command } from '../core/command.ts';
import type { ErrorDetail } from '../core/errors.ts';
import type { JsonValue } from '../core/json.ts';
import type { Settings } from '../core/settings.ts';
import type { Findings } from './diagnose.ts';
import { renderTemplate } from './render.ts';
import type { Path } from './source.ts';
import { renderStdin } from './stdin/render-stdin.ts';
import type { Validator } from './validator.ts';
import { validatorOf } from './validators.ts';
import { lexicalProblem, sandboxWorkspace } from './workspace-path.ts';

/** Runs the examples, and the defaults and examples of the single parameters. */
export function checkExamples(
  command: Command,
  settings: Settings,
  at: Path,
  findings: Findings,
): void {
  const parameters = [...at.slice(0, -1), 'parameters'];
  let properties: Validator['properties'];
  try {
    ({ properties } = validatorOf(command));
  } catch (error) {
    // Our own schemas let nothing through that the compiler refuses; should they, it is the declaration that is wrong.
    const reason = error instanceof Error ? error.message : 'unknown';
    findings.error(parameters, 'schema', `the parameters cannot be compiled: ${reason}`, null);
    return;
  }
  for (const { name, fallback } of properties.values()) {
    const place = [...parameters, name];
    const property = (command.parameters.properties as Record<string, Record<string, JsonValue>>)[
      name
    ]!;
    const declared: [Path, JsonValue][] = ((property.examples ?? []) as JsonValue[]).map(
      (value, index) => [[...place, 'examples', index], value],
    );
    if (fallback !== undefined) declared.push([[...place, 'default'], fallback]);
    for (const [where, value] of declared) {
      const [problem] = judge(command, settings, { [name]: value }).filter(
        (d) => d.field?.split('/')[0] === name,
      );
      if (problem !== undefined)
        findings.error(
          where,
          'example',
          `the declaration refuses its own value: ${words(problem)}`,
          'Correct the value, or the declaration.',
        );
    }
  }
  command.examples.accept.forEach((example, index) => {
    const problems = judge(command, settings, example);
    if (problems.length > 0)
      findings.error(
        [...at, 'accept', index],
        'example',
        `this call should be accepted and is refused: ${problems.map(words).join('; ')}`,
        'Correct the example, or the parameters.',
      );
  });
  command.examples.reject.forEach((example, index) => {
    if (judge(command, settings, example).length === 0) {
      findings.error(
        [...at, 'reject', index],
        'example',
        'this call should be refused and is accepted',
        'Tighten the parameters (pattern, enum, minimum, …), or remove the example.',
      );
    }
  });
}

/** The arguments that tool and command line are held to each other with: both have to take them, as a call. */
export function checkAssuranceArguments(
  command: Command,
  settings: Settings,
  at: Path,
  findings: Findings,
): void {
  if (command.assurance === null) return;
  const { arguments: given, cli } = command.assurance;
  const problems = judge(command, settings, given);
  const ofCli =
    problems.length > 0 ? [] : judge({ ...command, template: cli.template }, settings, given);
  for (const [whom, found] of [
    ['the command', problems],
    ['its command line', ofCli],
  ] as const) {
    if (found.length === 0) continue;
    findings.error(
      at,
      'assurance',
      `assurance is run with these arguments, and ${whom} refuses them: ${found.map(words).join('; ')}`,
      'Correct them: assurance: { arguments: { … } }.',
    );
  }
}

function judge(command: Command, settings: Settings, example: JsonValue): readonly ErrorDetail[] {
  const { properties, check } = validatorOf(command);
  const checked = check(example);
  if (!checked.ok) return checked.problems;
  const names = Object.keys(command.environments);
  const workspaces = names.map((name) => settings.environments[name]!.workspace);
  const problems: ErrorDetail[] = [];
  const values: Record<string, JsonValue> = { ...checked.arguments };
  for (const [name, value] of Object.entries(checked.arguments)) {
    if (properties.get(name)?.isPath !== true) continue;
    const paths = (Array.isArray(value) ? value : [value]) as readonly string[];
    for (const path of paths) {
      const problem = lexicalProblem(path, workspaces);
      if (problem !== null && problem.kind !== 'inside')
        problems.push({ field: name, problem: problem.problem });
    }
    const resolved = paths.map((path) => `${sandboxWorkspace}/${path}`);
    values[name] = Array.isArray(value) ? resolved : resolved[0]!;
  }
  const filling = { values, environment: names[0] ?? 'development', properties };
  const rendered = renderTemplate(command.template, filling);
  const input = renderStdin(command.stdin, filling);
  return [
    ...problems,
    ...(rendered.ok ? [] : rendered.problems),
    ...(input.ok ? [] : input.problems),
  ];
}

/** A detail as a clause: `path is missing`. */
export function words(detail: ErrorDetail): string {
  const { field, problem, expected } = detail;
  const subject = field === undefined ? '' : `${field} `;
  return `${subject}${problem}${expected === undefined ? '' : ` (expected: ${expected})`}`;
}
