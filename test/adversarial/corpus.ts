/**
 * The corpus, read. In: the text of a file of the form that test/data/corpus/README.md describes. Out: cases, with what is
 * odd about each said in it. Never: a case dropped without a word, or a key such as `__proto__` lost on the way.
 */
export type Json = null | boolean | number | string | readonly Json[] | JsonMap;
export interface JsonMap {
  readonly [key: string]: Json | undefined;
}

export const outcomes = [
  'reject',
  'literal',
  'reject_or_literal',
  'contain',
  'terminate',
  'pending',
  'detect',
  'accept',
] as const;
export type ExpectedOutcome = (typeof outcomes)[number];

export interface Case {
  readonly id: string;
  readonly class: string;
  readonly setup: JsonMap;
  readonly request: JsonMap;
  readonly expected: {
    readonly outcome: ExpectedOutcome;
    readonly mustNot: readonly string[];
    readonly must: readonly string[];
  };
  /** Why the case cannot be read; null where it can. */
  readonly malformed: string | null;
}

/** Throws where the file is no array in JSON: then there is nothing to report on. */
export function readCorpus(text: string): readonly Case[] {
  const parsed = JSON.parse(text) as Json;
  if (!Array.isArray(parsed)) throw new Error('a corpus is an array of cases in JSON');
  return parsed.map((entry: Json, index) => readCase(entry, index));
}

function readCase(entry: Json, index: number): Case {
  const whole = mapOf(entry);
  const expected = mapOf(whole.expected);
  const problems: string[] = [];
  if (!isMap(entry)) problems.push('it is no object');
  if (typeof whole.id !== 'string' || whole.id === '') problems.push('it has no id');
  const outcome = outcomes.find((known) => known === expected.outcome);
  if (outcome === undefined) {
    problems.push(`${JSON.stringify(expected.outcome ?? null)} is no outcome that is known`);
  }
  for (const part of ['setup', 'request'] as const) {
    if (whole[part] !== undefined && !isMap(whole[part])) problems.push(`${part} is no object`);
  }
  return {
    id: typeof whole.id === 'string' && whole.id !== '' ? whole.id : `case-${index + 1}`,
    class: typeof whole.class === 'string' ? whole.class : 'unnamed',
    setup: mapOf(whole.setup),
    request: mapOf(whole.request),
    expected: {
      outcome: outcome ?? 'contain',
      mustNot: textsOf(expected.must_not),
      must: textsOf(expected.must),
    },
    malformed: problems.length === 0 ? null : problems.join('; '),
  };
}

export function isMap(value: Json | undefined): value is JsonMap {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

export function mapOf(value: Json | undefined): JsonMap {
  return isMap(value) ? value : {};
}

export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

export function textsOf(value: Json | undefined): readonly string[] {
  return (typeof value === 'string' ? [value] : listOf(value)).map((item) =>
    typeof item === 'string' ? item : JSON.stringify(item),
  );
}

export function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

export function numberOf(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Own properties only: a corpus may well name one `constructor`. */
export function ownValue(map: JsonMap, key: string): Json | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
