/**
 * Schemas of the contract, for a reader. In: JSON Schema as openapi.yaml has it. Out: HTML: a line about what a value is, and
 * the fields of objects below it. Never: a reference that leads nowhere.
 */
import { escaped } from './escaped.ts';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
  readonly not?: object;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}

/** `not: {}` alone: a field that is never there. */
export function isNothing(schema: Schema): boolean {
  return schema.not !== undefined && Object.keys(schema.not).length === 0;
}

export function schemaAnchor(name: string): string {
  return `schema-${name}`;
}

/** What kind of value it is, in a few words with links to named schemas. */
export function kind(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = nameOf(schema.$ref);
    return `<a href="#${schemaAnchor(name)}">${escaped(name)}</a>`;
  }
  if (schema.const !== undefined) return `<code>${escaped(JSON.stringify(schema.const))}</code>`;
  if (schema.enum !== undefined)
    return schema.enum.map((v) => `<code>${escaped(String(v))}</code>`).join(' · ');
  if (schema.anyOf !== undefined) {
    const each = schema.anyOf.map(kind);
    return [...new Set(each)].join(' or ');
  }
  if (isNothing(schema)) return 'never given';
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return schema.properties === undefined ? 'any value' : 'object';
  return types
    .map((type) => {
      if (type === 'array')
        return `list of ${schema.items === undefined ? 'values' : kind(schema.items)}`;
      if (type === 'object' && schema.properties === undefined) {
        const values = schema.additionalProperties;
        return values === undefined ||
          typeof values === 'boolean' ||
          Object.keys(values).length === 0
          ? 'object of any fields'
          : `object of ${kind(values)}`;
      }
      return escaped(type);
    })
    .join(' or ');
}

/** Bounds, where they say something: the range of exact whole numbers does not. */
export function bounds(schema: Schema): string {
  const said: string[] = [];
  const number = (n: number) => n.toLocaleString('en-GB');
  const { minimum, maximum, exclusiveMinimum, minLength, maxLength, minItems, maxItems } = schema;
  if (minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER)
    said.push(`≥ ${number(minimum)}`);
  if (exclusiveMinimum !== undefined) said.push(`&gt; ${number(exclusiveMinimum)}`);
  if (maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER)
    said.push(`≤ ${number(maximum)}`);
  if (minLength !== undefined && minLength > 0) said.push(`at least ${number(minLength)} long`);
  if (maxLength !== undefined) said.push(`at most ${number(maxLength)} long`);
  if (minItems !== undefined && minItems > 0) said.push(`at least ${number(minItems)}`);
  if (maxItems !== undefined) said.push(`at most ${number(maxItems)}`);
  if (schema.pattern !== undefined) said.push(`matches <code>${escaped(schema.pattern)}</code>`);
  return said.length === 0 ? '' : `<span class="bounds">${said.join(', ')}</span>`;
}

/** The fields of an object, those of objects inside of it below. Empty for everything else. */
export function fields(schema: Schema): string {
  const inner = objectIn(schema);
  if (inner?.properties === undefined) return '';
  const required = new Set(inner.required ?? []);
  const rows = Object.entries(inner.properties).map(([name, field]) => {
    const need = required.has(name) ? ' <span class="need">always</span>' : '';
    return `<li><code class="name">${escaped(name)}</code> <span class="kind">${kind(field)}</span>${need}${note(field)}${fields(field)}</li>`;
  });
  return `<ul class="fields">${rows.join('')}</ul>`;
}

/** A named schema as a whole: what it is, and its fields. */
export function whole(schema: Schema): string {
  const inside = fields(schema);
  return `${note(schema)}${inside === '' ? `<p class="kind">${kind(schema)}</p>` : inside}`;
}

function note(schema: Schema): string {
  const said = [
    schema.description === undefined ? '' : escaped(schema.description),
    bounds(schema),
  ];
  const text = said.filter((s) => s !== '').join(' ');
  return text === '' ? '' : `<div class="note">${text}</div>`;
}

/** The object whose fields are shown below: the schema itself, an item of a list, or the one beside null. */
function objectIn(schema: Schema): Schema | null {
  if (schema.properties !== undefined) return schema;
  if (schema.items !== undefined) return objectIn(schema.items);
  const each = (schema.anyOf ?? []).map(objectIn).filter((s) => s !== null);
  if (each.length === 1) return each[0]!;
  const values = schema.additionalProperties;
  return typeof values === 'object' ? objectIn(values) : null;
}
