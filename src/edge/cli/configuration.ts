/**
 * Which configuration holds: --config, REEVE_CONFIG, ./reeve.yaml (only if trusted), the XDG folder, /etc/reeve.
 * Never: a file that merely lay in the current folder, unless the user has said `reeve trust` to just this content.
 */
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exitCodes } from './exit-codes.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { configFolder } from './folders.ts';
import type { Variables } from './wiring.ts';

export interface FoundConfiguration {
  /** Absolute; resolved. */
  readonly file: string;
  readonly from:
    | '--config'
    | 'REEVE_CONFIG'
    | './reeve.yaml'
    | 'XDG configuration folder'
    | '/etc/reeve';
}

/** The first configuration that is there, or null. Looks at no content. A file that was named but is missing is a usage error. */
export function findConfiguration(
  option: string | null,
  env: Variables,
): FoundConfiguration | null {
  if (option !== null) return named(option, '--config');
  const variable = env.REEVE_CONFIG;
  if (variable !== undefined && variable !== '') return named(variable, 'REEVE_CONFIG');
  const places = [
    [resolve('reeve.yaml'), './reeve.yaml'],
    [join(configFolder(env), 'reeve.yaml'), 'XDG configuration folder'],
    ['/etc/reeve/reeve.yaml', '/etc/reeve'],
  ] as const;
  for (const [file, from] of places) {
    if (existsSync(file)) return { file: realpathSync(file), from };
  }
  return null;
}

/** Like `findConfiguration`, for verbs that cannot do without. */
export function requireConfiguration(option: string | null, env: Variables): FoundConfiguration {
  const found = findConfiguration(option, env);
  if (found !== null) return found;
  throw usageFailure(
    'No configuration was found.',
    `Looked at --config, REEVE_CONFIG, ./reeve.yaml, ${join(configFolder(env), 'reeve.yaml')} and /etc/reeve/reeve.yaml.`,
    'reeve init makes one in this folder; --config FILE names one elsewhere',
  );
}

/** The configuration to run on: found, and trusted where it was merely found in the current folder. */
export async function usableConfiguration(option: string | null, env: Variables): Promise<string> {
  const found = requireConfiguration(option, env);
  if (found.from !== './reeve.yaml') return found.file;
  const { checkTrust } = await import('./trusted.ts');
  const standing = await checkTrust(found.file, env);
  switch (standing.kind) {
    case 'trusted':
      return found.file;
    case 'unknown':
      throw new CliFailure(
        exitCodes.refused,
        `${found.file} is not trusted, so it was not used.`,
        'It was found in the current folder and says what may run on this machine; whoever wrote it would decide that for you.',
        `read it and the files it names, then: reeve trust (or name it yourself: --config ${found.file})`,
      );
    case 'changed':
      throw new CliFailure(
        exitCodes.refused,
        `${found.file} has changed since you trusted it, so it was not used.`,
        standing.changes.join('; '),
        'read the changes, then: reeve trust',
      );
  }
}

function named(path: string, from: '--config' | 'REEVE_CONFIG'): FoundConfiguration {
  const file = resolve(path);
  if (!existsSync(file)) {
    throw usageFailure(
      `${file} does not exist.`,
      `${from} names it.`,
      'correct the path, or make one with reeve init',
    );
  }
  return { file: realpathSync(file), from };
}
