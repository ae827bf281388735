/**
 * Argv templates. In: tokens as written. Out: typed tokens whose every `{name}` is known. Never: a token that could give
 * another number of arguments than it says.
 */
import type { Token, TokenPart } from '../core/command.ts';
import type { Findings } from './diagnose.ts';
import type { TokenField } from './inventory-schema.ts';
import type { ParameterField } from './parameter-schema.ts';
import type { Path } from './source.ts';
import { either, nearest, quote } from './words.ts';

export type TextResult =
  | { readonly ok: true; readonly parts: readonly TokenPart[] }
  | { readonly ok: false; readonly problem: string };

/** The parts of a text with `{name}`, `{{` and `}}`. Fixed text that is next to fixed text is one part. */
export function parseText(text: string): TextResult {
  const parts: TokenPart[] = [];
  let fixed = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c !== '{' && c !== '}') fixed += c;
    else if (text[i + 1] === c) {
      fixed += c;
      i += 1;
    } else if (c === '}') {
      return { ok: false, problem: 'holds a "}" that closes nothing; write a brace as "}}"' };
    } else {
      const end = text.indexOf('}', i);
      const name = end < 0 ? null : text.slice(i + 1, end);
      if (name === null)
        return { ok: false, problem: 'holds a "{" that nothing closes; write a brace as "{{"' };
      if (!/^[a-zA-Z][a-zA-Z0-9_]*$/.test(name)) {
        return {
          ok: false,
          problem: `holds {${name.slice(0, 40)}}, which is no name; write a brace as "{{"`,
        };
      }
      if (fixed !== '') parts.push({ kind: 'text', text: fixed });
      parts.push({ kind: 'parameter', name });
      fixed = '';
      i = end;
    }
  }
  if (fixed !== '' || parts.length === 0) parts.push({ kind: 'text', text: fixed });
  return { ok: true, parts };
}

/** The text of parts as an author would write them. */
export function writeParts(parts: readonly TokenPart[]): string {
  return parts
    .map((part) =>
      part.kind === 'parameter' ? `{${part.name}}` : part.text.replace(/[{}]/g, '$&$&'),
    )
    .join('');
}

/** Names of the parameters in parts, `environment` left out. */
export function namesIn(parts: readonly TokenPart[]): string[] {
  return parts.flatMap((part) =>
    part.kind === 'parameter' && part.name !== 'environment' ? [part.name] : [],
  );
}

/** Names of the parameters that a token uses. */
export function namesOf(token: Token): string[] {
  switch (token.kind) {
    case 'text':
      return namesIn(token.parts);
    case 'flag':
      return [token.when];
    case 'option':
      return namesIn(token.value);
    case 'spread':
      return [token.parameter];
  }
}

/** What a token is checked against: the declared parameters, and which of them always have a value. */
export interface Declared {
  readonly parameters: Readonly<Record<string, ParameterField>>;
  readonly always: ReadonlySet<string>;
}

/** The token, or undefined and findings. */
export function readToken(
  field: TokenField,
  declared: Declared,
  at: Path,
  findings: Findings,
): Token | undefined {
  const find = (name: string) => findParameter(name, declared, at, findings);
  if (typeof field === 'string') {
    const parts = readText(field, declared, at, findings);
    if (parts === undefined) return undefined;
    for (const name of namesIn(parts)) {
      if (declared.always.has(name)) continue;
      findings.error(
        at,
        'optional-in-text',
        `{${name}} may be absent, and this argument would then be missing`,
        `Add ${name} to "required", give it a default, or write { option: "--…", value: "{${name}}" }.`,
      );
    }
    return { kind: 'text', parts };
  }
  if ('flag' in field) {
    const type = find(field.when)?.type;
    if (type === undefined) return undefined;
    if (type !== 'boolean')
      findings.error(
        [...at, 'when'],
        'wrong-parameter-type',
        `"when" must name a boolean parameter, and ${field.when} is of type ${type}`,
        null,
      );
    return { kind: 'flag', flag: field.flag, when: field.when };
  }
  if ('spread' in field) {
    const type = find(field.spread)?.type;
    if (type === undefined) return undefined;
    if (type !== 'array')
      findings.error(
        [...at, 'spread'],
        'wrong-parameter-type',
        `"spread" must name an array parameter, and ${field.spread} is of type ${type}`,
        `Write "{${field.spread}}".`,
      );
    return { kind: 'spread', parameter: field.spread };
  }
  const value = readText(field.value, declared, [...at, 'value'], findings);
  if (value === undefined) return undefined;
  const names = new Set(namesIn(value));
  if (names.size !== 1) {
    findings.error(
      [...at, 'value'],
      'option-value',
      'the value of an option must name exactly one parameter: the option is given where that is given',
      names.size === 0
        ? 'Write a fixed option as two text tokens.'
        : 'Use one parameter, or two options.',
    );
  }
  return { kind: 'option', option: field.option, value };
}

/** A text whose names are all declared and no arrays; undefined and findings otherwise. */
export function readText(
  text: string,
  declared: Declared,
  at: Path,
  findings: Findings,
): readonly TokenPart[] | undefined {
  const parsed = parseText(text);
  if (!parsed.ok) {
    findings.error(at, 'template', `this text ${parsed.problem}`, null);
    return undefined;
  }
  let sound = true;
  for (const name of namesIn(parsed.parts)) {
    const parameter = findParameter(name, declared, at, findings);
    if (parameter === undefined) sound = false;
    else if (parameter.type === 'array') {
      sound = false;
      findings.error(
        at,
        'wrong-parameter-type',
        `{${name}} is an array and cannot stand in a text`,
        `Write { spread: ${name} }.`,
      );
    }
  }
  return sound ? parsed.parts : undefined;
}

function findParameter(
  name: string,
  declared: Declared,
  at: Path,
  findings: Findings,
): ParameterField | undefined {
  if (Object.hasOwn(declared.parameters, name)) return declared.parameters[name];
  const known = [...Object.keys(declared.parameters), 'environment'];
  const close = nearest(name, known);
  const remedy =
    close === undefined
      ? `Declared are ${either(known)}; write a brace as "{{".`
      : `Did you mean {${close}}?`;
  findings.error(at, 'unknown-parameter', `there is no parameter ${quote(name)}`, remedy);
  return undefined;
}
