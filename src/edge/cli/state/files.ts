/**
 * Files of a backup, moved about. In: paths below a folder. Out: copies that are whole, on the disk, for their owner alone.
 * Must never: follow a link, replace a file, or believe a path that a manifest names.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface FileFacts {
  readonly bytes: number;
  readonly sha256: string;
}

const chunk = 1_048_576;

/** Throws what the system says, or that it is no plain file. */
export function hashFile(file: string): FileFacts {
  return eachChunk(file, () => {});
}

/** Writes a new file and its folders; it is on the disk when this returns. */
export function placeFile(file: string, bytes: Uint8Array): FileFacts {
  const fd = openNew(file);
  try {
    writeAll(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return { bytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Copies a plain file to where there is none; what was read, not what was promised, is what it says. */
export function copyFile(from: string, to: string): FileFacts {
  const fd = openNew(to);
  try {
    const facts = eachChunk(from, (bytes) => writeAll(fd, bytes));
    fsyncSync(fd);
    return facts;
  } finally {
    closeSync(fd);
  }
}

/** Every folder below this one, and itself: that names in them outlive a power cut. */
export function syncFolders(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) syncFolders(join(folder, entry.name));
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Plain files below a folder of `root`, by their paths from there; none where there is no such folder. */
export function filesBelow(root: string, folder: string): readonly string[] {
  const names = namesIn(join(root, folder));
  if (names === null) return [];
  return names.flatMap((name) => {
    const path = `${folder}/${name}`;
    const found = lstatSync(join(root, path));
    return found.isDirectory() ? filesBelow(root, path) : found.isFile() ? [path] : [];
  });
}

/** What a folder holds; null where there is none. A file system of its own may begin with `lost+found`. */
export function namesIn(folder: string): readonly string[] | null {
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return null;
  return readdirSync(folder).filter((name) => name !== 'lost+found');
}

function openNew(file: string): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  return openSync(file, flags, 0o600);
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(fd, bytes, done);
}

function eachChunk(file: string, use: (bytes: Uint8Array) => void): FileFacts {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const fd = openSync(file, flags);
  try {
    if (!fstatSync(fd).isFile()) throw new Error(`${file} is no plain file`);
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(chunk);
    for (let bytes = 0; ; ) {
      const read = readSync(fd, buffer, 0, chunk, null);
      if (read === 0) return { bytes, sha256: hash.digest('hex') };
      hash.update(buffer.subarray(0, read));
      use(buffer.subarray(0, read));
      bytes += read;
    }
  } finally {
    closeSync(fd);
  }
}
