/**
 * What this user trusts: configuration files by their real path, with the SHA-256 of them and of every file they name.
 * Kept in the user's own state folder, 0600. Never: trust by path alone, or by a record that others can write.
 */
import {
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../core/json.ts';
import { loadSettings } from '../../inventory/settings.ts';
import { exitCodes } from './exit-codes.ts';
import { CliFailure } from './failure.ts';
import { ensurePrivateFolder, isPrivateFile, userStateFolder } from './folders.ts';
import type { Variables } from './wiring.ts';

export interface TrustedFile {
  readonly file: string;
  readonly sha256: string;
}
export interface TrustRecord {
  readonly trustedAt: string;
  readonly files: readonly TrustedFile[];
}
export type Standing =
  | { readonly kind: 'trusted'; readonly record: TrustRecord }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed'; readonly changes: readonly string[] };

const largestFile = 4 * 2 ** 20;
const mostFiles = 1_000;

/** Where the record lies, whether or not it is there. */
export function trustRecordFile(env: Variables): string {
  return join(userStateFolder(env), 'trusted.json');
}

/** Every configuration that is trusted, by its path. */
export function trustedConfigurations(env: Variables): ReadonlyMap<string, TrustRecord> {
  const file = trustRecordFile(env);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  if (!isPrivateFile(file)) {
    throw new CliFailure(
      exitCodes.gatewayFailed,
      `${file} was not used.`,
      'It says which configurations you trust, but it is a link, another user owns it, or others may write it.',
      'remove it, look at your configurations again, and trust them anew',
    );
  }
  return readRecords(text, file);
}

function readRecords(text: string, file: string): ReadonlyMap<string, TrustRecord> {
  try {
    const value = JSON.parse(text) as { trusted: Record<string, TrustRecord> };
    const records = Object.entries(value.trusted);
    for (const [, record] of records) {
      if (typeof record.trustedAt !== 'string' || !Array.isArray(record.files))
        throw new TypeError();
    }
    return new Map(records);
  } catch {
    throw new CliFailure(
      exitCodes.gatewayFailed,
      `${file} cannot be read.`,
      'It is not what reeve trust wrote.',
      'remove it and trust your configurations anew',
    );
  }
}

/** How a configuration stands with this user now. */
export function checkTrust(configFile: string, env: Variables): Standing {
  const record = trustedConfigurations(env).get(configFile);
  if (record === undefined) return { kind: 'unknown' };
  const before = new Map(record.files.map((f) => [f.file, f.sha256]));
  const now = new Map(filesBehind(configFile, env).map((f) => [f.file, f.sha256]));
  const changes = [
    ...[...now]
      .filter(([f, hash]) => before.has(f) && before.get(f) !== hash)
      .map(([f]) => `${f} was changed`),
    ...[...now.keys()].filter((f) => !before.has(f)).map((f) => `${f} is new`),
    ...[...before.keys()].filter((f) => !now.has(f)).map((f) => `${f} is gone`),
  ];
  return changes.length === 0 ? { kind: 'trusted', record } : { kind: 'changed', changes };
}

/** Remembers the configuration as it is at this moment. */
export function trust(configFile: string, env: Variables, now: number): TrustRecord {
  const record = { trustedAt: new Date(now).toISOString(), files: filesBehind(configFile, env) };
  const all = new Map(trustedConfigurations(env));
  all.set(configFile, record);
  write(all, env);
  return record;
}

/** Forgets it. False if it was not trusted. */
export function revokeTrust(configFile: string, env: Variables): boolean {
  const all = new Map(trustedConfigurations(env));
  if (!all.delete(configFile)) return false;
  write(all, env);
  return true;
}

/** A crash in here leaves the old record whole: the new one takes its place in one step. */
function write(records: ReadonlyMap<string, TrustRecord>, env: Variables): void {
  ensurePrivateFolder(userStateFolder(env), 'folder of your own state');
  const file = trustRecordFile(env);
  const temporary = `${file}.${process.pid}`;
  rmSync(temporary, { force: true });
  const text = JSON.stringify({ version: 1, trusted: Object.fromEntries(records) }, null, 2);
  writeFileSync(temporary, `${text}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, file);
}

/** The configuration and everything in the inventory, policy and people file that it names; of folders every file, read by Reeve or not. */
function filesBehind(configFile: string, env: Variables): readonly TrustedFile[] {
  const settings = loadSettings(configFile, env);
  const files = [configFile];
  if (settings.ok) {
    const { inventory, policy, people } = settings.value;
    for (const path of [inventory, policy, people]) if (path !== null) files.push(...filesIn(path));
  }
  return [...new Set(files)].sort().map((file) => ({ file, sha256: hashOf(file) }));
}

function filesIn(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) return [realpathSync(path)];
  const files: string[] = [];
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
    const file = join(path, name);
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) continue;
    files.push(file);
    if (files.length > mostFiles) throw tooMuch(path, `more than ${mostFiles} files`);
  }
  return files;
}

function hashOf(file: string): string {
  const found = statSync(file);
  if (!found.isFile()) throw tooMuch(file, 'something that is no regular file');
  if (found.size > largestFile) throw tooMuch(file, 'more than 4 MiB');
  return sha256Hex(readFileSync(file));
}

function tooMuch(path: string, what: string): CliFailure {
  return new CliFailure(
    exitCodes.refused,
    `${path} cannot be trusted.`,
    `It is ${what}, which no inventory or policy needs.`,
    'name a folder in reeve.yaml that holds nothing but inventory or policy files',
  );
}
