/** That a breaking change would be seen: each pin, with something of it gone, renamed or of another type. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { changes, complaint, type Json, shapeOf } from './pinned.ts';

const folder = join(import.meta.dirname, 'pinned');
const pins = readdirSync(folder).map(
  (file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8')) as Json] as const,
);
const like = (file: string) => (file === 'command-line.json' ? 'in shape' : 'exactly');

/** Every map in a value with at least one name, and a copy of the value in which it is changed. */
function* mutants(
  value: Json,
  change: (map: Record<string, Json>, name: string) => void,
): Generator<readonly [string, Json]> {
  const paths: string[][] = [];
  const visit = (at: Json, path: string[]) => {
    if (at === null || typeof at !== 'object') return;
    if (!Array.isArray(at)) for (const name of Object.keys(at)) paths.push([...path, name]);
    for (const [name, item] of Object.entries(at)) visit(item, [...path, name]);
  };
  visit(value, []);
  // A sample is enough for the large ones; which, does not change from run to run.
  const step = Math.max(1, Math.floor(paths.length / 60));
  for (let i = 0; i < paths.length; i += step) {
    const path = paths[i]!;
    const copy = structuredClone(value);
    let map = copy as Record<string, Json>;
    for (const name of path.slice(0, -1)) map = map[name] as Record<string, Json>;
    change(map, path.at(-1)!);
    yield [path.join('.'), copy];
  }
}

for (const [file, pin] of pins) {
  test(`${file}: what is removed, renamed or of another type is named`, () => {
    assert.deepEqual(changes(pin, pin, like(file)), []);
    let tried = 0;
    for (const [path, copy] of mutants(pin, (map, name) => delete map[name])) {
      const found = changes(pin, copy, like(file));
      assert.deepEqual(
        found.map(({ what }) => what),
        ['gone'],
        path,
      );
      tried += 1;
    }
    for (const [path, copy] of mutants(pin, (map, name) => {
      map[`${name}Renamed`] = map[name]!;
      delete map[name];
    })) {
      const found = changes(pin, copy, like(file));
      assert.deepEqual(found.map(({ what }) => what).sort(), ['gone', 'new'], path);
    }
    for (const [path, copy] of mutants(pin, (map, name) => {
      map[name] = map[name] === true ? 'another' : true;
    })) {
      // In shape, a null and an empty list stand for anything that a host may have there.
      const found = changes(pin, copy, 'exactly');
      assert.deepEqual(
        found.map(({ what }) => what),
        ['another'],
        path,
      );
    }
    // The form of a receipt is a list of lines.
    assert.ok(tried > 0 || Array.isArray(pin));
  });
}

test('who breaks a pin is told whom it breaks and what to do if it is meant', () => {
  const found = changes({ a: 1, b: 2 }, { a: '1', c: 2 });
  assert.deepEqual(found, [
    { what: 'another', at: 'a (was 1, is "1")' },
    { what: 'gone', at: 'b' },
    { what: 'new', at: 'c' },
  ]);
  const said = complaint('x', 'Scripts', found);
  assert.match(said, /^Scripts build on this/);
  assert.match(said, /CHANGELOG\.md/);
  assert.match(said, /docs\/versioning\.md/);
  assert.match(said, /UPDATE_PINS=1/);
  assert.match(complaint('x', 'Scripts', [{ what: 'new', at: 'c' }]), /only adds something/);
});

test('a shape has names and types; what some items of a list lack is marked', () => {
  assert.deepEqual(shapeOf({ a: 1, b: [{ c: 'x' }, { c: 'y', d: null }], e: [] }), {
    a: 'number',
    b: [{ c: 'string', 'd?': null }],
    e: [],
  });
});
