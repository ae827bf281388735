/**
 * One file, copied into several folders in one go. In: an open folder, a name in it, and the folders of the copies. Out: the
 * SHA-256 of what was read. Must never: follow a link, wait for a pipe, read without an end.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  read,
  readSync,
  write,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { at } from './folder.ts';
import { busy } from './refusals.ts';
import { type Entry, identityOf } from './walk.ts';

const readLater = promisify(read);
const writeLater = promisify(write);

/** What is no larger is copied at once: asking for it later would take longer than doing it. */
const small = 64 * 1024;
const chunk = 256 * 1024;
const forReading = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const anew = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** `finish` is called with each copy, open, once its content is whole. */
export async function copyFile(
  environment: string,
  { path, name, stat: seen }: Entry,
  parent: number,
  folders: readonly number[],
  finish: (copy: number) => void,
): Promise<string> {
  const from = openSync(at(parent, name), forReading);
  const copies: number[] = [];
  try {
    const stat = fstatSync(from);
    if (!stat.isFile() || identityOf(stat) !== identityOf(seen) || stat.size !== seen.size)
      throw busy(environment, path);
    for (const folder of folders) copies.push(openSync(at(folder, name), anew, 0o600));
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(chunk, stat.size + 1));
    const atOnce = stat.size <= small;
    let total = 0;
    for (;;) {
      const count = atOnce
        ? readSync(from, buffer, 0, buffer.length, null)
        : (await readLater(from, buffer, 0, buffer.length, null)).bytesRead;
      if (count === 0) break;
      total += count;
      // Whoever writes faster than it is read would never let it end.
      if (total > stat.size) throw busy(environment, path);
      hash.update(buffer.subarray(0, count));
      for (const copy of copies) await writeAll(copy, buffer.subarray(0, count), atOnce);
    }
    if (total !== stat.size) throw busy(environment, path);
    for (const copy of copies) finish(copy);
    return hash.digest('hex');
  } finally {
    closeSync(from);
    for (const copy of copies) closeSync(copy);
  }
}

async function writeAll(fd: number, bytes: Buffer, atOnce: boolean): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += atOnce
      ? writeSync(fd, bytes, done)
      : (await writeLater(fd, bytes, done, bytes.length - done, null)).bytesWritten;
  }
}
