/**
 * The audit file itself. In: lines to append. Out: a file that ends with a whole line. Only whoever holds the file's lock
 * may call this. Must never: follow a symbolic link, cut off what Reeve did not write, or leave half a line behind.
 */
import { accessSync, constants, lstatSync, mkdirSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolderOf } from './sync-folder.ts';

const { O_RDWR, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Where a state's lines end in the file that they were last written to. */
export interface FilePosition {
  readonly dev: number;
  readonly ino: number;
  readonly offset: number;
}

const chunk = 1_048_576;
/** How far back to look in a file that is not the one that was written last. */
const lookBack = 8 * chunk;
/** No line of ours is longer, half written or not. */
const longestLine = 131_072;
const firstWords = '{"time":"';

/** The configured file; else the system's place, where this user can write there; else one in the state directory. */
export function chooseAuditFile(
  configured: string | null,
  stateDirectory: string,
  systemFolder = '/var/log/reeve',
): string {
  if (configured !== null) return configured;
  const file = join(systemFolder, 'audit.log');
  return isWritable(systemFolder, file) ? file : join(stateDirectory, 'audit.log');
}

/** The lock lies beside the file, because several states may write to one file. */
export function auditLockFile(file: string): string {
  return `${file}.lock`;
}

function isWritable(folder: string, file: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o750 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
  }
  try {
    const found = lstatSync(folder);
    if (!found.isDirectory() || (found.mode & 0o002) !== 0) return false;
    accessSync(folder, constants.W_OK | constants.X_OK);
    const present = lstatSync(file, { throwIfNoEntry: false });
    if (present === undefined) return true;
    if (!present.isFile()) return false;
    accessSync(file, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Opens for appending; a new file gets mode 0640. Throws what the system says, or that it is no regular file. */
export async function openAuditFile(file: string): Promise<FileHandle> {
  const flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
  try {
    const created = await open(file, flags | O_CREAT | O_EXCL, 0o640);
    await created.chmod(0o640);
    // Else a power cut could take the file, with lines of which the cursor says that they are there.
    await syncFolderOf(file);
    return created;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = await open(file, flags);
  if ((await found.stat()).isFile()) return found;
  await found.close();
  throw new Error('it is not a regular file');
}

/**
 * Reads what was appended after `known` (all of a file that is not that one, 8 MiB at most), gives each whole line to
 * `onLine`, and mends the end: half a line of ours, which a crash left, is cut off; anything else gets its newline.
 */
export async function mendTail(
  handle: FileHandle,
  known: FilePosition | null,
  onLine: (line: string) => void,
): Promise<FilePosition> {
  const { dev, ino, size } = await handle.stat();
  const same = known !== null && known.dev === dev && known.ino === ino && known.offset <= size;
  const from = same ? known.offset : Math.max(0, size - lookBack);
  const rest = await readLines(handle, from, size, onLine);
  if (rest.length === 0) return { dev, ino, offset: size };
  if (isHalfOfOurs(rest)) {
    await handle.truncate(size - rest.length);
    return { dev, ino, offset: size - rest.length };
  }
  await handle.write('\n');
  return { dev, ino, offset: size + 1 };
}

/** Gives each whole line from `from` on to `onLine`; answers what stands after the last, as far as it could be ours. */
export async function readLines(
  handle: FileHandle,
  from: number,
  size: number,
  onLine: (line: string) => void,
): Promise<Buffer> {
  let rest = Buffer.alloc(0);
  for (let at = from; at < size; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(chunk), 0, chunk, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    const end = rest.lastIndexOf(0x0a) + 1;
    for (const line of rest.toString('utf8', 0, end).split('\n')) onLine(line);
    rest = rest.subarray(end);
    // What is longer than any line of ours is not ours: only its end matters any more.
    if (rest.length > longestLine) rest = Buffer.from(rest.subarray(-longestLine - 1));
  }
  return rest;
}

function isHalfOfOurs(rest: Buffer): boolean {
  const beginning = rest.toString('utf8', 0, firstWords.length);
  return rest.length <= longestLine && firstWords.startsWith(beginning);
}

/** Appends and syncs. On failure takes back what was written of it, and throws what the system says. */
export async function appendLines(
  handle: FileHandle,
  position: FilePosition,
  lines: string,
): Promise<FilePosition> {
  const bytes = Buffer.from(lines);
  try {
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done)).bytesWritten;
    }
    await handle.datasync();
  } catch (error) {
    // If this fails too, the next one to write finds the half line and cuts it off.
    await handle.truncate(position.offset).catch(() => {});
    throw error;
  }
  return { ...position, offset: position.offset + bytes.length };
}
