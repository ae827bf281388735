/**
 * What this user trusts: configuration files by their real path, with the SHA-256 of them, of every file they name, and
 * of the programs that they bring along.
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
import type { Settings } from '../../core/settings.ts';
import { hashExecutable } from '../../inventory/fingerprint.ts';
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
export async function checkTrust(configFile: string, env: Variables): Promise<Standing> {
  const record = trustedConfigurations(env).get(configFile);
  if (record === undefined) return { kind: 'unknown' };
  const before = new Map(record.files.map((f) => [f.file, f.sha256]));
  const files = await filesBehind(configFile, env);
  const now = new Map(files.map((f) => [f.file, f.sha256]));
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
export async function trust(configFile: string, env: Variables, now: number): Promise<TrustRecord> {
  const record = {
    trustedAt: new Date(now).toISOString(),
    files: await filesBehind(configFile, env),
  };
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

/**
 * The configuration and everything in the inventory, policy and people file that it names (of folders every file, read by
 * Reeve or not), and the programs outside /usr that its commands name. An inventory with errors names none, and runs nothing.
 */
async function filesBehind(configFile: string, env: Variables): Promise<readonly TrustedFile[]> {
  const settings = loadSettings(configFile, env);
  const files = [configFile];
  if (settings.ok) {
    const { inventory, policy, people } = settings.value;
    for (const path of [inventory, policy, people]) if (path !== null) files.push(...filesIn(path));
  }
  const hashes = new Map(files.map((file) => [file, hashOf(file)]));
  for (const file of settings.ok ? await programsBehind(settings.value) : []) {
    if (!hashes.has(file)) hashes.set(file, await hashOfProgram(file));
  }
  return [...hashes.keys()].sort().map((file) => ({ file, sha256: hashes.get(file)! }));
}

async function hashOfProgram(file: string): Promise<string> {
  try {
    return (await hashExecutable(file)).sha256;
  } catch (error) {
    throw new CliFailure(
      exitCodes.refused,
      `${file} cannot be trusted.`,
      `A command runs it, and it cannot be read (${(error as Error).message}).`,
      'let yourself read it, or take the command out of the inventory',
    );
  }
}

async function programsBehind(settings: Settings): Promise<readonly string[]> {
  const { loadInventory } = await import('../../inventory/load.ts');
  const { ownPrograms } = await import('../../inventory/own-programs.ts');
  const inventory = loadInventory(settings.inventory, settings);
  return inventory.ok ? ownPrograms(inventory.value, settings) : [];
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
