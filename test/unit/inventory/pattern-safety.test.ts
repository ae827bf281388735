/** Patterns: what may be declared, and that no match keeps the gateway busy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patternProblem } from '../../../src/inventory/pattern-safety.ts';
import { argvOf, house } from './house.ts';

test('patterns that never end are refused when they are declared, and ordinary ones are not', () => {
  for (const pattern of [
    '(a+)+',
    '(a*)*b',
    '(a|a)*',
    '(a|aa)+$',
    '([a-z]+)*x',
    '(\\w+\\s?)*',
    'x(?:[0-9]+)+y',
    '(.*)*!',
    '((a|b)+c?)+',
  ]) {
    assert.match(patternProblem(pattern)?.message ?? 'accepted', /can take for ever/, pattern);
  }
  for (const pattern of [
    '[a-z]+',
    '[a-z0-9]+(-[a-z0-9]+)*',
    '(?:[a-z]+/)*[a-z]+',
    '(a|b)+',
    '\\d{1,3}(\\.\\d{1,3}){3}',
    '(?:[A-Z][a-z]+ ?){1,4}',
    '[^@]+@[^@]+',
    '(foo|bar)?',
    '(?<year>\\d{4})-(?<month>\\d\\d)',
    '[\\p{L}\\p{N}]+',
    '(?!-).+',
    '[(+*)]+',
  ]) {
    assert.equal(patternProblem(pattern), null, pattern);
  }
  for (const pattern of ['(', '[', '\\', 'a{2,1}', 'a)|(b', '\\_', '(?<a>x)(?<a>y)']) {
    assert.match(patternProblem(pattern)?.message ?? 'accepted', /no regular expression/, pattern);
  }
});

test('a match that grows too slow is ended and the value refused', async (t) => {
  const at = house(t);
  const command = at.command(
    'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: string, pattern: ".*.*.*.*.*x.*.*y", maxLength: 4096 } }\nrequired: [a]',
  );
  assert.deepEqual(await argvOf(at, command, { a: 'x1y' }), ['x1y']);
  assert.match(
    String(await argvOf(at, command, { a: 'x'.repeat(4096) })),
    /INVALID_REQUEST.*took too long to compare with its pattern/,
  );
});

test('a pattern matches the whole value, and each pattern of a command is its own', async (t) => {
  const at = house(t);
  const command = at.command(
    'run: [/usr/bin/printf, "{a}", "{b}"]\nparameters: { a: { type: string, pattern: "^[a-z]+$" }, b: { type: string, pattern: "x|y" } }\nrequired: [a, b]',
  );
  assert.deepEqual(await argvOf(at, command, { a: 'abc', b: 'y' }), ['abc', 'y']);
  const table: [string, string][] = [
    ['abc\ntouch x', 'x'],
    ['abc\n', 'x'],
    ['ABC', 'x'],
    ['abc', 'xy'],
    ['abc', 'abc'],
    ['', 'x'],
  ];
  for (const [a, b] of table)
    assert.match(
      String(await argvOf(at, command, { a, b })),
      /does not match its pattern|never passed on/,
    );
});
