/**
 * The signed log, copied while a gateway goes on writing it. In: the log's folder. Out: what one checkpoint covers, and no
 * more. Must never: a checkpoint with tiles that came later or were gone by then; the checkpoint is read first, full tiles do
 * not change, and of a partial one that is gone a wider one has the beginning.
 */
import { join } from 'node:path';
import { openCheckpoint, type SignedCheckpoint } from '../../../audit/verify/checkpoint.ts';
import type { Verifier } from '../../../audit/verify/note.ts';
import { folderSource, tileOf } from '../../../audit/verify/source.ts';
import { pathOfTile, type TilePlace } from '../../../audit/verify/tile-path.ts';
import { tileSize } from '../../../audit/verify/tree.ts';
import { placeFile } from './files.ts';
import type { ManifestFile } from './manifest.ts';

/** Null where nothing has been signed yet. Throws Error in words where the log cannot be copied. */
export async function copyLog(
  log: string,
  folder: string,
  key: Verifier,
): Promise<{ readonly checkpoint: SignedCheckpoint; readonly files: ManifestFile[] } | null> {
  const source = folderSource(log);
  // Before the checkpoint: what a witness has signed is never newer than what was published then.
  const witnessed = (await source.witnessed?.()) ?? null;
  const note = await source.checkpoint();
  if (note === null) return null;
  const checkpoint = openCheckpoint(note, key, []);
  const files: ManifestFile[] = [];
  const place = (path: string, bytes: Uint8Array) => {
    files.push({ path, ...placeFile(join(folder, path), bytes) });
  };
  for (const tile of tilesOf(checkpoint.size)) {
    const bytes = await tileOf(source, tile);
    if (bytes === null) throw new Error(`tile/${pathOfTile(tile)} of the log is missing`);
    place(`log/tile/${pathOfTile(tile)}`, bytes);
  }
  if (witnessed !== null) place('log/checkpoint.witnessed', Buffer.from(witnessed));
  place('log/checkpoint', Buffer.from(note));
  return { checkpoint, files };
}

/** Every tile and bundle of a log of this size; the partial ones first, because those may be gone soon. */
function* tilesOf(size: number): Generator<TilePlace> {
  const levels: { level: TilePlace['level']; count: number }[] = [
    { level: 'entries', count: size },
  ];
  for (let level = 0, count = size; count > 0; level += 1, count = Math.floor(count / tileSize))
    levels.push({ level, count });
  for (const { level, count } of levels) {
    const width = count % tileSize;
    if (width > 0) yield { level, index: Math.floor(count / tileSize), width };
  }
  for (const { level, count } of levels) {
    for (let index = 0; index < Math.floor(count / tileSize); index += 1)
      yield { level, index, width: tileSize };
  }
}
