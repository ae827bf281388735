/**
 * From argv back to arguments. In: what a caller wants after the executable. Out: the one set of arguments that gives
 * exactly that by the command's template. Never: a guess where two sets would, or unbounded search.
 */
import type { Command, Token } from '../core/command.ts';
import type { ErrorDetail } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { Search } from './args-search.ts';
import type { Property } from './parameters.ts';
import { writeParts } from './template.ts';
import { quote } from './words.ts';

export type Parsed =
  | { readonly ok: true; readonly arguments: JsonObject }
  | { readonly ok: false; readonly problems: readonly ErrorDetail[] };

/**
 * Parses `args`. `problemsOf` says what the validator has against a candidate: of several parses only those without
 * problems count, and where there is but one that has some, they are the answer.
 */
export function parseArgs(
  command: Command,
  args: readonly string[],
  environment: string,
  properties: ReadonlyMap<string, Property>,
  problemsOf: (candidate: JsonObject) => readonly ErrorDetail[],
): Parsed {
  const refuse = (problem: string, expected?: string): Parsed => ({
    ok: false,
    problems: [{ field: 'args', problem, ...(expected === undefined ? {} : { expected }) }],
  });
  for (const [index, argument] of args.entries()) {
    if (typeof argument !== 'string') return refuse(`args/${index} must be text`);
  }
  if (args.length > 10_000) return refuse(`holds ${args.length} arguments`, 'at most 10000');
  const search = new Search(command, args, environment, properties, problemsOf);
  search.run();
  const form = expectedForm(command);
  if (search.accepted.size > 1)
    return refuse(
      'is ambiguous: more than one set of arguments gives it',
      'the same call with "arguments" in place of "args"',
    );
  if (search.exhausted)
    return refuse(
      'can be read in too many ways',
      'the same call with "arguments" in place of "args"',
    );
  const [only] = search.accepted.values();
  if (only !== undefined) return { ok: true, arguments: only };
  if (search.refused !== null) return { ok: false, problems: search.refused };
  return refuse(`${quote(JSON.stringify(args), 200)} does not fit the command`, form);
}

/** The form of `args`, as a usage line: optional parts in brackets. */
export function expectedForm(command: Command): string {
  const words = command.template.map(writeToken);
  return words.length === 0 ? 'no arguments' : words.join(' ');
}

function writeToken(token: Token): string {
  switch (token.kind) {
    case 'text':
      return writeParts(token.parts);
    case 'flag':
      return `[${token.flag}]`;
    case 'option':
      return `[${token.option} ${writeParts(token.value)}]`;
    case 'spread':
      return `[{${token.parameter}}…]`;
  }
}
