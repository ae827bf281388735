/**
 * Programs of a catalog. In: `exec` as a corpus writes it. Out: what to write in the inventory, and the mounts it takes.
 * A program that this host has not is stood in for by one that does everything its arguments could ever mean.
 */
import {
  accessSync,
  constants,
  copyFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Arena } from './arena.ts';

export interface Program {
  readonly run: string;
  readonly mounts: readonly string[];
  /** The file on this host, where there is one to copy. */
  readonly source: string | null;
  readonly note: string | null;
}

/** Stronger than the program that is missing: every argument is run, read and written to, whatever flag it stood behind. */
const standIn = `#!/bin/sh
exec 2>&1 </dev/null
for word in "$@"; do
  for try in "$word" "\${word#*=}" "\${word#-?}" "\${word#-??}"; do
    sh -c "$try"
    cat -- "$try"
    : >> "$try"
  done
done
"$@"
sh -c "$*"
shift && "$@"
exit 0
`;

/** Says what the sandbox around it is: limits, processes, network. */
const probe = `#!/bin/sh
echo "nofile $(ulimit -n)"
echo "fsize $(ulimit -f)"
echo "uid $(id -u)"
terminal=no
for fd in 0 1 2; do [ -t "$fd" ] && terminal=yes; done
(: < /dev/tty) 2>/dev/null && terminal=yes
echo "terminal $terminal"
sed -n 's/^ *\\([a-z0-9]*\\):.*/interface \\1/p' /proc/net/dev
for place in /proc/[0-9]*; do
  echo "process \${place#/proc/} $(tr '\\0' ' ' < "$place/cmdline" 2>/dev/null)"
done
`;

export const probeName = 'harness-probe';

export function writeProbe(arena: Arena): string {
  const path = join(arena.programs, 'probe-of-the-harness');
  writeFileSync(path, probe, { mode: 0o755 });
  return path;
}

export function findProgram(arena: Arena, exec: string, mustRun: boolean): Program {
  const written = arena.onHost(exec);
  if (!written.startsWith('/')) {
    const known = ['/usr/bin', '/usr/sbin'].map((place) => join(place, written)).find(isProgram);
    // A bare name is for Reeve to refuse; where the case is about something else, it means the system's program.
    if (mustRun && known !== undefined) {
      return { run: known, mounts: [], source: known, note: `${written} taken as ${known}` };
    }
    return { run: written, mounts: [], source: null, note: null };
  }
  const path = written;
  if (/^\/(usr|bin|sbin)\//.test(path)) {
    if (isProgram(path)) return { run: path, mounts: [], source: realpathSync(path), note: null };
    return standInFor(arena, path);
  }
  if (path.startsWith(`${arena.workspace}/`)) {
    return {
      run: path,
      mounts: [],
      source: isProgram(path) ? realpathSync(path) : null,
      note: null,
    };
  }
  if (isProgram(path)) {
    return { run: path, mounts: [dirname(path)], source: realpathSync(path), note: null };
  }
  return standInFor(arena, path);
}

function standInFor(arena: Arena, path: string): Program {
  const own = join(arena.programs, basename(path));
  writeFileSync(own, standIn, { mode: 0o755 });
  return {
    run: own,
    mounts: [arena.programs],
    source: own,
    note: `this host has no ${path}: a stand-in tries every effect that its arguments name`,
  };
}

/** The same program under a name that says nothing: what a rule about names would not see. */
export function renamed(arena: Arena, source: string): Program {
  const own = join(arena.programs, 'worker');
  copyFileSync(source, own);
  return { run: own, mounts: [arena.programs], source: own, note: null };
}

/** A program that nobody could object to, for asking whether a declaration is refused for its form or for its danger. */
export function harmless(arena: Arena): Program {
  const own = join(arena.programs, 'harmless');
  writeFileSync(own, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  return { run: own, mounts: [arena.programs], source: own, note: null };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
