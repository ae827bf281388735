/** docs/rest.md says what the code does: the same codes, statuses, paths and parameters. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorTable } from '../../../../src/core/errors.ts';
import { operations } from '../../../../src/edge/rest/contract.ts';
import { auditQuery } from '../../../../src/edge/rest/queries.ts';
import { executeBody } from '../../../../src/edge/rest/schemas.ts';

const page = readFileSync(new URL('../../../../docs/rest.md', import.meta.url), 'utf8');

test('the page leads to the table of errors, and has no other', () => {
  assert.ok(page.includes('](reference/errors.md)'));
  for (const code of Object.keys(errorTable)) assert.ok(!page.includes(`| \`${code}\` |`), code);
});

test('every path, field and filter is on the page', () => {
  for (const { path } of operations) {
    const name = path
      .replace('/v1/commands/executions/{requestId}/', '…/{requestId}/')
      .replace('/v1/admin/unfreeze', '…/unfreeze');
    assert.ok(page.includes(name), path);
  }
  for (const field of [...Object.keys(executeBody.shape), ...Object.keys(auditQuery.shape)]) {
    assert.ok(page.includes(`\`${field}\``), field);
  }
});
