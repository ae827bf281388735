/**
 * The copies that this gateway holds. In: what to copy, and for whom. Out: copies, each known by an id that nobody can guess,
 * to whoever had it made. Never: a path taken from a caller, a copy that outlives its gateway for longer than until the next
 * start, or one that is removed while something runs in it.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
} from 'node:fs';
import { join } from 'node:path';
import { ReeveError } from '../../core/errors.ts';
import type { Principal } from '../../core/principal.ts';
import type { Settings } from '../../core/settings.ts';
import { chooseIdentity, self } from '../../run/identity.ts';
import { copyFolder, rehearsalsFolder } from '../../run/rehearsal.ts';
import type { House } from '../house.ts';
import type { LiveRun } from '../live.ts';
import { copyWorkspace } from './copy.ts';
import { codeOf, openFolderFlags } from './folder.ts';
import { cannotCopy, copyFailed } from './refusals.ts';
import { removeTree } from './remove.ts';

/** Copies that may be there at once: of one principal, and altogether. */
const most = Object.freeze({ own: 4, all: 16 });
const owner = /^[0-9a-f-]{36}$/;

/** A copy as the gateway knows it. */
export interface Held {
  readonly id: string;
  readonly principal: string;
  readonly onBehalfOf: string | null;
  readonly environment: string;
  /** The workspace that it is a copy of, and the user that its commands run as where the copy could not tell. */
  readonly copyOf: string;
  readonly runAs: number | null;
  /** The folder of everything; the copy itself, and the empty one beside it. Resolved. */
  readonly folder: string;
  readonly workspace: string;
  readonly scratch: string;
  /** What runs in it or waits to; `over` resolves once the queue has let go of it. */
  readonly runs: Set<{ readonly live: LiveRun; readonly over: Promise<void> }>;
  released: Promise<void> | null;
}

export class Copies {
  readonly #house: House;
  readonly #root: string;
  readonly #held = new Map<string, Held>();
  /** Copies that are being made, by principal: they count like those that are there. */
  readonly #making = new Map<string, number>();

  constructor(house: House, stateDir: string) {
    this.#house = house;
    this.#root = join(realpathSync(stateDir), rehearsalsFolder);
  }

  /** The copy of this id, of this principal; null where there is none, or it is somebody else's, or released. */
  find(id: string, { id: principal, onBehalfOf }: Principal): Held | null {
    const held = this.#held.get(id);
    const own = held?.principal === principal && held.onBehalfOf === onBehalfOf;
    return own && held.released === null ? held : null;
  }

  /** So many copies of the workspace of an environment, all alike. Throws as `copyWorkspace` does; then none is left. */
  async make(
    principal: Principal,
    settings: Settings,
    environment: string,
    count: number,
  ): Promise<readonly Held[]> {
    this.#assertRoom(principal.id, count);
    this.#count(principal.id, count);
    const { workspace: copyOf, runAs: declared } = settings.environments[environment]!;
    const made: Held[] = [];
    let source: number | null = null;
    try {
      source = openSync(copyOf, openFolderFlags);
      if (readlinkSync(`/proc/self/fd/${source}`) !== copyOf)
        throw cannotCopy('', 'is reached through a symbolic link', 'Put a real folder there.');
      const runAs = runAsOf(environment, copyOf, declared);
      for (let i = 0; i < count; i++) {
        const id = `cpy_${randomBytes(16).toString('hex')}`;
        const folder = join(this.#root, this.#house.liveness.self, id);
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const [workspace, scratch] = [join(folder, copyFolder), join(folder, 'scratch')];
        mkdirSync(scratch, { mode: 0o700 });
        const { onBehalfOf } = principal;
        const of = { principal: principal.id, onBehalfOf, environment, copyOf, runAs };
        made.push({ id, ...of, folder, workspace, scratch, runs: new Set(), released: null });
      }
      const state = realpathSync(join(this.#root, '..'));
      const hidden = [state, ...(settings.auditFile === null ? [] : [settings.auditFile])];
      await copyWorkspace(
        { environment, fd: source, hidden },
        made.map(({ workspace }) => workspace),
      );
      for (const held of made) this.#held.set(held.id, held);
      return made;
    } catch (error) {
      for (const { folder } of made) await this.#remove(folder);
      throw error instanceof ReeveError ? error : copyFailed('', error);
    } finally {
      this.#count(principal.id, -count);
      if (source !== null) closeSync(source);
    }
  }

  /** Ends what runs in it, and removes it once that has ended. */
  release(held: Held): Promise<void> {
    held.released ??= (async () => {
      for (const { live } of held.runs)
        live.controller.abort('its copy of the workspace was released');
      await Promise.all([...held.runs].map(({ over }) => over));
      await this.#remove(held.folder);
      this.#held.delete(held.id);
    })();
    return held.released;
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held.values()].map((held) => this.release(held)));
    await this.#remove(join(this.#root, this.#house.liveness.self));
  }

  /** Removes the copies of gateways that are gone, once nothing can run in them any more. */
  async sweep(): Promise<void> {
    const { liveness, store } = this.#house;
    for (const name of namesOf(this.#root)) {
      if (!owner.test(name) || liveness.alive(name)) continue;
      // Its processes may be there still: recovery settles it once they are proven gone.
      if (store.open().some((execution) => execution.owner === name)) continue;
      await this.#remove(join(this.#root, name));
    }
  }

  async #remove(folder: string): Promise<void> {
    try {
      await removeTree(folder);
    } catch (error) {
      this.#house.report(
        'a copy of a workspace could not be removed; the next start tries it again',
        error,
      );
    }
  }

  #count(principal: string, more: number): void {
    const making = (this.#making.get(principal) ?? 0) + more;
    if (making > 0) this.#making.set(principal, making);
    else this.#making.delete(principal);
  }

  #assertRoom(principal: string, count: number): void {
    const held = [...this.#held.values()];
    const making = this.#making.get(principal) ?? 0;
    const own = held.filter((each) => each.principal === principal).length + making;
    const all = [...this.#making.values()].reduce((sum, each) => sum + each, held.length);
    if (own + count <= most.own && all + count <= most.all) return;
    throw new ReeveError(
      'CONCURRENCY_LIMIT',
      `${own} copies of workspaces are held for ${principal} and ${all} altogether, and at most ${most.own} and ${most.all} may be; nothing was started. Wait until a rehearsal has ended.`,
    );
  }
}

/** Of a workspace that root owns, commands run as a user kept for its path: in the copy it has to be the same one. */
function runAsOf(environment: string, workspace: string, declared: number | null): number | null {
  if (declared !== null) return declared;
  const { uid, gid, mode } = lstatSync(workspace);
  if (uid !== 0 || self().uid !== 0) return null;
  const facts = { environment, workspace, runAs: null };
  return chooseIdentity(facts, { uid, gid, mode }, self()).uid;
}

function namesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
