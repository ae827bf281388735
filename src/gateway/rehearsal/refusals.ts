/** Why a workspace could not be copied, in words. Pure. */
import { ReeveError } from '../../core/errors.ts';
import { visibleLine } from '../../core/text.ts';
import { codeOf, shown } from './folder.ts';

/** It is written to while it is copied: the copies would be of a state that never was. */
export function busy(environment: string, path: string): ReeveError {
  return new ReeveError(
    'CONFLICT',
    `The workspace of ${environment} was busy while it was copied: ${named(path)} changed meanwhile. Nothing was started; ask again when nothing runs in it.`,
    [{ field: 'environment', problem: `${named(path)} changed while it was copied` }],
  );
}

export function cannotCopy(path: string, why: string, remedy: string): ReeveError {
  const what = `${named(path)} ${why}`;
  return new ReeveError(
    'CONFLICT',
    `The workspace cannot be copied: ${what}. Nothing was started. ${remedy}`,
    [{ field: 'environment', problem: what }],
  );
}

/** Something failed that is the host's: a disk, a permission. */
export function copyFailed(path: string, error: unknown): ReeveError {
  const why =
    codeOf(error) === 'ENOSPC'
      ? 'the disk of the state directory is full. Free some space there'
      : `${codeOf(error)}. See that the gateway may read the workspace and write its state directory`;
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `The workspace could not be copied: ${named(path)}: ${why}; nothing was started.`,
    [],
    { cause: error },
  );
}

function named(path: string): string {
  return path === '' ? 'the workspace itself' : visibleLine(shown(path)).slice(0, 300);
}
