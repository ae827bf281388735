/**
 * A run's workspace in which the declared inputs are copies of the gateway's. In: an invocation and its open places. Out:
 * the places that stand for the workspace. Never: a declared file with other content than was hashed. Mounts over the
 * files themselves would not do: a mount goes with what it lies on when somebody renames that.
 */
import { constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { ReeveError } from '../core/errors.ts';
import { globExpression } from '../core/input-patterns.ts';
import type { Invocation } from '../core/invocation.ts';
import { visibleLine } from '../core/text.ts';
import type { Identity } from './identity.ts';
import { Filling } from './inputs-fill.ts';
import type { CopiesFolder } from './inputs-folder.ts';
import { treeOf } from './inputs-tree.ts';
import {
  closePlaces,
  isWithin,
  openPath,
  type Place,
  realPath,
  workspaceTarget,
} from './places.ts';

/** Whom a run runs as, and its open places. `workspace` is the one that it writes to. */
interface Opened {
  readonly identity: Identity;
  readonly places: readonly Place[];
  readonly workspace: number | null;
}

interface Surroundings {
  readonly sandboxed: boolean;
  readonly copies: CopiesFolder;
  readonly stateDir: string;
}

/** `release` removes the copies, once every process of the run is gone. The places stay the caller's to close. */
export type WithInputs<T> = T & { readonly release: () => Promise<void> };

/** True where declared files have to be copied and bound: such a sandbox is of one invocation alone. */
export function hasBoundInputs({ inputs, inputPatterns }: Invocation): boolean {
  return inputs !== 'unbound' && (inputs.length > 0 || inputPatterns.length > 0);
}

/**
 * The same as was opened, with the workspace put together anew where inputs are declared. `check` is called between files,
 * and what it throws ends the copying. Throws CONFLICT that names the file or folder which is not what was decided on,
 * COMMAND_EXECUTION_FAILED where it cannot be copied or bound, SANDBOX_UNAVAILABLE where there is no sandbox: then all
 * places are closed.
 */
export async function withInputs<T extends Opened>(
  context: Surroundings,
  invocation: Invocation,
  opened: T,
  check: () => void,
): Promise<WithInputs<T>> {
  if (!hasBoundInputs(invocation)) return { ...opened, release: async () => {} };
  try {
    if (!context.sandboxed) throw withoutSandbox(invocation);
    const { places, release } = await bind(context, invocation, opened, check);
    return { ...opened, places, release };
  } catch (error) {
    closePlaces(opened.places);
    throw error;
  }
}

/** Without a sandbox nothing can be bound, and what was decided on would be held by nobody. */
export function withoutSandbox(invocation: Pick<Invocation, 'command'>): ReeveError {
  return new ReeveError(
    'SANDBOX_UNAVAILABLE',
    `${invocation.command} declares inputs, and without a sandbox nobody can hold them to what was decided on; nothing was started. Get the sandbox (reeve doctor), or declare inputs: unbound.`,
  );
}

async function bind(
  { copies, stateDir }: Surroundings,
  invocation: Invocation,
  { identity, places }: Opened,
  check: () => void,
): Promise<{ places: readonly Place[]; release: () => Promise<void> }> {
  const workspace = places.find((place) => place.target === workspaceTarget);
  const files = invocation.inputs === 'unbound' ? [] : invocation.inputs;
  if (workspace === undefined) throw withoutWorkspace(invocation);
  // A copy lies in the state directory, and has nothing of it.
  const state = invocation.copyOf === undefined ? realPath(stateDir) : null;
  const held = files.find(
    ({ path }) => state !== null && isWithin(state, join(workspace.path, path)),
  );
  if (held !== undefined) throw ofState(held.path);

  const made: Place[] = [];
  const root = copies.make();
  try {
    const tree = treeOf(files, invocation.inputPatterns);
    const own = places.find(({ target }) => target === ownTarget) ?? null;
    // Inputs in .reeve: it is put together like the rest, read-only.
    const keptOwn = tree.sealed || tree.folders.has('.reeve') ? null : own;
    const patterns = invocation.inputPatterns.map(globExpression);
    const filling = new Filling({
      ...{ identity, workspace, state, patterns, check, own: keptOwn, opened: made },
    });
    await filling.fill(tree, workspace.fd, root, []);
    const base: Place = {
      fd: openSync(root, openPath | constants.O_DIRECTORY | constants.O_NOFOLLOW),
      path: root,
      target: workspaceTarget,
      access: 'read-only',
      kind: 'folder',
      mustStage: false,
    };
    const others = places.filter(
      (place) => place !== workspace && (place !== own || place === keptOwn),
    );
    const unused = places.filter((place) => !others.includes(place));
    return {
      places: [base, ...made, ...others],
      release: async () => {
        closePlaces(unused);
        await copies.discard(root);
      },
    };
  } catch (error) {
    closePlaces(made);
    await copies.discard(root);
    throw error;
  }
}

const ownTarget = join(workspaceTarget, '.reeve');

function withoutWorkspace({ command }: Invocation): ReeveError {
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `${command} declares inputs and does not see the workspace that they lie in; nothing was started. Let it see the workspace, or remove "inputs".`,
  );
}

/** It would be shown, or copied to where it is shown. */
function ofState(path: string): ReeveError {
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `The declared input ${visibleLine(path)} lies in the gateway's own state folder, which no command may see; nothing was started. Narrow the patterns under "inputs", or keep the state elsewhere (--state).`,
    [{ field: 'inputs', problem: `${visibleLine(path)} is the gateway's own` }],
  );
}
