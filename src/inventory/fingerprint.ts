/**
 * SHA-256 of files. In: a path. Out: the digest of the bytes that are there now. Never: a digest of another file than the
 * one that was looked at, a device, or a file that changed while it was read.
 */
import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Why there is no digest: the system's error code, `NOT_A_FILE`, `TOO_LARGE` or `CHANGED`. */
export class NoFingerprint extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export interface Fingerprint {
  readonly sha256: string;
  readonly size: number;
  /** Permission bits and type. */
  readonly mode: number;
}

const remembered = new Map<string, { identity: string; fingerprint: Fingerprint }>();
const mostRemembered = 4096;

/** Hashes a file without following a symbolic link at its end. Throws NoFingerprint. */
export async function hashFile(path: string, maxBytes: number): Promise<Fingerprint> {
  return withFile(path, async (handle, stat) => hashOpen(handle, stat, maxBytes));
}

/** Like `hashFile`, and remembers the digest for as long as device, inode, size and both times stay the same. */
export async function hashExecutable(path: string): Promise<Fingerprint> {
  return withFile(path, async (handle, stat) => {
    const identity = identityOf(stat);
    const known = remembered.get(path);
    if (known !== undefined && known.identity === identity) return known.fingerprint;
    const fingerprint = await hashOpen(handle, stat, Number.MAX_SAFE_INTEGER);
    // A file that was written within the clock's last tick could change again without its times changing.
    if (Date.now() - Number(stat.mtimeMs) > 2000) {
      if (remembered.size >= mostRemembered) remembered.clear();
      remembered.set(path, { identity, fingerprint });
    }
    return fingerprint;
  });
}

async function withFile<T>(
  path: string,
  use: (handle: FileHandle, stat: BigIntStats) => Promise<T>,
): Promise<T> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw new NoFingerprint((error as NodeJS.ErrnoException).code ?? 'EIO');
  }
  try {
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile()) throw new NoFingerprint('NOT_A_FILE');
    return await use(handle, stat);
  } catch (error) {
    if (error instanceof NoFingerprint) throw error;
    throw new NoFingerprint((error as NodeJS.ErrnoException).code ?? 'EIO');
  } finally {
    await handle.close();
  }
}

async function hashOpen(
  handle: FileHandle,
  stat: BigIntStats,
  maxBytes: number,
): Promise<Fingerprint> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(1 << 18, Math.max(1, Number(stat.size))));
  let size = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) break;
    size += bytesRead;
    if (size > maxBytes) throw new NoFingerprint('TOO_LARGE');
    hash.update(buffer.subarray(0, bytesRead));
  }
  const after = await handle.stat({ bigint: true });
  if (identityOf(after) !== identityOf(stat)) throw new NoFingerprint('CHANGED');
  return { sha256: hash.digest('hex'), size, mode: Number(stat.mode) };
}

function identityOf(stat: BigIntStats): string {
  return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs, stat.mode].join(':');
}
