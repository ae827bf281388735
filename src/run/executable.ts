/**
 * Proof that the executable is still the one that was decided on. In: its file and SHA-256. Throws if it changed.
 * What stays between this look and the start is the time in which only the owner of the file could act.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ReeveError } from '../core/errors.ts';
import type { Executable } from '../core/invocation.ts';
import { visibleLine } from '../core/text.ts';

/** Remembers hashes of files by identity, size and both times, so an unchanged one is read only once. */
export class ExecutableCheck {
  readonly #known = new Map<string, { readonly identity: string; readonly sha256: string }>();

  /** Throws COMMAND_EXECUTION_FAILED unless the file has the hash that was decided. */
  async verify(executable: Executable): Promise<void> {
    const source = visibleLine(executable.source);
    let actual: string;
    try {
      actual = await this.#hash(executable.source);
    } catch (error) {
      throw new ReeveError(
        'COMMAND_EXECUTION_FAILED',
        `The executable ${source} cannot be read (${codeOf(error)}); nothing was started. Put it back, or correct the command's run field.`,
      );
    }
    if (actual !== executable.sha256.replace(/^sha256:/, '')) {
      throw new ReeveError(
        'COMMAND_EXECUTION_FAILED',
        `The executable ${source} changed since it was decided; nothing was started. If the change is yours, run reeve reload and ask again.`,
      );
    }
  }

  async #hash(path: string): Promise<string> {
    const identity = await identityOf(path);
    const known = this.#known.get(path);
    if (known?.identity === identity) return known.sha256;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    const sha256 = hash.digest('hex');
    // Changed while it was read: the hash is right for nothing, so it must not be remembered.
    if ((await identityOf(path)) === identity) this.#known.set(path, { identity, sha256 });
    return sha256;
  }
}

async function identityOf(path: string): Promise<string> {
  const s = await stat(path, { bigint: true });
  return [s.dev, s.ino, s.size, s.mtimeNs, s.ctimeNs].join(':');
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unreadable';
}
