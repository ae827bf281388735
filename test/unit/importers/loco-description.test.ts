/** What is taken of what an app says of itself: little of a stranger's text, and nothing that is not what it looks like. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locoVersion, readCliText } from '../../../src/importers/loco-cli-text.ts';
import { most, readDescription, shortLine } from '../../../src/importers/loco-description.ts';
import { answer, described, sound } from './loco-app.ts';

test('an ordinary answer is taken as it is', () => {
  const { source, version, loco, migrations, tasks, jobs, queue, notes } = described();
  assert.deepEqual([source, version, loco, queue], ['crate', '0.1.0', '1.2.0', true]);
  assert.deepEqual(migrations, ['m20220101_000001_users', 'm20230101_000001_orders']);
  assert.deepEqual(tasks[0], { name: 'rotate-keys', detail: 'Makes a new key' });
  assert.deepEqual(jobs, [
    { name: 'nightly', run: 'clean-temp hours:24', shell: false, schedule: '0 0 3 * * *' },
  ]);
  assert.deepEqual(notes, []);
  assert.equal(described({ queue: null }).queue, false);
});

const refused: readonly [title: string, stdout: Uint8Array | string, said: RegExp][] = [
  ['nothing', '', /not one JSON object/],
  ['a list', '[]', /not one JSON object/],
  ['two objects', '{}{}', /not one JSON object/],
  ['another version of the protocol', answer({}, { version: 2 }), /version 1/],
  ['another operation', answer({}, { operation: 'version' }), /none to "describe"/],
  ['ok as a text', answer({}, { ok: 'true' }), /none to "describe"/],
  ['a key that stands twice', '{"version":1,"version":1}', /not one JSON object/],
  [
    '__proto__ as a key',
    '{"version":1,"ok":true,"__proto__":{"result":{}}}',
    /not one JSON object/,
  ],
  ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), /not one JSON object/],
  ['a deep nest', '['.repeat(100_000), /not one JSON object/],
];
for (const [title, stdout, said] of refused) {
  test(`it is no description: ${title}`, () => {
    const read = readDescription(Buffer.from(stdout as string));
    assert.ok(!read.ok);
    assert.equal(read.code, 'NOT_A_DESCRIPTION');
    assert.match(read.message, said);
  });
}

test('an error of the app keeps its code, and its words become one visible line', () => {
  const error = { code: 'CONFIG_INVALID', message: 'no\u001b[31m such\nfile' };
  const read = readDescription(answer({}, { ok: false, error }));
  assert.deepEqual(read, { ok: false, code: 'CONFIG_INVALID', message: 'no\\u{1b}[31m such' });
  const odd = readDescription(answer({}, { ok: false, error: { code: 'a b', message: 7 } }));
  assert.deepEqual(odd, { ok: false, code: 'NOT_A_DESCRIPTION', message: 'it gives no reason' });
});

test('names that are not what they look like are left out, and that is said', () => {
  const bad = [
    '',
    ' x',
    'a\nb',
    'a\u0000b',
    'a\u202eb',
    'a\u200bb',
    'x'.repeat(201),

    7,
    null,
  ];
  const { tasks, notes } = described({
    tasks: [
      ...bad.map((name) => ({ name, detail: 'x' })),
      'text',
      null,
      { name: 'good', detail: 'x' },
    ],
  });
  assert.deepEqual(
    tasks.map(({ name }) => name),
    ['good'],
  );
  assert.match(notes.join(), /^11 task\(s\) left out: a name is empty/);
});

test('a name that stands twice counts once', () => {
  const twice = [
    { name: 'a', detail: 'first' },
    { name: 'a', detail: 'second' },
  ];
  assert.deepEqual(described({ tasks: twice }).tasks, [twice[0]]);
});

test('ten thousand tasks are cut, and so is a text of megabytes', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => ({ name: `t${i}`, detail: '' }));
  const cut = described({ tasks: many });
  assert.equal(cut.tasks.length, most.tasks);
  assert.deepEqual(cut.notes, [
    `${10_000 - most.tasks} task(s) left out: a draft takes ${most.tasks}`,
  ]);
  const long = described({ tasks: [{ name: 'a', detail: 'é'.repeat(10 ** 6) }] });
  assert.ok([...long.tasks[0]!.detail].length <= most.text);
  const huge = readDescription(answer({ tasks: [{ name: 'a', detail: 'x'.repeat(10 ** 7) }] }));
  assert.ok(!huge.ok);
});

test('a text is cut between characters', () => {
  assert.equal(shortLine('😀'.repeat(50), 3), '😀😀…');
  assert.equal(shortLine('\n\n one \ntwo'), 'one');
});

const help = 'Usage: shop-cli\n\nCommands:\n  start  x\n  db     x\n  jobs   x\n  task   x\n';
const cli = (more: object) =>
  readCliText({ version: 'loco-rs 1.2.0\n', help, tasks: '', scheduler: '', notes: [], ...more });
const row = (name: string, detail: string) => `${name.padEnd(30)}[${detail}]\n`;

test("the plain command line's list of tasks is read by its form, whatever stands between", () => {
  const long = 'x'.repeat(40);
  const { tasks } = cli({
    tasks: `starting up…\n${row('report', 'Says [a] thing')}${row('multi', 'one\ntwo')}${row(long, 'long')}[no name]\n${'a b'.padEnd(30)}[a space]\n`,
  });
  assert.deepEqual(tasks, [
    { name: 'report', detail: 'Says [a] thing' },
    { name: 'multi', detail: 'one' },
    { name: long, detail: 'long' },
  ]);
});

test('lines made of beginnings of quotes come to an end', () => {
  const scheduler = `1 a true "${'\\"'.repeat(990)}\n`.repeat(50_000);
  assert.deepEqual(cli({ scheduler }).jobs, []);
});

test("the scheduler's rows are read by their form", () => {
  const { jobs } = cli({
    scheduler: `#      job_name       run_on_start      schedule               tags               run
1      nightly         false        0 0 3 * * *            -                  "report hours:3"
2      quoted          true         every day              a, b               "sh -c \\"x\\""
3      open            true         x                      -                  "x
`,
  });
  assert.deepEqual(jobs, [
    { name: 'nightly', run: 'report hours:3', shell: null, schedule: '0 0 3 * * *' },
    { name: 'quoted', run: 'sh -c "x"', shell: null, schedule: 'every day' },
  ]);
});

test('whether there may be a queue stands in the help', () => {
  assert.equal(cli({}).queue, null);
  assert.equal(cli({ help: help.replace('  jobs   x\n', '') }).queue, false);
});

test('a Loco app says its version of Loco', () => {
  assert.equal(locoVersion('loco-rs 1.2.0\n'), '1.2.0');
  assert.equal(locoVersion('noise\nloco-rs 0.16.4-beta.1'), '0.16.4-beta.1');
  assert.equal(locoVersion('git version 2.39.5'), null);
  assert.equal(locoVersion('x loco-rs 1.2.0'), null);
  assert.equal(sound(readDescription(answer({ version: 7 }))).version, null);
});
