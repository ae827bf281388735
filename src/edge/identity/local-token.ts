/**
 * The bearer token of the local user: STATE/local.token, made at the first start. In: the state folder. Out: the token.
 * Never: a token that others could have read or planted (wider permissions, another owner, a symbolic link).
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { ReeveError } from '../../core/errors.ts';

const form = /^reeve_[A-Za-z0-9_-]{43}$/;
const largestFile = 1_024;

/**
 * Reads the token, or makes it. Of two processes that make one at once both get the one that was first.
 * Throws ReeveError COMMAND_EXECUTION_FAILED where the file cannot be trusted or written.
 */
export function ensureLocalToken(stateDir: string): { token: string; created: boolean } {
  const file = join(stateDir, 'local.token');
  const present = readToken(file);
  if (present !== null) return { token: present, created: false };
  const token = `reeve_${randomBytes(32).toString('base64url')}`;
  if (createWhole(file, token)) return { token, created: true };
  const theirs = readToken(file);
  if (theirs === null) throw failure(file, 'it appeared and went away again while it was made');
  return { token: theirs, created: false };
}

/** The token, or null where there is no file. */
function readToken(file: string): string | null {
  let fd: number;
  try {
    // O_NONBLOCK: a named pipe in its place must not hold up the start.
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') throw failure(file, 'it is a symbolic link');
    throw failure(file, `it cannot be opened (${code})`, error);
  }
  try {
    const facts = fstatSync(fd);
    if (!facts.isFile()) throw failure(file, 'it is not a regular file');
    if (facts.uid !== process.getuid?.()) throw failure(file, `it belongs to user ${facts.uid}`);
    if ((facts.mode & 0o077) !== 0) {
      throw failure(
        file,
        `others may read or write it (mode ${(facts.mode & 0o777).toString(8)}), so it may be known to them`,
      );
    }
    if (facts.size > largestFile) throw failure(file, 'it does not hold a token');
    const token = readFileSync(fd, 'utf8').trim();
    if (!form.test(token)) throw failure(file, 'it does not hold a token');
    return token;
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes beside and links into place, so that nobody ever reads half a token. False if another process was first.
 * A crash before the link leaves a stray file that nobody reads; after it, the token is there.
 */
function createWhole(file: string, token: string): boolean {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const fd = openSync(draft, flags, 0o600);
    try {
      writeSync(fd, `${token}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    linkSync(draft, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw failure(file, `it cannot be written (${code})`, error);
  } finally {
    removeQuietly(draft);
  }
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // never made, or gone already
  }
}

function failure(file: string, why: string, cause?: unknown): ReeveError {
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `The token file ${file} cannot be used: ${why}. Look who put it there; when it is removed, the next start makes a new one (mode 600, owned by the gateway's user).`,
    [{ field: 'local.token', problem: why }],
    { cause },
  );
}
