/**
 * The part of JSON Schema (2020-12) that results are declared in. In: a schema as written. Out: findings. Never let by: a
 * reference, a keyword that is not read, or one whose check takes more than one look at each part of a value.
 */
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Findings } from '../diagnose.ts';
import { patternProblem } from '../pattern-safety.ts';
import type { Path } from '../source.ts';
import { describeValue, either, nearest, quote } from '../words.ts';

/** Levels of a schema, and schemas in it. */
export const schemaBounds = Object.freeze({ depth: 16, schemas: 1_000 });

const types = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];
type Kind =
  | 'schema'
  | 'schemas'
  | 'members'
  | 'type'
  | 'names'
  | 'values'
  | 'any'
  | 'text'
  | 'pattern'
  | 'count'
  | 'number';

const keywords: Readonly<Record<string, Kind>> = Object.freeze({
  type: 'type',
  title: 'text',
  description: 'text',
  default: 'any',
  examples: 'values',
  enum: 'values',
  const: 'any',
  properties: 'members',
  required: 'names',
  additionalProperties: 'schema',
  minProperties: 'count',
  maxProperties: 'count',
  items: 'schema',
  prefixItems: 'schemas',
  minItems: 'count',
  maxItems: 'count',
  minLength: 'count',
  maxLength: 'count',
  pattern: 'pattern',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'number',
  anyOf: 'schemas',
  oneOf: 'schemas',
  allOf: 'schemas',
});

/** Of JSON Schema, and left out for a reason. */
const leftOut: Readonly<Record<string, string>> = Object.freeze({
  $ref: 'Write out what it stands for.',
  $defs: 'Write each schema where it is used.',
  $schema: 'Remove it: it is always JSON Schema 2020-12.',
  $id: 'Remove it.',
  format: 'Write a pattern.',
  uniqueItems: 'Remove it: comparing each element with each other takes too long.',
  patternProperties: 'Write additionalProperties: { … } for members of any name.',
  propertyNames: 'Write additionalProperties: { … } for members of any name.',
  not: 'Say what the value is, not what it is not.',
  if: 'Write oneOf.',
});

/** True where nothing is wrong. */
export function checkSchema(schema: JsonObject, at: Path, findings: Findings): boolean {
  const form = new SchemaForm(findings);
  form.schema(schema, at, 1);
  return form.sound;
}

class SchemaForm {
  readonly #findings: Findings;
  #schemas = 0;
  sound = true;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  schema(value: JsonValue, at: Path, depth: number): void {
    this.#schemas += 1;
    if (this.#schemas > schemaBounds.schemas) {
      if (this.#schemas === schemaBounds.schemas + 1)
        this.#wrong(at, `the schema holds more than ${schemaBounds.schemas} schemas`);
      return;
    }
    if (depth > schemaBounds.depth) {
      this.#wrong(at, `the schema is nested deeper than ${schemaBounds.depth} levels`);
      return;
    }
    if (typeof value === 'boolean') return;
    if (!isObject(value)) {
      this.#wrong(at, `a schema is a map, true or false, and this is ${describeValue(value)}`);
      return;
    }
    for (const [keyword, given] of Object.entries(value)) {
      const kind = Object.hasOwn(keywords, keyword) ? keywords[keyword]! : null;
      if (kind === null) this.#unknown(keyword, [...at, keyword]);
      else this.#keyword(keyword, kind, given, [...at, keyword], depth);
    }
  }

  #keyword(keyword: string, kind: Kind, given: JsonValue, at: Path, depth: number): void {
    const must = (holds: boolean, what: string) => {
      if (!holds) this.#wrong(at, `${keyword} must be ${what}, and is ${describeValue(given)}`);
      return holds;
    };
    switch (kind) {
      case 'schema':
        this.schema(given, at, depth + 1);
        return;
      case 'schemas':
        if (must(Array.isArray(given) && given.length > 0, 'a list of schemas'))
          for (const [index, item] of (given as readonly JsonValue[]).entries())
            this.schema(item, [...at, index], depth + 1);
        return;
      case 'members':
        if (must(isObject(given), 'a map of schemas'))
          for (const [name, item] of Object.entries(given as JsonObject))
            this.schema(item, [...at, name], depth + 1);
        return;
      case 'type': {
        const named = Array.isArray(given) ? (given as readonly JsonValue[]) : [given];
        const known = named.every((type) => types.includes(type as string));
        must(
          known && named.length > 0 && new Set(named).size === named.length,
          `${either(types)}, or a list of these`,
        );
        return;
      }
      case 'names':
        must(
          Array.isArray(given) &&
            given.every((name) => typeof name === 'string') &&
            new Set(given).size === given.length,
          'a list of names, each once',
        );
        return;
      case 'values':
        must(Array.isArray(given) && given.length > 0, 'a list of values');
        return;
      case 'text':
        must(typeof given === 'string', 'text');
        return;
      case 'count':
        must(Number.isSafeInteger(given) && Number(given) >= 0, 'a whole number from 0 on');
        return;
      case 'number':
        must(
          typeof given === 'number' && (keyword !== 'multipleOf' || given > 0),
          keyword === 'multipleOf' ? 'a number above 0' : 'a number',
        );
        return;
      case 'pattern': {
        if (!must(typeof given === 'string', 'text')) return;
        const problem = patternProblem(given as string);
        if (problem !== null) this.#wrong(at, `the pattern ${problem.message}`, problem.remedy);
        return;
      }
      case 'any':
        return;
    }
  }

  #unknown(keyword: string, at: Path): void {
    const reason = Object.hasOwn(leftOut, keyword) ? leftOut[keyword]! : null;
    const close = nearest(keyword, Object.keys(keywords));
    const remedy =
      reason ??
      (close === undefined
        ? `Read are ${either(Object.keys(keywords), 30)}.`
        : `Did you mean ${close}?`);
    this.#wrong(at, `${quote(keyword)} is not read in the schema of a result`, remedy, 'key');
  }

  #wrong(at: Path, message: string, remedy: string | null = null, key?: 'key'): void {
    this.sound = false;
    this.#findings.error(at, 'schema', message, remedy, key);
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
