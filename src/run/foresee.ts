/**
 * Whether a run would find its workspace and mounts usable, as they are now. In: what it would run in. Out: the refusal
 * that a run would end with, or null. Never: anything changed; what is opened is closed again.
 */
import { ReeveError } from '../core/errors.ts';
import type { Invocation } from '../core/invocation.ts';
import { chooseIdentity, self } from './identity.ts';
import { closePlaces, openPlaces, ownerOf } from './places.ts';

export type Ground = Pick<
  Invocation,
  'environment' | 'workspace' | 'workspaceAccess' | 'mounts' | 'runAs'
>;

/** For this process as the gateway. Without a sandbox the places are not bound, and only who it runs as is looked at. */
export function foreseeRefusal(ground: Ground, sandboxed: boolean): ReeveError | null {
  try {
    const owner = ownerOf(ground);
    const identity = chooseIdentity(ground, owner, self());
    if (sandboxed) closePlaces(openPlaces(ground, identity, owner));
    return null;
  } catch (error) {
    if (error instanceof ReeveError) return error;
    throw error;
  }
}
