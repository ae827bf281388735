/**
 * What the standard output of a command is declared to be, and what was read of it. Frozen values; nothing here parses. Never: a value that was read from output cut short.
 */
import type { JsonObject, JsonValue } from './json.ts';

/**
 * How standard output is read. `json`: one value. `json-lines`: one value a line, as a list. `loco-log`: the JSON log lines
 * of Loco's `db migrate`, `db down` and `db status`. `loco-tasks`: the list that Loco's `task` prints without a name.
 */
export const resultForms = ['json', 'json-lines', 'loco-log', 'loco-tasks'] as const;
export type ResultForm = (typeof resultForms)[number];

/** `schema` is a JSON Schema (2020-12, a part of it, without references) that holds for the value that was read. */
export interface ResultDeclaration {
  readonly from: ResultForm;
  readonly schema: JsonObject;
}

/**
 * What was read. Both null: the command declares no result, or nothing ran. A value is never JSON's null; with a problem
 * (one line, in our words) there is no value.
 */
export interface StructuredResult {
  readonly structured: JsonValue | null;
  readonly structuredProblem: string | null;
}

export const noResult: StructuredResult = Object.freeze({
  structured: null,
  structuredProblem: null,
});
