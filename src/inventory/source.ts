/**
 * A YAML file that an operator wrote. In: a path. Out: plain JSON values, and for each the line and column where it stands.
 * Never: a value from a file that is not UTF-8, holds duplicate or `__proto__` keys, or grows when its aliases are resolved.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { Diagnostic } from '../core/diagnostic.ts';
import { type JsonValue, sha256Hex } from '../core/json.ts';
import { quote } from './words.ts';

export const maxFileBytes = 1024 * 1024;
const maxNodes = 200_000;
const maxDepth = 64;

export type Path = readonly (string | number)[];
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

/** An error of the whole file. */
export function fileError(
  file: string,
  rule: string,
  message: string,
  remedy: string | null,
): Diagnostic {
  return { severity: 'error', file, line: 0, column: 0, rule, message, remedy };
}

/** Reads and parses one file. Every problem of its form is reported at once; problems of content come later. */
export function readSource(file: string): SourceResult {
  const read = readBounded(file);
  if ('rule' in read) return { ok: false, diagnostics: [read] };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(read);
  } catch {
    const place = placeOfBadByte(read);
    const message = `byte ${place.offset} is not UTF-8`;
    const remedy = 'Save the file as UTF-8.';
    const { line, column } = place;
    const severity = 'error' as const;
    return {
      ok: false,
      diagnostics: [{ severity, file, line, column, rule: 'not-utf-8', message, remedy }],
    };
  }
  return parseSource(file, text, sha256Hex(read));
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

function readBounded(file: string): Uint8Array | Diagnostic {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const why = code === 'ENOENT' ? 'there is no such file' : `it cannot be opened (${code})`;
    return fileError(file, 'unreadable', why, 'Check the path and its permissions.');
  }
  try {
    if (!fstatSync(descriptor).isFile()) {
      return fileError(file, 'unreadable', 'this is not a regular file', 'Name a YAML file.');
    }
    const buffer = Buffer.alloc(maxFileBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const count = readSync(descriptor, buffer, length, buffer.length - length, null);
      if (count === 0) break;
      length += count;
    }
    if (length > maxFileBytes) {
      const remedy = 'Split it: an inventory may be a folder of files.';
      return fileError(file, 'too-large', 'the file is larger than 1 MiB', remedy);
    }
    return Uint8Array.prototype.slice.call(buffer, 0, length);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return fileError(file, 'unreadable', `it cannot be read (${code})`, 'Check the disk.');
  } finally {
    closeSync(descriptor);
  }
}

function placeOfBadByte(bytes: Uint8Array): Place & { offset: number } {
  // Decoding with replacement keeps everything before the first bad byte as it was.
  const good = new TextDecoder('utf-8').decode(bytes);
  const at = good.indexOf('\ufffd');
  const before = at < 0 ? good : good.slice(0, at);
  const lines = before.split('\n');
  return {
    line: lines.length,
    column: lines.at(-1)!.length + 1,
    offset: Buffer.byteLength(before),
  };
}

function wordsOf(error: YAMLError): [string, string, string | null] {
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return ['duplicate-key', 'this name stands twice in the same map', 'Keep one of the two.'];
    case 'TAB_AS_INDENT':
      return ['tab', 'a tab cannot indent YAML', 'Indent with spaces.'];
    case 'MULTIPLE_DOCS':
      return ['yaml', 'the file holds more than one document', 'Remove the second "---".'];
    case 'NON_STRING_KEY':
      return ['yaml', 'a name in a map must be plain text', null];
    case 'TAG_RESOLVE_FAILED':
      return ['yaml', 'tags such as !!binary are not read', 'Write the value without a tag.'];
    default: {
      if (/call stack/i.test(error.message)) {
        return ['too-deep', 'the file is nested too deeply to be read', 'Write it flatter.'];
      }
      const message = error.message.charAt(0).toLowerCase() + error.message.slice(1);
      return ['yaml', message, 'Check the indentation and the quotes here and just above.'];
    }
  }
}

type Report = (offset: number, rule: string, message: string, remedy: string | null) => Diagnostic;

/** Walks the tree with its aliases followed, so that a bomb is counted before it is built. */
function inspect(root: ParsedNode | null, document: Document.Parsed, report: Report): Diagnostic[] {
  const problems: Diagnostic[] = [];
  let nodes = 0;
  const visit = (node: unknown, depth: number): boolean => {
    const offset = (node as ParsedNode | null)?.range?.[0] ?? 0;
    nodes += 1;
    if (nodes > maxNodes || depth > maxDepth) {
      const [rule, what] = nodes > maxNodes ? ['aliases', 'large'] : ['too-deep', 'deep'];
      const message = `with its aliases resolved, the file is too ${what}`;
      problems.push(report(offset, rule!, message, 'Use fewer aliases, or write it flatter.'));
      return false;
    }
    if (isAlias(node)) {
      const target = node.resolve(document);
      return target === undefined || visit(target, depth + 1);
    }
    if (isMap(node)) {
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : '';
        if (key === '__proto__') {
          const at = (pair.key as ParsedNode).range?.[0] ?? offset;
          problems.push(
            report(at, 'forbidden-key', `${quote(key)} cannot be a name`, 'Rename it.'),
          );
        }
        if (!visit(pair.value, depth + 1)) return false;
      }
      return true;
    }
    if (isSeq(node)) return node.items.every((item) => visit(item, depth + 1));
    if (isScalar(node)) {
      const { value } = node;
      if (typeof value === 'number' && !Number.isFinite(value)) {
        problems.push(report(offset, 'number', 'a number must be finite', null));
      } else if (typeof value === 'string' && !value.isWellFormed()) {
        problems.push(report(offset, 'text', 'the text holds half of a character', null));
      }
    }
    return true;
  };
  visit(root, 0);
  return problems;
}

function offsetOf(document: Document.Parsed, path: Path, what: 'value' | 'key'): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  let key = offset;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      // Of a name that stands twice the last one gave the value.
      const pair = node.items.findLast(
        (p) => isScalar(p.key) && String(p.key.value) === String(step),
      );
      if (pair === undefined) return key;
      key = (pair.key as ParsedNode).range?.[0] ?? key;
      node = pair.value;
      offset = (node as ParsedNode | null)?.range?.[0] ?? key;
    } else if (isSeq(node) && node.items[Number(step)] !== undefined) {
      node = node.items[Number(step)];
      offset = (node as ParsedNode).range?.[0] ?? offset;
      key = offset;
    } else {
      return key;
    }
  }
  return what === 'key' ? key : offset;
}
