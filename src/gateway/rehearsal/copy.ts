/**
 * Copies a workspace, so often as is asked, all from one state of it. In: the open workspace, and folders that are not there
 * yet. Out: copies that are alike, with owners, modes, times and hard links kept. Must never: follow a link, hold what it has
 * not read whole, or answer with copies of a workspace that was written to meanwhile. What fails half-way is the caller's to
 * remove; a crash leaves it to the sweep of the next start.
 */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readlinkSync,
  type Stats,
  statfsSync,
  symlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ReeveError } from '../../core/errors.ts';
import { formatSize } from '../../core/units.ts';
import { copyFile } from './copy-file.ts';
import { at, codeOf, openFolder, openFolderFlags } from './folder.ts';
import { busy, cannotCopy } from './refusals.ts';
import { type CopyBounds, copyBounds, type Entry, identityOf, type Source, walk } from './walk.ts';

/** Bytes that copies leave free on the disk of the state directory: the record needs room, too. */
const reserved = 512 * 2 ** 20;

/** Bytes after which the room on the disk is looked at again. */
const between = 64 * 2 ** 20;

/** One line an entry, by its path: what it is, whose, since when, and a hash of its content. */
type Manifest = ReadonlyMap<string, string>;

/** Throws CONFLICT where the workspace was written to, or holds what has no copy; COMMAND_EXECUTION_FAILED for trouble. */
export async function copyWorkspace(
  source: Source,
  targets: readonly string[],
  bounds: CopyBounds = copyBounds,
): Promise<void> {
  const nothing = { enter() {}, leave() {}, file() {}, link() {} };
  const { bytes } = await walk(source, nothing, bounds);
  assertRoom(targets, bytes);
  const copied = await fill(source, targets, bounds);
  // Read once more: what is the same as before was the same all the while.
  const after = await fill(source, [], bounds);
  const changed = [...new Set([...copied.keys(), ...after.keys()])].find(
    (path) => copied.get(path) !== after.get(path),
  );
  if (changed !== undefined) throw busy(source.environment, changed);
}

/** Before anything is copied, and on the way: other copies that are made at the same time want the same room. */
function assertRoom(targets: readonly string[], bytes: number): void {
  if (targets.length === 0) return;
  const { bavail, bsize } = statfsSync(dirname(targets[0]!));
  const needed = bytes * targets.length + reserved;
  if (bavail * bsize >= needed) return;
  throw new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `The copies of the workspace would take ${formatSize(bytes * targets.length)}, and ${formatSize(reserved)} are to stay free on the disk of the state directory, which has ${formatSize(bavail * bsize)}; nothing was started. Free some space there.`,
  );
}

/** Reads everything, and makes it anew below each target. Answers what was read. */
async function fill(
  source: Source,
  targets: readonly string[],
  bounds: CopyBounds,
): Promise<Manifest> {
  const manifest = new Map<string, string>();
  const firstOf = new Map<string, string>();
  let unchecked = 0;
  // The folders that are being filled, from the root down: of each target one.
  const open: (readonly number[])[] = [];
  const here = (): readonly number[] => open.at(-1) ?? [];
  const note = ({ path, stat }: Entry, kind: string, content: string): void => {
    const { mode, uid, gid, size, mtimeMs, ino } = stat;
    const facts =
      kind === 'folder' ? [mode, uid, gid, mtimeMs, ino] : [mode, uid, gid, size, mtimeMs, ino];
    manifest.set(path, [kind, ...facts, content].join(' '));
  };
  try {
    await walk(
      source,
      {
        enter(entry, hidden) {
          // The gateway's own folder is at work all the time; its copy is empty.
          if (hidden) manifest.set(entry.path, 'hidden');
          else note(entry, 'folder', '');
          open.push(
            targets.map((target, index) => {
              const parent = here()[index];
              if (parent === undefined) {
                mkdirSync(target, { mode: 0o700 });
                return openSync(target, openFolderFlags);
              }
              mkdirSync(at(parent, entry.name), { mode: 0o700 });
              return openFolder(parent, entry.name);
            }),
          );
        },
        leave(entry) {
          for (const fd of here()) keep(fd, entry, 0o3777);
          for (const fd of open.pop()!) closeSync(fd);
        },
        async file(entry, parent) {
          const { stat, path, name } = entry;
          const identity = identityOf(stat);
          const first = stat.nlink > 1 ? firstOf.get(identity) : undefined;
          if (first !== undefined) {
            note(entry, 'file', `= ${first}`);
            here().forEach((folder, index) => {
              linkSync(
                Buffer.from(`${utf8(targets[index]!)}/${first}`, 'latin1'),
                at(folder, name),
              );
            });
            return;
          }
          firstOf.set(identity, path);
          unchecked += stat.size;
          if (unchecked >= between) {
            assertRoom(targets, stat.size);
            unchecked = 0;
          }
          const hash = await copyFile(source.environment, entry, parent, here(), (copy) =>
            keep(copy, entry, 0o1777),
          );
          note(entry, 'file', hash);
        },
        link(entry, parent) {
          const to = readlinkSync(at(parent, entry.name), { encoding: 'latin1' as BufferEncoding });
          note(entry, 'link', to);
          for (const folder of here()) {
            const link = at(folder, entry.name);
            symlinkSync(Buffer.from(to, 'latin1'), link);
            owned(entry, (uid, gid) => lchownSync(link, uid, gid));
            lutimesSync(link, seconds(entry.stat.atimeMs), seconds(entry.stat.mtimeMs));
          }
        },
      },
      bounds,
    );
    return manifest;
  } finally {
    for (const folders of open) for (const fd of folders) closeSync(fd);
  }
}

/** Owner, rights and times of the original. `rights`: without set-user-id and set-group-id on files, which nothing here needs. */
function keep(fd: number, entry: Entry, rights: number): void {
  const { mode, atimeMs, mtimeMs } = entry.stat;
  owned(entry, (uid, gid) => fchownSync(fd, uid, gid));
  fchmodSync(fd, mode & rights);
  futimesSync(fd, seconds(atimeMs), seconds(mtimeMs));
}

/** A gateway that is not root gives nothing away: its copy would be another user's file in the hands of its own. */
function owned({ path, stat }: Entry, chown: (uid: number, gid: number) => void): void {
  const [uid, gid] = [process.geteuid?.() ?? -1, process.getegid?.() ?? -1];
  if (uid === stat.uid && gid === stat.gid) return;
  try {
    if (uid !== 0 && uid !== stat.uid) throw Object.assign(new Error(), { code: 'EPERM' });
    chown(stat.uid, stat.gid);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error;
    throw cannotCopy(
      path,
      `belongs to user ${stat.uid} and group ${stat.gid}, whom a gateway that runs as user ${uid} cannot give a copy`,
      `Give it to that user (chown), or run the gateway as root.`,
    );
  }
}

const seconds = (milliseconds: Stats['mtimeMs']): number => milliseconds / 1000;
const utf8 = (path: string): string => Buffer.from(path).toString('latin1');
