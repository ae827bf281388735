/** Commitments: the construction that docs/audit-format.md writes down, and what it hides and holds. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { commitmentTo, committedFields } from '../../../src/core/commitment.ts';
import { sha256Hex } from '../../../src/core/json.ts';

const salt = Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64url');
const hash = `sha256:${sha256Hex('{"steps":3}')}`;

test('a commitment is HMAC-SHA-256 keyed by the salt, over the scheme, the field and the hash, a line each', () => {
  const key = Buffer.from(salt, 'base64url');
  const mac = createHmac('sha256', key).update(`reeve/commitment/v2\nparameters\n${hash}\n`);
  assert.equal(commitmentTo(salt, 'parameters', hash), `hmac-sha256:${mac.digest('hex')}`);
});

test('this value, in this field, under this salt has this commitment, for ever', () => {
  assert.equal(
    commitmentTo(salt, 'parameters', hash),
    'hmac-sha256:ddb0513a52ba54d7330df3f1700342d18e75c395bc33f8180289c5148b0bc05c',
  );
});

test('another field, another salt and another value have another commitment', () => {
  const other = Buffer.alloc(32, 9).toString('base64url');
  const all = [
    ...committedFields.map((field) => commitmentTo(salt, field, hash)),
    commitmentTo(other, 'parameters', hash),
    commitmentTo(salt, 'parameters', `sha256:${sha256Hex('{"steps":4}')}`),
  ];
  assert.equal(new Set(all).size, committedFields.length + 2);
});

test('nothing is committed to without a value or without a salt, and a salt that is none is refused', () => {
  assert.equal(commitmentTo(null, 'digest', hash), null);
  assert.equal(commitmentTo(salt, 'digest', null), null);
  assert.throws(() => commitmentTo('c2hvcnQ', 'digest', hash), /32 bytes/);
  assert.throws(() => commitmentTo('', 'digest', hash), /32 bytes/);
});
