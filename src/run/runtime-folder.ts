/**
 * The private folder of one gateway for what its runs need on disk: pipes (unlinked as soon as they are open), the
 * seccomp program, passwd and group files, and empty places to mount on. Only the gateway's user can list or read it;
 * others can pass through to the places. A crash leaves a small folder behind that the next gateway removes.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isAlive, startOf } from './processes.ts';

export interface RuntimeFolder {
  /** The part that only the gateway's user may enter: for names that others could otherwise guess and open. */
  readonly closed: string;
  /** Writes a file once (0600) and answers its path. */
  file(name: string, content: string | Uint8Array): string;
  /** Writes a new file that whoever is handed it open may open again; the caller unlinks it. */
  passing(content: Uint8Array): string;
  /** An empty folder or file to mount on in a mount namespace of its own; runs share it without meeting. */
  place(index: number, kind: 'folder' | 'file'): string;
  remove(): void;
}

/**
 * Makes the folder in the first that takes it of /run (root only), XDG_RUNTIME_DIR, /dev/shm, the temporary folder and
 * `stateDir`, one in memory before all others: a run makes and removes some files, and on a disk that is what it waits for.
 */
export function createRuntimeFolder(stateDir: string): RuntimeFolder {
  const isRoot = process.getuid?.() === 0;
  const candidates = isRoot
    ? ['/run', '/dev/shm', tmpdir(), '/tmp', stateDir]
    : [process.env.XDG_RUNTIME_DIR, '/dev/shm', tmpdir(), stateDir];
  const there = candidates.filter((c): c is string => c !== undefined && c !== '');
  const path = firstThatTakes(
    [...there.filter(isInMemory), ...there.filter((c) => !isInMemory(c))],
    isRoot,
  );
  const closed = join(path, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  // Others pass through to the places, which are empty, and get no further.
  if (isRoot) chmodSync(path, 0o711);
  const written = new Set<string>();
  let passed = 0;
  const once = (folder: string, name: string, make: (path: string) => void): string => {
    const whole = join(folder, name);
    if (!written.has(name)) {
      make(whole);
      written.add(name);
    }
    return whole;
  };
  return {
    closed,
    file: (name, content) => once(closed, name, (p) => writeFileSync(p, content, { mode: 0o600 })),
    passing: (content) => {
      const whole = join(closed, `in-${passed++}`);
      writeFileSync(whole, content, { mode: 0o400, flag: 'wx' });
      // The command may belong to another user and open it again as /dev/stdin; the folder keeps all others out.
      chmodSync(whole, 0o444);
      return whole;
    },
    place: (index, kind) =>
      once(path, `${kind}-${index}`, (p) => {
        if (kind === 'folder') mkdirSync(p, { mode: 0o755 });
        else writeFileSync(p, '', { mode: 0o644 });
      }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

const tmpfs = 0x01021994;

function isInMemory(folder: string): boolean {
  try {
    return statfsSync(folder).type === tmpfs;
  } catch {
    return false;
  }
}

/** A folder of this gateway in the first candidate that takes it. Throws what the last one said. */
export function firstThatTakes(candidates: readonly string[], mustBeReachable: boolean): string {
  let reason: unknown;
  for (const candidate of candidates) {
    try {
      if (mustBeReachable && !everyoneMayPass(candidate)) continue;
      removeAbandoned(candidate);
      return mkdtempSync(
        join(candidate, `reeve-run-${pidNamespace()}-${process.pid}-${startOf(process.pid)}-`),
      );
    } catch (error) {
      reason = error;
    }
  }
  throw reason ?? new Error(`none of ${candidates.join(', ')} can be passed by every user`);
}

/** Folders of gateways that were killed: ours by owner, of our pid namespace, of a process that is gone. */
export function removeAbandoned(candidate: string): void {
  for (const name of readdirSync(candidate)) {
    const parts = /^reeve-run-(\d+)-(\d+)-(\d+)-\w{6}$/.exec(name);
    if (parts === null || parts[1] !== pidNamespace()) continue;
    if (isAlive(Number(parts[2]), parts[3]!)) continue;
    const path = join(candidate, name);
    try {
      const stat = lstatSync(path);
      if (!stat.isDirectory() || stat.uid !== process.getuid?.()) continue;
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Another gateway removes it at the same time.
    }
  }
}

/** Pids mean something only within it: containers may share a temporary folder. */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

function everyoneMayPass(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
