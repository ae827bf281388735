/**
 * Checking arguments. In: the arguments object of a caller, of any shape. Out: the arguments with defaults, or every
 * problem with its field. Never: a value that was not declared, or an inherited property taken for one.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ErrorDetail } from '../core/errors.ts';
import { deepFreeze, type JsonObject, type JsonValue } from '../core/json.ts';
import { contentProblems } from './content.ts';
import { type Property, propertiesOf } from './parameters.ts';
import { boundedEngine, SlowPattern, withPatternBudget } from './pattern-safety.ts';
import { describeValue, either, nearest, quote } from './words.ts';

const longestText = 2 * 2 ** 20;
const longestList = 10_000;

export type Validated =
  | { readonly ok: true; readonly arguments: JsonObject }
  | { readonly ok: false; readonly problems: readonly ErrorDetail[] };

export interface Validator {
  readonly properties: ReadonlyMap<string, Property>;
  /** Never throws on what a caller sends. */
  check(given: JsonValue): Validated;
}

/** Compiles the schema of a command's arguments. `stdin` names the parameter that becomes standard input. */
export function compileValidator(schema: JsonObject, stdin: string | null): Validator {
  const properties = propertiesOf(schema);
  const whole = compile(schema);
  // Patterns are tried only on values whose type and length are right: a first pass leaves them out.
  const first = [...properties.values()].some(({ hasPattern }) => hasPattern)
    ? compile(withoutPatterns(schema))
    : null;
  const check = (given: JsonValue): Validated => {
    const own = ownArguments(given, properties);
    const { values } = own;
    const problems: Problem[] = [...own.problems];
    if (first !== null) problems.push(...validate(first, values, schema));
    if (!problems.some((p) => p.early)) problems.push(...validate(whole, values, schema));
    const details = new Map(problems.map((p) => [`${p.field}\u0000${p.problem}`, p]));
    const found: ErrorDetail[] = [...details.values()].map(({ early: _, ...detail }) => detail);
    const complained = new Set(found.map((d) => d.field));
    for (const [name, value] of Object.entries(values)) {
      found.push(
        ...contentProblems(value, properties.get(name)!, name === stdin, name).filter(
          (d) => !complained.has(d.field),
        ),
      );
    }
    return found.length > 0
      ? { ok: false, problems: found.slice(0, 50) }
      : { ok: true, arguments: deepFreeze(values) };
  };
  return { properties, check };
}

let compiler: Ajv2020 | undefined;

function compile(schema: JsonObject): ValidateFunction {
  compiler ??= newAjv();
  const compiled = compiler.compile(schema);
  // It would remember every schema of every generation otherwise.
  compiler.removeSchema(schema);
  return compiled;
}

function newAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: true,
    allErrors: true,
    ownProperties: true,
    verbose: false,
    logger: false,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    unicodeRegExp: true,
    code: { regExp: Object.assign(boundedEngine, { code: 'boundedEngine' }) },
  });
  ajv.addKeyword({ keyword: 'allowLeadingDash', schemaType: 'boolean' });
  // Where a path leads is for the file system to say, when the invocation is made.
  ajv.addFormat('workspace-path', true);
  return ajv;
}

function withoutPatterns(schema: JsonObject): JsonObject {
  const strip = ({ pattern: _, items, ...rest }: Record<string, JsonValue>): JsonObject =>
    items === undefined ? rest : { ...rest, items: strip(items as Record<string, JsonValue>) };
  const all = Object.entries(schema.properties as Record<string, Record<string, JsonValue>>);
  return { ...schema, properties: Object.fromEntries(all.map(([name, p]) => [name, strip(p)])) };
}

