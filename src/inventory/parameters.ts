/**
 * Parameters. In: declarations as written. Out: one closed JSON Schema of the arguments object, the form that callers see
 * and that decides. Never: an open object, a pattern that matches only a part, or text without a longest length.
 */
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Findings } from './diagnose.ts';
import { commandDefaults } from './inventory-schema.ts';
import type { ParameterField } from './parameter-schema.ts';
import { patternProblem } from './pattern-safety.ts';
import type { Path } from './source.ts';
import { either, nearest, quote } from './words.ts';

/** Names that the request itself uses, and names that mean something to JavaScript. */
export const reservedParameters = [
  'environment',
  'workingDirectory',
  'timeoutSeconds',
  'idempotencyKey',
  '__proto__',
  'constructor',
  'prototype',
];

/** What is wrong with the declarations by themselves goes to the findings; `at` is the place of `parameters`. */
export function checkParameters(
  fields: Readonly<Record<string, ParameterField>>,
  stdin: string | null,
  at: Path,
  findings: Findings,
): void {
  for (const [name, field] of Object.entries(fields)) {
    const place = [...at, name];
    if (reservedParameters.includes(name)) {
      findings.error(
        place,
        'reserved-name',
        `${quote(name)} cannot be the name of a parameter`,
        `${either(reservedParameters)} are kept; choose another name.`,
        'key',
      );
    }
    const texts: [ParameterField | { type: string }, Path][] =
      field.type === 'array' ? [[field.items, [...place, 'items']]] : [[field, place]];
    for (const [text, where] of texts) {
      if (text.type !== 'string') continue;
      const { pattern, format, minLength, maxLength } = text as Extract<
        ParameterField,
        { type: 'string' }
      >;
      const problem = pattern === undefined ? null : patternProblem(pattern);
      if (problem !== null)
        findings.error(
          [...where, 'pattern'],
          'pattern',
          `the pattern ${problem.message}`,
          problem.remedy,
        );
      if (minLength !== undefined && maxLength !== undefined && minLength > maxLength)
        findings.error(
          [...where, 'minLength'],
          'bad-value',
          'minLength is larger than maxLength',
          null,
        );
      if (format !== undefined && name === stdin)
        findings.error(
          [...where, 'format'],
          'stdin',
          'a workspace-path cannot be standard input',
          'Pass the path as an argument.',
        );
    }
    if (field.type === 'string' && field.contentEncoding !== undefined && name !== stdin) {
      findings.error(
        [...place, 'contentEncoding'],
        'stdin',
        'contentEncoding is for the parameter that becomes standard input',
        `Add stdin: "{${name}}", or remove contentEncoding.`,
      );
    }
  }
}

/** Reports names in `required` that are not declared, stand twice, or have a default as well. */
export function checkRequired(
  required: readonly string[],
  fields: Readonly<Record<string, ParameterField>>,
  at: Path,
  findings: Findings,
): void {
  required.forEach((name, index) => {
    if (!Object.hasOwn(fields, name)) {
      const close = nearest(name, Object.keys(fields));
      findings.error(
        [...at, index],
        'unknown-parameter',
        `required names ${quote(name)}, which is no parameter`,
        close === undefined ? 'Declare it under "parameters".' : `Did you mean ${close}?`,
      );
    } else if (required.indexOf(name) !== index) {
      findings.error([...at, index], 'bad-value', `${name} is named twice`, null);
    } else if (fields[name]!.default !== undefined) {
      findings.error(
        [...at, index],
        'bad-value',
        `${name} has a default and so need not be given`,
        'Remove it from "required", or remove the default.',
      );
    }
  });
}

/** The JSON Schema (2020-12) of the arguments object. */
export function schemaOf(
  fields: Readonly<Record<string, ParameterField>>,
  required: readonly string[],
  stdin: string | null,
): JsonObject {
  const properties: Record<string, JsonValue> = {};
  for (const [name, field] of Object.entries(fields))
    properties[name] = propertyOf(field, name === stdin);
  return {
    type: 'object',
    properties,
    required: [...required].sort(),
    additionalProperties: false,
  };
}

function propertyOf(field: ParameterField, isStdin: boolean): JsonObject {
  if (field.type === 'array') {
    const { items, ...rest } = field;
    const { maxItems = commandDefaults.maxItems } = field;
    return {
      ...(rest as JsonObject),
      items: textOf(items as JsonObject, commandDefaults.maxLength),
      maxItems,
    };
  }
  return textOf(
    field as JsonObject,
    isStdin ? commandDefaults.stdinMaxLength : commandDefaults.maxLength,
  );
}

function textOf(field: JsonObject, longest: number): JsonObject {
  if (field.type !== 'string') return field;
  const schema: Record<string, JsonValue> = { ...field };
  if (field.pattern !== undefined) schema.pattern = `^(?:${field.pattern as string})$`;
  const bounded =
    field.enum !== undefined || field.const !== undefined || field.maxLength !== undefined;
  if (!bounded) schema.maxLength = longest;
  return schema;
}

/** How a parameter looks to the code that renders and parses: read from the command's own schema. */
export interface Property {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array';
  /** Type of the elements, or the type itself. */
  readonly scalar: 'string' | 'integer' | 'number' | 'boolean';
  readonly isPath: boolean;
  readonly hasPattern: boolean;
  readonly mayLeadWithDash: boolean;
  readonly required: boolean;
  readonly fallback: JsonValue | undefined;
  readonly base64: boolean;
}

/** The parameters of a command's schema by name. */
export function propertiesOf(schema: JsonObject): ReadonlyMap<string, Property> {
  const required = schema.required as readonly string[];
  const all = Object.entries(schema.properties as Record<string, JsonObject>);
  return new Map(
    all.map(([name, property]) => {
      const type = property.type as Property['type'];
      const element = type === 'array' ? (property.items as JsonObject) : property;
      return [
        name,
        {
          name,
          type,
          scalar: element.type as Property['scalar'],
          isPath: element.format === 'workspace-path',
          hasPattern: element.pattern !== undefined,
          mayLeadWithDash: property.allowLeadingDash === true || element.allowLeadingDash === true,
          required: required.includes(name),
          fallback: property.default,
          base64: property.contentEncoding === 'base64',
        },
      ];
    }),
  );
}
