/** What a value has to be, in words. In: a part of a schema. Out: Markdown for a cell of a table. Never: a bound left out that the schema has. */
import type { Part } from './schema.ts';
import { alternativesOf, mapsOf } from './sections.ts';
import { termOf } from './terms.ts';

export interface Linker {
  /** A link to the section that tells of a map; null where there is none. */
  linkTo(part: Part): string | null;
}

export function formOf(part: Part, linker: Linker): string {
  const alternatives = alternativesOf(part);
  const maps = mapsOf(part);
  const others = alternatives.filter((each) => !maps.includes(each) && each.type !== 'null');
  const forms = others.map((each) => plainForm(each, linker));
  const link = linker.linkTo(part);
  if (link !== null) forms.push(maps.length > 1 ? `one of ${link}` : link);
  if (alternatives.some((each) => each.type === 'null')) forms.push('nothing');
  return either([...new Set(forms)]);
}

function plainForm(part: Part, linker: Linker): string {
  if (part.const !== undefined) return code(part.const);
  if (part.enum !== undefined) return either(part.enum.map(code));
  switch (part.type) {
    case 'string':
      return textForm(part);
    case 'integer':
      return `whole number${bounds(part)}`;
    case 'number':
      return `number${bounds(part)}`;
    case 'boolean':
      return '`true` or `false`';
    case 'array':
      return `list${counted(part)} of ${formOf(part.items ?? {}, linker)}`;
    case 'object':
      return mapForm(part, linker);
    default:
      return 'any value';
  }
}

function textForm(part: Part): string {
  const term = termOf(part.pattern);
  if (term !== null) return `[${term.word}](#forms-of-values)`;
  const { minLength, maxLength } = part;
  const least = minLength !== undefined && minLength > 1 ? `at least ${minLength}` : null;
  const most = maxLength === undefined ? null : `at most ${amount(maxLength)}`;
  const both = [least, most].filter((each) => each !== null).join(', ');
  return both === '' ? 'text' : `text (${both} characters)`;
}

function mapForm(part: Part, linker: Linker): string {
  if (typeof part.additionalProperties !== 'object') return 'map';
  const name = termOf(part.propertyNames?.pattern);
  const of = Object.keys(part.additionalProperties).length === 0;
  const value = of ? 'any value' : formOf(part.additionalProperties, linker);
  return name === null ? `map to ${value}` : `map of [${name.word}](#forms-of-values) to ${value}`;
}

function bounds(part: Part): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = part;
  const exact = Number.MAX_SAFE_INTEGER;
  const least = minimum === undefined || minimum === -exact ? null : `from ${amount(minimum)}`;
  const above = exclusiveMinimum === undefined ? null : `above ${amount(exclusiveMinimum)}`;
  const most = maximum === undefined || maximum === exact ? null : `to ${amount(maximum)}`;
  const below = exclusiveMaximum === undefined ? null : `below ${amount(exclusiveMaximum)}`;
  const all = [least, above, most, below].filter((each) => each !== null);
  return all.length === 0 ? '' : ` ${all.join(' ')}`;
}

function counted({ minItems, maxItems }: Part): string {
  const least = minItems !== undefined && minItems > 0 ? `at least ${minItems}` : null;
  const most = maxItems === undefined ? null : `at most ${amount(maxItems)}`;
  const both = [least, most].filter((each) => each !== null);
  return both.length === 0 ? '' : ` (${both.join(', ')})`;
}

const amount = (n: number) => n.toLocaleString('en-US');
const code = (value: unknown) => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

function either(all: readonly string[]): string {
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
}
