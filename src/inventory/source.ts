/**
 * A YAML file that an operator wrote. In: a path. Out: plain JSON values, and for each the line and column where it stands.
 * Never: a value from a file that is not UTF-8, holds duplicate or `__proto__` keys, or grows when its aliases are resolved.
 */
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { JsonValue } from '../core/json.ts';
import { fileError, readText } from './source-file.ts';
import { inspect, offsetOf, type Path, wordsOf } from './yaml-tree.ts';

export { fileError, maxFileBytes } from './source-file.ts';
export type { Path } from './yaml-tree.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Source {
  readonly file: string;
  readonly sha256: string;
  readonly value: JsonValue;
  /** Errors that leave the rest readable: names that stand twice. The source must not be used, only be checked further. */
  readonly problems: readonly Diagnostic[];
  /** Where the value at a path stands; with `key`, where its name stands. The nearest place above it where it is missing. */
  locate(path: Path, what?: 'value' | 'key'): Place;
}
export type SourceResult =
  | { readonly ok: true; readonly source: Source }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Reads and parses one file. Every problem of its form is reported at once; problems of content come later. */
export function readSource(file: string): SourceResult {
  const read = readText(file);
  if ('rule' in read) return { ok: false, diagnostics: [read] };
  return parseSource(file, read.text, read.sha256);
}

function parseSource(file: string, text: string, sha256: string): SourceResult {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const errorAt = (offset: number, rule: string, message: string, remedy: string | null) =>
    ({ severity: 'error', file, ...placeAt(offset), rule, message, remedy }) as const;

  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      resolveKnownTags: false,
      // Not 'silent': that would hide a second document as well.
      logLevel: 'error',
    });
  } catch {
    // The parser recurses: only nesting beyond all reason ends up here.
    const remedy = 'Write it flatter.';
    const message = 'the file is nested too deeply to be read';
    return { ok: false, diagnostics: [fileError(file, 'too-deep', message, remedy)] };
  }
  const problems: Diagnostic[] = [...document.errors, ...document.warnings]
    .slice(0, 20)
    .map((error) => errorAt(error.pos[0], ...wordsOf(error)));
  if (document.directives?.yaml.explicit && document.directives.yaml.version !== '1.2') {
    const remedy = 'Remove the %YAML line.';
    problems.push(errorAt(0, 'yaml-version', 'only YAML 1.2 is read', remedy));
  }
  if (problems.some((d) => d.rule !== 'duplicate-key')) return { ok: false, diagnostics: problems };

  const found = inspect(document.contents, document, errorAt);
  if (found.length > 0) return { ok: false, diagnostics: [...problems, ...found] };
  let value: JsonValue;
  try {
    value = (document.toJS({ maxAliasCount: 200 }) ?? null) as JsonValue;
  } catch (error) {
    const message = `the file cannot be expanded: ${error instanceof Error ? error.message : 'unknown'}`;
    const remedy = 'Use fewer aliases, or write the values out.';
    return { ok: false, diagnostics: [fileError(file, 'aliases', message, remedy)] };
  }
  const locate = (path: Path, what: 'value' | 'key' = 'value') =>
    placeAt(offsetOf(document, path, what));
  return { ok: true, source: { file, sha256, value, problems, locate } };
}
