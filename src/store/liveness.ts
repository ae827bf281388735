/**
 * Who is alive on this state. In: the state directory. Out: a name for this process that lives exactly as long as it does.
 * Each process keeps a lock on `processes/<name>.lock`; the system drops it when the process ends, kill -9 included.
 * Must never: call a process dead that may be running. Whatever cannot be found out counts as alive.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ReeveError } from '../core/errors.ts';
import type { Liveness } from '../core/ports.ts';
import { type Lock, tryLockExisting } from './exclusive.ts';
import { createExclusively } from './sqlite/place.ts';

const nameForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const suffix = '.lock';

/** Claims a name, and sweeps up after processes that are gone. Throws ReeveError AUDIT_UNAVAILABLE if it cannot. */
export function openLiveness(stateDirectory: string): Liveness {
  const folder = join(stateDirectory, 'processes');
  const claim = claimName(folder);
  const alive = (name: string): boolean => {
    if (name === claim.name) return true;
    return nameForm.test(name) && isHeld(join(folder, name + suffix));
  };
  sweep(folder, alive);
  return Object.freeze({
    self: claim.name,
    alive,
    release() {
      // Removed while it is still held: nobody can find it unlocked and wonder.
      rmSync(claim.file, { force: true });
      claim.lock.release();
    },
  });
}

function claimName(folder: string): { name: string; file: string; lock: Lock } {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (;;) {
      const name = randomUUID();
      const file = join(folder, name + suffix);
      createExclusively(file);
      const lock = lockUnlessSwept(file);
      if (lock !== null) return { name, file, lock };
    }
  } catch (error) {
    throw new ReeveError(
      'AUDIT_UNAVAILABLE',
      `This process cannot register in ${folder}: ${error instanceof Error ? error.message : String(error)}. Check the permissions and the space there; then start again.`,
      [],
      { cause: error },
    );
  }
}

/** Between its making and its locking the file looks like a dead process's: a sweep may have taken it. Then once more. */
function lockUnlessSwept(file: string): Lock | null {
  if (!existsSync(file)) return null;
  const lock = tryLockExisting(file);
  if (lock !== null && !existsSync(file)) {
    lock.release();
    return null;
  }
  return lock;
}

function isHeld(file: string): boolean {
  if (!existsSync(file)) return false;
  try {
    const lock = tryLockExisting(file);
    if (lock === null) return true;
    rmSync(file, { force: true });
    lock.release();
    return false;
  } catch {
    return existsSync(file);
  }
}

function sweep(folder: string, alive: (name: string) => boolean): void {
  for (const file of readdirSync(folder)) {
    if (file.endsWith(suffix)) alive(file.slice(0, -suffix.length));
  }
}
