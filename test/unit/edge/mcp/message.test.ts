import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { guessMessage, inspectMessage } from '../../../../src/edge/mcp/message.ts';
import { LineReader } from '../../../../src/edge/mcp/stdio-lines.ts';

const bytes = (text: string) => Buffer.from(text);

test('the id of an unreadable message is taken only from where it must be its own', () => {
  const table: readonly [string, unknown][] = [
    ['{"id":5,"method":"ping",', 5],
    ['{"jsonrpc":"2.0","method":"ping","id":"a-1","params":{', 'a-1'],
    ['{"method":"ping","params":{"a":1,"a":2},"id":6}', 6],
    ['{"method":"ping","params":{"a":1,"a":2},"jsonrpc":"2.0","id":-7}', -7],
    ['{"method":"x","params":{bad},"id":8,"jsonrpc":"2.0"}\r', 8],
    ['{"params":{"id":9,', null],
    ['{"params":{"id":9}', 9],
    ['{"params":{bad,"id":9}}', null],
    ['{"id":[1],', null],
    ['{"id":"a\\"b",', null],
    ['', null],
  ];
  for (const [text, id] of table) assert.equal(guessMessage(bytes(text)).id, id, text);
});

test('an unreadable message that was meant to be a tool call is known as one', () => {
  const call = (text: string) => guessMessage(bytes(text)).call;
  assert.deepEqual(call('{"method":"tools/call","params":{"name":"deploy",'), { name: 'deploy' });
  assert.deepEqual(call('{"method" : "tools\\/call", oops'), { name: null });
  assert.equal(call('{"method":"tools/list"'), null);
});

test('whatever comes, inspecting never throws and never lets a strange shape through', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      const inspected = inspectMessage(bytes(text));
      if (inspected.kind === 'malformed') return;
      assert.equal(inspected.message.jsonrpc, '2.0');
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => {
      inspectMessage(raw);
    }),
  );
});

test('lines are the same however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-zß]{0,40}$/), { maxLength: 20 }),
      fc.array(fc.nat(60), { maxLength: 20 }),
      (words, cuts) => {
        const all = bytes(words.map((w) => `${w}\n`).join(''));
        const reader = new LineReader(30);
        const seen: string[] = [];
        let from = 0;
        for (const cut of [...cuts, all.length]) {
          const to = Math.min(all.length, from + cut);
          for (const line of reader.push(all.subarray(from, to))) {
            seen.push(line.kind === 'line' ? Buffer.from(line.bytes).toString() : 'too long');
          }
          from = to;
        }
        const expected = words
          .filter((w) => w !== '')
          .map((w) => (bytes(w).length > 30 ? 'too long' : w));
        assert.deepEqual(seen, expected);
        assert.equal(reader.end(), null);
      },
    ),
  );
});

test('the ends of a line that is too long are kept, and nothing between', () => {
  const reader = new LineReader(100_000);
  const lines = [];
  lines.push(...reader.push(bytes('{"begin":1,')));
  for (let i = 0; i < 50; i += 1) lines.push(...reader.push(bytes('x'.repeat(10_000))));
  lines.push(...reader.push(bytes('"end":2}\nnext\n')));
  assert.equal(lines.length, 2);
  const [long, next] = lines;
  assert.ok(long?.kind === 'too-long' && next?.kind === 'line');
  assert.ok(Buffer.from(long.head).toString().startsWith('{"begin":1,x'));
  assert.ok(Buffer.from(long.tail).toString().endsWith('x"end":2}'));
  assert.ok(long.head.length + long.tail.length < 40_000);
});
