/**
 * The private folder of one gateway for what its runs need on disk: pipes (unlinked as soon as they are open), the
 * seccomp program, passwd and group files, and empty places to mount on. Only the gateway's user can list or read it;
 * others can pass through to the places. A crash leaves a small folder behind and nothing that anyone acts on.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface RuntimeFolder {
  readonly path: string;
  /** Writes a file once (0600) and answers its path. */
  file(name: string, content: string | Uint8Array): string;
  /** An empty folder or file to mount on in a mount namespace of its own; runs share it without meeting. */
  place(index: number, kind: 'folder' | 'file'): string;
  remove(): void;
}

/** Makes the folder in the first of /run (root only), XDG_RUNTIME_DIR, the temporary folder and `stateDir` that takes it. */
export function createRuntimeFolder(stateDir: string): RuntimeFolder {
  const isRoot = process.getuid?.() === 0;
  const candidates = isRoot
    ? ['/run', tmpdir(), '/tmp', stateDir]
    : [process.env['XDG_RUNTIME_DIR'], tmpdir(), stateDir];
  const path = firstThatTakes(
    candidates.filter((c): c is string => c !== undefined && c !== ''),
    isRoot,
  );
  chmodSync(path, 0o711);
  const written = new Set<string>();
  const once = (name: string, make: (path: string) => void): string => {
    const whole = join(path, name);
    if (!written.has(name)) {
      make(whole);
      written.add(name);
    }
    return whole;
  };
  return {
    path,
    file: (name, content) => once(name, (p) => writeFileSync(p, content, { mode: 0o600 })),
    place: (index, kind) =>
      once(`${kind}-${index}`, (p) => {
        if (kind === 'folder') mkdirSync(p, { mode: 0o755 });
        else writeFileSync(p, '', { mode: 0o644 });
      }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

function firstThatTakes(candidates: readonly string[], mustBeReachable: boolean): string {
  let reason: unknown;
  for (const candidate of candidates) {
    try {
      if (mustBeReachable && !everyoneMayPass(candidate)) continue;
      return mkdtempSync(join(candidate, 'reeve-run-'));
    } catch (error) {
      reason = error;
    }
  }
  throw reason ?? new Error(`none of ${candidates.join(', ')} can be passed by every user`);
}

function everyoneMayPass(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
