/**
 * Files and disks. In: a path of the configuration. Out: whether it is there, how much is free. Never: a word about what
 * lies where a link in a workspace leads to, which a command may have put there.
 */
import { realpath, stat, statfs } from 'node:fs/promises';
import type { DependencyProbe, PlacedPath } from '../../core/dependency.ts';
import { formatSize } from '../../core/units.ts';
import { isInside } from '../../inventory/placement.ts';
import { available, away, type Finding, type Progress } from './finding.ts';
import { shared } from './shared.ts';

const leadsOut =
  'it is not there, cannot be looked at, or is reached through a link out of the workspace';

export function lookAtFile(
  { path, within }: PlacedPath,
  progress: Progress,
  signal: AbortSignal,
): Promise<Finding> {
  progress.doing = 'looking at the file';
  return looked(within, signal, `file ${within} ${path}`, async () => {
    await stat(await contained(path, within));
    return available;
  });
}

export function lookAtDisk(
  { path, within, free }: DependencyProbe & { readonly kind: 'disk' },
  progress: Progress,
  signal: AbortSignal,
): Promise<Finding> {
  progress.doing = 'looking at the disk';
  return looked(within, signal, `disk ${free} ${within} ${path}`, async () => {
    const { bavail, bsize } = await statfs(await contained(path, within));
    const left = bavail * bsize;
    if (left >= free) return available;
    return away(`${formatSize(left)} are free of the ${formatSize(free)} that it takes`);
  });
}

async function looked(
  within: string | null,
  signal: AbortSignal,
  key: string,
  look: () => Promise<Finding>,
): Promise<Finding> {
  try {
    return await shared(key, look, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (within !== null) return away(leadsOut);
    const code = (error as NodeJS.ErrnoException).code ?? 'no code';
    if (code === 'ENOENT' || code === 'ENOTDIR') return away('it does not exist');
    return away(`it cannot be looked at (${code})`);
  }
}

/** Links resolved. Throws where they lead out of the workspace that the path is written in. */
async function contained(path: string, within: string | null): Promise<string> {
  const real = await realpath(path);
  if (within === null || isInside(real, within)) return real;
  throw new Error('a link leads out');
}
