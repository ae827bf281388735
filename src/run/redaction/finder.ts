/**
 * Finds many byte sequences at once (Aho and Corasick). In: the sequences. Out: a table to step through byte by byte, in
 * time that depends on the text alone. Memory is a few words for each byte of the sequences.
 */

/** Steps of the automaton; state 0 is the beginning. Needles are told by their index. */
export interface Finder {
  /** The state after one more byte. */
  step(state: number, byte: number): number;
  /** How many of the last bytes may be the beginning of a needle. */
  readonly depth: Uint16Array;
  /** The longest needle that ends here; -1 where none does. */
  readonly ends: Int32Array;
  /** For two bytes that follow one another: 1 where a needle may begin with them. */
  readonly pairs: Uint8Array;
}

/** Builds the table. Needles have from 2 to 65535 bytes. */
export function finderOf(needles: readonly Uint8Array[]): Finder {
  const most = needles.reduce((sum, needle) => sum + needle.length, 1);
  const edges = new Edges(most);
  const depth = new Uint16Array(most);
  const fail = new Int32Array(most);
  const ends = new Int32Array(most).fill(-1);
  const from = new Int32Array(most);
  const by = new Uint8Array(most);
  const pairs = new Uint8Array(65_536);
  let count = 1;
  needles.forEach((needle, index) => {
    pairs[(needle[0]! << 8) | needle[1]!] = 1;
    let state = 0;
    for (const byte of needle) {
      let next = edges.get(state, byte);
      if (next === 0) {
        next = count++;
        edges.set(state, byte, next);
        from[next] = state;
        by[next] = byte;
        depth[next] = depth[state]! + 1;
      }
      state = next;
    }
    if (ends[state] === -1) ends[state] = index;
  });
  const step = (state: number, byte: number): number => {
    for (let at = state; ; at = fail[at]!) {
      const next = edges.get(at, byte);
      if (next !== 0 || at === 0) return next;
    }
  };
  // By depth: where a state falls back to is less deep, and known by then.
  const order = byDepth(depth, count);
  for (const state of order) {
    const parent = from[state]!;
    fail[state] = parent === 0 ? 0 : step(fail[parent]!, by[state]!);
    if (ends[state] === -1) ends[state] = ends[fail[state]!]!;
  }
  return { step, depth, ends, pairs };
}

/** All states but the first, the less deep ones first. */
function byDepth(depth: Uint16Array, count: number): Int32Array {
  const starts = new Int32Array(65_537);
  for (let state = 1; state < count; state++) starts[depth[state]! + 1]!++;
  for (let d = 1; d < starts.length; d++) starts[d]! += starts[d - 1]!;
  const order = new Int32Array(count - 1);
  for (let state = 1; state < count; state++) order[starts[depth[state]!]!++] = state;
  return order;
}

/** From a state and a byte to a state, in one flat table; 0 where there is no edge. */
class Edges {
  readonly #keys: Int32Array;
  readonly #values: Int32Array;
  readonly #root = new Int32Array(256);
  readonly #mask: number;

  constructor(most: number) {
    const size = 2 ** Math.ceil(Math.log2(most * 2 + 2));
    this.#keys = new Int32Array(size);
    this.#values = new Int32Array(size);
    this.#mask = size - 1;
  }

  get(state: number, byte: number): number {
    if (state === 0) return this.#root[byte]!;
    return this.#values[this.#place((state << 8) | byte)]!;
  }

  set(state: number, byte: number, next: number): void {
    if (state === 0) {
      this.#root[byte] = next;
      return;
    }
    const place = this.#place((state << 8) | byte);
    this.#keys[place] = (state << 8) | byte;
    this.#values[place] = next;
  }

  #place(key: number): number {
    let place = (Math.imul(key, 0x9e3779b1) >>> 8) & this.#mask;
    while (this.#values[place] !== 0 && this.#keys[place] !== key) place = (place + 1) & this.#mask;
    return place;
  }
}
