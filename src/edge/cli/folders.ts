/**
 * Where things lie: configuration, state, the user's own data, by XDG. In: variables and options. Out: absolute paths.
 * Never: a state folder that others may enter, or one reached through somebody else's link.
 */
import { lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { exitCodes } from './exit-codes.ts';
import { CliFailure, usageFailure } from './failure.ts';
import type { Variables } from './wiring.ts';

/** XDG says: a value that is not an absolute path is to be ignored. */
function xdg(env: Variables, name: string, fallback: readonly string[]): string {
  const value = env[name];
  return value !== undefined && isAbsolute(value) ? value : join(homeOf(env), ...fallback);
}

function homeOf(env: Variables): string {
  const home = env.HOME;
  return home !== undefined && isAbsolute(home) ? home : userInfo().homedir;
}

/** The user's configuration folder for Reeve. */
export function configFolder(env: Variables): string {
  return join(xdg(env, 'XDG_CONFIG_HOME', ['.config']), 'reeve');
}

/** The user's own data, whatever `--state` says: what they trust. */
export function userStateFolder(env: Variables): string {
  return join(xdg(env, 'XDG_STATE_HOME', ['.local', 'state']), 'reeve');
}

/** The state folder's path: `--state`, `REEVE_STATE`, `/var/lib/reeve` for root, the XDG state folder. Creates nothing. */
export function stateFolderPath(option: string | null, env: Variables): string {
  const said = option ?? env.REEVE_STATE;
  if (said !== undefined && said !== '') return resolve(said);
  return process.getuid?.() === 0 ? '/var/lib/reeve' : userStateFolder(env);
}

/** Makes sure of a folder that is ours alone, and gives its resolved path. */
export function ensurePrivateFolder(path: string, what: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new CliFailure(
      exitCodes.gatewayFailed,
      `The ${what} ${path} cannot be created.`,
      (error as Error).message,
      'name another with --state DIR, or have it created for your user',
    );
  }
  const found = statSync(path);
  if (!found.isDirectory())
    throw usageFailure(
      `The ${what} ${path} is not a folder.`,
      null,
      'name another with --state DIR',
    );
  if (found.uid !== process.getuid?.()) {
    throw new CliFailure(
      exitCodes.gatewayFailed,
      `The ${what} ${path} belongs to another user.`,
      `It belongs to user id ${found.uid}; this process runs as ${process.getuid?.()}.`,
      'run reeve as that user, talk to its gateway with --server URL, or name another folder with --state DIR',
    );
  }
  if ((found.mode & 0o077) !== 0) {
    throw new CliFailure(
      exitCodes.gatewayFailed,
      `Others may enter the ${what} ${path}.`,
      `Its permissions are 0${(found.mode & 0o777).toString(8)}; it holds a token and the record, so they must be 0700.`,
      `name a folder of Reeve's own with --state DIR; if this is one, chmod 700 ${path}`,
    );
  }
  return realpathSync(path);
}

/** True if the path names a regular file of ours that nobody else may write. Follows no link. */
export function isPrivateFile(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}
