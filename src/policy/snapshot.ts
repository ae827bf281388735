/**
 * A decision table as a file that is kept with the policies, and what has changed since. In: rows; the file's text. Out:
 * text that is the same for the same rows, one outcome a line; differences. Never: an outcome that was not compared.
 */
import type { TableRow } from './table.ts';

export const snapshotVersion = 1;

/** Who was asked for on the command line when it was written; both empty for everybody. */
export interface SnapshotAskers {
  readonly principals: readonly string[];
  readonly roles: readonly string[];
}

/** Outcomes in words, by principal, command and environment. */
type Outcomes = ReadonlyMap<string, string>;
export interface Snapshot extends SnapshotAskers {
  readonly outcomes: Outcomes;
}

/** `null`: the row was not there. */
export interface Difference {
  readonly principal: string;
  readonly command: string;
  readonly environment: string;
  readonly before: string | null;
  readonly after: string | null;
}

export function snapshotText(askers: SnapshotAskers, rows: readonly TableRow[]): string {
  const table: Record<string, Record<string, Record<string, string>>> = Object.create(null);
  for (const { principal, command, environment, outcome } of rows) {
    // Without prototypes: a principal may be called __proto__.
    table[principal] ??= Object.create(null) as Record<string, Record<string, string>>;
    table[principal][command] ??= Object.create(null) as Record<string, string>;
    table[principal][command][environment] = outcome;
  }
  const { principals, roles } = askers;
  return `${JSON.stringify({ version: snapshotVersion, principals, roles, table }, null, 2)}\n`;
}

/** The snapshot, or what is wrong with the text, as the end of a sentence. */
export function readSnapshot(text: string): Snapshot | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `is no JSON: ${(error as Error).message}`;
  }
  if (!isObject(value)) return 'is no JSON object';
  const { version, principals, roles, table } = value;
  if (version !== snapshotVersion) return `has not the version ${snapshotVersion}`;
  if (!isTexts(principals) || !isTexts(roles)) return 'lacks its lists "principals" and "roles"';
  if (!isObject(table)) return 'lacks its "table"';
  const outcomes = new Map<string, string>();
  for (const [principal, commands] of Object.entries(table)) {
    if (!isObject(commands)) return `holds something else than commands under "${principal}"`;
    for (const [command, environments] of Object.entries(commands)) {
      if (!isObject(environments))
        return `holds something else than environments under "${command}"`;
      for (const [environment, outcome] of Object.entries(environments)) {
        if (typeof outcome !== 'string') return `holds no text as an outcome of "${command}"`;
        outcomes.set(keyOf({ principal, command, environment }), outcome);
      }
    }
  }
  return { principals, roles, outcomes };
}

/** What is not the same: rows as they are now, in their order, then those that are gone. */
export function differences(before: Snapshot, rows: readonly TableRow[]): readonly Difference[] {
  const gone = new Map(before.outcomes);
  const found: Difference[] = [];
  for (const row of rows) {
    const key = keyOf(row);
    const was = before.outcomes.get(key) ?? null;
    gone.delete(key);
    if (was === row.outcome) continue;
    const { principal, command, environment, outcome } = row;
    found.push({ principal, command, environment, before: was, after: outcome });
  }
  for (const [key, outcome] of gone) {
    const [principal, command, environment] = JSON.parse(key) as [string, string, string];
    found.push({ principal, command, environment, before: outcome, after: null });
  }
  return found;
}

function keyOf(row: Pick<TableRow, 'principal' | 'command' | 'environment'>): string {
  return JSON.stringify([row.principal, row.command, row.environment]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
