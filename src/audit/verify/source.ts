/**
 * Where a log is read from. In: a folder (STATE/log, or a copy of it), or somebody who fetches. Out: bytes as they are.
 * Never: a link followed, a file larger than any of a log; nothing is believed here.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { firstEntries, pathOfTile, type TilePlace } from './tile-path.ts';
import { hashLength, tileSize } from './tree.ts';

export interface LogSource {
  /** Null where there is none. */
  checkpoint(): Promise<string | null>;
  /** The newest checkpoint that a witness has cosigned; null where there is none. */
  witnessed?(): Promise<string | null>;
  /** By its path below `tile/`; null where there is none. */
  tile(path: string): Promise<Buffer | null>;
  /** Widths of the partial tiles that are there instead, if that can be known. */
  widths?(path: string): readonly number[];
}

/** No bundle is larger: 256 entries of 65,535 bytes and their lengths. */
const largestFile = tileSize * (2 ** 16 + 1);

/** `folder` holds `checkpoint` and `tile/`. */
export function folderSource(folder: string): LogSource {
  return {
    checkpoint: async () => readWhole(join(folder, 'checkpoint'))?.toString('utf8') ?? null,
    witnessed: async () =>
      readWhole(join(folder, 'checkpoint.witnessed'))?.toString('utf8') ?? null,
    tile: async (path) => readWhole(join(folder, 'tile', path)),
    widths(path) {
      try {
        return readdirSync(join(folder, 'tile', `${path}.p`))
          .filter((name) => /^[1-9]\d{0,2}$/.test(name))
          .map(Number);
      } catch {
        return [];
      }
    },
  };
}

/** Null where there is no such file; throws Error in words where it is no plain file or too large. */
export function readWhole(file: string, largest = largestFile): Buffer | null {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === 'ELOOP') throw new Error(`${file} is a link, and links are not followed`);
    throw error;
  }
  try {
    const facts = fstatSync(fd);
    if (!facts.isFile()) throw new Error(`${file} is no plain file`);
    if (facts.size > largest) throw new Error(`${file} is larger than any such file can be`);
    const bytes = Buffer.allocUnsafe(facts.size);
    let read = 0;
    while (read < bytes.byteLength) {
      const more = readSync(fd, bytes, read, bytes.byteLength - read, null);
      if (more === 0) break;
      read += more;
    }
    return bytes.subarray(0, read);
  } finally {
    closeSync(fd);
  }
}

/** A tile or bundle of just this width; where only a wider one is left, its beginning. Null where there is none. */
export async function tileOf(source: LogSource, place: TilePlace): Promise<Buffer | null> {
  const exact = await source.tile(pathOfTile(place));
  if (exact !== null || place.width === tileSize) return exact;
  const full = { ...place, width: tileSize };
  const wider = [tileSize, ...(source.widths?.(pathOfTile(full)) ?? [])];
  for (const width of wider.filter((one) => one > place.width)) {
    const bytes = await source.tile(pathOfTile({ ...place, width }));
    if (bytes === null) continue;
    return place.level === 'entries'
      ? firstEntries(bytes, place.width)
      : bytes.subarray(0, place.width * hashLength);
  }
  return null;
}
