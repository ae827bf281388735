/** docs/runbooks.md says what the schemas say. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { comparisons, runStatuses, stepStatuses } from '../../../../src/core/runbook.ts';
import {
  runbookSchema,
  runbooksOuterSchema,
  stepSchema,
} from '../../../../src/inventory/runbooks/runbook-schema.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/runbooks.md'), 'utf8');

test('it names every field, comparison and status', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const cells = new Set(rows.flatMap((row) => row.split('|')[1]!.match(/`([^`]+)`/g) ?? []));
  const wanted = [
    ...Object.keys(runbookSchema.shape),
    ...Object.keys(stepSchema.shape),
    ...comparisons,
    ...runStatuses,
    ...stepStatuses,
  ];
  assert.deepEqual(
    wanted.filter((name) => !cells.has(`\`${name}\``)),
    [],
  );
  for (const name of Object.keys(runbooksOuterSchema.shape)) assert.ok(page.includes(`${name}:`));
});
