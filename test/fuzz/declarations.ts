/**
 * Declarations and calls at random. Out: parameters and templates that mostly load, arguments that mostly do not fit, and
 * the template's rules once more, written from the documentation alone, to hold the real renderer to.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';
import { hostileText } from './mutate.ts';

type Field = Readonly<Record<string, JsonValue>> & { readonly type: string };
type Written =
  | string
  | { readonly flag: string; readonly when: string }
  | { readonly option: string; readonly value: string }
  | { readonly spread: string };

export interface Declared {
  readonly parameters: Readonly<Record<string, Field>>;
  readonly required: readonly string[];
  readonly run: readonly Written[];
}

const textField: fc.Arbitrary<Field> = fc.oneof(
  fc.constant({ type: 'string' }),
  fc.constant({ type: 'string', allowLeadingDash: true }),
  fc.constant({ type: 'string', maxLength: 8 }),
  fc.constant({ type: 'string', pattern: '[a-z0-9 -]{0,12}' }),
  fc.constant({ type: 'string', enum: ['a', '-a', '', '{b}', 'x y'] }),
);
const numberField = fc.constantFrom<Field[]>(
  { type: 'integer' },
  { type: 'integer', minimum: -5, maximum: 5 },
  { type: 'number' },
  { type: 'number', exclusiveMinimum: 0 },
);
const switchField = fc.constant<Field>({ type: 'boolean' });
const listField: fc.Arbitrary<Field> = fc
  .oneof(textField, numberField)
  .map((items) => ({ type: 'array', items, maxItems: 6 }));

const scalars = ['a', 'b', 'toString'] as const;
const piece = fc.constantFrom('', '-', '--x=', '=', ' ', '/', '{{', '}}', '$', "'", 'é');

/** Scalars a, b, toString (needed), o (may be left out), switch v, list r; a template over them of up to six tokens. */
export const declaration: fc.Arbitrary<Declared> = fc
  .record({
    a: fc.oneof(textField, numberField),
    b: fc.oneof(textField, numberField),
    toString: textField,
    o: fc.oneof(textField, numberField),
    v: switchField,
    r: listField,
  })
  .chain((parameters) => {
    const text = fc
      .array(
        fc.oneof(
          piece,
          fc.constantFrom(...scalars).map((n) => `{${n}}`),
        ),
        {
          minLength: 1,
          maxLength: 4,
        },
      )
      .map((parts) => parts.join(''));
    const token: fc.Arbitrary<Written> = fc.oneof(
      { weight: 3, arbitrary: text },
      fc.constantFrom(
        { flag: '-v', when: 'v' },
        { flag: '--verbose', when: 'v' },
        { option: '-o', value: '{o}' },
        { option: '--o', value: 'x{o}{{' },
        { spread: 'r' },
      ),
    );
    return fc.array(token, { minLength: 1, maxLength: 6 }).map((run) => {
      // A parameter that nothing uses is refused.
      const used = Object.entries(parameters).filter(([name]) =>
        run.some((t) => JSON.stringify(t).includes(`{${name}}`) || namedBy(t, name)),
      );
      return {
        parameters: Object.fromEntries(used),
        required: scalars.filter((name) => used.some(([n]) => n === name)),
        run: ['bin/app', ...run],
      };
    });
  });

/** True where a token takes its value or its condition from the parameter. */
export function namedBy(token: Written, name: string): boolean {
  return typeof token === 'string'
    ? token.includes(`{${name}}`)
    : Object.values(token).some((part) => part === name || part.includes(`{${name}}`));
}

const any: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom('a', '-a', '', 'x y', '{b}', '{{', '--', 'a'.repeat(9)),
  fc.integer({ min: -9, max: 9 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  hostileText,
);

const fitting: Readonly<Record<string, fc.Arbitrary<JsonValue>>> = {
  string: fc.oneof(fc.constantFrom('a', '-a', '', 'x y', '{b}', 'a{{}}b', '--', '-1'), hostileText),
  integer: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.maxSafeInteger()),
  number: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer()),
  boolean: fc.boolean(),
};

/** Arguments by the names that are declared: mostly of their type, sometimes of any, sometimes one too many. */
export function valuesFor({ parameters, required }: Declared): fc.Arbitrary<JsonObject> {
  const model = Object.entries(parameters).map(([name, field]) => {
    const scalar = fitting[field.type === 'array' ? (field.items as Field).type : field.type]!;
    const right = field.type === 'array' ? fc.array(scalar, { maxLength: 4 }) : scalar;
    return [name, fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: any })];
  });
  return fc
    .tuple(
      fc.record<Record<string, JsonValue>>(Object.fromEntries(model), {
        requiredKeys: [...required],
      }),
      fc.option(fc.dictionary(hostileText, any, { maxKeys: 1 }), { freq: 9 }),
    )
    .map(([own, more]) => ({ ...own, ...more }) as JsonObject);
}

/** The arguments that one token of the template promises for these values, by what docs/inventory.md says. */
export function promised(token: Written, given: JsonObject): readonly string[] {
  if (typeof token === 'string') return [filled(token, given)];
  if ('flag' in token) return own(given, token.when) === true ? [token.flag] : [];
  if ('option' in token)
    return own(given, 'o') === undefined ? [] : [token.option, filled(token.value, given)];
  return ((own(given, token.spread) ?? []) as JsonValue[]).map(String);
}

function filled(text: string, given: JsonObject): string {
  return text.replace(/\{\{|\}\}|\{([^{}]+)\}/g, (all, name: string | undefined) => {
    if (name === undefined) return all[0]!;
    const found = own(given, name);
    assert.notEqual(found, undefined, name);
    return String(found);
  });
}

function own(given: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}
