/**
 * Values of a run. In: references, and what is known so far. Out: the value, whole, or undefined where it is absent (null
 * counts as absent). Never: a member that an object inherits, or a part of a text.
 */
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type {
  Condition,
  FrozenRunbook,
  Reference,
  Runbook,
  StepState,
  ValueSource,
} from '../../core/runbook.ts';

/** What references can lead to. `own` is the result of the check that is being judged. */
export interface Known {
  readonly frozen: FrozenRunbook;
  readonly steps: readonly StepState[];
  readonly own: JsonValue | null;
}

export function valueFrom(source: ValueSource, known: Known): JsonValue | undefined {
  switch (source.kind) {
    case 'literal':
      return source.value;
    case 'parameter':
      return memberOf(known.frozen.arguments, source.name);
    case 'own':
      return at(known.own, source.path);
    case 'result': {
      const step = known.steps.find(({ name }) => name === source.step);
      const path = source.path.join('.');
      return step?.values.find((value) => value.path === path)?.value;
    }
  }
}

function memberOf(value: JsonValue, name: string): JsonValue | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? ((value as JsonObject)[name] ?? undefined) : undefined;
}

function at(value: JsonValue | null, path: readonly string[]): JsonValue | undefined {
  let found: JsonValue | undefined = value ?? undefined;
  for (const name of path) found = found === undefined ? undefined : memberOf(found, name);
  return found;
}

/** The arguments of a call; what is absent is left out, and the command says whether it can do without. */
export function argumentsOf(
  sources: Readonly<Record<string, ValueSource>>,
  known: Known,
): JsonObject {
  const values: [string, JsonValue][] = [];
  for (const [name, source] of Object.entries(sources)) {
    const value = valueFrom(source, known);
    if (value !== undefined) values.push([name, value]);
  }
  return Object.fromEntries(values);
}

/** Whether a condition holds. What is absent is empty, equals nothing, and is neither greater nor less than anything. */
export function holds(condition: Condition, known: Known): boolean {
  const value = valueFrom(condition.from, known);
  const than = condition.than === null ? undefined : valueFrom(condition.than, known);
  const bothNumbers = typeof value === 'number' && typeof than === 'number';
  switch (condition.is) {
    case 'exists':
      return value !== undefined;
    case 'isEmpty':
      return isEmpty(value);
    case 'isNotEmpty':
      return !isEmpty(value);
    case 'equals':
      return value !== undefined && value === than;
    case 'notEquals':
      return value === undefined || value !== than;
    case 'greaterThan':
      return bothNumbers && value > than;
    case 'lessThan':
      return bothNumbers && value < than;
  }
}

function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Paths into the result of a step that anything in the runbook refers to, sorted. */
export function referredTo(runbook: Runbook, step: string): readonly (readonly string[])[] {
  const found = new Map<string, readonly string[]>();
  const look = (source: ValueSource | Reference | null) => {
    if (source?.kind === 'result' && source.step === step)
      found.set(source.path.join('.'), source.path);
  };
  const conditions = (list: readonly Condition[]) => {
    for (const { from, than } of list) {
      look(from);
      look(than);
    }
  };
  for (const each of runbook.steps) {
    if (each.when !== null) conditions([each.when]);
    const calls = [each, ...each.check, ...each.verify, ...(each.rollback ? [each.rollback] : [])];
    for (const call of calls) for (const source of Object.values(call.with)) look(source);
    for (const check of [...each.check, ...each.verify]) conditions(check.expect);
  }
  return [...found.keys()].sort().map((key) => found.get(key)!);
}

/** The parts of a result that the runbook refers to. */
export function pick(
  result: JsonValue | null,
  paths: readonly (readonly string[])[],
): { readonly path: string; readonly value: JsonValue }[] {
  return paths.flatMap((path) => {
    const value = at(result, path);
    return value === undefined ? [] : [{ path: path.join('.'), value }];
  });
}

/** A condition in words. */
export function describeCondition(condition: Condition, write: (source: ValueSource) => string) {
  const than = condition.than === null ? '' : ` ${write(condition.than)}`;
  const words: Record<Condition['is'], string> = {
    exists: 'is there',
    isEmpty: 'is empty',
    isNotEmpty: 'is not empty',
    equals: 'equals',
    notEquals: 'does not equal',
    greaterThan: 'is greater than',
    lessThan: 'is less than',
  };
  return `${write(condition.from)} ${words[condition.is]}${than}`;
}

/** A reference or literal in words. */
export function writeSource(source: ValueSource): string {
  switch (source.kind) {
    case 'literal':
      return JSON.stringify(source.value);
    case 'parameter':
      return `parameters.${source.name}`;
    case 'own':
      return ['result', ...source.path].join('.');
    case 'result':
      return ['steps', source.step, 'result', ...source.path].join('.');
  }
}
