/** The test of commands, tested: what it must never let pass. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCommands, readPage, told } from './blocks.ts';
import { difference } from './console.ts';
import { runPage, type Ways } from './run-page.ts';
import { asks, commandsOf, consoleOf, looksLikeCommand, stays } from './shell.ts';

const stages: Ways['stages'] = new Map([['plain', { summary: 'nothing' }]]);
const fence = '```';

function page(...lines: string[]): string {
  return lines.join('\n');
}

function sh(...lines: string[]): string {
  return page(`${fence}sh`, ...lines, fence);
}

function troubles(text: string): string[] {
  return readPage('docs/x.md', text).troubles.map(told);
}

async function run(text: string, more: Partial<Ways> = {}) {
  const { blocks, troubles } = readPage('docs/x.md', text);
  assert.deepEqual(troubles, []);
  return runPage(blocks, { stages, limit: 20, ...more });
}

const on = '<!-- commands: on plain -->';

test('a command that fails fails its page, with line, command and output', async () => {
  await assert.rejects(
    run(page('# X', on, sh('echo fine', 'echo told; echo why >&2; false'))),
    (error: Error) => {
      assert.match(error.message, /^docs\/x\.md:5: it ended with 1, not with 0/);
      assert.match(error.message, /command: echo told/);
      assert.match(error.message, /standard output:\n {4}told\n {2}standard error:\n {4}why/);
      return true;
    },
  );
});

test('a command that ends with another code than the page says fails it', async () => {
  await assert.rejects(
    run(page(on, '<!-- run: exit 4 -->', sh('(exit 3)'))),
    /ended with 3, not with 4/,
  );
  await assert.rejects(
    run(page(on, '<!-- run: exit 4 -->', sh('true'))),
    /ended with 0, not with 4/,
  );
  await assert.rejects(run(page(on, sh('true   # exit code 4'))), /ended with 0, not with 4/);
  await assert.rejects(
    run(page(on, '<!-- run: exit 4 -->', sh('(exit 4)', 'true'))),
    /ended with 4, not with 0/,
  );
});

test('what fails half-way through a loop or a pipe fails the page', async () => {
  await assert.rejects(
    run(page(on, sh('for i in 1 2; do', '  [ $i = 2 ]', 'done'))),
    /ended with 1/,
  );
  await assert.rejects(run(page(on, sh('false | cat'))), /ended with 1/);
});

test('a shell that ends itself, and a command without an end, fail the page', async () => {
  await assert.rejects(run(page(on, sh('exit 0'))), /the shell is gone/);
  await assert.rejects(run(page(on, sh('sleep 600')), { limit: 1 }), /did not end within/);
});

test('what should come true does: codes, placeholders, answers, hidden commands, state from block to block', async () => {
  const report = await run(
    page(
      on,
      sh('cd "$TMPDIR"', 'export A=1; B=2', 'printf "%s\\n" \\', '  one'),
      '<!-- run: given C=3 -->',
      '<!-- run: with ID=$(echo a, b), OTHER…=x -->',
      sh(
        '[ "$PWD $A$B$C" = "$TMPDIR 123" ]',
        '[ "ID IDS OTHER…" = "a, b IDS x" ]',
        '(exit 4)   # exit code 4',
      ),
      '<!-- run: exit 5 -->',
      sh('cat > file <<END', 'text', 'END', 'grep -q text file; (exit 5)'),
    ),
  );
  assert.deepEqual(report, { blocks: 3, commands: 8, elsewhere: 0, skipped: [] });
});

test('worlds are apart: another stage, another folder, no network, the repository read-only', async () => {
  await run(
    page(
      on,
      sh('echo x > left', 'export LEFT=1', 'HERE=$HOME'),
      on,
      sh(
        '[ ! -e left ] && [ -z "$LEFT" ]',
        '! curl --silent --max-time 2 http://192.0.2.1/',
        '! touch "$(readlink -f src)/touched"',
        'case $HOME in "$(dirname "$PWD")"/*) ;; *) false;; esac',
      ),
    ),
  );
});

test('a stage that is not there, and a placeholder that no command holds, fail', async () => {
  await assert.rejects(
    run(page('<!-- commands: on nowhere -->', sh('true'))),
    /no stage "nowhere"; there are plain/,
  );
  await assert.rejects(
    run(page(on, '<!-- run: with ID=1 -->', sh('true'))),
    /no command holds "ID"/,
  );
});

test('what cannot be had here is counted, not run', async () => {
  const skipped: Ways['stages'] = new Map([['plain', { summary: '', skip: 'no cargo' }]]);
  const report = await run(page(on, sh('false')), { stages: skipped });
  assert.deepEqual(report, {
    blocks: 0,
    commands: 0,
    elsewhere: 0,
    skipped: [{ line: 2, why: 'no cargo' }],
  });
});

test('elsewhere names a test that is there and reads this page', async () => {
  const text = page(
    '<!-- run: elsewhere, "the unit starts" in test/host.test.ts: it takes systemd -->',
    sh('false'),
  );
  const file = (content: string | null) => run(text, { testFile: () => content });
  await assert.rejects(file(null), /there is no test\/host\.test\.ts/);
  await assert.rejects(
    file(`test('another', () => blocksOf('docs/x.md'))`),
    /has no test "the unit starts"/,
  );
  await assert.rejects(file(`test('the unit starts', () => {})`), /does not read the block/);
  await assert.rejects(
    file(`test('the unit starts', () => blocksOf('docs/y.md'))`),
    /does not read the block/,
  );
  const report = await file(`test('the unit starts', () => blocksOf('docs/x.md'))`);
  assert.deepEqual(report, { blocks: 0, commands: 0, elsewhere: 1, skipped: [] });
});

test('commands that nobody runs are found', () => {
  assert.match(troubles(sh('true'))[0]!, /^docs\/x\.md:1: commands that nothing runs/);
  assert.match(troubles(page(on, `${fence}bash`, 'true', fence))[0]!, /not as bash/);
  for (const line of [
    '$ ls',
    'reeve run x',
    'sudo systemctl stop reeve',
    'bin/reeve list',
    'A=1 curl http://x',
  ])
    assert.match(troubles(page(on, fence, line, fence))[0] ?? '', /looks like commands/, line);
  for (const line of ['reeve: ok in 1s', 'migrate-db in staging: fail', 'v1.0', 'node_modules/'])
    assert.deepEqual(troubles(page(on, fence, line, fence)), [], line);
  assert.ok(!looksLikeCommand('ID  COMMAND'));
});

test('what is said of a run has to be understood, and to stand above a block of commands', () => {
  assert.match(troubles(page(on, '<!-- run: sometimes -->', sh('true')))[0]!, /is none of/);
  assert.match(
    troubles(page(on, '<!-- run: exit 4 -->', 'text', sh('true')))[0]!,
    /above no block/,
  );
  assert.match(
    troubles(page(on, '<!-- run: exit 4 -->', `${fence}yaml`, 'a: 1', fence))[0]!,
    /no block of commands/,
  );
  assert.match(troubles(page(on, sh('true'), '<!-- run: exit 4 -->'))[0]!, /above no block/);
  assert.match(troubles('<!-- commands: somewhere -->')[0]!, /commands: on STAGE/);
  assert.match(troubles(page(on, sh()))[0]!, /without any/);
  assert.match(troubles(page(on, `${fence}sh`, 'true'))[0]!, /never closed/);
});

test('blocks in lists lose their indent; headings and lines are told', () => {
  const { blocks } = readPage(
    'x.md',
    page('## Back', on, '1. so:', '', '   ```sh', '   cd x', '   ```'),
  );
  assert.deepEqual(
    blocks.map(({ text, line, heading }) => ({ text, line, heading })),
    [{ text: 'cd x', line: 5, heading: 'Back' }],
  );
  assert.ok(isCommands(blocks[0]!));
});

test('a block falls into the commands that a person would type', () => {
  assert.deepEqual(
    commandsOf(
      '# first\na \\\n  b   # exit code 4\n\nfor x in 1; do\n  c\ndone\ncat <<E\nd\nE',
    ).map((c) => [c.line, c.exit]),
    [
      [2, 4],
      [5, null],
      [8, null],
    ],
  );
  assert.throws(() => commandsOf('for x in 1; do'), /cannot read this to its end/);
  assert.throws(() => commandsOf('echo )'), /cannot read/);
  assert.deepEqual(
    consoleOf('$ a\nout\n\n$ b  # exit code 3\n').map((c) => [c.text, c.exit, c.shown]),
    [
      ['a', null, ['out']],
      ['b  # exit code 3', 3, []],
    ],
  );
  assert.throws(() => consoleOf('out'), /before the first/);
  assert.equal(stays('A=1 bin/reeve --config x serve --port 0'), 'serve');
  assert.equal(stays('reeve run serve'), null);
  assert.ok(asks('A=$(cat x) reeve approve ID') && !asks('reeve approvals'));
});

test('output is compared but for ids, times and durations', async () => {
  const shown = [
    'reeve: ok in 67ms · req_093ec6d495d04b13b810ade9b4d579c6',
    'at 2026-11-22T16:44:36+00:00',
    '…',
    'last',
  ];
  assert.equal(
    difference(
      shown,
      'reeve: ok in 1.2s · req_00000000000000000000000000000000\nat 2027-01-02T03:04:05Z\nx\ny\nlast\n',
    ),
    null,
  );
  assert.match(difference(['ok'], 'no\n')!, /line 1 .*"ok".*"no"/);
  assert.match(difference(['ok'], 'ok\nmore\n')!, /more/);
  assert.match(difference(['ok', 'more'], 'ok\n')!, /"more"/);
  await assert.rejects(
    run(page(on, `${fence}console`, '$ echo a', 'b', fence)),
    /it wrote something else than the page shows/,
  );
  await assert.rejects(
    run(page(on, `${fence}console`, '$ echo a', '$ echo b', 'b', fence)),
    /something else/,
  );
});
