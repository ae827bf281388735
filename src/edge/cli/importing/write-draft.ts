/**
 * A draft into files. In: texts and places. Out: files that were not there before and load, or nothing at all: what does not
 * load is taken away again. A crash leaves at most a hidden temporary file. Never: anything overwritten that nobody said.
 */
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Diagnostic } from '../../../core/diagnostic.ts';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure, usageFailure } from '../failure.ts';

/** Throws CliFailure where the file is there already, unless it is to be overwritten. */
export function assertNew(file: string, force: boolean): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined || (force && !found.isDirectory())) return;
  throw new CliFailure(
    exitCodes.refused,
    `${file} is there already; nothing was written.`,
    found.isDirectory() ? 'It is a folder.' : 'It may hold what people have reviewed.',
    'name another file with --out FILE, print it with --out -, or overwrite it with --force',
  );
}

/** A file that is complete, and not yet in its place. */
export class Pending {
  readonly target: string;
  readonly path: string;
  readonly #force: boolean;

  constructor(target: string, text: string, force: boolean) {
    this.target = target;
    this.#force = force;
    const name = `.${basename(target).slice(0, 100)}.${randomBytes(6).toString('hex')}.yaml`;
    this.path = join(dirname(target), name);
    try {
      const descriptor = openSync(this.path, 'wx', 0o644);
      try {
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      this.discard();
      throw unwritable(target, error);
    }
  }

  /** Puts it in its place; one that came into being meanwhile is not overwritten. */
  place(): void {
    try {
      if (this.#force) renameSync(this.path, this.target);
      else linkSync(this.path, this.target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') assertNew(this.target, false);
      throw unwritable(this.target, error);
    } finally {
      this.discard();
    }
  }

  discard(): void {
    rmSync(this.path, { force: true });
  }
}

/** Folders that were made for a draft, to be taken away where it comes to nothing. */
export class MadeFolders {
  readonly made: string[] = [];

  /** Makes `path` below `root`, each step that is not there. Throws where a step is no folder, or a link. */
  make(root: string, path: string, owner: number | null): void {
    let at = root;
    for (const step of path.split('/')) {
      at = join(at, step);
      const found = lstatSync(at, { throwIfNoEntry: false });
      if (found?.isDirectory() === true) continue;
      if (found !== undefined)
        throw usageFailure(
          `${at} is no folder, and a workspace has to be one.`,
          found.isSymbolicLink() ? 'It is a symbolic link.' : null,
          'move it away, or make a reeve.yaml first (reeve init) and name it with --config',
        );
      try {
        mkdirSync(at, 0o755);
      } catch (error) {
        throw unwritable(at, error);
      }
      this.made.push(at);
    }
    if (owner !== null && this.made.includes(at)) chownSync(at, owner, owner);
  }

  discard(): void {
    for (const path of this.made.toReversed()) {
      try {
        rmdirSync(path);
      } catch {
        // Somebody has put something there meanwhile.
      }
    }
  }
}

/** What is said of the temporary file is said of the one that it would have become. */
export function inPlace(
  diagnostics: readonly Diagnostic[],
  files: readonly Pending[],
): readonly Diagnostic[] {
  const said = (text: string) =>
    files.reduce((said, { path, target }) => said.replaceAll(path, target), text);
  return diagnostics.map((d) => ({
    ...d,
    file: said(d.file),
    message: said(d.message),
    remedy: d.remedy === null ? null : said(d.remedy),
  }));
}

export function assertFolder(file: string): void {
  if (existsSync(dirname(file))) return;
  throw usageFailure(
    `${file} cannot be written.`,
    `There is no folder ${dirname(file)}.`,
    'make it, or name another file with --out FILE',
  );
}

function unwritable(path: string, error: unknown): CliFailure {
  return new CliFailure(
    exitCodes.gatewayFailed,
    `${path} cannot be written.`,
    `${(error as NodeJS.ErrnoException).code ?? (error as Error).message}.`,
    'check the folder and its permissions, or name another file with --out FILE',
  );
}
