/**
 * The harness itself: it fails what it should fail, says what it cannot say, and knows no case. A harness that finds
 * nothing must be one that could.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Arena, expand } from './arena.ts';
import { Ground, until } from './by-hand/ground.ts';
import { harness } from './corpus/part.ts';
import { readCorpus } from './corpus.ts';
import { mcpLine, messageOf, restBody } from './message.ts';
import { clausesOf } from './must.ts';
import { tracesOfChildren, Watcher } from './processes.ts';
import { translate } from './translate.ts';
import type { Verdict } from './verdict.ts';

const say = {
  name: 'say',
  exec: '/bin/echo',
  argv: ['{text}'],
  params: { text: { type: 'string', maxLength: 64 } },
};
const script = (text: string, more: object = {}) => ({
  catalog: [{ name: 'job', exec: '/bin/sh', argv: ['-c', text], params: {}, ...more }],
});
const job = { command: 'job', params: {} };

/** Each: what the harness must say of it, and words that its reasons must hold. */
const rows: readonly (readonly [verdict: string, reason: RegExp, test: Record<string, unknown>])[] =
  [
    [
      'fail',
      /expected a refusal, got ok/,
      {
        id: 'a-refusal-that-does-not-come',
        setup: { catalog: [say] },
        request: { command: 'say', params: { text: 'hi' } },
        expected: { outcome: 'reject', must_not: [], must: [] },
      },
    ],
    [
      'fail',
      /expected it to succeed/,
      {
        id: 'an-honest-call-that-is-refused',
        setup: { catalog: [say] },
        request: { command: 'say', params: { text: 'x'.repeat(65) } },
        expected: { outcome: 'accept', must_not: ['rejected'], must: [] },
      },
    ],
    [
      'fail',
      /\{WS\}\/marker exists/,
      {
        id: 'a-mark-that-is-left',
        setup: script('touch {WS}/marker'),
        request: job,
        expected: { outcome: 'contain', must_not: ['{WS}/marker exists'], must: [] },
      },
    ],
    [
      'fail',
      /output holds|output contains/,
      {
        id: 'a-secret-that-is-shown',
        setup: {
          ...script('cat {WS}/given'),
          files: [{ path: '{WS}/given', content: 'S3CR3T-NONCE' }],
        },
        request: job,
        expected: { outcome: 'contain', must_not: ['output contains S3CR3T-NONCE'], must: [] },
      },
    ],
    [
      'fail',
      /a listener on the host|connections came/,
      {
        id: 'a-connection-that-gets-out',
        setup: {
          catalog: [
            {
              name: 'job',
              exec: '/bin/bash',
              argv: ['-c', 'exec 3<>/dev/tcp/127.0.0.1/PORT'],
              params: {},
              network: true,
            },
          ],
        },
        request: job,
        expected: {
          outcome: 'contain',
          must_not: ["a listener on the host's loopback sees a connection"],
          must: [],
        },
      },
    ],
    [
      'fail',
      /stdout is not the text/,
      {
        id: 'a-value-that-is-changed',
        setup: { catalog: [{ ...say, argv: ['-n', '{text}'] }] },
        request: { command: 'say', params: { text: 'hi' } },
        expected: { outcome: 'literal', must_not: [], must: ['stdout equals the text'] },
      },
    ],
    [
      'fail',
      /declaration is refused/,
      {
        id: 'a-declaration-that-is-refused-though-it-must-run',
        setup: {
          catalog: [
            {
              name: 'w',
              exec: '/usr/bin/env',
              argv: ['{...rest}'],
              params: { rest: { type: 'array', items: { type: 'string' } } },
            },
          ],
        },
        request: { command: 'w', params: { rest: ['true'] } },
        expected: { outcome: 'accept', must_not: [], must: [] },
      },
    ],
    [
      'not-expressible',
      /is no outcome that is known/,
      { id: 'an-unknown-outcome', expected: { outcome: 'evaporate' } },
    ],
    [
      'not-expressible',
      /unknown field\(s\) hologram/,
      {
        id: 'an-unknown-kind-of-file',
        setup: { catalog: [say], files: [{ path: '{WS}/x', hologram: true }] },
        request: { command: 'say', params: { text: 'hi' } },
        expected: { outcome: 'accept', must_not: [], must: [] },
      },
    ],
    [
      'not-expressible',
      /outside of the places/,
      {
        id: 'a-file-of-the-host',
        setup: { catalog: [say], files: [{ path: '/etc/reeve-was-here', content: 'x' }] },
        request: { command: 'say', params: { text: 'hi' } },
        expected: { outcome: 'accept', must_not: [], must: [] },
      },
    ],
    [
      'not-expressible',
      /told in words/,
      {
        id: 'a-case-in-words-without-a-test',
        request: { action: 'sing to the gateway' },
        expected: { outcome: 'reject', must_not: [], must: [] },
      },
    ],
    [
      'pass',
      /^$/,
      {
        id: 'a-new-class-with-a-race',
        class: 'never-heard-of',
        setup: {
          catalog: [
            {
              name: 'read',
              exec: '/bin/cat',
              argv: ['--', '{path}'],
              params: { path: { type: 'path', within: 'workspace' } },
              colour: 'green',
            },
          ],
          files: [
            { path: '{WS}/d/secret', content: 'inside' },
            { path: '{OUT}/secret', content: 'S3CR3T-NONCE' },
          ],
          race: 'swap {WS}/d for a symlink to {OUT} all the while',
        },
        request: { command: 'read', params: { path: '{WS}/d/secret' }, repeat: 15 },
        expected: {
          outcome: 'contain',
          must_not: ['output contains S3CR3T-NONCE', 'the moon falls'],
          must: [],
        },
      },
    ],
  ];

