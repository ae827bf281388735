import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Policy } from '../../../src/policy/load.ts';
import {
  cleanTemp,
  decide,
  folderOf,
  here,
  mustLoad,
  person,
  policyFrom,
} from './small-inventory.ts';

// Cedar lives in WebAssembly memory, which grows and never shrinks: its size is its peak, to the page.
interface Wasm {
  Instance: new (
    ...args: unknown[]
  ) => { readonly exports: { readonly memory: { readonly buffer: ArrayBuffer } } };
}
const wasm = (globalThis as unknown as { readonly WebAssembly: Wasm }).WebAssembly;
let memory: { readonly buffer: ArrayBuffer } | null = null;
wasm.Instance = class extends wasm.Instance {
  constructor(...args: unknown[]) {
    super(...args);
    memory = this.exports.memory;
  }
};

test('each of many generations decides by its own policies, in whatever order they are asked', async (t) => {
  const generations: Policy[] = [];
  for (let i = 0; i < 6; i += 1) {
    generations.push(
      await policyFrom(
        t,
        `@id("g${i}") permit (principal == Reeve::Principal::"u${i}", action, resource);`,
      ),
    );
  }
  for (const asked of [0, 5, 1, 4, 0, 0, 3, 2, 5]) {
    for (let user = 0; user < 6; user += 1) {
      const verdict = generations[asked]!.see(person(`u${user}`), cleanTemp, here);
      assert.deepEqual(verdict.policies, user === asked ? [`g${asked}`] : []);
      assert.equal(verdict.allowed, user === asked);
    }
  }
});

test('a refused reload leaves the generation in force as it was', async (t) => {
  const policy = await policyFrom(t, '@id("old") permit (principal, action, resource);');
  for (let i = 0; i < 5; i += 1) {
    await assert.rejects(
      policyFrom(t, 'permit (principal, action, resource) when { principal.nope };'),
    );
    assert.deepEqual(policy.see(person('a'), cleanTemp, here).policies, ['old']);
  }
});

test('two hundred reloads under decisions of old and new do not make memory grow', async (t) => {
  const folder = folderOf(t, {});
  const write = (i: number) =>
    writeFileSync(
      join(folder, 'a.cedar'),
      Array.from(
        { length: 20 },
        (_, k) =>
          `@id("r${i}-${k}") permit (principal == Reeve::Principal::"u${k}", action in Reeve::Action::"run", resource) when { resource.owner != "${'x'.repeat(200)}${i}" };`,
      ).join('\n'),
    );
  write(0);
  let old = await mustLoad(folder);
  const reload = async (from: number, to: number) => {
    for (let i = from; i < to; i += 1) {
      write(i);
      const next = await mustLoad(folder);
      assert.deepEqual(decide(next, person('u7'), cleanTemp).policies, [`r${i}-7`]);
      assert.equal(decide(old, person('u7'), cleanTemp).kind, 'permit');
      old = next;
    }
    return memory!.buffer.byteLength;
  };
  const warm = await reload(1, 25);
  const then = await reload(25, 225);
  assert.equal(then, warm);
});
