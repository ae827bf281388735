/**
 * Parameters of a corpus as Reeve's. In: a generic declaration. Out: a schema of the inventory, and notes on what it could
 * not say. Never: a limit made wider than the corpus declares it.
 */
import { isMap, type Json, type JsonMap, listOf, mapOf, ownValue, textOf } from './corpus.ts';

export interface ParameterMapping {
  /** The name in Reeve; another one where Reeve keeps the corpus's for itself. */
  readonly name: string;
  readonly schema: JsonMap;
  readonly required: boolean;
  readonly isPath: boolean;
  readonly isArray: boolean;
}

export type ParameterResult =
  | { readonly ok: true; readonly parameter: ParameterMapping; readonly notes: readonly string[] }
  | { readonly ok: false; readonly problem: string };

const reserved = new Set([
  'environment',
  'workingDirectory',
  'timeoutSeconds',
  'idempotencyKey',
  'constructor',
  'prototype',
]);
const words: Readonly<Record<string, readonly string[]>> = {
  string: ['pattern', 'minLength', 'maxLength', 'enum', 'const', 'default', 'allowLeadingDash'],
  number: [
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'exclusiveMaximum',
    'multipleOf',
    'enum',
    'const',
    'default',
  ],
  boolean: ['enum', 'const', 'default'],
  array: ['minItems', 'maxItems', 'uniqueItems', 'default', 'allowLeadingDash'],
};
/** Said, and either the same as what holds anyway or read elsewhere. */
const quiet = new Set(['type', 'items', 'within', 'required', 'optional', 'description', 'title']);

export function mapParameter(
  written: string,
  value: Json | undefined,
  requiredList: readonly string[] | null,
): ParameterResult {
  const declared: JsonMap = isMap(value) ? value : { type: textOf(value) ?? 'string' };
  const given = textOf(declared.type) ?? 'string';
  const isPath = /^(workspace[-_])?(path|file|dir|directory)$/.test(given);
  const type = isPath
    ? 'string'
    : given === 'bool'
      ? 'boolean'
      : given === 'int'
        ? 'integer'
        : given;
  const kind = type === 'integer' ? 'number' : type;
  if (!Object.hasOwn(words, kind)) {
    return {
      ok: false,
      problem: `the parameter ${written} is of type ${type}, which Reeve has not`,
    };
  }
  const notes: string[] = [];
  const schema: Record<string, Json> = { type };
  for (const [key, content] of Object.entries(declared)) {
    if (words[kind]!.includes(key)) schema[key] = content!;
    else if (!quiet.has(key)) notes.push(`params.${written}.${key} is not mapped`);
  }
  const within = textOf(declared.within);
  if (within !== null && within !== 'workspace') {
    notes.push(`params.${written}: within ${within} is held more tightly, to the workspace`);
  }
  if (isPath) {
    schema.format = 'workspace-path';
    for (const key of ['pattern', 'enum', 'const']) {
      if (schema[key] === undefined) continue;
    }
  }
  if (type === 'array') {
    const item = mapParameter('items', mapOf(declared.items), null);
    if (!item.ok) return item;
    if (item.parameter.isArray) return { ok: false, problem: `${written} holds arrays of arrays` };
    notes.push(...item.notes);
    schema.items = item.parameter.schema;
  }
  const sayRequired =
    requiredList !== null
      ? requiredList.includes(written)
      : declared.required !== false && declared.optional !== true;
  const usable = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/.test(written) && !reserved.has(written);
  return {
    ok: true,
    notes,
    parameter: {
      name: usable ? written : `p_${written.replace(/[^A-Za-z0-9]/g, '_').slice(0, 50)}`,
      schema,
      required: sayRequired && ownValue(declared, 'default') === undefined,
      isPath: isPath || (type === 'array' && mapOf(schema.items).format === 'workspace-path'),
      isArray: type === 'array',
    },
  };
}

export function requiredListOf(entry: JsonMap): readonly string[] | null {
  return Array.isArray(entry.required)
    ? listOf(entry.required).filter((name) => typeof name === 'string')
    : null;
}
