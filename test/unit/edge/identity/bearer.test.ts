import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bearerOf, sameAs } from '../../../../src/edge/identity/bearer.ts';

const token = `reeve_${'a'.repeat(43)}`;
const same = sameAs(token);

for (const [header, verdict] of [
  [`Bearer ${token}`, 'valid'],
  [`bearer   ${token}`, 'valid'],
  ['', 'invalid'],
  ['Bearer', 'invalid'],
  [`Bearer ${token} `, 'invalid'],
  [`Bearer ${token}, Bearer x`, 'invalid'],
  [`Bearer ${token.toUpperCase()}`, 'invalid'],
  [`Bearer ${token.slice(1)}`, 'invalid'],
  [`Bearer\t${token}`, 'invalid'],
  [`Bearer ${'a'.repeat(100_000)}`, 'invalid'],
] as const) {
  test(`${String(header).slice(0, 30)}… is ${verdict}`, () => {
    const given = bearerOf(header);
    assert.equal(given !== null && same(given) ? 'valid' : 'invalid', verdict);
  });
}
