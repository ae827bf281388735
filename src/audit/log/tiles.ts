/**
 * Tiles by C2SP tlog-tiles: where each lies, and how entries are bundled. Pure. A tile holds 256 hashes of one level;
 * one that is not full yet has its width in its name.
 */

export const tileWidth = 256;

/** `level` counts tiles: hashes in it are of perfect subtrees of 256^level leaves. */
export interface TileName {
  readonly level: number | 'entries';
  readonly index: number;
  /** How many hashes (or entries) it holds; 256 when full. */
  readonly width: number;
}

/** Relative to the log's folder: `tile/0/x001/234`, `tile/entries/005.p/17`. */
export function tilePath({ level, index, width }: TileName): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0');
  const parts = digits.match(/\d{3}/g) ?? ['000'];
  const path = parts.map((part, i) => (i < parts.length - 1 ? `x${part}` : part)).join('/');
  return `tile/${level}/${path}${width === tileWidth ? '' : `.p/${width}`}`;
}

/** The tile of a path below `tile/`, or null where it is none: the inverse of `tilePath`, and nothing but that. */
export function parseTilePath(path: string): TileName | null {
  const match = /^(entries|\d{1,2})\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path);
  if (match === null) return null;
  const width = match[3] === undefined ? tileWidth : Number(match[3]);
  const level = match[1] === 'entries' ? 'entries' : Number(match[1]);
  const index = Number(match[2]!.replaceAll(/[x/]/g, ''));
  const name: TileName = { level, index, width };
  if (width > tileWidth || (match[3] !== undefined && width === tileWidth)) return null;
  return tilePath(name) === `tile/${path}` ? name : null;
}

/** Every tile of a log of this size that is partly filled, from level 0 up; none of width 0. */
export function partialTiles(size: number): readonly (TileName & { readonly level: number })[] {
  const found: (TileName & { level: number })[] = [];
  for (let level = 0, count = size; count > 0; level += 1, count = Math.floor(count / tileWidth)) {
    const width = count % tileWidth;
    if (width > 0) found.push({ level, index: Math.floor(count / tileWidth), width });
  }
  return found;
}

/** Entries as they lie in a bundle: each after its length in two bytes, big endian. */
export function bundle(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      if (entry.byteLength > 0xffff) throw new RangeError('an entry takes more than 65,535 bytes');
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.byteLength);
      return [length, entry];
    }),
  );
}

/** The first entries of a bundle, as bytes of a bundle; null where it holds fewer. */
export function firstOfBundle(bytes: Buffer, count: number): Buffer | null {
  let end = 0;
  for (let i = 0; i < count; i += 1) {
    if (end + 2 > bytes.byteLength) return null;
    end += 2 + bytes.readUInt16BE(end);
  }
  return end > bytes.byteLength ? null : bytes.subarray(0, end);
}
