/**
 * Where copies of declared inputs lie while their runs need them: on a disk, they may be large. Nobody but the gateway can
 * write there or list it. A crash leaves copies behind that the next gateway removes.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReeveError } from '../core/errors.ts';
import { visibleLine } from '../core/text.ts';
import { firstThatTakes, removeAbandoned } from './runtime-folder.ts';

export interface CopiesFolder {
  /** A new empty folder, of a name that nobody can guess. Throws COMMAND_EXECUTION_FAILED where there is no place for it. */
  make(): string;
  /** Removes one that `make` gave. */
  discard(folder: string): Promise<void>;
  /** Removes all of them. */
  remove(): void;
}

/** Removes what gateways that were killed left behind; makes nothing until something is to be kept. */
export function createCopiesFolder(): CopiesFolder {
  const isRoot = process.getuid?.() === 0;
  const candidates = [...new Set(['/var/tmp', tmpdir(), '/tmp', '/dev/shm'])];
  for (const candidate of candidates) {
    try {
      removeAbandoned(candidate);
    } catch {
      // Not there, or closed to us: then nothing of ours is in it.
    }
  }
  let home: string | null = null;
  return {
    make: () => {
      try {
        home ??= reachable(firstThatTakes(candidates, isRoot), isRoot);
        const made = join(home, randomBytes(16).toString('hex'));
        mkdirSync(made, { mode: 0o700 });
        return made;
      } catch (error) {
        throw new ReeveError(
          'COMMAND_EXECUTION_FAILED',
          `The declared inputs could not be copied: no folder can be made in any of ${candidates.map(visibleLine).join(', ')} (${(error as NodeJS.ErrnoException).code ?? 'closed to other users'}); nothing was started. Make one of them writable for the gateway, and free some space in it.`,
          [],
          { cause: error },
        );
      }
    },
    discard: async (folder) => {
      try {
        await rm(folder, { recursive: true, force: true });
      } catch {
        // The run is over, whatever is left of this: it goes with the rest when the gateway stops.
      }
    },
    remove: () => {
      if (home !== null) rmSync(home, { recursive: true, force: true });
      home = null;
    },
  };
}

/** The commands of root's gateway are other users: they pass through to the copies that they are shown, and list nothing. */
function reachable(folder: string, isRoot: boolean): string {
  if (isRoot) chmodSync(folder, 0o711);
  return folder;
}
