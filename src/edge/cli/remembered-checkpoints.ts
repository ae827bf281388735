/**
 * Checkpoints that the user who verifies has kept: files of their own, away from every state folder. In: a place. Out: what
 * is remembered of the log there. Never: the memory of one log written over another's, or a half-written file.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  formatRemembered,
  parseRemembered,
  type Remembered,
} from '../../audit/verify/remembered.ts';
import { readWhole } from '../../audit/verify/source.ts';
import { exitCodes } from './exit-codes.ts';
import { CliFailure } from './failure.ts';
import { configFolder } from './folders.ts';
import type { Variables } from './wiring.ts';

export interface Memory {
  readonly file: string;
  readonly remembered: Remembered;
}

const mostFiles = 1_000;
const largest = 131_072;

/** The file for a place: one that was named, or one of its own below the configuration folder; null for none. */
export function memoryFile(option: string | null, place: string, env: Variables): string | null {
  if (option === 'none') return null;
  if (option !== null) return resolve(option);
  const tag = createHash('sha256').update(place).digest('hex').slice(0, 16);
  return join(folderOf(env), `${tag}.checkpoint`);
}

/** What is remembered of the place, and, unless a file was named, of the same log in other places. */
export function recall(file: string | null, named: boolean, origin: string | null): Memory[] {
  if (file === null) return [];
  const own = read(file);
  const others = named
    ? []
    : namesIn(dirname(file))
        .map((name) => join(dirname(file), name))
        .filter((path) => path !== file)
        .flatMap((path) => read(path, true))
        .filter(({ remembered }) => origin !== null && remembered.key.startsWith(`${origin}+`));
  return [...own, ...others];
}

/** Throws CliFailure where it cannot be written: a memory that silently is not kept protects nobody. */
export function keep(file: string, remembered: Remembered): void {
  const draft = `${file}.${process.pid}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, formatRemembered(remembered), { mode: 0o600, flag: 'wx' });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new CliFailure(
      exitCodes.gatewayFailed,
      `The checkpoint could not be remembered in ${file}.`,
      (error as Error).message,
      'name a file that you can write with --remember FILE, or --remember none',
    );
  }
}

function read(file: string, lenient = false): Memory[] {
  try {
    const bytes = readWhole(file, largest);
    if (bytes === null) return [];
    return [{ file, remembered: parseRemembered(bytes.toString('utf8')) }];
  } catch (error) {
    if (lenient) return [];
    throw new CliFailure(
      exitCodes.failed,
      `What was remembered in ${file} cannot be read.`,
      (error as Error).message,
      'put it back as it was; or remove it, and what it excluded is excluded no longer',
    );
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.checkpoint'))
      .slice(0, mostFiles);
  } catch {
    return [];
  }
}

function folderOf(env: Variables): string {
  return join(configFolder(env), 'checkpoints');
}
