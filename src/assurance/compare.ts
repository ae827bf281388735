/**
 * Two sides' evidence, held to each other. Pure. In: what the command line showed (expected) and what the tool showed
 * (actual). Out: every difference, with where it lies. Never: none where the evidence is not whole, or nothing succeeded.
 */
import type { Difference } from '../core/assurance-record.ts';
import { canonicalJson, type JsonObject, type JsonValue } from '../core/json.ts';
import { visibleLine } from '../core/text.ts';
import { compareDatabases } from './compare-databases.ts';
import type { Evidence } from './evidence.ts';
import { lineDifferences } from './lines.ts';
import type { TreeEntry } from './tree.ts';

export interface Compared {
  readonly differences: readonly Difference[];
  readonly leftOut: number;
}

/** How many are kept, and how much of a text in each. */
export const differenceBounds = Object.freeze({ most: 200, text: 400 });

export function compareEvidence(expected: Evidence, actual: Evidence): Compared {
  const found: Difference[] = [
    ...compareEnds(expected, actual),
    ...lineDifferences('stdout', expected.stdout, actual.stdout),
    ...lineDifferences('stderr', expected.stderr, actual.stderr),
    ...compareJson('result', expected.structured, actual.structured),
    ...compareTrees(expected.tree, actual.tree),
    ...compareDatabases(expected.databases, actual.databases),
    ...unproven(expected, actual),
  ];
  return {
    differences: found.slice(0, differenceBounds.most).map(bounded),
    leftOut: Math.max(0, found.length - differenceBounds.most),
  };
}

function bounded({ where, expected, actual }: Difference): Difference {
  return {
    where: short(where, differenceBounds.text)!,
    expected: short(expected, differenceBounds.text),
    actual: short(actual, differenceBounds.text),
  };
}

function short(text: string | null, most: number): string | null {
  if (text === null) return null;
  const seen = visibleLine(text.slice(0, most));
  return text.length > most ? `${seen}… [${text.length - most} more characters]` : seen;
}

function compareEnds({ end: cli }: Evidence, { end: tool }: Evidence): Difference[] {
  return (['status', 'exitCode', 'signal', 'errorCode'] as const)
    .filter((name) => cli[name] !== tool[name])
    .map((name) => ({ where: name, expected: textOf(cli[name]), actual: textOf(tool[name]) }));
}

/** Where both agree, but on nothing that would prove anything. */
function unproven(expected: Evidence, actual: Evidence): Difference[] {
  const sides = [
    ['command line', expected],
    ['tool', actual],
  ] as const;
  const incomplete = sides.flatMap(([side, { problems }]) =>
    problems.map((problem) => ({
      where: `evidence of the ${side}`,
      expected: 'all of it',
      actual: problem,
    })),
  );
  const succeeded = expected.end.status === 'ok' || expected.end.status !== actual.end.status;
  if (succeeded) return incomplete;
  const how = `both ended as ${expected.end.status}, exit code ${textOf(expected.end.exitCode) ?? 'none'}`;
  return [...incomplete, { where: 'evidence', expected: 'a run that succeeds', actual: how }];
}

function compareTrees(expected: readonly TreeEntry[], actual: readonly TreeEntry[]): Difference[] {
  const [cli, tool] = [byPath(expected), byPath(actual)];
  const paths = [...new Set([...cli.keys(), ...tool.keys()])].sort();
  return paths.flatMap((path): Difference[] => {
    const [left, right] = [cli.get(path) ?? [], tool.get(path) ?? []];
    if (left.length !== 1 || right.length !== 1) return compareMany(path, left, right);
    const [one, other] = [left[0]!, right[0]!];
    if (one.kind !== other.kind)
      return [{ where: `${path}: kind`, expected: one.kind, actual: other.kind }];
    return (['mode', 'size', 'sha256', 'link'] as const)
      .filter((name) => one[name] !== other[name])
      .map((name) => ({
        where: `${path}: ${name}`,
        expected: textOf(one[name]),
        actual: textOf(other[name]),
      }));
  });
}

/** More than one file by a path that reads the same, or none on one side. */
function compareMany(
  path: string,
  expected: readonly TreeEntry[],
  actual: readonly TreeEntry[],
): Difference[] {
  const [cli, tool] = [expected.map(describe).sort(), actual.map(describe).sort()];
  if (cli.join('\n') === tool.join('\n')) return [];
  const text = (entries: readonly string[]) => (entries.length === 0 ? null : entries.join('; '));
  return [{ where: path, expected: text(cli), actual: text(tool) }];
}

function describe({ kind, mode, size, sha256, link }: TreeEntry): string {
  const rest = [mode, size === null ? '' : `${size} bytes`, sha256 ?? '', link ?? ''];
  return [kind, ...rest.filter((each) => each !== '')].join(' ');
}

function byPath(entries: readonly TreeEntry[]): Map<string, TreeEntry[]> {
  const map = new Map<string, TreeEntry[]>();
  for (const entry of entries) {
    const there = map.get(entry.path);
    if (there === undefined) map.set(entry.path, [entry]);
    else there.push(entry);
  }
  return map;
}

function compareJson(where: string, expected: JsonValue, actual: JsonValue): Difference[] {
  if (canonicalJson(expected) === canonicalJson(actual)) return [];
  if (isObject(expected) && isObject(actual)) {
    const names = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
    return names.flatMap((name) => {
      const [left, right] = [own(expected, name), own(actual, name)];
      if (left !== undefined && right !== undefined)
        return compareJson(`${where}.${name}`, left, right);
      return [{ where: `${where}.${name}`, expected: jsonText(left), actual: jsonText(right) }];
    });
  }
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const length = Math.max(expected.length, actual.length);
    return Array.from({ length }, (_, i) => i).flatMap((i) => {
      const [left, right] = [expected[i], actual[i]] as [JsonValue?, JsonValue?];
      if (left !== undefined && right !== undefined)
        return compareJson(`${where}[${i}]`, left, right);
      return [{ where: `${where}[${i}]`, expected: jsonText(left), actual: jsonText(right) }];
    });
  }
  return [{ where, expected: jsonText(expected), actual: jsonText(actual) }];
}

function isObject(value: JsonValue): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function own(value: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function jsonText(value: JsonValue | undefined): string | null {
  return value === undefined ? null : canonicalJson(value);
}

function textOf(value: string | number | null): string | null {
  return value === null ? null : String(value);
}
