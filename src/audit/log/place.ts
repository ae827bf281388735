/**
 * The log's files: STATE/log/checkpoint, STATE/log/tile/…, STATE/log.key. In: bytes. Out: files that are whole or not
 * there, and on the disk when a call returns. Never: a file half written, a link followed, a full tile changed.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export class LogPlace {
  readonly folder: string;
  readonly #keyFile: string;
  #drafts = 0;

  constructor(stateDir: string) {
    this.folder = join(stateDir, 'log');
    this.#keyFile = join(stateDir, 'log.key');
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  /** The key's text; made by `make` where there is none yet. Of two processes that make one, both get the first. */
  key(make: () => string): string {
    if (!existsSync(this.#keyFile)) {
      const draft = this.#draft(this.#keyFile, Buffer.from(make()));
      try {
        linkSync(draft, this.#keyFile);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      } finally {
        unlinkSync(draft);
      }
      syncFolder(dirname(this.#keyFile));
    }
    const fd = openSync(this.#keyFile, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const facts = fstatSync(fd);
      if (!facts.isFile() || facts.uid !== process.getuid?.() || (facts.mode & 0o077) !== 0)
        throw new Error(`${this.#keyFile} must be a file of the gateway's user with mode 600`);
      return readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  }

  /** Null where there is no such file. `path` is relative to the log's folder. */
  read(path: string): Buffer | null {
    try {
      const fd = openSync(join(this.folder, path), constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        return readFileSync(fd);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** In milliseconds since 1970; null where there is no such file. */
  writtenAt(path: string): number | null {
    return statSync(join(this.folder, path), { throwIfNoEntry: false })?.mtimeMs ?? null;
  }

  /** Whole and on the disk, in place of what was there. A crash before the rename leaves a draft that nobody reads. */
  write(path: string, bytes: Uint8Array): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const draft = this.#draft(file, bytes);
    try {
      renameSync(draft, file);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
    syncFolder(dirname(file));
  }

  /** Partial tiles of a tile that is full by now. */
  forget(path: string): void {
    rmSync(join(this.folder, path), { recursive: true, force: true });
  }

  #draft(file: string, bytes: Uint8Array): string {
    this.#drafts += 1;
    const draft = `${file}.${process.pid}.${this.#drafts}.new`;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const fd = openSync(draft, flags, 0o600);
    try {
      let written = 0;
      while (written < bytes.byteLength) written += writeSync(fd, bytes, written);
      fsyncSync(fd);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
    return draft;
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
