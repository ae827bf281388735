/**
 * What others build on, held to a file of it. In: a contract as it is now. Out: nothing, or a failure that names each thing that is
 * gone, another, or new, and says what to do. Never: a file that is written without being asked for.
 *
 *     UPDATE_PINS=1 node --test test/pins/NAME.test.ts      writes what is meant
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

export interface Change {
  readonly what: 'gone' | 'another' | 'new';
  readonly at: string;
}

/** Holds `now` to `pinned/NAME.json`. `who` builds on it. */
export function pinned(
  name: string,
  now: unknown,
  who: string,
  like: 'exactly' | 'in shape' = 'exactly',
): void {
  const file = join(import.meta.dirname, 'pinned', `${name}.json`);
  const actual = plain(now);
  if (process.env.UPDATE_PINS === '1') {
    writeFileSync(file, `${JSON.stringify(actual, null, 2)}\n`);
    return;
  }
  const found = changes(plain(JSON.parse(readFileSync(file, 'utf8'))), actual, like);
  if (found.length > 0) assert.fail(complaint(name, who, found));
}

/** The same for what is short enough to stand in a test itself. */
export function heldTo(expected: unknown, now: unknown, who: string): void {
  const found = changes(plain(expected), plain(now));
  if (found.length > 0) assert.fail(complaint(null, who, found));
}

/** `name` is that of a file; null where what is pinned stands in the test. */
export function complaint(name: string | null, who: string, found: readonly Change[]): string {
  const shown = found.slice(0, 30).map(({ what, at }) => `  ${what}: ${at}`);
  if (found.length > shown.length) shown.push(`  and ${found.length - shown.length} more`);
  const breaks = found.some(({ what }) => what !== 'new');
  return [
    `${who} build on this, and it is not what ${name === null ? 'this test' : `test/pins/pinned/${name}.json`} says:`,
    ...shown,
    breaks
      ? 'What is gone or another breaks them. If it is meant, docs/versioning.md says which version may do it: say so under "Changed" or "Removed" in CHANGELOG.md, raise the version of the format where it has one,'
      : 'It only adds something. If it is meant, say so under "Added" in CHANGELOG.md,',
    name === null
      ? 'and correct the test.'
      : 'and write the pin anew: UPDATE_PINS=1 node --test test/pins/, then npx biome check --write test/pins/pinned.',
  ].join('\n');
}

/**
 * Each place at which two values differ, by path. In shape a null and an empty list fit anything: which of them a host has is its
 * own affair.
 */
export function changes(
  before: Json | undefined,
  after: Json | undefined,
  like: 'exactly' | 'in shape' = 'exactly',
  at = '',
): readonly Change[] {
  if (before === undefined) return after === undefined ? [] : [{ what: 'new', at: named(at) }];
  if (after === undefined) return [{ what: 'gone', at: named(at) }];
  if (like === 'in shape' && (fitsAll(before) || fitsAll(after))) return [];
  if (isList(before) && isList(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, i) => i).flatMap((i) =>
      changes(before[i], after[i], like, `${at}[${i}]`),
    );
  }
  if (isMap(before) && isMap(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) =>
      changes(own(before, name), own(after, name), like, at === '' ? name : `${at}.${name}`),
    );
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const [was, is] = [shown(before), shown(after)];
  return [{ what: 'another', at: `${named(at)} (was ${was}, is ${is})` }];
}

/** Names and types of a value; of a list what its items have together, a name that not all of them have with "?". */
export function shapeOf(value: unknown): Json {
  const json = plain(value);
  if (isList(json)) return json.length === 0 ? [] : [json.map(shapeOf).reduce(together)];
  if (isMap(json))
    return Object.fromEntries(Object.entries(json).map(([name, item]) => [name, shapeOf(item)]));
  return json === null ? null : typeof json;
}

function together(a: Json, b: Json): Json {
  if (a === null || (isList(a) && a.length === 0)) return b;
  if (b === null || (isList(b) && b.length === 0)) return a;
  if (isList(a) && isList(b)) return [together(a[0]!, b[0]!)];
  if (isMap(a) && isMap(b)) {
    const bare = (map: typeof a) =>
      new Map(
        Object.entries(map).map(([name, item]) => [name.replace(/\?$/, ''), [name, item] as const]),
      );
    const [left, right] = [bare(a), bare(b)];
    const names = [...new Set([...left.keys(), ...right.keys()])];
    return Object.fromEntries(
      names.map((name) => {
        const [one, other] = [left.get(name), right.get(name)];
        const always = one?.[0] === name && other?.[0] === name;
        const shape =
          one === undefined ? other![1] : other === undefined ? one[1] : together(one[1], other[1]);
        return [always ? name : `${name}?`, shape];
      }),
    );
  }
  return JSON.stringify(a) === JSON.stringify(b) ? a : 'any';
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
function fitsAll(value: Json): boolean {
  return value === null || (isList(value) && value.length === 0);
}
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
function isMap(value: Json): value is { readonly [name: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
function own(map: { readonly [name: string]: Json }, name: string): Json | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}
function named(at: string): string {
  return at === '' ? 'all of it' : at;
}
function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
