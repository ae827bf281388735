/**
 * The Merkle tree of RFC 6962, as a verifier needs it: hashes, the root of what comes in, and both kinds of proof, made and
 * checked. Pure, and the verifier's own: the writer has another.
 */
import { hash } from 'node:crypto';

export const hashLength = 32;
export const tileSize = 256;
export const emptyTree = sha256(Buffer.alloc(0));

function sha256(data: Uint8Array): Buffer {
  return hash('sha256', data, 'buffer');
}

export function hashOfLeaf(entry: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(entry.byteLength + 1);
  bytes[0] = 0;
  bytes.set(entry, 1);
  return sha256(bytes);
}

/**
 * Like `hashOfLeaf` of bytes[from, to), without a copy: the byte before them, which is of their length and has been read,
 * is overwritten.
 */
export function hashOfLeafIn(bytes: Buffer, from: number, to: number): Buffer {
  bytes[from - 1] = 0;
  return sha256(bytes.subarray(from - 1, to));
}

const pair = Buffer.alloc(1 + 2 * hashLength, 1);
export function hashOfNode(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1);
  pair.set(right, 1 + hashLength);
  return sha256(pair);
}

/** The root over hashes of subtrees of equal, full height; the last may be fewer than a power of two. */
export function rootOver(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return emptyTree;
  let level = hashes;
  // Pairing from the left, with a lone last one carried up as it is, is RFC 6962's tree.
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) above.push(hashOfNode(level[i]!, level[i + 1]!));
    if (level.length % 2 === 1) above.push(level.at(-1)!);
    level = above;
  }
  return level[0]!;
}

/** Whether the leaf is entry `index` of the tree (RFC 9162, section 2.1.3.2). */
export function inclusionHolds(
  leaf: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
  root: Buffer,
): boolean {
  if (index >= size) return false;
  let [fn, sn] = [index, size - 1];
  let node = leaf;
  for (const other of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      node = hashOfNode(other, node);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      node = hashOfNode(node, other);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && node.equals(root);
}

/** Whether the tree of `size` begins with the tree of `old` (RFC 9162, section 2.1.4.2). */
export function consistencyHolds(
  old: number,
  size: number,
  proof: readonly Buffer[],
  oldRoot: Buffer,
  root: Buffer,
): boolean {
  if (old > size) return false;
  if (old === size) return proof.length === 0 && oldRoot.equals(root);
  if (old === 0) return proof.length === 0 && oldRoot.equals(emptyTree);
  const path = isPowerOfTwo(old) ? [oldRoot, ...proof] : proof;
  let [fn, sn] = [old - 1, size - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let [a, b] = [first, first];
  for (const other of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      a = hashOfNode(other, a);
      b = hashOfNode(other, b);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      b = hashOfNode(b, other);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && a.equals(oldRoot) && b.equals(root);
}

/** The hash over leaves [from, to), from wherever the caller has it. */
export type RangeHash = (from: number, to: number) => Promise<Buffer>;

/** The audit path of entry `index` in the tree of `size`, from the leaf up (RFC 6962, section 2.1.1). */
export async function proveInclusion(
  index: number,
  size: number,
  at: RangeHash,
): Promise<Buffer[]> {
  const path: Buffer[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      path.push(await at(middle, to));
      to = middle;
    } else {
      path.push(await at(from, middle));
      from = middle;
    }
  }
  return path.reverse();
}

/** That the tree of `size` begins with the tree of `old` (RFC 6962, section 2.1.2). */
export async function proveConsistency(
  old: number,
  size: number,
  at: RangeHash,
): Promise<Buffer[]> {
  if (old === 0 || old === size) return [];
  const proof: Buffer[] = [];
  let [from, to] = [0, size];
  // Whether everything so far has gone to the left: then the old root itself is known already.
  let whole = true;
  while (old !== to) {
    const middle = from + splitOf(to - from);
    if (old <= middle) {
      proof.push(await at(middle, to));
      to = middle;
    } else {
      proof.push(await at(from, middle));
      from = middle;
      whole = false;
    }
  }
  if (!whole) proof.push(await at(from, to));
  return proof.reverse();
}

/** The largest power of two below `count`, which is more than one. */
export function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

function half(n: number): number {
  return Math.floor(n / 2);
}

function isPowerOfTwo(n: number): boolean {
  return Number.isInteger(Math.log2(n));
}
