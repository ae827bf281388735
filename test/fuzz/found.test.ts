/** What the hunts have found, one test each, by what was wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReeveError } from '../../src/core/errors.ts';
import { parseStrictJson } from '../../src/edge/strict-json.ts';
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
