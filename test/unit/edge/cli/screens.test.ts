/** The small parts of the screens: widths, times, live output, suggestions, typed arguments. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../../../src/core/json.ts';
import { parseDuration } from '../../../../src/core/units.ts';
import { outputFilter } from '../../../../src/edge/cli/live-output.ts';
import { mcpShortcut } from '../../../../src/edge/cli/mcp-shortcut.ts';
import { nearest } from '../../../../src/edge/cli/nearest.ts';
import { typeArguments } from '../../../../src/edge/cli/request.ts';
import type { Paint } from '../../../../src/edge/cli/screen.ts';
import { cut, displayWidth, foldAll, table } from '../../../../src/edge/cli/table.ts';
import { briefDuration, localIso, parseTime } from '../../../../src/edge/cli/times.ts';
import { quoted } from '../../../../src/edge/cli/verbs/plan.ts';
import { verbs } from '../../../../src/edge/cli/verbs.ts';

const same = (text: string) => text;
const plain: Paint = { bold: same, dim: same, good: same, bad: same, warn: same };

test('a table is aligned, also with wide and joined characters, and cut at its end only', () => {
  const rows = [
    ['é', 'long text here'],
    ['日本', 'x'],
    ['a\u001b', ''],
  ];
  const columns = [
    { title: 'A', cell: (r: string[]) => r[0]! },
    { title: 'B', cell: (r: string[]) => r[1]! },
  ];
  assert.equal(
    table(columns, rows, plain, null),
    'A        B\né        long text here\n日本     x\na\\u{1b}  -\n',
  );
  assert.equal(table(columns, rows, plain, 21).split('\n')[1], 'é        long text h…');
  assert.deepEqual([displayWidth('日本'), displayWidth('e\u0301'), displayWidth('🙂')], [4, 1, 2]);
  assert.equal(cut('日本語', 5), '日本…');
});

test('spare columns are left out where the terminal is too narrow, the last one never', () => {
  const columns = [
    { title: 'A', cell: () => 'a'.repeat(20) },
    { title: 'B', spare: 1, cell: () => 'b'.repeat(20) },
    { title: 'C', spare: 2, cell: () => 'c'.repeat(20) },
    { title: 'D', cell: () => 'd'.repeat(40) },
  ];
  const titles = (width: number) =>
    table(columns, ['row'], plain, width).split('\n')[0]!.split(/ +/);
  assert.deepEqual([200, 89, 80, 40].map(titles), [
    ['A', 'B', 'C', 'D'],
    ['A', 'B', 'D'],
    ['A', 'B', 'D'],
    ['A', 'D'],
  ]);
});

test('long lines are broken at spaces and stay under their beginning', () => {
  assert.equal(
    foldAll('  one two three four five six\nshort', 22),
    '  one two three four\n  five six\nshort',
  );
  assert.equal(foldAll('one two three four five six', null), 'one two three four five six');
  assert.equal(foldAll('x'.repeat(50), 30), 'x'.repeat(50));
});

test('on a terminal control sequences of a command are visible, however its chunks are cut', () => {
  const whole = Buffer.from('a\u001b[2Jé\r\nb\rc\u202e\n');
  const expected = 'a\\u{1b}[2Jé\nb\\u{d}c\\u{202e}\n';
  for (let size = 1; size <= whole.length; size++) {
    const filter = outputFilter(true);
    let shown = '';
    for (let i = 0; i < whole.length; i += size)
      shown += filter.pass(whole.subarray(i, i + size)).toString();
    assert.equal(shown + filter.rest(), expected, `chunks of ${size}`);
  }
});

test('a pipe gets the very bytes', () => {
  const bytes = Buffer.from([0xff, 0x1b, 0x00]);
  assert.equal(outputFilter(false).pass(bytes), bytes);
});

test('durations are rounded for reading', () => {
  const table = [
    [0, '0ms'],
    [999, '999ms'],
    [1_400, '1.4s'],
    [59_940, '60s'],
    [59_960, '1m00s'],
    [125_000, '2m05s'],
    [12_000_000, '3h20m'],
  ] as const;
  for (const [ms, text] of table) assert.equal(briefDuration(ms), text);
});

test('local times carry their offset and mean the same moment', () => {
  const at = Date.parse('2026-11-22T15:49:27Z');
  assert.match(localIso(at), /^2026-11-2\dT\d\d:\d\d:27[+-]\d\d:\d\d$/);
  assert.equal(Date.parse(localIso(at)), at);
});

test('times are read as ISO 8601, dates, or durations back from now', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  assert.equal(parseTime('2h', now, parseDuration), now - 7_200_000);
  assert.equal(parseTime('2026-11-22T12:00:00Z', now, parseDuration), now);
  assert.equal(parseTime('2026-11-22', now, parseDuration), new Date(2026, 10, 22).getTime());
  for (const bad of ['', 'now', '2026', '1', '22.11.2026', '2026-13-01', '-2h']) {
    assert.equal(parseTime(bad, now, parseDuration), undefined, bad);
  }
});

test('the nearest verb is found for a slip, and none for another word', () => {
  const known = verbs.map((v) => v.name);
  const slips = [
    ['lst', 'list'],
    ['serv', 'serve'],
    ['hsow', 'show'],
    ['cancle', 'cancel'],
    ['unfreez', 'unfreeze'],
    ['audit lits', 'audit list'],
  ] as const;
  for (const [slip, verb] of slips) assert.equal(nearest(slip, known), verb);
  for (const other of ['authorise', 'runbook', 'x', '', 'a'.repeat(1_000)])
    assert.equal(nearest(other, known), null, other);
});

const schema: JsonObject = {
  type: 'object',
  properties: {
    steps: { type: 'integer' },
    ratio: { type: 'number' },
    force: { type: 'boolean' },
    name: { type: 'string' },
    paths: { type: 'array', items: { type: 'string' } },
    ports: { type: 'array', items: { type: 'integer' } },
    level: { enum: [1, 2, 'max'] },
    either: { type: ['string', 'integer'] },
  },
};
const typings: readonly (readonly [string, string, unknown, string])[] = [
  ['steps', '3', 3, 'an integer'],
  ['steps', '-3', -3, 'a negative one'],
  ['steps', '03', '03', 'not how an integer is written: as text, for the gateway to refuse'],
  ['steps', '1e3', '1e3', 'nor this'],
  ['steps', '9007199254740993', '9007199254740993', 'too large to be kept exactly'],
  ['ratio', '0.5', 0.5, 'a number'],
  ['ratio', '', '', 'no number'],
  ['force', 'true', true, 'a boolean'],
  ['force', 'yes', 'yes', 'no boolean'],
  ['name', '3', '3', 'text stays text'],
  ['name', '', '', 'also empty'],
  ['paths', 'a', ['a'], 'one element'],
  ['ports', '80', [80], 'of its type'],
  ['level', '2', 2, 'a number of the enumeration'],
  ['level', 'max', 'max', 'a text of it'],
  ['either', '3', 3, 'the narrower type where it fits'],
  ['unknown', '3', '3', 'for the gateway to refuse'],
];
for (const [name, text, value, why] of typings) {
  test(`--param ${name}=${text} is ${JSON.stringify(value)}: ${why}`, () => {
    assert.deepEqual(typeArguments([[name, text]], schema), { [name]: value });
  });
}

test('a repeated --param is a list, also where the schema wants one value', () => {
  assert.deepEqual(
    typeArguments(
      [
        ['paths', 'a'],
        ['paths', 'b'],
      ],
      schema,
    ),
    { paths: ['a', 'b'] },
  );
  assert.deepEqual(
    typeArguments(
      [
        ['steps', '1'],
        ['steps', '2'],
      ],
      schema,
    ),
    { steps: [1, 2] },
  );
});

test('--param __proto__=x stays an argument of that name', () => {
  const given = typeArguments([['__proto__', 'x']], schema);
  assert.deepEqual(Object.keys(given), ['__proto__']);
  assert.equal(JSON.stringify(given), '{"__proto__":"x"}');
});

test('the shortcut of mcp reads what the parser would, and leaves the rest to it', () => {
  const none = { config: null, state: null, server: null, output: 'text' };
  assert.deepEqual(mcpShortcut(['mcp']), none);
  assert.deepEqual(mcpShortcut(['--state', 's', 'mcp', '--config=c']), {
    ...none,
    state: 's',
    config: 'c',
  });
  for (const argv of [
    [],
    ['run'],
    ['mcp', 'x'],
    ['mcp', '--help'],
    ['mcp', '--config'],
    ['mcp', '--config', '--state'],
    ['mcp', '--state', 'a', '--state', 'b'],
    ['mcp', '--output', 'json'],
  ]) {
    assert.equal(mcpShortcut(argv), null, argv.join(' '));
  }
});

test('arguments in a plan show where they begin and end', () => {
  assert.deepEqual(
    ['plain-1.txt', 'two words', '', "it's", 'tab\tnew\nline', '\u202eabc'].map(quoted),
    ['plain-1.txt', '"two words"', '""', '"it\'s"', '"tab\\tnew\\nline"', '"\\u{202e}abc"'],
  );
});
