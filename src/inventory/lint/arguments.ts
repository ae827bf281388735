/**
 * A template as the linter sees it. In: a command. Out: its arguments one by one, each with what a caller may make of it.
 * Never: a guess about a value; a domain answers only whether it takes a given text.
 */
import type { Command, Token, TokenPart } from '../../core/command.ts';
import type { JsonObject } from '../../core/json.ts';
import { testWithin } from '../pattern-safety.ts';
import { sandboxWorkspace } from '../workspace-path.ts';

/** What values a parameter can have. */
export interface Domain {
  readonly name: string;
  /** `free`: any text. `bounded`: what a pattern matches. `path`: a place in the workspace. `choice`: `choices`, and nothing else. */
  readonly kind: 'free' | 'bounded' | 'path' | 'number' | 'choice';
  readonly choices: readonly string[];
  readonly mayLeadWithDash: boolean;
  accepts(text: string): boolean;
}

/** `at` is the index in `run`; `prefix` is what stands before the first value. `whole`: the argument is one value and nothing else. */
export type Argument =
  | { readonly kind: 'fixed'; readonly at: number; readonly text: string }
  | {
      readonly kind: 'open';
      readonly at: number;
      readonly prefix: string;
      readonly domains: readonly Domain[];
      readonly whole: boolean;
      readonly many: boolean;
    };
export type OpenArgument = Extract<Argument, { kind: 'open' }>;

/** Texts of which a pattern that means something refuses at least one. */
const anything = ['a b', '/x', '../x', 'x=y', '@x:y', ';'];

/** The arguments behind the executable. An option is two, and counts as given. */
export function argumentsOf(command: Command): readonly Argument[] {
  return command.template.flatMap((token, index) => read(command, token, index + 1));
}

function read(command: Command, token: Token, at: number): readonly Argument[] {
  switch (token.kind) {
    case 'text':
      return [ofParts(command, token.parts, at)];
    case 'flag':
      return [{ kind: 'fixed', at, text: token.flag }];
    case 'option':
      return [{ kind: 'fixed', at, text: token.option }, ofParts(command, token.value, at)];
    case 'spread': {
      const domains = [domainOf(command, token.parameter)];
      return [{ kind: 'open', at, prefix: '', domains, whole: true, many: true }];
    }
  }
}

function ofParts(command: Command, parts: readonly TokenPart[], at: number): Argument {
  // The environment's name is the operator's own, and always a plain word.
  const plain = parts.map(
    (part): TokenPart =>
      part.kind === 'parameter' && part.name === 'environment'
        ? { kind: 'text', text: 'environment' }
        : part,
  );
  const first = plain.findIndex((part) => part.kind === 'parameter');
  const textOf = (list: readonly TokenPart[]) =>
    list.map((part) => (part.kind === 'text' ? part.text : '')).join('');
  if (first < 0) return { kind: 'fixed', at, text: textOf(plain) };
  return {
    kind: 'open',
    at,
    prefix: textOf(plain.slice(0, first)),
    domains: plain.flatMap((part) =>
      part.kind === 'parameter' ? [domainOf(command, part.name)] : [],
    ),
    whole: plain.length === 1,
    many: false,
  };
}

/** The domain of a parameter, or of the elements of one. */
export function domainOf(command: Command, name: string): Domain {
  const property = (command.parameters.properties as Record<string, JsonObject>)[name]!;
  const schema = (property.items as JsonObject | undefined) ?? property;
  const mayLeadWithDash = property.allowLeadingDash === true || schema.allowLeadingDash === true;
  const base = { name, choices: [] as readonly string[], mayLeadWithDash };
  const choices = (schema.enum ?? (schema.const === undefined ? undefined : [schema.const])) as
    | readonly unknown[]
    | undefined;
  if (choices !== undefined || schema.type === 'boolean') {
    const texts = (choices ?? [true, false]).map(String);
    return { ...base, kind: 'choice', choices: texts, accepts: (text) => texts.includes(text) };
  }
  if (schema.type !== 'string')
    return { ...base, kind: 'number', accepts: (text) => /^-?\d+$/.test(text) };
  if (schema.format === 'workspace-path')
    return { ...base, kind: 'path', accepts: (text) => text.startsWith(`${sandboxWorkspace}/`) };
  if (schema.pattern === undefined) return { ...base, kind: 'free', accepts: () => true };
  const expression = new RegExp(schema.pattern as string, 'u');
  // What takes too long to match is refused at run time.
  const accepts = (text: string) => testWithin(expression, text, 100) ?? false;
  return { ...base, kind: anything.every(accepts) ? 'free' : 'bounded', accepts };
}
