/** What plans need to know of this host: programs, layout of the root folder, limits of the gateway itself. Read once. */
import { accessSync, constants, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { isSeccompArch, type SeccompArch } from './seccomp.ts';

export interface Host {
  readonly bwrap: string | null;
  readonly setpriv: string | null;
  readonly unshare: string | null;
  /** Inside the sandbox too: it limits processes where no control group can. */
  readonly prlimit: string | null;
  readonly shell: string;
  readonly trueProgram: string;
  readonly arch: SeccompArch | null;
  /** /bin, /lib and the like: links into /usr, or folders of their own. */
  readonly roots: readonly { readonly path: string; readonly link: string | null }[];
  /** True where RLIMIT_NPROC counts within the sandbox's own user namespace (Linux 5.14). */
  readonly countsPerNamespace: boolean;
  /** Hard limits of the gateway: none of its children can have more. */
  readonly ceiling: { readonly openFiles: number; readonly fileSize: number };
}

const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin'];

export function readHost(): Host {
  return Object.freeze({
    bwrap: findProgram('bwrap'),
    setpriv: findProgram('setpriv'),
    unshare: findProgram('unshare'),
    prlimit: executable('/usr/bin/prlimit') ? '/usr/bin/prlimit' : null,
    shell: '/bin/sh',
    trueProgram: executable('/usr/bin/true') ? '/usr/bin/true' : '/bin/true',
    arch: isSeccompArch(process.arch) ? process.arch : null,
    roots: Object.freeze(['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].flatMap(root)),
    countsPerNamespace: process.platform === 'linux' && atLeast(release(), 5, 14),
    ceiling: Object.freeze(ceiling()),
  });
}

/** True for a kernel release such as `6.1.0-18-amd64` that is of this version or later. */
export function atLeast(kernel: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = kernel.split('.').map((n) => Number.parseInt(n, 10));
  return a > major || (a === major && b >= minor);
}

/** The path of a program of the host; null if there is none. */
export function findProgram(name: string): string | null {
  return folders.map((folder) => `${folder}/${name}`).find(executable) ?? null;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function root(path: string): { path: string; link: string | null }[] {
  try {
    const link = lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
    return [{ path, link }];
  } catch {
    return [];
  }
}

function ceiling(): { openFiles: number; fileSize: number } {
  const hard = (text: string, name: string): number => {
    const match = new RegExp(`^${name}\\s+\\S+\\s+(\\S+)`, 'm').exec(text);
    const value = Number(match?.[1]);
    return Number.isFinite(value) ? value : Number.POSITIVE_INFINITY;
  };
  try {
    const text = readFileSync('/proc/self/limits', 'latin1');
    return {
      openFiles: hard(text, 'Max open files'),
      fileSize: hard(text, 'Max file size'),
    };
  } catch {
    return { openFiles: Number.POSITIVE_INFINITY, fileSize: Number.POSITIVE_INFINITY };
  }
}