/** The declared arguments alone, as own properties of a new object, with defaults. Bounds come before everything else. */
function ownArguments(
  given: JsonValue,
  properties: ReadonlyMap<string, Property>,
): { values: Record<string, JsonValue>; problems: Problem[] } {
  const problems: Problem[] = [];
  const values: Record<string, JsonValue> = {};
  const complain = (field: string, problem: string, expected?: string) =>
    void problems.push({
      field,
      problem,
      ...(expected === undefined ? {} : { expected }),
      early: false,
    });
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    complain('arguments', `must be an object, and is ${describeValue(given)}`);
    return { values, problems };
  }
  for (const name of Object.keys(given)) {
    if (problems.length >= 20) break;
    if (!properties.has(name)) {
      const close = nearest(name, properties.keys());
      const known = [...properties.keys()].slice(0, 20).join(', ') || 'no arguments at all';
      complain(
        quote(name).slice(1, -1),
        'is not an argument of this command',
        close === undefined ? known : `perhaps ${close}`,
      );
      continue;
    }
    const value = (given as JsonObject)[name]!;
    const tooLong =
      (typeof value === 'string' && value.length > longestText) ||
      (Array.isArray(value) && value.length > longestList);
    if (tooLong) complain(name, `is far too long (${(value as string).length})`);
    // A copy: what the caller holds must not change what was checked.
    else values[name] = Array.isArray(value) ? [...value] : value;
  }
  for (const { name, required, fallback } of properties.values()) {
    if (Object.hasOwn(given, name)) continue;
    if (fallback !== undefined) values[name] = fallback;
    else if (required) complain(name, 'is missing');
  }
  return { values, problems };
}

interface Problem extends ErrorDetail {
  /** Wrong in type or length: no pattern is tried on it. */
  readonly early: boolean;
}

function validate(check: ValidateFunction, values: JsonObject, schema: JsonObject): Problem[] {
  try {
    if (withPatternBudget(500, () => check(values))) return [];
  } catch (error) {
    if (!(error instanceof SlowPattern)) throw error;
    return [
      {
        field: 'arguments',
        problem: 'a value took too long to compare with its pattern',
        expected: 'a shorter value',
        early: false,
      },
    ];
  }
  // What is missing has been told already.
  const errors = (check.errors ?? []).filter((error) => error.keyword !== 'required');
  return errors.slice(0, 50).map((error) => describe(error, values, schema));
}

function describe(error: ErrorObject, values: JsonObject, schema: JsonObject): Problem {
  const steps = error.instancePath.split('/').slice(1);
  const field = steps.join('/') || 'arguments';
  const value = steps.reduce<unknown>((v, step) => (v as Record<string, unknown>)?.[step], values);
  const params = error.params as Record<string, unknown>;
  const early = ['type', 'maxLength', 'maxItems'].includes(error.keyword);
  const say = (problem: string, expected?: string): Problem => ({
    field,
    problem,
    ...(expected === undefined ? {} : { expected }),
    early,
  });
  switch (error.keyword) {
    case 'type':
      return say(`must be ${typeName(String(params.type))}, and is ${describeValue(value)}`);
    case 'enum': {
      const allowed = (params.allowedValues as unknown[]).map((v) =>
        typeof v === 'string' ? quote(v) : String(v),
      );
      return say(
        `${describeValue(value)} is not one of the values that are allowed`,
        either(allowed),
      );
    }
    case 'const':
      return say(`must be ${JSON.stringify(params.allowedValue)}`);
    case 'pattern': {
      const name = steps[0] ?? '';
      const property = (schema.properties as Record<string, JsonObject>)[name];
      const pattern = String(((property?.items as JsonObject | undefined) ?? property)?.pattern);
      return say(
        `${describeValue(value)} does not match its pattern`,
        `the whole value to match ${pattern.slice(4, -2)}`,
      );
    }
    case 'minLength':
      return say(
        params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} characters`,
      );
    case 'maxLength':
      return say(`has more than ${params.limit} characters`);
    case 'minItems':
      return say(`must have at least ${params.limit} element(s)`);
    case 'maxItems':
      return say(`has more than ${params.limit} element(s)`);
    case 'uniqueItems':
      return say('must not hold the same element twice');
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return say(`must be ${String(params.comparison)} ${params.limit}, and is ${String(value)}`);
    default:
      return say(error.message ?? 'is not valid');
  }
}

function typeName(type: string): string {
  const names: Record<string, string> = {
    string: 'text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
  };
  return Object.hasOwn(names, type) ? names[type]! : type;
}
