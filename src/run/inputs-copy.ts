/**
 * Copies one declared input. In: an open folder, a name, the SHA-256 that was decided on. Out: a file of the gateway's with
 * exactly that content. Never: a link followed, a wait for a pipe, a copy of other content, a file that the command's own
 * user could not have read.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
  read,
  readSync,
  write,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { ReeveError } from '../core/errors.ts';
import { visibleLine } from '../core/text.ts';
import { type Identity, mayAccess } from './identity.ts';

const readLater = promisify(read);
const writeLater = promisify(write);

/** What is no larger is copied at once: asking for it later would take longer than doing it. */
const small = 64 * 1024;
const chunk = 256 * 1024;
const forReading = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const anew = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export interface InputCopy {
  /** The open folder that the file is in, and its name there. */
  readonly folder: number;
  readonly name: string;
  /** As it is told: relative to the workspace. */
  readonly path: string;
  readonly sha256: string;
  /** Where the copy is made. */
  readonly to: string;
  readonly identity: Identity;
  readonly maxBytes: number;
}

/** Answers the size in bytes. Throws CONFLICT that names the file where it is not what was decided on. */
export async function copyInput(copy: InputCopy): Promise<number> {
  const from = openInput(copy);
  let to: number | null = null;
  try {
    const stat = fstatSync(from);
    const { size, mode } = stat;
    if (!stat.isFile()) throw changed(copy.path, 'is no regular file any more');
    if (!mayAccess(stat, copy.identity, 4)) throw closed(copy.path, copy.identity);
    if (size > copy.maxBytes) throw changed(copy.path, 'became larger');
    to = create(copy);
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(chunk, size + 1)));
    let total = 0;
    for (;;) {
      const bytes = await readSome(from, buffer, size, copy);
      if (bytes.length === 0) break;
      total += bytes.length;
      // Whoever writes faster than it is read would never let it end.
      if (total > size) throw changed(copy.path, 'grew while it was copied');
      hash.update(bytes);
      await writeAll(to, bytes, size, copy);
    }
    if (hash.digest('hex') !== copy.sha256) throw changed(copy.path, 'has other content');
    give(to, (mode & 0o111) === 0 ? 0o440 : 0o550, copy.identity);
    return total;
  } finally {
    closeSync(from);
    if (to !== null) closeSync(to);
  }
}

/** Lets the command's user read what is the gateway's, and nobody else: by its group, where that user is another. */
export function give(fd: number, mode: number, { change, gid }: Identity): void {
  if (change) fchownSync(fd, process.geteuid!(), gid);
  fchmodSync(fd, change ? mode : mode & 0o700);
}

function openInput(copy: InputCopy): number {
  try {
    return openSync(`/proc/self/fd/${copy.folder}/${copy.name}`, forReading);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw changed(copy.path, 'is gone');
    if (code === 'ELOOP') throw changed(copy.path, 'is a symbolic link now');
    throw changed(copy.path, `cannot be read any more (${code})`);
  }
}

function create(copy: InputCopy): number {
  try {
    return openSync(copy.to, anew, 0o600);
  } catch (error) {
    throw notKept(copy.path, error);
  }
}

async function readSome(
  fd: number,
  buffer: Buffer,
  size: number,
  { path }: InputCopy,
): Promise<Buffer> {
  try {
    const count =
      size <= small
        ? readSync(fd, buffer, 0, buffer.length, null)
        : (await readLater(fd, buffer, 0, buffer.length, null)).bytesRead;
    return buffer.subarray(0, count);
  } catch (error) {
    throw changed(path, `cannot be read any more (${(error as NodeJS.ErrnoException).code})`);
  }
}

async function writeAll(
  fd: number,
  bytes: Buffer,
  size: number,
  { path }: InputCopy,
): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) {
      done +=
        size <= small
          ? writeSync(fd, bytes, done)
          : (await writeLater(fd, bytes, done, bytes.length - done, null)).bytesWritten;
    }
  } catch (error) {
    throw notKept(path, error);
  }
}

/** What lies in the workspace is not what was decided on: the same as if it had been seen before the start. */
export function changed(path: string, how: string): ReeveError {
  const what = `${visibleLine(path)} ${how}`;
  return new ReeveError(
    'CONFLICT',
    `The declared input ${what} since it was decided on; nothing was started. Ask again: what is there now is looked at anew.`,
    [{ field: 'inputs', problem: what }],
  );
}

/** The gateway could read it for the command; that would give the command what its user has no right to. */
export function closed(path: string, { uid }: Identity): ReeveError {
  const what = `user ${uid}, as whom the command runs, may not read ${visibleLine(path)}`;
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `Of the declared inputs ${what}; nothing was started. Let that user read it (chmod o+r; for a folder o+rx), or take it out of "inputs".`,
    [{ field: 'inputs', problem: what }],
  );
}

export function notKept(path: string, error: unknown): ReeveError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `The declared input ${visibleLine(path)} could not be copied to a place of the gateway's (${code}); nothing was started. Free some space in /var/tmp, or see that the gateway may write there.`,
    [],
    { cause: error },
  );
}
