/**
 * A fresh workspace of the Loco application: the folder that it works in. In: a folder that is not there, or empty. Out:
 * data/ with an empty database, keys/ with a key of ninety days ago, tmp/ with old files and new ones. Never: a file
 * written over, a key that two workspaces share.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lchownSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const hour = 3_600_000;

/** Files of tmp/: path, size in bytes, and age in hours. Those above 24 are what clean-temp is for. */
export const temporaryFiles: readonly (readonly [path: string, bytes: number, hours: number])[] = [
  ['tmp/upload-1.part', 4096, 72],
  ['tmp/upload-2.part', 2048, 30],
  ['tmp/cache/page.html', 512, 240],
  ['tmp/cache/page.css', 256, 1],
  ['tmp/export.csv', 128, 2],
];

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
}

/**
 * Lays out a workspace. `now` is the time, in milliseconds since 1970, from which ages count.
 * Throws where the folder has anything in it already.
 */
export function layOutWorkspace(folder: string, now: number = Date.now()): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = readdirSync(folder);
  if (found.length > 0)
    throw new Error(`${folder} is not empty (${found[0]}); remove it, or choose another folder`);
  // SQLite takes an empty file for an empty database; staging and production refuse to make one.
  put(join(folder, 'data/app.sqlite'), '');

  const key = randomBytes(32);
  const sha256 = createHash('sha256').update(key).digest('hex');
  const createdAt = `${new Date(now - 90 * 24 * hour).toISOString().slice(0, 19)}Z`;
  const active = { id: sha256.slice(0, 16), sha256, createdAt };
  put(join(folder, 'keys/active.key'), `${key.toString('hex')}\n`);
  put(
    join(folder, 'keys/keyring.json'),
    `${JSON.stringify({ version: 1, active, retired: [] }, null, 2)}\n`,
  );
  mkdirSync(join(folder, 'keys/retired'), { mode: 0o700 });

  for (const [path, bytes, hours] of temporaryFiles) {
    put(join(folder, path), new Uint8Array(bytes).fill(0x2e));
    utimesSync(join(folder, path), (now - hours * hour) / 1000, (now - hours * hour) / 1000);
  }
}

/** Gives a fresh workspace to a user by id, as whom commands then run; takes an administrator. */
export function handOver(folder: string, owner: number): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    lchownSync(join(entry.parentPath, entry.name), owner, owner);
  lchownSync(folder, owner, owner);
}
