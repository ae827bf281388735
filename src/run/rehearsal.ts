/**
 * Rehearsals: runs in a copy of a workspace, which lies where no other run may look. In: an invocation. Out: whether it may
 * run where it says to. Never: a rehearsal anywhere but in a copy that the gateway made, or one that reaches anything else:
 * nobody was asked to approve it. Checked here whatever was decided elsewhere.
 */
import { join } from 'node:path';
import { ReeveError } from '../core/errors.ts';
import type { Invocation } from '../core/invocation.ts';
import { isWithin, type Place, realPath } from './places.ts';

/** Below the state directory: a folder for each gateway, in it one for each copy. */
export const rehearsalsFolder = 'rehearsals';
/** The folder of a copy that a run sees. */
export const copyFolder = 'workspace';

/** A gateway's name among the living, and the id of a copy. */
const below = /^[0-9a-f-]{36}\/cpy_[0-9a-f]{32}\/workspace$/;

/** Throws COMMAND_EXECUTION_FAILED or SANDBOX_UNAVAILABLE; does nothing for a real run. */
export function assertRehearsal(
  { copyOf, workspace, network }: Invocation,
  stateDir: string,
  sandboxed: boolean,
): void {
  if (copyOf === undefined) return;
  if (!sandboxed) {
    throw new ReeveError(
      'SANDBOX_UNAVAILABLE',
      'A rehearsal is held to its copy by the sandbox, and there is none on this host; nothing was started. Run reeve doctor.',
    );
  }
  const root = realPath(join(stateDir, rehearsalsFolder));
  const inPlace =
    root !== null &&
    isWithin(root, workspace) &&
    below.test(workspace.slice(root.length + 1)) &&
    realPath(workspace) === workspace;
  if (inPlace && network === 'none') return;
  throw new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    'This was to be a rehearsal, and would not have run in a copy of the workspace that the gateway made, or would have reached the network; nothing was started.',
  );
}

/** The places besides those of the copy that a rehearsal runs in: it alone of all runs sees something of the state directory. */
export function placesOutsideOf(
  { copyOf, workspace }: Pick<Invocation, 'copyOf' | 'workspace'>,
  places: readonly Place[],
): readonly Place[] {
  return copyOf === undefined ? places : places.filter(({ path }) => !isWithin(workspace, path));
}
