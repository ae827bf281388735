/**
 * References in runbooks. In: text such as `steps.status.result.pending`, or what stands after `with`. Out: where the value
 * comes from. Never: a reference inside of other text, an element by its number, or a name that means something to JavaScript.
 */
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Reference, ValueSource } from '../../core/runbook.ts';
import { describeValue, quote } from '../words.ts';

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string; readonly remedy: string | null };

const forms = 'Write parameters.NAME, or steps.STEP.result.FIELD.';
const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

/** The reference that a text is. */
export function parseReference(text: string): Read<Reference> {
  const bad = (problem: string, remedy: string | null = forms): Read<Reference> => ({
    ok: false,
    problem: `${quote(text)} ${problem}`,
    remedy,
  });
  const [root, ...rest] = text.split('.');
  switch (root) {
    case 'parameters': {
      const [name, ...more] = rest;
      if (name === undefined || name === '') return bad('names no parameter');
      if (more.length > 0) return bad('leads into a parameter, which has no fields');
      return { ok: true, value: { kind: 'parameter', name } };
    }
    case 'steps': {
      const [step, result, ...path] = rest;
      if (step === undefined || step === '') return bad('names no step');
      if (result !== 'result') return bad(`must go on with "result" after the step's name`);
      const problem = pathProblem(path);
      return problem === null
        ? { ok: true, value: { kind: 'result', step, path } }
        : bad(problem.problem, problem.remedy);
    }
    case 'result': {
      const problem = pathProblem(rest);
      return problem === null
        ? { ok: true, value: { kind: 'own', path: rest } }
        : bad(problem.problem, problem.remedy);
    }
    default:
      return bad('is no reference');
  }
}

function pathProblem(path: readonly string[]): { problem: string; remedy: string | null } | null {
  for (const name of path) {
    if (/^\d+$/.test(name) || /[[\]]/.test(name))
      return {
        problem: 'takes an element by its number, which cannot be checked before the run',
        remedy: 'Take the whole list, or have the command give the value a field of its own.',
      };
    if (forbidden.has(name)) return { problem: `leads through ${quote(name)}`, remedy: null };
    if (!/^[A-Za-z_][A-Za-z0-9_-]{0,127}$/.test(name))
      return {
        problem: `leads through ${quote(name)}, which is no name of a field`,
        remedy: 'Fields are named with letters, digits, "_" and "-", and parted by dots.',
      };
  }
  return null;
}

/** A reference as an author would write it. */
export function writeReference(reference: Reference): string {
  switch (reference.kind) {
    case 'parameter':
      return `parameters.${reference.name}`;
    case 'result':
      return ['steps', reference.step, 'result', ...reference.path].join('.');
    case 'own':
      return ['result', ...reference.path].join('.');
  }
}

/** What a value in `with` or `than` is: itself, or exactly `{ from: … }`. */
export function parseValue(value: unknown): Read<ValueSource> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    if (holdsReference(value))
      return {
        ok: false,
        problem: 'a list holds a reference; a value is taken whole, or not at all',
        remedy: 'Take a whole list: { from: steps.STEP.result.FIELD }.',
      };
    return { ok: true, value: { kind: 'literal', value: value as JsonValue } };
  }
  const { from, ...others } = value as JsonObject;
  if (from === undefined)
    return {
      ok: false,
      problem: 'a map must be { from: … }: no argument is a map',
      remedy: `Write a plain value or { from: … }. ${forms}`,
    };
  const extra = Object.keys(others);
  if (extra.length > 0)
    return {
      ok: false,
      problem: `{ from: … } stands alone, and here is ${quote(extra[0]!)} beside it`,
      remedy: 'A value is taken whole, or not at all: remove the rest.',
    };
  if (typeof from !== 'string')
    return {
      ok: false,
      problem: `"from" must be text, and is ${describeValue(from)}`,
      remedy: forms,
    };
  return parseReference(from);
}

function holdsReference(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.some((item) => item !== null && typeof item === 'object' && !Array.isArray(item))
  );
}

/** True for text in which somebody seems to have hoped for a reference to be put in. */
export function looksPasted(value: JsonValue): boolean {
  return (
    typeof value === 'string' &&
    /^(?:parameters|steps)\.[\w.-]+$|\{\s*(?:parameters|steps|from)[.:]|\$\{|\{\{/.test(value)
  );
}
