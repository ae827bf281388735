/**
 * What the file system under a workspace says of itself. In: an open folder. Out: how much of it is in use, and whether
 * that can be believed at once. Never: a number for a file system that reports late, or not at all.
 */
import { readFileSync, statfsSync } from 'node:fs';

/** In use on the whole file system, by whomever: bytes of its blocks, and files and folders (inodes). */
export interface DiskUse {
  readonly bytes: number;
  readonly files: number;
}

/** ext2 to ext4, XFS, F2FS, tmpfs, and overlays of them: they count a block or an inode the moment that it is taken. */
const exact = new Set([0xef53, 0x58465342, 0xf2f52010, 0x01021994, 0x794c7630]);

/** Null where the file system counts late (btrfs, ZFS, networks), only in part, or has no size of its own. */
export function diskUse(fd: number): DiskUse | null {
  try {
    const { type, bsize, blocks, bfree, files, ffree } = statfsSync(`/proc/self/fd/${fd}`);
    if (!exact.has(type) || blocks === 0 || files === 0) return null;
    return { bytes: (blocks - bfree) * bsize, files: files - ffree };
  } catch {
    return null;
  }
}

/** True where another file system is mounted somewhere below the folder: what grows there, the folder's own cannot tell. */
export function holdsMounts(folder: string): boolean {
  const below = `${folder === '/' ? '' : folder}/`;
  return mountPoints().some((point) => point.startsWith(below));
}

/** Mounts change rarely, and every run asks. */
const freshMs = 2_000;
let known: { readonly at: number; readonly points: readonly string[] } | null = null;

function mountPoints(): readonly string[] {
  const now = performance.now();
  if (known !== null && now - known.at < freshMs) return known.points;
  let text = '';
  try {
    text = readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {}
  const points = text.split('\n').flatMap((line) => {
    const point = line.split(' ')[4];
    // Space, tab, newline and backslash are written in octal.
    return point === undefined
      ? []
      : [point.replace(/\\(\d{3})/g, (_, n) => String.fromCharCode(Number.parseInt(n, 8)))];
  });
  known = { at: now, points };
  return points;
}
