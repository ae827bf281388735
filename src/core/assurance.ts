/**
 * What the inventory declares so that a tool can be held to the application's own command line. Frozen values; nothing here
 * reads a file. Never: a secret that is worth keeping.
 */
import type { JsonObject } from './json.ts';
import type { ResultDeclaration } from './result.ts';
import type { Token } from './token.ts';

/** What of the output counts; how a run ended and the state that it left count always. */
export const comparedParts = ['output', 'structured', 'state'] as const;
export type ComparedPart = (typeof comparedParts)[number];

/** The application's own command line: its executable as `Command.executable`, and everything after it. */
export interface CommandLine {
  readonly executable: { readonly path: string; readonly source: string };
  readonly template: readonly Token[];
}

/** A JavaScript regular expression (flags `gu`), checked at load to end, and what stands for each match. */
export interface NormalisePattern {
  readonly pattern: string;
  readonly replace: string;
}

/**
 * What a rehearsal is given instead of the real thing. `secrets`: values that are worth nothing, by the name of the secret.
 * `dependencies`: those that a rehearsal does without, because it is given something disposable in their place.
 */
export interface Disposable {
  readonly secrets: Readonly<Record<string, string>>;
  readonly dependencies: readonly string[];
}

export interface AssuranceDeclaration {
  readonly cli: CommandLine;
  /** What the command line's standard output is declared to be, if anything. */
  readonly cliResult: ResultDeclaration | null;
  readonly compare: ComparedPart;
  /** Glob patterns relative to the workspace: what is not compared. */
  readonly ignore: readonly string[];
  readonly normalise: readonly NormalisePattern[];
  /** The arguments that both sides are run with. */
  readonly arguments: JsonObject;
  /** Milliseconds after which evidence is too old; null where age alone makes none stale. */
  readonly maxAgeMs: number | null;
  /** Environments in which the command runs only with evidence that is fresh. */
  readonly required: readonly string[];
  readonly disposable: Disposable;
}
