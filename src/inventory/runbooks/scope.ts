/** What a step of a runbook may refer to, and the check of one reference. In: a reference and its place. Out: the schema of its value and whether it may be absent; or findings. */
import type { Command } from '../../core/command.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Reference } from '../../core/runbook.ts';
import type { Findings } from '../diagnose.ts';
import type { Path } from '../source.ts';
import { either, nearest, quote } from '../words.ts';
import { writeReference } from './reference.ts';
import { fieldAt } from './result-field.ts';

export interface KnownStep {
  readonly name: string;
  /** Null where there is no such command: that has been complained of. */
  readonly command: Command | null;
  readonly conditional: boolean;
}

/** What holds for a whole runbook. */
export interface House {
  readonly name: string;
  readonly commands: ReadonlyMap<string, Command>;
  /** Names and tools of all runbooks. */
  readonly runbooks: ReadonlySet<string>;
  readonly environments: readonly string[];
  /** Null where the parameters are wrong themselves. */
  readonly parameters: JsonObject | null;
  readonly steps: ReadonlyMap<string, KnownStep>;
  readonly findings: Findings;
  /** Every parameter that something refers to. */
  readonly used: Set<string>;
}

/** What holds at one place of it. */
export interface Scope extends House {
  readonly step: string;
  readonly ancestors: ReadonlySet<string>;
  /** The step's own result can be referred to: in its verifications and its rollback. */
  readonly after: boolean;
  /** The check whose own result `result.…` is; null elsewhere. */
  readonly own: Command | null;
}

export interface Seen {
  readonly schema: JsonObject;
  readonly optional: boolean;
  /** The step whose condition may skip it, if the value may be absent for that. */
  readonly conditional: string | null;
}

/** The reference looked up; undefined and findings where it leads nowhere, undefined alone where what it leads to is wrong already. */
export function lookUp(reference: Reference, scope: Scope, at: Path): Seen | undefined {
  const { findings } = scope;
  switch (reference.kind) {
    case 'parameter': {
      scope.used.add(reference.name);
      if (scope.parameters === null) return undefined;
      const properties = scope.parameters.properties as Readonly<Record<string, JsonObject>>;
      if (!Object.hasOwn(properties, reference.name)) {
        const known = Object.keys(properties);
        const close = nearest(reference.name, known);
        findings.error(
          at,
          'unknown-parameter',
          `the runbook has no parameter ${quote(reference.name)}`,
          close !== undefined
            ? `Did you mean parameters.${close}?`
            : known.length > 0
              ? `It has ${either(known)}.`
              : 'Declare it under "parameters" of the runbook.',
        );
        return undefined;
      }
      const schema = properties[reference.name]!;
      const required = scope.parameters.required as readonly string[];
      const optional = !required.includes(reference.name) && schema.default === undefined;
      return { schema, optional, conditional: null };
    }
    case 'own': {
      if (scope.own !== null) return fieldOf(scope.own, reference, scope, at, null);
      findings.error(
        at,
        'reference',
        `${quote(writeReference(reference))} means a result only in "expect" of a check`,
        'Write steps.STEP.result.FIELD.',
      );
      return undefined;
    }
    case 'result': {
      const step = scope.steps.get(reference.step);
      if (step === undefined) {
        const close = nearest(reference.step, scope.steps.keys());
        findings.error(
          at,
          'unknown-step',
          `there is no step ${quote(reference.step)}`,
          close === undefined
            ? `The steps are ${either([...scope.steps.keys()])}.`
            : `Did you mean steps.${close}?`,
        );
        return undefined;
      }
      const own = reference.step === scope.step;
      if (own && !scope.after) {
        const message = `the step ${scope.step} refers to its own result, before there is one`;
        findings.error(at, 'reference', message, 'Refer to a step that it needs.');
        return undefined;
      }
      if (!own && !scope.ancestors.has(reference.step)) {
        const message = `the step ${scope.step} does not need ${reference.step}, which may not have run by then`;
        findings.error(at, 'not-needed', message, `Add ${reference.step} to its "needs".`);
        return undefined;
      }
      if (step.command === null) return undefined;
      return fieldOf(
        step.command,
        reference,
        scope,
        at,
        step.conditional && !own ? step.name : null,
      );
    }
  }
}

function fieldOf(
  command: Command,
  reference: Extract<Reference, { path: readonly string[] }>,
  scope: Scope,
  at: Path,
  conditional: string | null,
): Seen | undefined {
  if (command.result === null) {
    scope.findings.error(
      at,
      'no-result',
      `the command ${command.name} declares no result, so ${quote(writeReference(reference))} is nothing`,
      `Declare it there: result: { from: json, schema: { … } }.`,
    );
    return undefined;
  }
  const field = fieldAt(command.result.schema, reference.path);
  if (!field.ok) {
    const message = `${quote(writeReference(reference))}: ${field.problem} (command ${command.name})`;
    scope.findings.error(at, 'unknown-result-field', message, field.remedy);
    return undefined;
  }
  return { schema: field.schema, optional: field.optional, conditional };
}
