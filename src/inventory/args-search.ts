/**
 * The search behind the args form. In: a template and argv. Out: every set of arguments that renders to exactly that argv,
 * up to two. Never: more work than a fixed number of steps.
 */
import type { Command, Token, TokenPart } from '../core/command.ts';
import type { ErrorDetail } from '../core/errors.ts';
import { canonicalJson, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Property } from './parameters.ts';
import { renderTemplate, textOf } from './render.ts';
import { namesIn } from './template.ts';

const maxSteps = 100_000;
const maxCandidates = 64;

type Bindings = ReadonlyMap<string, JsonValue>;

/** One search: `run` it once, then read what it found. `exhausted` says that it gave up, and that nothing found counts. */
export class Search {
  readonly accepted = new Map<string, JsonObject>();
  refused: readonly ErrorDetail[] | null = null;
  exhausted = false;
  #steps = 0;
  #candidates = 0;
  readonly #command: Command;
  readonly #args: readonly string[];
  readonly #environment: string;
  readonly #properties: ReadonlyMap<string, Property>;
  readonly #problemsOf: (candidate: JsonObject) => readonly ErrorDetail[];

  constructor(
    command: Command,
    args: readonly string[],
    environment: string,
    properties: ReadonlyMap<string, Property>,
    problemsOf: (candidate: JsonObject) => readonly ErrorDetail[],
  ) {
    this.#command = command;
    this.#args = args;
    this.#environment = environment;
    this.#properties = properties;
    this.#problemsOf = problemsOf;
  }

  run(): void {
    this.#match(0, 0, new Map());
  }

  #over(): boolean {
    this.#steps += 1;
    if (this.#steps > maxSteps) this.exhausted = true;
    return this.exhausted || this.accepted.size > 1;
  }

  #match(token: number, position: number, bindings: Bindings): void {
    if (this.#over()) return;
    const next = this.#command.template[token];
    if (next === undefined) {
      if (position === this.#args.length) this.#offer(bindings);
      return;
    }
    this.#matchToken(next, token, position, bindings);
  }

  #matchToken(token: Token, index: number, position: number, bindings: Bindings): void {
    const argument = this.#args[position];
    switch (token.kind) {
      case 'text':
        if (argument === undefined) return;
        for (const bound of this.#readParts(token.parts, argument, bindings))
          this.#match(index + 1, position + 1, bound);
        return;
      case 'flag':
        if (argument === token.flag) {
          const given = bind(bindings, token.when, true);
          if (given !== null) this.#match(index + 1, position + 1, given);
        }
        {
          const absent = bind(bindings, token.when, false);
          if (absent !== null) this.#match(index + 1, position, absent);
        }
        return;
      case 'option': {
        const value = this.#args[position + 1];
        if (argument === token.option && value !== undefined) {
          for (const bound of this.#readParts(token.value, value, bindings))
            this.#match(index + 1, position + 2, bound);
        }
        // A parameter that another token has bound already would make this option appear.
        if (!namesIn(token.value).some((name) => bindings.has(name)))
          this.#match(index + 1, position, bindings);
        return;
      }
      case 'spread':
        this.#matchSpread(token.parameter, index, position, bindings);
    }
  }

  #matchSpread(parameter: string, index: number, position: number, bindings: Bindings): void {
    const property = this.#properties.get(parameter)!;
    const items: JsonValue[] = [];
    // Where only single arguments follow, there is one place at which the elements can end.
    const rest = this.#command.template.slice(index + 1);
    const only = rest.every(({ kind }) => kind === 'text') ? this.#args.length - rest.length : null;
    for (let end = position; ; end++) {
      if (only === null || end === only) {
        this.#steps += items.length;
        const bound = bind(bindings, parameter, [...items]);
        if (bound !== null) this.#match(index + 1, end, bound);
      }
      if (this.#over() || end >= (only ?? this.#args.length)) return;
      const argument = this.#args[end]!;
      const item = readScalar(argument, property);
      const dash =
        argument.startsWith('-') && property.scalar === 'string' && !property.mayLeadWithDash;
      if (item === undefined || dash) return;
      items.push(item);
    }
  }

  /** Every way to read one argument as parts. */
  *#readParts(parts: readonly TokenPart[], text: string, bindings: Bindings): Generator<Bindings> {
    if (this.#over()) return;
    const [part, ...rest] = parts;
    if (part === undefined) {
      if (text === '') yield bindings;
      return;
    }
    const fixed =
      part.kind === 'text' ? part.text : part.name === 'environment' ? this.#environment : null;
    if (fixed !== null) {
      if (text.startsWith(fixed)) yield* this.#readParts(rest, text.slice(fixed.length), bindings);
      return;
    }
    const { name } = part as { name: string };
    const property = this.#properties.get(name)!;
    const known = bindings.get(name);
    const least = rest.length === 0 ? text.length : 0;
    for (let end = least; end <= text.length; end++) {
      if (this.#over()) return;
      const piece = text.slice(0, end);
      const value = readScalar(piece, property);
      if (value === undefined || (known !== undefined && textOf(known) !== piece)) continue;
      const bound = bind(bindings, name, value);
      if (bound !== null) yield* this.#readParts(rest, text.slice(end), bound);
    }
  }

  #offer(bindings: Bindings): void {
    const candidate: Record<string, JsonValue> = {};
    for (const [name, value] of bindings) {
      const { required, fallback } = this.#properties.get(name)!;
      // What leaves no trace in argv is left out, unless leaving it out would mean something else.
      const silent = value === false || (Array.isArray(value) && value.length === 0);
      const traceless = silent && !this.#shows(name);
      if (!traceless || required || fallback !== undefined) candidate[name] = value;
    }
    const rendered = renderTemplate(this.#command.template, {
      values: candidate,
      environment: this.#environment,
      properties: this.#properties,
    });
    if (rendered.ok && !sameArgs(rendered.argv, this.#args)) return;
    this.#candidates += 1;
    if (this.#candidates > maxCandidates) {
      this.exhausted = true;
      return;
    }
    const problems = rendered.ok ? this.#problemsOf(candidate) : rendered.problems;
    if (problems.length === 0) this.accepted.set(keyOf(candidate), candidate);
    else this.refused ??= problems;
  }

  /** True where the parameter stands in a text, so that even false is seen. */
  #shows(name: string): boolean {
    return this.#command.template.some(
      (token) =>
        (token.kind === 'text' && namesIn(token.parts).includes(name)) ||
        (token.kind === 'option' && namesIn(token.value).includes(name)),
    );
  }
}

function keyOf(candidate: JsonObject): string {
  try {
    return canonicalJson(candidate);
  } catch {
    return JSON.stringify(candidate);
  }
}

function sameArgs(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((argument, index) => argument === b[index]);
}

/** The bindings with one more, or null where the name is bound to something else. */
function bind(bindings: Bindings, name: string, value: JsonValue): Bindings | null {
  const known = bindings.get(name);
  if (known === undefined) return new Map([...bindings, [name, value]]);
  return JSON.stringify(known) === JSON.stringify(value) ? bindings : null;
}

/** The value that has exactly this text, if there is one. */
function readScalar(text: string, property: Property): JsonValue | undefined {
  switch (property.scalar) {
    case 'string':
      return text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'integer':
      return /^(?:0|-?[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text))
        ? Number(text)
        : undefined;
    case 'number': {
      const value = Number(text);
      return text.length < 32 && Number.isFinite(value) && String(value) === text
        ? value
        : undefined;
    }
  }
}
