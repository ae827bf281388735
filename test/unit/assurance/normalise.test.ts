/** What counts as variance between two runs that did the same, and what does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evidenceOf } from '../../../src/assurance/evidence.ts';
import { normaliseText, varianceNotes, varianceOf } from '../../../src/assurance/normalise.ts';

const plain = (text: string, paths: readonly string[] = []) =>
  normaliseText(text, varianceOf(paths, []));

test('times, durations, UUIDs, ids, colours and the paths of the workspace are variance', () => {
  const table: readonly (readonly [string, string])[] = [
    ['at 2026-11-22T15:00:00.123456Z', 'at <time>'],
    ['at 2026-11-22 15:00:00 UTC', 'at <time>'],
    ['at 2026-11-22T15:00:00+01:00', 'at <time>'],
    ['took 12.5ms', 'took <duration>'],
    ['took 3s', 'took <duration>'],
    ['took 1.23µs', 'took <duration>'],
    ['took 12 seconds', 'took <duration>'],
    ['{"durationMs":12,"rows":3}', '{"durationMs":"<duration>","rows":3}'],
    ['id 7f8a2e6c-9b1d-4c3e-8f21-0123456789ab.', 'id <uuid>.'],
    ['key 9f86d081884c7d65 made', 'key <id> made'],
    ['\u001b[32mINFO\u001b[0m ok', 'INFO ok'],
    ['\u001b[2K\u001b[1Gdone', 'done'],
    ['wrote /state/copies/a1/data/x', 'wrote <workspace>/data/x'],
  ];
  for (const [text, expected] of table) {
    assert.equal(plain(text, ['/state/copies/a1']), expected, text);
  }
});

test('what says something of the content is never variance', () => {
  const digest = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
  for (const text of [
    `sha256 ${digest}`,
    digest.repeat(2),
    'm20220101_000001_create_users',
    'applied 4 migrations',
    'rows 12345678901234567890',
    'word deadbeef',
    'v1.2.3',
    'facade decade accede',
    'port 8080',
    '5 smiles',
    // What a terminal does not show is in the file all the same.
    '\u001b]8;;http://x\u0007link',
    '\u001b]0;planted\u001b',
    '\u001bPplanted\u0007',
  ]) {
    assert.equal(plain(text), text);
  }
});

test('a pattern of the inventory is replaced first, its replacement taken as it is', () => {
  const variance = varianceOf([], [{ pattern: 'key-[0-9a-z]{4,40}', replace: 'key-$1-$&' }]);
  assert.equal(normaliseText('made key-abcd1234', variance), 'made key-$1-$&');
  const notes = varianceNotes(variance, varianceOf([], []));
  assert.deepEqual(notes, ['pattern key-[0-9a-z]{4,40}: 1 at the command line, 0 at the tool']);
});

test('a pattern that output keeps busy is ended, and the evidence is then not whole', () => {
  const variance = varianceOf([], [{ pattern: 'took .* ms', replace: 'took a while' }]);
  const usual = `${'x'.repeat(300)}\ntook 12 ms\n`;
  assert.match(normaliseText(usual, variance), /took a while/);
  // From each of these on, everything after it is looked at.
  const stdout = Buffer.from('took '.repeat(400_000));
  const stderr = Buffer.alloc(0);
  const run = {
    requestId: null,
    status: 'ok',
    exitCode: 0,
    signal: null,
    errorCode: null,
  } as const;
  const evidence = evidenceOf(
    { ...run, stdout, stderr, truncated: false, structured: null, structuredProblem: null },
    { tree: [], databases: [], problems: [] },
    'output',
    variance,
  );
  assert.equal(evidence.stdout, String(stdout));
  assert.match(evidence.problems.join(), /the pattern took \.\* ms took too long/);
});

test('what was normalised stays as it is when it is normalised again', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('2026-11-22T15:00:00Z', '12ms', '\u001b[1m', '9f86d081884c7d65', '/w/x', ' '),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const once = plain(pieces.join(' '), ['/w/x']);
      assert.equal(plain(once, ['/w/x']), once);
    }),
  );
});

test('a long line of anything is normalised without an end in sight being lost', () => {
  for (const unit of ['0', 'a1', '1 ', '\u001b]', '2026-', '1.1', '"duration":']) {
    const text = unit.repeat(100_000);
    assert.equal(typeof plain(text), 'string');
  }
});