test('the harness tells failures from what it cannot say, and exits with 1', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-harness-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const corpus = join(folder, 'corpus.json');
  const report = join(folder, 'report.json');
  writeFileSync(corpus, JSON.stringify(rows.map(([, , made]) => made)));
  const ended = await harness(['--corpus', corpus, '--report', report]);
  assert.equal(ended.exitCode, 1, ended.output);
  const { verdicts } = JSON.parse(readFileSync(report, 'utf8')) as { verdicts: Verdict[] };
  for (const [index, [expected, reason, made]] of rows.entries()) {
    await t.test(`${made.id}: ${expected}`, () => {
      const found = verdicts[index]!;
      assert.equal(found.id, made.id);
      assert.equal(found.verdict, expected, JSON.stringify(found, null, 2));
      assert.match(found.reasons.join('\n'), reason);
    });
  }
  await t.test('what nothing recognises is told', () => {
    const last = verdicts.at(-1)!;
    assert.match(last.unchecked.join('\n'), /the moon falls/);
    assert.match(last.notes.join('\n'), /catalog\.colour is not mapped/);
  });
});

test('the processes of a case are seen while they live, and seen to be gone', async () => {
  await using ground = new Ground();
  const gateway = await ground.start();
  const watcher = new Watcher(ground.arena);
  const before = tracesOfChildren(gateway.pid);
  const call = ground.execute('rest', {}, { prefer: 'wait=0' });
  await until('sleep is seen', () => watcher.alive().some(({ name }) => name === 'sleep'));
  const { requestId } = (await call).body.result as { requestId: string };
  await ground.ask('POST', `/v1/commands/executions/${requestId}/cancel`, {});
  await until('all of it is gone', () => watcher.alive().length === 0);
  assert.notEqual(tracesOfChildren(gateway.pid), before, 'a process was started, unseen');
});

test('a command line that is wrong exits with 2', async () => {
  assert.equal((await harness(['--corpus', '/nowhere/at/all.json'])).exitCode, 2);
  assert.equal((await harness(['--no-such-option'])).exitCode, 2);
});

function only(made: Record<string, unknown>) {
  return readCorpus(JSON.stringify([{ id: 'x', expected: { outcome: 'contain' }, ...made }]))[0]!;
}

test('bytes go out as the corpus gives them', () => {
  const arena = new Arena();
  try {
    const cases = only({
      setup: { catalog: [say] },
      request: { command: 'say', raw_params: '{"text":"a","text":"\ud800","__proto__":1}' },
    });
    const { commands } = translate(arena, cases, 'declared');
    const body = restBody(messageOf(arena, cases, commands.get('say')));
    assert.ok(body.includes(Buffer.from([0xed, 0xa0, 0x80])), 'half a character stays half');
    assert.match(body.toString('latin1'), /"text":"a","text":".*"__proto__":1/);

    const odd = only({
      setup: { catalog: [say] },
      request: { command: 'say', params: { ['__proto__']: 'x' }, env: { A: 'b' }, cwd: '{WS}/r' },
    });
    const line = mcpLine(1, messageOf(arena, JSON.parse(JSON.stringify(odd)), undefined), 'say');
    const sent = JSON.parse(line.toString('utf8')) as { params: { arguments: object } };
    assert.ok(Object.hasOwn(sent.params.arguments, 'env'));
    assert.ok(Object.hasOwn(sent.params.arguments, 'workingDirectory'));
  } finally {
    arena.dispose();
  }
});

test('braces that name nothing are braces, and places are told apart', () => {
  const arena = new Arena();
  try {
    const cases = only({
      setup: script(':(){ :|:& };: ; cat {WS}/a {WS}-evil/b'),
      request: job,
    });
    const { inventory } = translate(arena, cases, 'declared');
    const { run } = (inventory.commands as unknown as { job: { run: string[] } }).job;
    assert.equal(run[2], `:(){{ :|:& }};: ; cat /workspace/a ${arena.workspace}-evil/b`);
    assert.equal(arena.pathOf('{WS}/../../x'), null);
    assert.equal(expand('A*3000000').length, 3_000_000);
    assert.equal(expand('2*3'), '2*3');
  } finally {
    arena.dispose();
  }
});

test('clauses are set apart by semicolons', () => {
  assert.deepEqual(clausesOf('typed error; audited; and the server stays up'), [
    'typed error',
    'audited',
    'the server stays up',
  ]);
});
