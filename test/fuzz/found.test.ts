/** What the hunts have found, one test each, by what was wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReeveError } from '../../src/core/errors.ts';
import { parseStrictJson } from '../../src/core/strict-json.ts';
import { typeArguments } from '../../src/edge/cli/request.ts';
import { guessMessage, inspectMessage } from '../../src/edge/mcp/message.ts';
import { house, messages } from '../unit/inventory/house.ts';

test('a control character in a key never reaches the message of a refusal as it is', () => {
  const text = Buffer.from('{"command":"say","a\\u0000\\u202eb":{"x"}}');
  assert.throws(
    () => parseStrictJson(text),
    (error: unknown) => {
      assert.ok(error instanceof ReeveError);
      assert.match(error.message, /in \/a\\u\{0\}\\u\{202e\}b/);
      return !/[\0\u202e]/.test(error.message + JSON.stringify(error.details));
    },
  );
});

for (const nothing of ['null', '~', '[]', '1', 'text', '""']) {
  test(`a command that is ${nothing} is refused where it stands`, (t) => {
    const said = messages(house(t).load(`empty: ${nothing}\nother: ${nothing}\n`)).join('\n');
    assert.match(said, /inventory\.yaml:3:/);
    assert.match(said, /inventory\.yaml:4:/);
  });
}

for (const [what, id] of [
  ['a number that begins with zero', '01'],
  ['minus zero and more', '-01'],
  ['a text over two lines', '"a\nb"'],
  ['a text with a tab', '"a\tb"'],
] as const) {
  test(`an MCP message whose id is ${what} is answered, and ends nothing`, () => {
    const call = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"say"}}`;
    const inspected = inspectMessage(Buffer.from(call));
    assert.ok(inspected.kind === 'malformed');
    assert.deepEqual([inspected.id, inspected.call], [null, { name: 'say' }]);
    const atTheEnd = `{"method":"tools/call","params":{oops},"id":${id}}`;
    assert.deepEqual(guessMessage(Buffer.from(atTheEnd)), { id: null, call: { name: null } });
  });
}

test('--param makes no number out of one that is too large, and drops no key that is there twice', () => {
  const schema = { properties: { o: { type: 'object' } } };
  for (const text of ['1e400', '{"a":1,"a":2}', '{"__proto__":1}'])
    assert.deepEqual(typeArguments([['o', text]], schema), { o: text });
});

test('what the YAML parser says of an escape is told in whole characters, as the record demands', (t) => {
  const said = messages(house(t).load('it: "\\😀"\n'));
  assert.match(said.join(), /invalid escape sequence/);
  for (const message of said) assert.ok(message.isWellFormed(), message);
});

test('a name that holds half a character is refused where it stands: no digest could hold it', (t) => {
  const said = messages(house(t).load('it: { "a\\ud800": 1 }\n"\\udc00": {}\n')).join('\n');
  assert.match(said, /:3:9: error: the name holds half of a character/);
  assert.match(said, /:4:3: error: the name holds half of a character/);
});
