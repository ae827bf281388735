/**
 * Whether the mounts of a run lead out of its sandbox although they are read-only: through a socket or a pipe a program
 * outside could be told what to do. In: mounts. Out: nothing, or a refusal. Never: a link followed, or a walk without an end.
 */
import { closeSync, lstatSync, openSync, type Stats } from 'node:fs';
import type { Mount } from '../../core/command.ts';
import { ReeveError } from '../../core/errors.ts';
import { visibleLine } from '../../core/text.ts';
import { codeOf, look, namesIn, openFolder, openFolderFlags, pacer, shown } from './folder.ts';

const most = Object.freeze({ entries: 200_000, depth: 64 });

/**
 * Throws INVALID_REQUEST that names the mount. What is closed to a gateway that is no root is passed over: it is closed to
 * commands, too, which run as the same user.
 */
export async function assertNoWayOut(mounts: readonly Mount[]): Promise<void> {
  const pace = pacer();
  let seen = 0;
  for (const { source } of mounts) {
    const visit = async (folder: number, at: string, depth: number): Promise<void> => {
      for (const name of namesIn(folder)) {
        await pace();
        seen += 1;
        if (seen > most.entries || depth > most.depth) throw tooMuch(source);
        const path = `${at}/${name}`;
        const stat = unlessGone(() => look(folder, name));
        if (stat !== null && leadsOut(stat)) throw wayOut(source, shown(path));
        if (stat?.isDirectory() !== true) continue;
        await within(path, () => openFolder(folder, name), depth + 1);
      }
    };
    const within = async (path: string, open: () => number, depth: number): Promise<void> => {
      let folder: number | null;
      try {
        folder = unlessGone(open);
      } catch (error) {
        if (codeOf(error) === 'EACCES' && process.geteuid?.() !== 0) return;
        throw closed(source, shown(path));
      }
      if (folder === null) return;
      try {
        await visit(folder, path, depth);
      } finally {
        closeSync(folder);
      }
    };
    const stat = lstatSync(source, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (leadsOut(stat)) throw wayOut(source, source);
    if (!stat.isDirectory()) continue;
    const root = Buffer.from(source).toString('latin1');
    await within(root, () => openSync(source, openFolderFlags), 1);
  }
}

/** Null for what is there no more, or is no folder any more. */
function unlessGone<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error))) return null;
    throw error;
  }
}

function leadsOut(stat: Stats): boolean {
  return stat.isSocket() || stat.isFIFO() || stat.isCharacterDevice() || stat.isBlockDevice();
}

function wayOut(mount: string, path: string): ReeveError {
  const what = `${visibleLine(path)} is a socket, a pipe or a device, by which a rehearsal could reach what lies outside of its copy`;
  return refusal(`${what}; nothing was started. Mount a folder without it.`, mount);
}

function closed(mount: string, path: string): ReeveError {
  const what = `${visibleLine(path)} cannot be looked into, so nobody can tell whether it leads outside of the copy`;
  return refusal(
    `${what}; nothing was started. Let the gateway read it, or mount a folder without it.`,
    mount,
  );
}

function tooMuch(mount: string): ReeveError {
  return refusal(
    `The mounts hold more than ${most.entries} files, too many to see whether one of them leads outside; nothing was started. Mount a smaller folder.`,
    mount,
  );
}

function refusal(message: string, mount: string): ReeveError {
  return new ReeveError('INVALID_REQUEST', message, [
    { field: 'mounts', problem: `${visibleLine(mount)} cannot be shown to a rehearsal` },
  ]);
}
