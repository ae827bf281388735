/**
 * One's own feet in a workspace: folder by folder, each held open, so that nothing that is swapped on the way is walked
 * through. In: a workspace, names. Out: what stands there. Never: a look at anything that was not reached from the
 * workspace's root without a link; a descriptor left open after `close`.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  type Stats,
} from 'node:fs';

/** O_PATH: a folder may be walked through by whoever may not list it. The same number on all of Linux; Node has no name for it. */
const openPath = 0o10000000;
const asFolder = openPath | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Each folder on the way costs a descriptor. */
const deepest = 256;

export class Steps {
  readonly #folders: number[] = [];
  #names: string[] = [];

  /** Throws what the system says where the workspace itself cannot be opened. */
  constructor(workspace: string) {
    this.#folders.push(openSync(workspace, asFolder));
  }

  /** Where it stands, as components below the workspace. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** What has this name here, itself and not what it leads to; or the system's error code. */
  look(name: string): Stats | string {
    return attempt(() => lstatSync(this.#at(name)));
  }

  /** Where a link leads, or the system's error code as `{ code }`. */
  follow(name: string): string | { readonly code: string } {
    const target = attempt(() => ({ target: readlinkSync(this.#at(name)) }));
    return typeof target === 'string' ? { code: target } : target.target;
  }

  /** Goes into a folder; gives the system's error code where that fails, as it does for a link (ENOTDIR). */
  enter(name: string): string | null {
    if (this.#names.length >= deepest) return 'ENAMETOOLONG';
    const folder = attempt(() => ({ fd: openSync(this.#at(name), asFolder) }));
    if (typeof folder === 'string') return folder;
    this.#folders.push(folder.fd);
    this.#names.push(name);
    return null;
  }

  /** Goes back to where it came from. False at the workspace's root: it never leaves that. */
  leave(): boolean {
    if (this.#names.length === 0) return false;
    closeSync(this.#folders.pop()!);
    this.#names.pop();
    return true;
  }

  toRoot(): void {
    while (this.leave());
  }

  /** The folder that it stands in. */
  here(): Stats {
    return fstatSync(this.#folders.at(-1)!);
  }

  close(): void {
    for (const folder of this.#folders.splice(0)) closeSync(folder);
    this.#names = [];
  }

  #at(name: string): string {
    return `/proc/self/fd/${this.#folders.at(-1)!}/${name}`;
  }
}

function attempt<T extends object>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO';
  }
}
