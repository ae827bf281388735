/** What is a difference between two runs, and that agreement on nothing proves nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareEvidence, differenceBounds } from '../../../src/assurance/compare.ts';
import { checksumOfEvidence, type Evidence } from '../../../src/assurance/evidence.ts';
import { lineDifferences } from '../../../src/assurance/lines.ts';
import type { TreeEntry } from '../../../src/assurance/tree.ts';

const whole: Evidence = {
  end: { status: 'ok', exitCode: 0, signal: null, errorCode: null },
  stdout: 'one\ntwo\nthree\n',
  stderr: '',
  structured: { applied: ['m1', 'm2'], pending: [] },
  tree: [],
  databases: [],
  problems: [],
};
const file = (path: string, over: Partial<TreeEntry> = {}): TreeEntry => ({
  path,
  kind: 'file',
  mode: '0644',
  size: 1,
  sha256: 'aa',
  link: null,
  ...over,
});
const differences = (expected: Evidence, actual: Evidence) =>
  compareEvidence(expected, actual).differences.map((d) => [d.where, d.expected, d.actual]);

test('the same evidence has no difference and one checksum', () => {
  assert.deepEqual(differences(whole, whole), []);
  assert.equal(checksumOfEvidence(whole), checksumOfEvidence(structuredClone(whole)));
});

test('each planted difference is found where it lies, and changes the checksum', () => {
  const table: readonly (readonly [string, Partial<Evidence>, Partial<Evidence>, unknown[][]])[] = [
    [
      'another exit code',
      {},
      { end: { ...whole.end, status: 'failed', exitCode: 3 } },
      [
        ['status', 'ok', 'failed'],
        ['exitCode', '0', '3'],
      ],
    ],
    [
      'another output line',
      {},
      { stdout: 'one\nTWO\nthree\n' },
      [['stdout, line 2', 'two', 'TWO']],
    ],
    ['a line more', {}, { stderr: 'warning\n' }, [['stderr, line 1', null, 'warning']]],
    [
      'a result that lacks one',
      {},
      { structured: { applied: ['m1'], pending: [] } },
      [['result.applied[1]', '"m2"', null]],
    ],
    ['an extra file', {}, { tree: [file('x')] }, [['x', null, 'file 0644 1 bytes aa']]],
    [
      'another mode',
      { tree: [file('x')] },
      { tree: [file('x', { mode: '0600' })] },
      [['x: mode', '0644', '0600']],
    ],
    [
      'another content',
      { tree: [file('x')] },
      { tree: [file('x', { sha256: 'bb' })] },
      [['x: sha256', 'aa', 'bb']],
    ],
    [
      'a link in place of a file',
      { tree: [file('x')] },
      { tree: [file('x', { kind: 'link', link: '/' })] },
      [['x: kind', 'file', 'link']],
    ],
    [
      'one of two whose names read the same',
      { tree: [file('<id>'), file('<id>')] },
      { tree: [file('<id>')] },
      [['<id>', 'file 0644 1 bytes aa; file 0644 1 bytes aa', 'file 0644 1 bytes aa']],
    ],
  ];
  for (const [what, expected, actual, found] of table) {
    const [cli, tool] = [
      { ...whole, ...expected },
      { ...whole, ...actual },
    ];
    assert.deepEqual(differences(cli, tool), found, what);
    assert.notEqual(checksumOfEvidence(cli), checksumOfEvidence(tool), what);
  }
});

test('evidence that is not whole, and failing in the same way, are differences of their own', () => {
  const partial = { ...whole, problems: ['the output was cut'] };
  assert.deepEqual(differences(partial, whole), [
    ['evidence of the command line', 'all of it', 'the output was cut'],
  ]);
  const failed = { ...whole, end: { ...whole.end, status: 'failed', exitCode: 3 } };
  assert.deepEqual(differences(failed, failed), [
    ['evidence', 'a run that succeeds', 'both ended as failed, exit code 3'],
  ]);
});

test('there are never more differences than are kept, nor longer ones; the rest is counted', () => {
  const many = Array.from({ length: 500 }, (_, i) => file(`f${i}`, { sha256: 'x'.repeat(5_000) }));
  const compared = compareEvidence(whole, { ...whole, tree: many });
  assert.equal(compared.differences.length, differenceBounds.most);
  assert.equal(compared.leftOut, 300);
  for (const { actual } of compared.differences) assert.ok(actual!.length < 500);
});

test('the lines that differ are those that make one text of the other', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 });
  fc.assert(
    fc.property(text, text, (left, right) => {
      const [one, other] = [left, right].map((lines) => lines.map((l) => `${l}\n`).join(''));
      const found = lineDifferences('stdout', one!, other!);
      assert.equal(found.length === 0, one === other);
      const count = (lines: readonly (string | null)[]) => lines.filter((l) => l !== null).length;
      assert.equal(
        left.length - count(found.map((d) => d.expected)),
        right.length - count(found.map((d) => d.actual)),
      );
    }),
  );
});
