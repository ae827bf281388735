/** Runs that never began, in words. In: what kept them from it. Out: errors, once nothing is left that could begin. */
import { ReeveError } from '../core/errors.ts';
import type { Invocation } from '../core/invocation.ts';
import { visibleLine } from '../core/text.ts';
import type { RunContext } from './active-run.ts';
import { proveGone } from './gone.ts';
import type { SpawnerLost } from './spawner/order.ts';

/**
 * Asked for, and whoever starts processes went away before it had answered. Whether there was a process or not, its gate
 * was never opened; what there is of it is ended, and only then it is told.
 */
export async function neverLetIn(
  context: RunContext,
  requestId: string,
  cause: SpawnerLost,
): Promise<ReeveError> {
  const gone = await proveGone(requestId, null, context.cgroups);
  const left = gone
    ? 'Ask again'
    : 'Its empty sandbox could not be ended: look for it on the host, then ask again';
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `${cause.message[0]!.toUpperCase()}${cause.message.slice(1)}; nothing of the command ran. ${left}.`,
    [],
    { cause },
  );
}

/** What kept a run from being begun, as a refusal: the host's fault, unless its places were moved under way. */
export function refusalOf(
  error: unknown,
  invocation: Pick<Invocation, 'workspace' | 'mounts'>,
): ReeveError {
  if (error instanceof ReeveError) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  const roots = [invocation.workspace, ...invocation.mounts.map(({ source }) => source)];
  if (
    ['ENOENT', 'ENOTDIR', 'ELOOP', 'ESTALE'].includes(code ?? '') &&
    path !== undefined &&
    roots.some((root) => path === root || path.startsWith(`${root}/`) || isAbove(path, root))
  ) {
    return new ReeveError(
      'COMMAND_EXECUTION_FAILED',
      `${visibleLine(path)} was moved or removed while the run was being prepared (${code}); nothing was started. Leave workspaces and mounts in place while commands run.`,
      [],
      { cause: error },
    );
  }
  return new ReeveError(
    'SANDBOX_UNAVAILABLE',
    `Nothing was started: ${visibleLine((error as Error).message)}. Run reeve doctor.`,
    [],
    { cause: error },
  );
}

const isAbove = (folder: string, path: string): boolean =>
  path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

export function reasonOf(signal: AbortSignal): string {
  const { reason } = signal;
  if (typeof reason === 'string') return reason;
  return reason instanceof Error && reason.name !== 'AbortError' ? reason.message : 'on request';
}

export function cancelledBefore(signal: AbortSignal): ReeveError {
  return new ReeveError(
    'COMMAND_CANCELLED',
    `The run was cancelled (${visibleLine(reasonOf(signal))}) before a process existed; nothing was started.`,
  );
}
