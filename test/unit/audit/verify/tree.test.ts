import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  consistencyHolds,
  hashOfLeaf,
  hashOfLeafIn,
  inclusionHolds,
  proveConsistency,
  proveInclusion,
} from '../../../../src/audit/verify/tree.ts';

/** RFC 6962, section 2.1, word for word. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  const sha = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  if (leaves.length === 0) return sha();
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha(Buffer.from([1]), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}
const leaves = Array.from({ length: 70 }, (_, i) => hashOfLeaf(Buffer.from(`entry ${i}`)));
const at = async (from: number, to: number) => treeHash(leaves.slice(from, to));
const rootOf = (size: number) => treeHash(leaves.slice(0, size));

test('a leaf is hashed as RFC 6962 says, with and without a copy', () => {
  const hash = createHash('sha256').update('\0abc').digest();
  assert.deepEqual(hashOfLeaf(Buffer.from('abc')), hash);
  assert.deepEqual(hashOfLeafIn(Buffer.from('\0\x03abc'), 2, 5), hash);
});

test('every entry of every small tree is proven, and no other text, place, size or root', async () => {
  for (let size = 1; size <= leaves.length; size += 1) {
    for (let index = 0; index < size; index += 1) {
      const proof = await proveInclusion(index, size, at);
      const root = rootOf(size);
      assert.ok(inclusionHolds(leaves[index]!, index, size, proof, root), `${index} of ${size}`);
      assert.ok(!inclusionHolds(leaves[(index + 1) % 70]!, index, size, proof, root));
      if (size > 1)
        assert.ok(!inclusionHolds(leaves[index]!, (index + 1) % size, size, proof, root));
      assert.ok(!inclusionHolds(leaves[index]!, index, size, [...proof, root], root));
      assert.ok(
        !inclusionHolds(leaves[index]!, index, size, proof.slice(1), root) || proof.length === 0,
      );
      assert.ok(!inclusionHolds(leaves[index]!, size, size, proof, root));
    }
  }
});

test('every small tree is proven to begin with every smaller one, and with nothing else', async () => {
  for (let size = 1; size <= leaves.length; size += 1) {
    for (let old = 0; old <= size; old += 1) {
      const proof = await proveConsistency(old, size, at);
      const [before, root] = [rootOf(old), rootOf(size)];
      assert.ok(consistencyHolds(old, size, proof, before, root), `${old} of ${size}`);
      const other = hashOfLeaf(Buffer.from('other'));
      assert.ok(!consistencyHolds(old, size, proof, other, root));
      if (old > 0) assert.ok(!consistencyHolds(old, size, proof, before, other));
      assert.ok(!consistencyHolds(old, size, [...proof, other], before, root));
      if (proof.length > 0) assert.ok(!consistencyHolds(old, size, proof.slice(1), before, root));
      assert.ok(!consistencyHolds(size + 1, size, proof, before, root));
    }
  }
});

test('a proof with any bit changed proves nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 70 }),
      fc.nat(),
      fc.nat(),
      fc.nat(255),
      async (size, where, which, bit) => {
        const index = where % size;
        const proof = await proveInclusion(index, size, at);
        const changed = proof.map((hash) => Buffer.from(hash));
        changed[which % changed.length]![bit >> 3]! ^= 1 << (bit & 7);
        assert.ok(!inclusionHolds(leaves[index]!, index, size, changed, rootOf(size)));
      },
    ),
  );
});
