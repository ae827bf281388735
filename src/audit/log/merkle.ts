/**
 * The Merkle tree of RFC 6962, as it grows: hashes of leaves and nodes, and the range of perfect subtrees that stands for
 * all leaves so far. Pure. The verifier has its own; nothing in here is shared with it.
 */
import { hash } from 'node:crypto';

export const hashBytes = 32;

/** SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([leafPrefix, entry]), 'buffer');
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([nodePrefix, left, right]), 'buffer');
}

const leafPrefix = Buffer.from([0]);
const nodePrefix = Buffer.from([1]);

/** The root of a tree of nothing: SHA-256 of nothing. */
export const emptyRoot = hash('sha256', '', 'buffer');

interface Subtree {
  /** Of 2^height leaves. */
  readonly height: number;
  readonly hash: Buffer;
}

/** Perfect subtrees from left to right, each smaller than the one before: enough to go on, and to know the root. */
export class TreeRange {
  readonly #subtrees: Subtree[] = [];

  /** `perfect` is the hash of a subtree of 2^height leaves that come next; none so far may be smaller. */
  append(perfect: Buffer, height = 0): void {
    let whole: Subtree = { height, hash: perfect };
    for (;;) {
      const last = this.#subtrees.at(-1);
      if (last === undefined || last.height > whole.height) break;
      if (last.height < whole.height) throw new RangeError('a smaller subtree stands before it');
      this.#subtrees.pop();
      whole = { height: whole.height + 1, hash: nodeHash(last.hash, whole.hash) };
    }
    this.#subtrees.push(whole);
  }

  get root(): Buffer {
    const [last, ...before] = this.#subtrees.toReversed();
    if (last === undefined) return emptyRoot;
    return before.reduce((right, { hash }) => nodeHash(hash, right), last.hash);
  }
}
