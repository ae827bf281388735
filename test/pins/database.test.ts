/**
 * The steps of the database's schema, by their hashes. A state somewhere has taken each of those that were released: whoever edits
 * one makes states that differ by when they were begun. What comes later is a step of its own, at the end.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256Hex } from '../../src/core/json.ts';
import { migrations } from '../../src/store/sqlite/migrations.ts';
import { heldTo } from './pinned.ts';

const steps = [
  'c2e52a7806ad6389',
  '216fce4fba388a0f',
  '95ba52df268815e5',
  '64d04c39b15ba1f9',
  '49d523bd30ec94be',
  'd4debc125d1661f6',
  'da3e670d49abdb8f',
  'ed2a68c81fd1f553',
  '1f61b59c9c03f43a',
  '58522eaf278cac1d',
];

test('no step of the schema is another one than it was', () => {
  const now = migrations.map((step) => sha256Hex(Buffer.from(step)).slice(0, 16));
  heldTo(steps, now, 'States that have taken these steps');
  assert.equal(new Set(now).size, now.length);
});
