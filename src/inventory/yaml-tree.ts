/**
 * The tree of a YAML document, before anything is built from it. In: what the parser made. Out: what is wrong with it, in
 * words, and where things stand in it. Never: a bomb of aliases expanded, or a `__proto__` key let by.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  type YAMLError,
} from 'yaml';
import type { Diagnostic } from '../core/diagnostic.ts';
import { quote } from './words.ts';

const maxNodes = 200_000;
const maxDepth = 64;

export type Path = readonly (string | number)[];

/** Rule, message and remedy of what the parser complains of. */
export function wordsOf(error: YAMLError): [string, string, string | null] {
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
      // The parser quotes one half of a character where it names an escape; what is recorded has none of these.
      const said = error.message.toWellFormed();
      const message = said.charAt(0).toLowerCase() + said.slice(1);
      return ['yaml', message, 'Check the indentation and the quotes here and just above.'];
    }
  }
}

export type Report = (
  offset: number,
  rule: string,
  message: string,
  remedy: string | null,
) => Diagnostic;

/** Walks the tree with its aliases followed, so that a bomb is counted before it is built. */
export function inspect(
  root: ParsedNode | null,
  document: Document.Parsed,
  report: Report,
): Diagnostic[] {
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
        const at = (pair.key as ParsedNode | null)?.range?.[0] ?? offset;
        if (!key.isWellFormed())
          problems.push(report(at, 'text', 'the name holds half of a character', null));
        if (key === '__proto__') {
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

/** The offset at which a value, or its name, stands; of what is missing, that of the nearest place above it. */
export function offsetOf(document: Document.Parsed, path: Path, what: 'value' | 'key'): number {
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
