/** Patterns of declared inputs: what they match, and which folders are bound whole because of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  globExpression,
  reachesUnnamedFolders,
  sealedFolders,
} from '../../../src/core/input-patterns.ts';

test('pattern | matches | does not', () => {
  const table: readonly [string, readonly string[], readonly string[]][] = [
    ['a/b', ['a/b'], ['a', 'a/b/c', 'x/a/b', 'a/B']],
    ['*.sql', ['x.sql', '.sql'], ['a/x.sql', 'xsql']],
    ['a/**', ['a/x', 'a/b/x', 'a/.x'], ['a', 'b/a/x', 'ab/x']],
    ['**', ['x', 'a/b/.c'], ['']],
    ['**/x', ['x', 'a/x', 'a/b/x'], ['ax', 'x/y']],
    ['a/?', ['a/b', 'a/é', 'a/😀'], ['a/', 'a/bc', 'a/b/c']],
    ['a+(b)/$x.*', ['a+(b)/$x.y'], ['aab/$x.y']],
  ];
  for (const [pattern, matches, not] of table) {
    const expression = globExpression(pattern);
    for (const path of matches) assert.match(path, expression, pattern);
    for (const path of not) assert.doesNotMatch(path, expression, pattern);
  }
});

test('pattern | folder that is bound whole | files added elsewhere may be seen', () => {
  const table: readonly [string, readonly string[] | null, boolean][] = [
    ['migrations/**', ['migrations'], false],
    ['a/b/*.sql', ['a', 'b'], false],
    ['a/*/c', ['a'], false],
    ['a/b/c', null, false],
    ['x', null, false],
    ['*.sql', null, false],
    ['**', [], false],
    ['**/x', null, true],
    ['*/x', null, true],
  ];
  for (const [pattern, folder, loose] of table) {
    assert.deepEqual(sealedFolders([pattern]), folder === null ? [] : [folder], pattern);
    assert.equal(reachesUnnamedFolders(pattern), loose, pattern);
  }
});
