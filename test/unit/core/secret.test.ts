/** Sealed values: whoever looks at them sees names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { areFor, noSecrets, SealedSecrets } from '../../../src/core/secret.ts';

const value = 'hunter22';
const sealed = new SealedSecrets([
  { name: 'A', as: 'variable', value: Buffer.from(value) },
  { name: 'B', as: 'file', value: Buffer.from(value) },
]);

test('printed, inspected, cloned, spread or enumerated, they show names at most', () => {
  const views: readonly string[] = [
    String(sealed),
    `${sealed}`,
    format('%s %o %O %j', sealed, sealed, sealed, '').toString(),
    inspect(sealed, { depth: 9, showHidden: true, getters: true, customInspect: false }),
    inspect({ deep: { sealed } }, { depth: 9 }),
    JSON.stringify({ ...sealed }),
    JSON.stringify(structuredClone(sealed)),
    JSON.stringify(Object.getOwnPropertyDescriptors(sealed)),
    JSON.stringify(Reflect.ownKeys(sealed)),
  ];
  const bytes = inspect(Buffer.from(value)).slice(8, -1);
  for (const view of views) assert.ok(!view.includes(value) && !view.includes(bytes), view);
  assert.equal(String(sealed), '[secrets: A, B]');
});

test('they have no JSON form', () => {
  assert.throws(() => JSON.stringify({ sealed }), /no JSON form/);
});

test('they are for exactly what is needed, given the way that it is to be', () => {
  const a = { name: 'A', as: 'variable' } as const;
  const b = { name: 'B', as: 'file' } as const;
  assert.ok(areFor(sealed, [a, b]));
  assert.ok(areFor(sealed, [b, a]));
  assert.ok(areFor(noSecrets, []));
  for (const other of [
    [],
    [a],
    [a, { ...b, as: 'variable' as const }],
    [a, b, { ...a, name: 'C' }],
  ])
    assert.ok(!areFor(sealed, other), inspect(other));
  assert.ok(!areFor(noSecrets, [a]));
});
