/**
 * The places of the host that a run gets to see: workspace, its `.reeve`, mounts. Each is opened once and proven to be
 * the path that was decided, so nothing swapped underneath can stand in for it. Never: a symbolic link followed.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { ReeveError } from '../core/errors.ts';
import type { Invocation } from '../core/invocation.ts';
import { visibleLine } from '../core/text.ts';
import { type Identity, mayAccess, type Owner } from './identity.ts';

/** An open place. `mustStage`: the sandbox's user cannot walk to it, so root has to bind it where that user can. */
export interface Place {
  readonly fd: number;
  readonly path: string;
  readonly target: string;
  readonly access: 'read-only' | 'read-write';
  readonly kind: 'folder' | 'file';
  readonly mustStage: boolean;
}

export const workspaceTarget = '/workspace';
/** Linux gives it the same number on all architectures; Node does not name it. */
export const openPath = 0o10000000;

/** Owner and mode of the workspace; null if it is not there and not needed. */
export function ownerOf(
  invocation: Pick<Invocation, 'workspace' | 'workspaceAccess'>,
): Owner | null {
  try {
    const { uid, gid, mode } = statSync(invocation.workspace);
    return { uid, gid, mode };
  } catch (error) {
    if (invocation.workspaceAccess === 'none') return null;
    throw unusable('workspace', invocation.workspace, error);
  }
}

/**
 * Opens everything that the invocation may see, workspace first. Throws COMMAND_EXECUTION_FAILED for what is missing or
 * closed to the identity, WORKSPACE_ISOLATION_VIOLATION for a path that is not what it was. Close with `closePlaces`.
 */
export function openPlaces(
  invocation: Pick<Invocation, 'workspace' | 'workspaceAccess' | 'mounts'>,
  identity: Identity,
  owner: Owner | null,
): readonly Place[] {
  const places: Place[] = [];
  try {
    if (invocation.workspaceAccess !== 'none') {
      const access = invocation.workspaceAccess;
      const workspace = open('workspace', invocation.workspace, workspaceTarget, access, identity);
      places.push(workspace);
      const actual = fstatSync(workspace.fd);
      if (owner !== null && actual.uid !== owner.uid)
        throw notAsDecided('workspace', workspace.path);
      requireAccess(workspace.path, actual, identity, access);
      if (access === 'read-write') {
        const own = openOwnFolder(invocation.workspace, identity);
        if (own !== null) places.push(own);
      }
    }
    for (const mount of invocation.mounts) {
      places.push(open('mount', mount.source, mount.target, 'read-only', identity));
    }
    return places;
  } catch (error) {
    closePlaces(places);
    throw error;
  }
}

/** The workspace as it is, for a run without a sandbox: there is nothing to hold it to. */
export function openWorkspace(path: string): number {
  try {
    return openSync(path, openPath | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    throw unusable('workspace', path, error);
  }
}

export function closePlaces(places: readonly Place[]): void {
  for (const place of places) {
    try {
      closeSync(place.fd);
    } catch {}
  }
}

/** Where the gateway's state would show in the sandbox: these targets are covered by empty folders. */
export function hiddenTargets(places: readonly Place[], stateDir: string): readonly string[] {
  const state = realPath(stateDir);
  if (state === null) return [];
  return places.flatMap((place) => {
    if (isWithin(state, place.path)) throw inState(place, state);
    return isWithin(place.path, state) ? [join(place.target, relative(place.path, state))] : [];
  });
}

/** Places are known by their real paths. Null where there is nothing that could be seen. */
export function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** True for the folder itself and for everything below it. */
export function isWithin(folder: string, path: string): boolean {
  const below = relative(folder, path);
  return below === '' || !(below === '..' || below.startsWith('../') || isAbsolute(below));
}

/** There is nothing to cover there: all of it is the gateway's, its token and its keys included. */
function inState(place: Place, stateDir: string): ReeveError {
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `${visibleLine(place.path)} lies in the gateway's state folder ${visibleLine(stateDir)}, which no command may see; nothing was started. Mount something else, or keep the state elsewhere (--state).`,
  );
}

/** `.reeve` holds configuration that the gateway trusts: what runs in the workspace must not write it. */
function openOwnFolder(workspace: string, identity: Identity): Place | null {
  const path = join(workspace, '.reeve');
  try {
    return open('.reeve', path, join(workspaceTarget, '.reeve'), 'read-only', identity);
  } catch (error) {
    if (error instanceof ReeveError && (error.cause as NodeJS.ErrnoException)?.code === 'ENOENT') {
      return null;
    }
    throw error;
  }
}

function open(
  what: string,
  path: string,
  target: string,
  access: Place['access'],
  identity: Identity,
): Place {
  let fd: number;
  try {
    fd = openSync(path, openPath | constants.O_NOFOLLOW);
  } catch (error) {
    throw unusable(what, path, error);
  }
  try {
    const stat = fstatSync(fd);
    const actual = readlinkSync(`/proc/self/fd/${fd}`);
    if (actual !== path || stat.isSymbolicLink()) {
      throw notAsDecided(what, path);
    }
    if (!stat.isDirectory() && what === 'workspace') {
      throw new ReeveError(
        'COMMAND_EXECUTION_FAILED',
        `The workspace ${visibleLine(path)} is no folder; nothing was started. Name a folder in the environment's workspace field.`,
      );
    }
    const kind = stat.isDirectory() ? 'folder' : 'file';
    const mustStage = blockingParent(path, identity) !== null;
    return { fd, path, target, access, kind, mustStage };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The first folder above the path that the identity cannot pass through; null if it can walk there. */
function blockingParent(path: string, identity: Identity): string | null {
  for (let at = dirname(path); ; at = dirname(at)) {
    if (!mayAccess(statSync(at), identity, 1)) return at;
    if (at === dirname(at)) return null;
  }
}

function requireAccess(
  path: string,
  owner: Owner,
  identity: Identity,
  access: Place['access'],
): void {
  if (mayAccess(owner, identity, access === 'read-write' ? 7 : 5)) return;
  const where = visibleLine(path);
  const does = access === 'read-write' ? 'write' : 'read';
  throw new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `User ${identity.uid}, as whom commands run here, cannot ${does} the workspace ${where} (owner ${owner.uid}, mode ${(owner.mode & 0o7777).toString(8).padStart(4, '0')}); nothing was started. ` +
      `Give it to that user (chown -R ${identity.uid}:${identity.gid} ${where}), or set the environment's runAs to a user other than root who can.`,
  );
}

function notAsDecided(what: string, path: string): ReeveError {
  return new ReeveError(
    'WORKSPACE_ISOLATION_VIOLATION',
    `The ${what} ${visibleLine(path)} is or leads through a symbolic link; nothing was started. Put a real folder there, or name the resolved path.`,
  );
}

function unusable(what: string, path: string, cause: unknown): ReeveError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
  const why = code === 'ENOENT' ? 'does not exist' : `cannot be opened (${code})`;
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `The ${what} ${visibleLine(path)} ${why}; nothing was started. Create it, or correct the path in the configuration.`,
    [],
    { cause },
  );
}
