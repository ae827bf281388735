/**
 * From arguments to argv. In: a command's template and checked values. Out: exactly the arguments that the template
 * promises. Never: a value expanded twice, or one that turns into a flag.
 */
import type { Command, Token, TokenPart } from '../core/command.ts';
import type { ErrorDetail } from '../core/errors.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Property } from './parameters.ts';
import { quote } from './words.ts';

/** Longest single argument and longest argv, in bytes with each argument's end. Linux takes no longer argument than this. */
export const maxArgumentBytes = 128 * 1024;
export const maxArgvBytes = 1024 * 1024;

/** What fills a template: values of parameters (of paths, what they resolved to) and the environment's name. */
export interface Filling {
  readonly values: JsonObject;
  readonly environment: string;
  readonly properties: ReadonlyMap<string, Property>;
}

export type Rendered =
  | { readonly ok: true; readonly argv: readonly string[] }
  | { readonly ok: false; readonly problems: readonly ErrorDetail[] };

/** Everything after the executable. */
export function renderTemplate(template: readonly Token[], filling: Filling): Rendered {
  const argv: string[] = [];
  const problems: ErrorDetail[] = [];
  let total = 0;
  const add = (argument: string, field: string | null) => {
    const bytes = Buffer.byteLength(argument) + 1;
    total += bytes;
    argv.push(argument);
    if (bytes <= maxArgumentBytes) return;
    problems.push({
      field: field ?? 'arguments',
      problem: `makes one argument of ${bytes - 1} bytes`,
      expected: `at most ${maxArgumentBytes - 1} bytes`,
    });
  };
  const addFilled = (parts: readonly TokenPart[]) => {
    const argument = fill(parts, filling);
    const leader = dashProblem(parts, argument, filling);
    if (leader !== null) problems.push(leader);
    add(argument, parts.find((p) => p.kind === 'parameter')?.name ?? null);
  };
  for (const token of template) {
    switch (token.kind) {
      case 'text':
        addFilled(token.parts);
        break;
      case 'flag':
        if (givenValue(filling, token.when) === true) add(token.flag, null);
        break;
      case 'option': {
        const names = token.value.flatMap((p) =>
          p.kind === 'parameter' && p.name !== 'environment' ? [p.name] : [],
        );
        if (!names.every((name) => givenValue(filling, name) !== undefined)) break;
        add(token.option, null);
        addFilled(token.value);
        break;
      }
      case 'spread': {
        const items = (givenValue(filling, token.parameter) ?? []) as readonly JsonValue[];
        const property = filling.properties.get(token.parameter)!;
        items.forEach((item, index) => {
          const argument = textOf(item);
          const field = `${token.parameter}/${index}`;
          if (argument.startsWith('-') && !mayLead(property))
            problems.push(leadingDash(field, argument));
          add(argument, field);
        });
        break;
      }
    }
  }
  if (total > maxArgvBytes)
    problems.push({
      field: 'arguments',
      problem: `make ${total} bytes altogether`,
      expected: `at most ${maxArgvBytes} bytes`,
    });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, argv };
}

/** The rendered concurrency key, or null. */
export function renderKey(
  command: Command,
  key: readonly TokenPart[],
  filling: Filling,
): Command['concurrency'] {
  return command.concurrency === null
    ? null
    : { key: fill(key, filling), max: command.concurrency.max };
}

/** For a command that declares no key: all of its runs count together, where the settings say how many there may be. */
export function sharedKey(
  command: Pick<Command, 'name'>,
  perCommand: number | undefined,
): Command['concurrency'] {
  return perCommand === undefined ? null : { key: `command:${command.name}`, max: perCommand };
}

/** Each part is replaced once, from left to right: a value `{b}` stays `{b}`. */
export function fill(parts: readonly TokenPart[], filling: Filling): string {
  return parts
    .map((part) =>
      part.kind === 'text'
        ? part.text
        : part.name === 'environment'
          ? filling.environment
          : textOf(givenValue(filling, part.name)),
    )
    .join('');
}

function givenValue(filling: Filling, name: string): JsonValue | undefined {
  return Object.hasOwn(filling.values, name) ? filling.values[name] : undefined;
}

/** The one text of a scalar: numbers in JavaScript's shortest form, booleans as true and false. */
export function textOf(value: JsonValue | undefined): string {
  return value === undefined || value === null ? '' : String(value);
}

/**
 * A value at the head of an argument must not make it a flag. If all parameters at the head are empty, fixed text behind
 * them moves to the front: that is refused as well.
 */
function dashProblem(
  parts: readonly TokenPart[],
  argument: string,
  filling: Filling,
): ErrorDetail | null {
  const [head] = parts;
  if (!argument.startsWith('-') || head?.kind !== 'parameter') return null;
  for (const part of parts) {
    if (part.kind === 'text') return leadingDash(head.name, argument);
    if (part.name === 'environment' || textOf(givenValue(filling, part.name)) === '') continue;
    return mayLead(filling.properties.get(part.name)!) ? null : leadingDash(part.name, argument);
  }
  return null;
}

/** Numbers may be negative; text may begin with "-" only where the parameter says so. */
function mayLead(property: Property): boolean {
  return property.mayLeadWithDash || property.scalar === 'integer' || property.scalar === 'number';
}

function leadingDash(field: string, argument: string): ErrorDetail {
  return {
    field,
    problem: `the argument ${quote(argument, 40)} would begin with "-" and be taken for an option`,
    expected: 'a value that does not begin with "-"',
  };
}
