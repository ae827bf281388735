/** How the fields of a declaration fit together. In: fields that are right in form. Out: what they mean, and findings where they contradict one another. */
import type { EnvironmentOverride, Inputs } from '../core/command.ts';
import type { Findings } from './diagnose.ts';
import { inputPatternProblem } from './inputs.ts';
import type { CommandFields } from './inventory-schema.ts';
import type { Path } from './source.ts';
import { type Declared, readText } from './template.ts';
import { either, quote } from './words.ts';

export function readInputs(
  fields: Partial<CommandFields>,
  environments: Readonly<Record<string, EnvironmentOverride>>,
  at: Path,
  findings: Findings,
): Inputs {
  const { inputs } = fields;
  if (inputs === undefined) {
    const approved =
      (fields.approvals?.length ?? 0) > 0 ||
      Object.values(environments).some((o) => (o.approvals?.length ?? 0) > 0);
    if (approved) {
      findings.error(
        at,
        'missing-field',
        'a command with approvals must say which files decide its effect',
        'Write inputs: [migrations/**] to bind approvals to their content (or [] for no file), or inputs: unbound, which approvers see.',
        'key',
      );
    }
    return { kind: 'none' };
  }
  if (inputs === 'unbound') return { kind: 'unbound' };
  inputs.forEach((pattern, index) => {
    const problem = inputPatternProblem(pattern);
    if (problem !== null)
      findings.error(
        [...at, 'inputs', index],
        'inputs',
        `the pattern ${quote(pattern)} ${problem}`,
        'Write it like migrations/** or config/*.yaml.',
      );
  });
  if (inputs.length > 0 && fields.workspace === 'none') {
    findings.error(
      [...at, 'inputs'],
      'inputs',
      'inputs lie in the workspace, which this command does not see',
      'Remove them, or let it see the workspace.',
    );
  }
  return { kind: 'files', patterns: inputs };
}

export function checkConcurrency(
  fields: Partial<CommandFields>,
  declared: Declared,
  stdin: string | null,
  at: Path,
  findings: Findings,
): void {
  if (fields.concurrency === undefined) return;
  const place = [...at, 'concurrency', 'key'];
  const parts = readText(fields.concurrency.key, declared, place, findings);
  for (const part of parts ?? []) {
    if (part.kind !== 'parameter' || part.name === 'environment') continue;
    if (part.name === stdin)
      findings.error(place, 'concurrency', 'standard input cannot be part of a key', null);
    else if (!declared.always.has(part.name))
      findings.error(
        place,
        'concurrency',
        `{${part.name}} may be absent, and the key would have a hole`,
        `Add ${part.name} to "required", or give it a default.`,
      );
  }
}

export function checkWorkspace(fields: Partial<CommandFields>, at: Path, findings: Findings): void {
  if (fields.workspace !== 'none') return;
  for (const [name, field] of Object.entries(fields.parameters ?? {})) {
    const text = field.type === 'array' ? field.items : field;
    if (text.type === 'string' && text.format === 'workspace-path') {
      findings.error(
        [...at, 'parameters', name],
        'workspace',
        `${name} is a path in the workspace, which this command does not see`,
        'Write workspace: read-only.',
      );
    }
  }
}

export function checkDefaultEnvironment(
  fields: Partial<CommandFields>,
  environments: Readonly<Record<string, EnvironmentOverride>>,
  at: Path,
  findings: Findings,
): void {
  const { defaultEnvironment } = fields;
  if (
    defaultEnvironment === undefined ||
    fields.environments === undefined ||
    Object.hasOwn(environments, defaultEnvironment)
  )
    return;
  findings.error(
    [...at, 'defaultEnvironment'],
    'unknown-environment',
    `the command does not run in ${quote(defaultEnvironment)}`,
    `Choose ${either(Object.keys(environments))}.`,
  );
}
