/** Where the tiles of a log lie (C2SP tlog-tiles), and what a bundle of entries holds. In: numbers, bytes. Pure. */
import { tileSize } from './tree.ts';

export interface TilePlace {
  readonly level: number | 'entries';
  readonly index: number;
  /** Hashes or entries in it; 256 when full. */
  readonly width: number;
}

/** Below `tile/`: `0/x001/234`, `entries/005.p/17`. */
export function pathOfTile({ level, index, width }: TilePlace): string {
  let path = (index % 1000).toString().padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    path = `x${(rest % 1000).toString().padStart(3, '0')}/${path}`;
  return `${level}/${path}${width === tileSize ? '' : `.p/${width}`}`;
}

/**
 * Where each entry of a bundle begins and ends: [from, to) pairs, flat. Throws Error in words where the bytes are not
 * exactly `count` entries.
 */
export function entriesIn(bundle: Buffer, count: number): Uint32Array {
  const places = new Uint32Array(count * 2);
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (at + 2 > bundle.byteLength) throw new Error(`it ends after ${i} of ${count} entries`);
    const from = at + 2;
    const to = from + bundle.readUInt16BE(at);
    if (to > bundle.byteLength) throw new Error(`it ends within entry ${i + 1} of ${count}`);
    places[i * 2] = from;
    places[i * 2 + 1] = to;
    at = to;
  }
  if (at !== bundle.byteLength)
    throw new Error(`${bundle.byteLength - at} bytes stand behind its last entry`);
  return places;
}

/** The first `count` entries of a bundle that may hold more, as bytes; null where it holds fewer. */
export function firstEntries(bundle: Buffer, count: number): Buffer | null {
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    if (at + 2 > bundle.byteLength) return null;
    at += 2 + bundle.readUInt16BE(at);
  }
  return at > bundle.byteLength ? null : bundle.subarray(0, at);
}
