import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preferenceOf } from '../../../../src/edge/rest/prefer.ts';

for (const [header, waitSeconds, applied] of [
  [null, null, null],
  ['', null, null],
  ['wait=10', 10, 'wait=10'],
  ['Wait = 10', 10, 'wait=10'],
  ['wait="10"', 10, 'wait=10'],
  ['respond-async', 0, 'respond-async'],
  ['respond-async, wait=5', 5, 'wait=5'],
  ['wait=5, wait=9', 5, 'wait=5'],
  ['return=minimal; foo="a", wait=007', 7, 'wait=7'],
  ['wait=1.5', null, null],
  ['wait=-1', null, null],
  ['wait=99999999999999999999', null, null],
  ['wait', null, null],
  [','.repeat(100_000), null, null],
] as const) {
  test(`Prefer: ${String(header).slice(0, 40)} waits ${waitSeconds ?? 'to the end'}`, () => {
    assert.deepEqual(preferenceOf(header), { waitSeconds, applied });
  });
}
