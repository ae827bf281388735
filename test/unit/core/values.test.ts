/** Units, canonical JSON, the error table, the life of an execution, and text that people read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { errorTable, httpStatusOf, isErrorCode } from '../../../src/core/errors.ts';
import {
  executionStatuses,
  finalStatuses,
  isFinal,
  mayFollow,
} from '../../../src/core/execution.ts';
import { canonicalJson, digestJson } from '../../../src/core/json.ts';
import { forbiddenInArguments, visible, visibleLine } from '../../../src/core/text.ts';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../../src/core/units.ts';

test('durations and sizes are read as people write them, and nothing else is', () => {
  const durations: [string, number | undefined][] = [
    ['500ms', 500],
    ['60s', 60_000],
    ['1.5h', 5_400_000],
    ['90d', 7_776_000_000],
    ['60', undefined],
    ['60 s', undefined],
    ['-1s', undefined],
    ['1e3s', undefined],
    ['1constructor', undefined],
    ['', undefined],
    ['999999999999d', undefined],
  ];
  for (const [text, expected] of durations) assert.equal(parseDuration(text), expected, text);
  const sizes: [string, number | undefined][] = [
    ['256MiB', 268_435_456],
    ['10MB', 10_000_000],
    ['0B', 0],
    ['1KiB ', undefined],
    ['1kib', undefined],
  ];
  for (const [text, expected] of sizes) assert.equal(parseSize(text), expected, text);
});

test('what is formatted reads back as the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (n) => {
      assert.equal(parseDuration(formatDuration(n)), n);
    }),
  );
  assert.equal(formatSize(1_048_576), '1MiB');
  assert.equal(formatSize(1_572_864), '1.5MiB');
});

test('canonical JSON is that of RFC 8785: sorted by UTF-16 units, no room between, one form of a number', () => {
  assert.equal(
    canonicalJson({ '€': 1, '\r': 2, \ufb33: 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 }),
    '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
  );
  assert.equal(canonicalJson([1e21, 0.1, -0, 1e-7]), '[1e+21,0.1,0,1e-7]');
});

test('what has no canonical form is refused', () => {
  for (const value of ['\ud800', { '\udc00': 1 }, [Number.NaN], Number.POSITIVE_INFINITY]) {
    assert.throws(() => canonicalJson(value as never), TypeError);
  }
});

test('the order of keys does not change a digest', () => {
  assert.equal(digestJson({ a: 1, b: [2] }), digestJson({ b: [2], a: 1 }));
  assert.notEqual(digestJson({ a: 1 }), digestJson({ a: '1' }));
});

test('a key named __proto__ counts in the digest like any other', () => {
  const plain = JSON.parse('{"a":1}');
  const tainted = JSON.parse('{"a":1,"__proto__":{"b":2}}');
  assert.notEqual(digestJson(plain), digestJson(tainted));
});

test('every code has a status for refusals, a meaning and a remedy', () => {
  for (const [name, facts] of Object.entries(errorTable)) {
    assert.match(name, /^[A-Z][A-Z_]+$/);
    assert.ok(facts.meaning.endsWith('.') && facts.remedy.endsWith('.'), name);
    assert.ok(isErrorCode(name));
    assert.ok(httpStatusOf(name) >= 400 && httpStatusOf(name) < 600);
  }
  assert.equal(isErrorCode('toString'), false);
});

test('nothing follows a final status, and nothing but a start leads to running', () => {
  for (const from of executionStatuses) {
    for (const to of executionStatuses) {
      if (isFinal(from)) assert.equal(mayFollow(from, to), false);
      if (to === 'running') assert.equal(mayFollow(from, to), from === 'queued');
    }
  }
  assert.deepEqual(executionStatuses.filter(isFinal).sort(), [...finalStatuses].sort());
});

test('characters that hide, turn or command are made visible; ordinary text stays', () => {
  assert.equal(visible('na\u00efve 日本語 😀\n\t.'), 'naïve 日本語 😀\n\t.');
  assert.equal(visible('\u001b]52;c;eA==\u0007'), '\\u{1b}]52;c;eA==\\u{7}');
  assert.equal(visible('safe\u202egnp.sh'), 'safe\\u{202e}gnp.sh');
  assert.equal(visible('a\u200bb\u{e0041}'), 'a\\u{200b}b\\u{e0041}');
  assert.equal(visible('a\rb'), 'a\\u{d}b');
  assert.equal(visibleLine('a\nb\tc'), 'a\\nb\\tc');
  assert.equal(visible('\ud800'), '\ufffd');
});

test('arguments may hold no control character and no bidirectional mark', () => {
  for (const bad of ['a\0b', 'a\nb', '\u001b[', 'a\u202eb', '\u2066', '\u0085', '\u2028']) {
    assert.ok(forbiddenInArguments.test(bad), JSON.stringify(bad));
  }
  for (const fine of ['naïve', '日本語', '😀', 'a b', '👨‍👩‍👧']) {
    assert.equal(forbiddenInArguments.test(fine), false, fine);
  }
});
