/**
 * The tree, built anew from what comes in, beside the tiles that lie there. In: hashes of leaves, in order. Out: the root
 * at any size on the way, and every tile of every level that does not hold what the entries give.
 */
import type { Findings } from './findings.ts';
import { type LogSource, tileOf } from './source.ts';
import { pathOfTile, type TilePlace } from './tile-path.ts';
import { emptyTree, hashLength, rootOver, tileSize } from './tree.ts';

export class Rebuilt {
  readonly #source: LogSource;
  readonly #findings: Findings;
  /** By level: the hashes of the tile that is being filled. */
  readonly #open: Buffer[][] = [];
  #size = 0;

  constructor(source: LogSource, findings: Findings) {
    this.#source = source;
    this.#findings = findings;
  }

  get size(): number {
    return this.#size;
  }

  /** RFC 6962's root of all leaves so far. */
  get root(): Buffer {
    let right: Buffer | null = null;
    for (const hashes of this.#open) {
      const list: readonly Buffer[] = right === null ? hashes : [...hashes, right];
      if (list.length > 0) right = rootOver(list);
    }
    return right ?? emptyTree;
  }

  /** The next leaf. A promise only where a tile is full and is compared. */
  add(leaf: Buffer): Promise<void> | null {
    this.#size += 1;
    return this.#push(0, leaf);
  }

  /** Compares the tiles that are not full. */
  async finish(): Promise<void> {
    for (const [level, hashes] of this.#open.entries()) {
      if (hashes.length === 0) continue;
      const index = Math.floor(this.#size / tileSize ** (level + 1));
      await this.#compare({ level, index, width: hashes.length }, hashes);
    }
  }

  #push(level: number, hash: Buffer): Promise<void> | null {
    this.#open[level] ??= [];
    const hashes = this.#open[level];
    hashes.push(hash);
    return hashes.length < tileSize ? null : this.#close(level, hashes);
  }

  async #close(level: number, hashes: readonly Buffer[]): Promise<void> {
    this.#open[level] = [];
    const index = this.#size / tileSize ** (level + 1) - 1;
    const above = this.#push(level + 1, rootOver(hashes));
    await this.#compare({ level, index, width: tileSize }, hashes);
    if (above !== null) await above;
  }

  async #compare(place: TilePlace & { level: number }, hashes: readonly Buffer[]): Promise<void> {
    const tile = `tile/${pathOfTile(place)}`;
    let bytes: Buffer | null;
    try {
      bytes = await tileOf(this.#source, place);
    } catch (error) {
      this.#findings.add(`it cannot be read: ${(error as Error).message}`, { tile });
      return;
    }
    if (bytes === null) {
      this.#findings.add('it is missing', { tile });
      return;
    }
    if (bytes.byteLength !== hashes.length * hashLength) {
      const [is, due] = [bytes.byteLength, hashes.length * hashLength];
      this.#findings.add(`it is ${is} bytes long instead of ${due}`, { tile });
      return;
    }
    if (bytes.equals(Buffer.concat(hashes))) return;
    const at = hashes.findIndex(
      (hash, i) => !hash.equals(bytes.subarray(i * hashLength, (i + 1) * hashLength)),
    );
    const span = tileSize ** place.level;
    const first = (place.index * tileSize + at) * span + 1;
    const of = span === 1 ? `entry ${first}` : `entries ${first} to ${first + span - 1}`;
    this.#findings.add(`its hash of ${of} is another than that of what lies in the log`, {
      tile,
      entry: span === 1 ? first : null,
    });
  }
}
