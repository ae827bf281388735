/**
 * From a Zod schema's complaints to diagnostics. In: a source and the schema of what it should hold. Out: the checked
 * value, or everything that is wrong with it, each at its line and column, with the nearest known name and what is right.
 */
import type { z } from 'zod';
import type { Diagnostic } from '../core/diagnostic.ts';
import { descriptionOf, keysOf, mayBe, type Schema, schemasAt, valueAt } from './schema-walk.ts';
import type { Path, Source } from './source.ts';
import { describeValue, either, nearest, quote } from './words.ts';

type Issue = z.core.$ZodIssue;

/** Diagnostics gathered for one source: every `error` and `warn` is at the place of a path in it. */
export interface Findings {
  readonly all: Diagnostic[];
  error(path: Path, rule: string, message: string, remedy?: string | null, key?: 'key'): void;
  warn(path: Path, rule: string, message: string, remedy?: string | null): void;
  /** For what an author has accepted: it is told, and counts for nothing. */
  note(path: Path, rule: string, message: string, remedy?: string | null): void;
}

export function findingsFor(source: Source): Findings {
  const all: Diagnostic[] = [...source.problems];
  const { file } = source;
  return {
    all,
    error: (path, rule, message, remedy = null, key) =>
      void all.push({
        severity: 'error',
        file,
        ...source.locate(path, key),
        rule,
        message,
        remedy,
      }),
    warn: (path, rule, message, remedy = null) =>
      void all.push({ severity: 'warning', file, ...source.locate(path), rule, message, remedy }),
    note: (path, rule, message, remedy = null) =>
      void all.push({ severity: 'note', file, ...source.locate(path), rule, message, remedy }),
  };
}

/**
 * Checks the map at `base` against an object schema. Everything that is wrong goes to the findings; what comes back are
 * the fields that are right, so that their meaning can be checked in the same go. Absent fields are absent.
 */
export function soundFields<S extends z.ZodObject>(
  source: Source,
  schema: S,
  findings: Findings,
  base: Path = [],
): Partial<z.infer<S>> {
  const value = valueAt(source.value, base);
  const result = schema.safeParse(value ?? undefined);
  if (result.success) return result.data;
  for (const issue of result.error.issues)
    describeIssue(issue, base, source, base, schema, findings);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return {};
  const bad = new Set(result.error.issues.map((issue) => issue.path[0]));
  const sound = Object.entries(value).filter(
    ([key]) => Object.hasOwn(schema.shape, key) && !bad.has(key),
  );
  return Object.fromEntries(sound) as Partial<z.infer<S>>;
}

function describeIssue(
  issue: Issue,
  base: Path,
  source: Source,
  rootPath: Path,
  root: Schema,
  findings: Findings,
): void {
  const path = [...base, ...(issue.path as (string | number)[])];
  const value = valueAt(source.value, path);
  const schemas = schemasAt(root, path.slice(rootPath.length));
  const name = nameOf(path);
  const help = schemas.map(descriptionOf).find((text) => text !== undefined) ?? null;
  switch (issue.code) {
    case 'unrecognized_keys': {
      const fitting = schemas.filter((schema) => mayBe(schema, value));
      const known = [...new Set((fitting.length > 0 ? fitting : schemas).flatMap(keysOf))];
      for (const key of issue.keys) {
        const close = nearest(key, known);
        const where = path.length === 0 ? 'here' : `in ${name}`;
        const remedy = notRead.has(key)
          ? `Of JSON Schema, ${key} is not read here: write out what it stands for.`
          : close === undefined
            ? `Known ${where}: ${known.slice(0, 40).join(', ')}.`
            : `Did you mean ${quote(close)}?`;
        const message = `there is no field ${quote(key)} ${where}`;
        findings.error([...path, key], 'unknown-field', message, remedy, 'key');
      }
      return;
    }
    case 'invalid_key':
      for (const inner of issue.issues) {
        const message = `${quote(String(path.at(-1)))} ${inner.message}`;
        findings.error(path, 'bad-name', message, null, 'key');
      }
      return;
    case 'invalid_union': {
      const branch = closestBranch(issue.errors);
      if (branch === undefined) {
        const message = value === undefined ? `${name} is missing` : `${name} ${issue.message}`;
        findings.error(path, value === undefined ? 'missing-field' : 'bad-value', message, help);
      } else
        for (const inner of branch) describeIssue(inner, path, source, rootPath, root, findings);
      return;
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      const close = typeof value === 'string' ? nearest(value, values) : undefined;
      const remedy = close === undefined ? help : `Did you mean ${close}?`;
      if (value === undefined) findings.error(path, 'missing-field', `${name} is missing`, help);
      else {
        const message = `${name} must be ${either(values)}, and is ${describeValue(value)}`;
        findings.error(path, 'bad-value', message, remedy);
      }
      return;
    }
    case 'invalid_type': {
      if (value === undefined) {
        findings.error(path, 'missing-field', `${name} is missing`, help);
        return;
      }
      const custom = issue.message.startsWith('Invalid input') ? undefined : issue.message;
      const message = `${name} ${custom ?? `must be ${typeWords(issue.expected)}`}, and is ${describeValue(value)}`;
      findings.error(path, 'wrong-type', message, help);
      return;
    }
    case 'too_small':
    case 'too_big': {
      const small = issue.code === 'too_small';
      const bound = small ? issue.minimum : issue.maximum;
      const kind = small ? 'at least' : 'at most';
      const counted =
        issue.origin === 'string'
          ? `have ${kind} ${bound} character(s)`
          : issue.origin === 'array'
            ? `have ${kind} ${bound} item(s)`
            : `be ${issue.inclusive === false ? (small ? 'more than' : 'less than') : kind} ${bound}`;
      findings.error(path, 'bad-value', `${name} must ${counted}`, help);
      return;
    }
    default:
      findings.error(path, 'bad-value', `${name} ${issue.message}`, help);
  }
}

/** JSON Schema's ways to point elsewhere or to combine: an inventory is read as it stands. */
const notRead = new Set(
  '$ref $defs $id $anchor $dynamicRef allOf anyOf oneOf not if then else properties additionalProperties'.split(
    ' ',
  ),
);

/** The alternative that the author most likely meant: the right kind of value, and then the fewest complaints. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  let best: readonly Issue[] | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const branch of branches) {
    if (branch.some((i) => i.code === 'invalid_type' && i.path.length === 0)) continue;
    const cost = branch.reduce(
      (sum, i) => sum + (i.code === 'unrecognized_keys' ? i.keys.length : 1),
      0,
    );
    if (cost < least) [best, least] = [branch, cost];
  }
  return best;
}

function nameOf(path: Path): string {
  if (path.length === 0) return 'the file';
  let text = '';
  for (const step of path) {
    text += typeof step === 'number' ? `[${step}]` : `${text === '' ? '' : '.'}${step}`;
  }
  return quote(text, 120).slice(1, -1);
}

function typeWords(expected: string): string {
  switch (expected) {
    case 'string':
      return 'text';
    case 'int':
      return 'a whole number';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    case 'object':
    case 'record':
      return 'a map';
    default:
      return expected;
  }
}

/** Diagnostics in the order of the files' lines. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const order = (a: Diagnostic, b: Diagnostic) =>
    a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1;
  return [...diagnostics].sort(order);
}
