import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientName } from '../../../../src/edge/identity/client-name.ts';

test('the first name that is one is taken', () => {
  assert.equal(clientName('mcp-stdio; agent', 'curl/8'), 'mcp-stdio; agent');
  assert.equal(clientName('  ', 'curl/8'), 'curl/8');
  assert.equal(clientName(undefined, ['a', 'b']), 'a, b');
  assert.equal(clientName(undefined, undefined), null);
});

test('what would fool an eye or a terminal is shown, and a long name is cut', () => {
  assert.equal(clientName('a\u001b[31m\u202eb'), 'a\\u{1b}[31m\\u{202e}b');
  const long = clientName('😀'.repeat(1_000))!;
  assert.ok(long.length <= 200 && long.isWellFormed());
});
