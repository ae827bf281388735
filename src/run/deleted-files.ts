/**
 * Files that were deleted and are still in use: they take up space and lie in no folder. In: processes, a file system.
 * Out: their size. Never: more looked at than is bounded. Files on their way from process to process are not seen.
 */
import { readdirSync, statSync } from 'node:fs';
import type { Size } from './workspace-size.ts';

/** Most descriptors and mappings that are looked at. */
const mostDescriptors = 20_000;

/** Deleted files of one file system that these processes hold, open or mapped. Bounded; what cannot be seen is nothing. */
export function deletedFiles(members: readonly number[], device: number): Size {
  const seen = new Set<number>();
  let bytes = 0;
  let left = mostDescriptors;
  for (const pid of members) {
    for (const folder of [`/proc/${pid}/fd`, `/proc/${pid}/map_files`]) {
      try {
        for (const name of readdirSync(folder)) {
          if (left-- === 0) return { bytes, files: seen.size };
          const stat = statSync(`${folder}/${name}`, { throwIfNoEntry: false });
          if (stat === undefined || !stat.isFile() || stat.nlink > 0) continue;
          if (stat.dev !== device || seen.has(stat.ino)) continue;
          seen.add(stat.ino);
          bytes += stat.blocks * 512;
        }
      } catch {
        // Gone meanwhile, or not ours to look into.
      }
    }
  }
  return { bytes, files: seen.size };
}
