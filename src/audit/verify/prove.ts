/**
 * Proofs, made from the tiles of a log. In: a log and a checkpoint of it. Out: receipts and consistency proofs that hold.
 * Never: a proof handed out that was not checked: tiles that were changed give none.
 */
import type { SignedCheckpoint } from './checkpoint.ts';
import { formatReceipt } from './receipt.ts';
import { type LogSource, tileOf } from './source.ts';
import { entriesIn, pathOfTile, type TilePlace } from './tile-path.ts';
import {
  consistencyHolds,
  hashLength,
  hashOfLeaf,
  hashOfNode,
  inclusionHolds,
  proveConsistency,
  proveInclusion,
  type RangeHash,
  rootOver,
  splitOf,
  tileSize,
} from './tree.ts';

/** The receipt of an entry and the entry's own bytes; `seq` counts from 1. Throws Error in words. */
export async function receiptOf(
  source: LogSource,
  checkpoint: SignedCheckpoint,
  seq: number,
): Promise<{ readonly receipt: string; readonly entry: Buffer }> {
  const { size, root, note } = checkpoint;
  const index = seq - 1;
  if (index < 0 || index >= size) throw new Error(`the log has entries 1 to ${size}`);
  const entry = await entryAt(source, index, size);
  const path = await proveInclusion(index, size, hashesFrom(source, size));
  if (!inclusionHolds(hashOfLeaf(entry), index, size, path, root))
    throw new Error(`the tiles do not lead from entry ${seq} to the root that is signed`);
  return { receipt: formatReceipt({ index, path, note }), entry };
}

/** The proof that the log of the checkpoint begins with the older tree. Throws Error in words where it does not. */
export async function consistencyOf(
  source: LogSource,
  checkpoint: Pick<SignedCheckpoint, 'size' | 'root'>,
  old: { readonly size: number; readonly root: Buffer },
): Promise<readonly Buffer[]> {
  const { size, root } = checkpoint;
  if (old.size > size)
    throw new Error(`the log was cut: it has ${size} entries, and had ${old.size}`);
  const proof = await proveConsistency(old.size, size, hashesFrom(source, size));
  if (!consistencyHolds(old.size, size, proof, old.root, root))
    throw new Error(`the log of ${size} entries does not begin with the ${old.size} from before`);
  return proof;
}

/** The proof alone, for somebody who knows the older tree: a witness checks it against what it has. */
export function proveConsistencyFrom(
  source: LogSource,
  old: number,
  size: number,
): Promise<readonly Buffer[]> {
  return proveConsistency(old, size, hashesFrom(source, size));
}

async function entryAt(source: LogSource, index: number, size: number): Promise<Buffer> {
  const place = {
    level: 'entries',
    index: Math.floor(index / tileSize),
    width: Math.min(tileSize, size - (index - (index % tileSize))),
  } as const;
  const bundle = await needed(source, place);
  const places = entriesIn(bundle, place.width);
  const at = index % tileSize;
  return bundle.subarray(places[2 * at]!, places[2 * at + 1]!);
}

/** Hashes of ranges, read from the tiles of a log of this size; each tile once. */
function hashesFrom(source: LogSource, size: number): RangeHash {
  const tiles = new Map<string, Promise<Buffer>>();
  const tile = (level: number, index: number): Promise<Buffer> => {
    const width = Math.min(tileSize, Math.floor(size / tileSize ** level) - index * tileSize);
    const name = pathOfTile({ level, index, width });
    const known = tiles.get(name) ?? needed(source, { level, index, width });
    tiles.set(name, known);
    return known;
  };
  /** A full subtree of 2^height leaves: some hashes of one tile. */
  const full = async (from: number, count: number): Promise<Buffer> => {
    const level = Math.floor(Math.log2(count) / 8);
    const hashes = count / tileSize ** level;
    const first = from / tileSize ** level;
    const bytes = await tile(level, Math.floor(first / tileSize));
    const start = first % tileSize;
    return rootOver(
      Array.from({ length: hashes }, (_, i) =>
        bytes.subarray((start + i) * hashLength, (start + i + 1) * hashLength),
      ),
    );
  };
  const range: RangeHash = async (from, to) => {
    const count = to - from;
    if (Number.isInteger(Math.log2(count))) return full(from, count);
    const middle = from + splitOf(count);
    return hashOfNode(await full(from, middle - from), await range(middle, to));
  };
  return range;
}

async function needed(source: LogSource, place: TilePlace): Promise<Buffer> {
  const bytes = await tileOf(source, place);
  const name = `tile/${pathOfTile(place)}`;
  if (bytes === null) throw new Error(`${name} is missing`);
  if (place.level !== 'entries' && bytes.byteLength !== place.width * hashLength)
    throw new Error(`${name} is not as long as it must be`);
  return bytes;
}
