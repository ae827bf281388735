/** docs/linter.md names every rule there is, with how grave it is, and no other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { lintRules } from '../../../../src/inventory/lint/rules.ts';

const text = readFileSync(new URL('../../../../docs/linter.md', import.meta.url), 'utf8');

test('the table of rules is the table of the code', () => {
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (error|warning) \|/gm)].map(
    ([, rule, grave]) => [rule, grave],
  );
  // An allowance that is not used cannot itself be allowed.
  assert.deepEqual(rows, [...Object.entries(lintRules), ['unused-allowance', 'warning']]);
});
