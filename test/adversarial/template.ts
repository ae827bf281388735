/**
 * Tokens of a catalog's argv as Reeve's. In: texts with `{name}`, `{...name}` and placeholders of places. Out: tokens of
 * the inventory, or fixed arguments where the values are put in. Every other brace is a brace.
 */
import { type Arena, expand } from './arena.ts';
import { type Json, type JsonMap, listOf, ownValue } from './corpus.ts';
import type { ParameterMapping } from './parameters.ts';

export type Parameters = ReadonlyMap<string, ParameterMapping>;

const piece = /\{(\.\.\.)?([A-Za-z_]\w*)\}/g;
const braced = (text: string) => text.replace(/[{}]/g, '$&$&');

/** Tokens of the inventory; `problem` where one cannot be said. */
export function tokensOf(
  arena: Arena,
  argv: Json | undefined,
  parameters: Parameters,
): { readonly tokens: readonly Json[]; readonly problem: string | null } {
  const tokens: Json[] = [];
  for (const token of listOf(argv)) {
    if (typeof token !== 'string') {
      return { tokens, problem: `a token of argv is ${JSON.stringify(token)}, not a text` };
    }
    const whole = /^\{(\.\.\.)?([A-Za-z_]\w*)\}$/.exec(token);
    const alone = whole === null ? undefined : parameters.get(whole[2]!);
    if (alone?.isArray) {
      tokens.push({ spread: alone.name });
      continue;
    }
    // What may be absent gives two arguments with the fixed one before it, or none.
    const before = tokens.at(-1);
    if (
      alone !== undefined &&
      !alone.required &&
      alone.schema.default === undefined &&
      typeof before === 'string'
    ) {
      tokens.pop();
      tokens.push({ option: before.replace(/([{}])\1/g, '$1'), value: `{${alone.name}}` });
      continue;
    }
    let problem: string | null = null;
    let text = '';
    let last = 0;
    for (const match of token.matchAll(piece)) {
      const parameter = parameters.get(match[2]!);
      if (parameter === undefined) continue;
      if (match[1] !== undefined || parameter.isArray) {
        problem = `the token ${token} holds a list within a text, which Reeve has no form for`;
      }
      text += `${braced(arena.inSandbox(token.slice(last, match.index)))}{${parameter.name}}`;
      last = match.index + match[0].length;
    }
    if (problem !== null) return { tokens, problem };
    tokens.push(text + braced(arena.inSandbox(token.slice(last))));
  }
  return { tokens, problem: null };
}

/** The arguments that the request would lead to, as fixed text: what an operator could have declared just so. */
export function fixedArguments(
  arena: Arena,
  argv: Json | undefined,
  parameters: Parameters,
  params: JsonMap,
): readonly string[] {
  const textFor = (value: Json | undefined) =>
    expand(arena.inSandbox(typeof value === 'string' ? value : JSON.stringify(value ?? '')));
  return listOf(argv).flatMap((token) => {
    const text = String(token);
    const whole = /^\{(?:\.\.\.)?([A-Za-z_]\w*)\}$/.exec(text);
    if (whole !== null && parameters.has(whole[1]!)) {
      const value = ownValue(params, whole[1]!);
      if (value === undefined) return [];
      return Array.isArray(value) ? listOf(value).map(textFor) : [textFor(value)];
    }
    let out = '';
    let last = 0;
    for (const match of text.matchAll(piece)) {
      if (!parameters.has(match[2]!)) continue;
      out += arena.inSandbox(text.slice(last, match.index)) + textFor(ownValue(params, match[2]!));
      last = match.index + match[0].length;
    }
    return [out + arena.inSandbox(text.slice(last))];
  });
}

export function asFixedTokens(args: readonly string[]): readonly string[] {
  return args.map(braced);
}
