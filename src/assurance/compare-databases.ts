/** Two sides' databases, held to each other. Pure. In: snapshots. Out: differences in migrations, schema and rows. */
import type { Difference } from '../core/assurance-record.ts';
import { type DatabaseSnapshot, migrationTable } from './database-snapshot.ts';

/** Rows of one table that are told one by one. */
const mostRows = 20;

export function compareDatabases(
  expected: readonly DatabaseSnapshot[],
  actual: readonly DatabaseSnapshot[],
): Difference[] {
  const paths = [...new Set([...expected, ...actual].map(({ path }) => path))].sort();
  return paths.flatMap((path) => {
    const [left, right] = [at(expected, path), at(actual, path)];
    // What is on one side alone is a difference of the tree, which names it already.
    if (left.length !== right.length) return [];
    return left.flatMap((one, index) => compareTwo(one, right[index]!));
  });
}

/** Those by a path that reads the same, in an order that both sides share. */
function at(snapshots: readonly DatabaseSnapshot[], path: string): readonly DatabaseSnapshot[] {
  const fitting = snapshots.filter((each) => each.path === path);
  if (fitting.length < 2) return fitting;
  const keyed = fitting.map((each) => [JSON.stringify(each), each] as const);
  return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

function compareTwo(expected: DatabaseSnapshot, actual: DatabaseSnapshot): Difference[] {
  const { path } = expected;
  const out: Difference[] = [];
  if (expected.sha256 !== actual.sha256)
    out.push({ where: `${path}: bytes`, expected: expected.sha256, actual: actual.sha256 });
  const [cli, tool] = [expected.migrations ?? [], actual.migrations ?? []];
  for (const [version, side] of onlyIn(cli, tool))
    out.push(oneSided(`${path}: migration`, side, version));
  const texts = (each: DatabaseSnapshot) =>
    each.schema.map(({ name, sql }) => `${name}: ${sql}`).sort();
  for (const [text, side] of onlyIn(texts(expected), texts(actual)))
    out.push(oneSided(`${path}: schema`, side, text));
  return [...out, ...compareTables(expected, actual)];
}

function compareTables(expected: DatabaseSnapshot, actual: DatabaseSnapshot): Difference[] {
  const rowsOf = ({ tables }: DatabaseSnapshot) =>
    new Map(tables.map(({ name, rows }) => [name, rows]));
  const [cli, tool] = [rowsOf(expected), rowsOf(actual)];
  const names = [...new Set([...cli.keys(), ...tool.keys()])].sort();
  return names
    .filter((name) => name !== migrationTable)
    .flatMap((name) => {
      const [left, right] = [cli.get(name) ?? [], tool.get(name) ?? []];
      const differing = onlyIn(left, right);
      const where = `${expected.path}: row of ${name}`;
      const told = differing
        .slice(0, mostRows)
        .map(([row, side]) => oneSided(where, side, readable(row)));
      if (differing.length <= mostRows) return told;
      const count = `${differing.length - mostRows} more rows that differ`;
      return [
        ...told,
        { where, expected: `${left.length} rows`, actual: `${right.length} rows; ${count}` },
      ];
    });
}

function oneSided(where: string, side: 'expected' | 'actual', text: string): Difference {
  return side === 'expected'
    ? { where, expected: text, actual: null }
    : { where, expected: null, actual: text };
}

/** What the one has more often than the other. Both sorted. */
function onlyIn(
  expected: readonly string[],
  actual: readonly string[],
): readonly (readonly [string, 'expected' | 'actual'])[] {
  const out: [string, 'expected' | 'actual'][] = [];
  let [i, j] = [0, 0];
  while (i < expected.length || j < actual.length) {
    const [left, right] = [expected[i], actual[j]];
    if (left === right) {
      i += 1;
      j += 1;
    } else if (right === undefined || (left !== undefined && left < right)) {
      out.push([left!, 'expected']);
      i += 1;
    } else {
      out.push([right, 'actual']);
      j += 1;
    }
  }
  return out;
}

/** `id 1, name "Ada"` of a row's canonical JSON. */
function readable(row: string): string {
  const values = JSON.parse(row) as [string, unknown][];
  return values.map(([name, value]) => `${name} ${plain(value)}`).join(', ');
}

function plain(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const { integer, real } = value as { integer?: string; real?: string };
  return integer ?? real ?? JSON.stringify(value);
}
