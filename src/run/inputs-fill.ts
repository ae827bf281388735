/**
 * Fills the gateway's copy of a workspace. In: the tree of declared inputs and the open workspace. Out: their copies, and
 * what lies beside them, opened. Never: a folder of the copy that anybody else could write to, a link followed.
 */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { type Identity, mayAccess } from './identity.ts';
import { changed, closed, copyInput, give, notKept } from './inputs-copy.ts';
import { mostSiblings, placeFor, siblingsIn, tooMany } from './inputs-siblings.ts';
import { type Branch, holdsFiles } from './inputs-tree.ts';
import { type Place, workspaceTarget } from './places.ts';

/** Inputs are no larger when they are hashed; what is larger now was changed. */
const maxBytes = 256 * 2 ** 20;
/** Milliseconds of work between two turns of the event loop. */
const sliceMs = 4;
const openFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export interface FillingInput {
  readonly identity: Identity;
  readonly workspace: Place;
  /** `.reeve`, where it is bound by itself. */
  readonly own: Place | null;
  /** The gateway's state folder: it is left out. */
  readonly state: string | null;
  readonly patterns: readonly RegExp[];
  readonly check: () => void;
  /** Takes what is bound beside the inputs. */
  readonly opened: Place[];
}

export class Filling {
  readonly #input: FillingInput;
  #bytes = 0;
  #slice = performance.now();

  constructor(input: FillingInput) {
    this.#input = input;
  }

  /** One folder: its declared files, the folders that lead to more, and what lies beside them. */
  async fill(branch: Branch, folder: number, to: string, parts: readonly string[]): Promise<void> {
    const { identity } = this.#input;
    if (!branch.sealed) this.#beside(branch, folder, to, parts);
    for (const [name, sha256] of branch.files) {
      await this.#breathe();
      this.#bytes += await copyInput({
        ...{ folder, name, sha256, identity, to: join(to, name) },
        path: [...parts, name].join('/'),
        maxBytes: maxBytes - this.#bytes,
      });
    }
    for (const [name, inner] of branch.folders) {
      await this.#breathe();
      const path = [...parts, name].join('/');
      const fd = this.#enter(folder, name, path, holdsFiles(inner));
      if (fd === null) continue;
      try {
        if (!mayAccess(fstatSync(fd), identity, 5)) throw closed(path, identity);
        inner.sealed ||= branch.sealed;
        makeFolder(join(to, name), path);
        await this.fill(inner, fd, join(to, name), [...parts, name]);
      } finally {
        closeSync(fd);
      }
    }
    hand(to, parts.join('/'), identity);
  }

  /** Null where nothing is there, and nothing has to be: nobody can make it while the command runs. */
  #enter(folder: number, name: string, path: string, needed: boolean): number | null {
    try {
      return openSync(`/proc/self/fd/${folder}/${name}`, openFolder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && !needed) return null;
      throw changed(path, code === 'ENOENT' ? 'is gone' : `is no folder any more (${code})`);
    }
  }

  /** What lies beside inputs is bound as it is; a declared file that was not hashed is not let in. */
  #beside(branch: Branch, folder: number, to: string, parts: readonly string[]): void {
    const { workspace, own, state, patterns, opened } = this.#input;
    const path = (name: string): string => [...parts, name].join('/');
    const isOwn = (name: string): boolean => own !== null && path(name) === '.reeve';
    siblingsIn({
      folder,
      to,
      where: parts.join('/'),
      skip: (name) =>
        branch.files.has(name) ||
        branch.folders.has(name) ||
        isOwn(name) ||
        state === join(workspace.path, path(name)),
      refuse: (name) => {
        if (patterns.some((pattern) => pattern.test(path(name))))
          throw changed(path(name), 'was put there');
      },
      found: ({ name, fd, kind }) => {
        const place: Place = {
          fd,
          path: join(workspace.path, path(name)),
          target: join(workspaceTarget, path(name)),
          // .reeve is read-only whatever the workspace is.
          access: (parts[0] ?? name) === '.reeve' ? 'read-only' : workspace.access,
          kind,
          mustStage: workspace.mustStage,
        };
        opened.push(place);
        if (opened.length > mostSiblings) throw tooMany(parts.join('/'));
        // A name that is bound has to lead to what is open; whoever moved it meanwhile is told of.
        if (readlinkSync(`/proc/self/fd/${fd}`) !== place.path)
          throw changed(path(name), 'was moved');
      },
    });
    if (own !== null && parts.length === 0) placeFor(join(to, '.reeve'), own.kind);
  }

  /** A large copy holds up nobody else, and ends when it is no longer wanted. */
  async #breathe(): Promise<void> {
    this.#input.check();
    if (performance.now() - this.#slice < sliceMs) return;
    await turn();
    this.#slice = performance.now();
  }
}

function hand(folder: string, path: string, identity: Identity): void {
  try {
    const fd = openSync(folder, openFolder);
    try {
      give(fd, 0o750, identity);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw notKept(path, error);
  }
}

function makeFolder(folder: string, path: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    throw notKept(path, error);
  }
}
