/**
 * The right edge of the log: the tiles that are not full yet. In: leaves, one after another. Out: tiles as they fill up,
 * the partial ones, the root. Pure, but for whom it hands the full tiles to.
 */
import { hashBytes, leafHash, TreeRange } from './merkle.ts';
import { bundle, partialTiles, type TileName, tileWidth } from './tiles.ts';

export type WriteTile = (name: TileName, bytes: Buffer) => void;

export class RightEdge {
  #size: number;
  /** By tile level: the hashes of its partial tile. */
  readonly #hashes: Buffer[][];
  /** The entries of the partial bundle, as bytes of a bundle in pieces. */
  #entries: Buffer[];

  private constructor(size: number, hashes: Buffer[][], entries: Buffer) {
    this.#size = size;
    this.#hashes = hashes;
    this.#entries = [entries];
  }

  static empty(): RightEdge {
    return new RightEdge(0, [], Buffer.alloc(0));
  }

  /** As a log of this size left it. `read` answers null for what is not there; throws Error in words where that is needed. */
  static read(size: number, read: (name: TileName) => Buffer | null): RightEdge {
    const hashes: Buffer[][] = [];
    const need = (name: TileName): Buffer => {
      const bytes = read(name);
      if (bytes === null) throw new Error(`the tile ${name.level}/${name.index} is missing`);
      return bytes;
    };
    for (const name of partialTiles(size)) {
      const bytes = need(name);
      if (bytes.byteLength !== name.width * hashBytes)
        throw new Error(`the tile ${name.level}/${name.index} is not as long as it must be`);
      hashes[name.level] = Array.from({ length: name.width }, (_, i) =>
        bytes.subarray(i * hashBytes, (i + 1) * hashBytes),
      );
    }
    const levels = Array.from({ length: hashes.length }, (_, level) => hashes[level] ?? []);
    const width = size % tileWidth;
    const index = Math.floor(size / tileWidth);
    const entries = width === 0 ? Buffer.alloc(0) : need({ level: 'entries', index, width });
    return new RightEdge(size, levels, entries);
  }

  get size(): number {
    return this.#size;
  }

  get root(): Buffer {
    const range = new TreeRange();
    for (const [level, hashes] of [...this.#hashes.entries()].reverse())
      for (const hash of hashes) range.append(hash, 8 * level);
    return range.root;
  }

  /** The hash of the last leaf, if it is in the partial tile. */
  get lastLeaf(): Buffer | null {
    return this.#hashes[0]?.at(-1) ?? null;
  }

  append(entry: Uint8Array, write: WriteTile): void {
    const index = Math.floor(this.#size / tileWidth);
    this.#entries.push(bundle([entry]));
    this.#size += 1;
    if (this.#size % tileWidth === 0) {
      write({ level: 'entries', index, width: tileWidth }, Buffer.concat(this.#entries.splice(0)));
    }
    this.#push(0, leafHash(entry), write);
  }

  #push(level: number, hash: Buffer, write: WriteTile): void {
    this.#hashes[level] ??= [];
    const hashes = this.#hashes[level];
    hashes.push(hash);
    if (hashes.length < tileWidth) return;
    const index = Math.floor((this.#size - 1) / tileWidth ** (level + 1));
    write({ level, index, width: tileWidth }, Buffer.concat(hashes));
    const range = new TreeRange();
    for (const one of hashes.splice(0)) range.append(one);
    this.#push(level + 1, range.root, write);
  }

  /** The partial tiles and the partial bundle, as they are now. */
  writePartials(write: WriteTile): void {
    for (const name of partialTiles(this.#size))
      write(name, Buffer.concat(this.#hashes[name.level] ?? []));
    const width = this.#size % tileWidth;
    const index = Math.floor(this.#size / tileWidth);
    if (width > 0) write({ level: 'entries', index, width }, Buffer.concat(this.#entries));
  }
}
