/**
 * What a command's result promises. In: the JSON Schema of a result, a path of names. Out: the field's schema and whether
 * it may be absent, or why it is not there; and whether a value of one schema can be one of another. Decided before any run.
 */
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { nearest, quote } from '../words.ts';

export type ValueType = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object' | 'null';
const allTypes: readonly ValueType[] = [
  'string',
  'integer',
  'number',
  'boolean',
  'array',
  'object',
  'null',
];

export type Field =
  | { readonly ok: true; readonly schema: JsonObject; readonly optional: boolean }
  | { readonly ok: false; readonly problem: string; readonly remedy: string | null };

/** The schema at a path of a schema; `root` is where `#/$defs/…` leads to. */
export function fieldAt(root: JsonObject, path: readonly string[]): Field {
  let schema = resolved(root, root);
  let optional = false;
  for (const [index, name] of path.entries()) {
    const found = memberOf(schema, name, root);
    if (found === null) {
      const known = memberNames(schema, root);
      const close = nearest(name, known);
      const inside = index === 0 ? 'the result' : quote(path.slice(0, index).join('.'));
      return {
        ok: false,
        problem: `${inside} has no field ${quote(name)} by its schema`,
        remedy:
          close !== undefined
            ? `Did you mean ${close}?`
            : known.length > 0
              ? `It has ${known.slice(0, 20).join(', ')}.`
              : 'Declare it in the properties of the result of that command.',
      };
    }
    optional ||= found.optional || typesOf(schema).includes('null');
    schema = found.schema;
  }
  return { ok: true, schema, optional };
}

function isSchema(value: JsonValue | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** With a `$ref` into the same schema followed; what leads elsewhere or in a circle says nothing. */
function resolved(schema: JsonObject, root: JsonObject): JsonObject {
  let at = schema;
  for (let steps = 0; typeof at.$ref === 'string'; steps++) {
    const names = /^#\/(.+)$/.exec(at.$ref)?.[1]?.split('/');
    if (names === undefined || steps > 16) return {};
    let target: JsonValue | undefined = root;
    for (const name of names)
      target = isSchema(target) && Object.hasOwn(target, name) ? target[name] : undefined;
    if (!isSchema(target)) return {};
    at = target;
  }
  return at;
}

function branchesOf(schema: JsonObject, keyword: 'allOf' | 'anyOf' | 'oneOf', root: JsonObject) {
  const list = schema[keyword];
  return Array.isArray(list) ? list.filter(isSchema).map((each) => resolved(each, root)) : [];
}

function memberOf(
  schema: JsonObject,
  name: string,
  root: JsonObject,
  depth = 0,
): { schema: JsonObject; optional: boolean } | null {
  if (depth > 16) return null;
  const required = Array.isArray(schema.required) && schema.required.includes(name);
  const { properties } = schema;
  if (isSchema(properties) && Object.hasOwn(properties, name)) {
    const member = properties[name];
    return { schema: isSchema(member) ? resolved(member, root) : {}, optional: !required };
  }
  for (const each of branchesOf(schema, 'allOf', root)) {
    const found = memberOf(each, name, root, depth + 1);
    if (found !== null) return { ...found, optional: found.optional && !required };
  }
  const either = [...branchesOf(schema, 'anyOf', root), ...branchesOf(schema, 'oneOf', root)];
  const found = either.map((each) => memberOf(each, name, root, depth + 1));
  const there = found.filter((each) => each !== null);
  if (there.length === 0) return null;
  const optional = !required && (there.length < found.length || there.some((f) => f.optional));
  return there.length === 1
    ? { schema: there[0]!.schema, optional }
    : { schema: { anyOf: there.map((each) => each.schema) }, optional };
}

function memberNames(schema: JsonObject, root: JsonObject): string[] {
  const own = isSchema(schema.properties) ? Object.keys(schema.properties) : [];
  const others = (['allOf', 'anyOf', 'oneOf'] as const).flatMap((keyword) =>
    branchesOf(schema, keyword, root).flatMap((each) =>
      isSchema(each.properties) ? Object.keys(each.properties) : [],
    ),
  );
  return [...new Set([...own, ...others])];
}

/** The types that a value of this schema can have, as far as the schema says. */
export function typesOf(schema: JsonObject): readonly ValueType[] {
  const { type } = schema;
  if (typeof type === 'string') return [type as ValueType];
  if (Array.isArray(type)) return type as ValueType[];
  const values = fixedValues(schema);
  if (values !== null) return [...new Set(values.map(typeOfValue))];
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const list = schema[keyword];
    if (Array.isArray(list))
      return [...new Set(list.flatMap((each) => (isSchema(each) ? typesOf(each) : allTypes)))];
  }
  return allTypes;
}

export function typeOfValue(value: JsonValue): ValueType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value as ValueType;
}

function fixedValues(schema: JsonObject): readonly JsonValue[] | null {
  if (schema.const !== undefined) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : null;
}

/** Why no value of one schema can be one of the other; null where one can. */
export function misfit(source: JsonObject, target: JsonObject): string | null {
  const from = typesOf(source).filter((type) => type !== 'null');
  const to = typesOf(target);
  const numeric = (types: readonly ValueType[]) =>
    types.includes('integer') || types.includes('number');
  const common = from.filter((type) => to.includes(type));
  if (common.length === 0 && !(numeric(from) && numeric(to)))
    return `is ${wordsFor(from)}, and ${wordsFor(to)} is wanted`;
  const given = fixedValues(source);
  const wanted = fixedValues(target);
  if (given !== null && wanted !== null && !given.some((value) => wanted.includes(value)))
    return `is one of ${given.map((v) => JSON.stringify(v)).join(', ')}, and none of these is taken`;
  if (
    common.includes('array') &&
    common.length === 1 &&
    isSchema(source.items) &&
    isSchema(target.items)
  ) {
    const inner = misfit(source.items, target.items);
    if (inner !== null) return `is a list whose element ${inner}`;
  }
  return null;
}

export function wordsFor(types: readonly ValueType[]): string {
  const words: Record<ValueType, string> = {
    string: 'text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a map',
    null: 'empty',
  };
  return types.map((type) => words[type]).join(' or ') || 'nothing';
}
