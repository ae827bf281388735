/** Single values of the settings. In: what is written, in the file or a variable. Out: what it means, or null and a complaint that names where it was set. */
import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import type { Settings } from '../core/settings.ts';
import type { Overridden } from './settings-overrides.ts';
import type { SettingsFile } from './settings-schema.ts';
import { either, nearest, quote } from './words.ts';

/** Where a field was set, so that a complaint names the variable or the line. */
export type Blame = (
  field: Overridden,
  rule: string,
  message: string,
  remedy?: string | null,
) => void;

export function checkPolicyFolder(policy: string, blame: Blame): void {
  const kind = kindOf(policy);
  const remedy =
    'Create it with at least one *.cedar file, or leave "policy" out for the built-in policy of the local user.';
  if (kind === 'missing')
    blame('policy', 'missing-file', `the policy folder ${policy} does not exist`, remedy);
  else if (kind === 'file')
    blame(
      'policy',
      'missing-file',
      `${policy} is not a folder`,
      'Name the folder that holds the *.cedar files.',
    );
  else if (!readdirSync(policy).some((name) => name.endsWith('.cedar')))
    blame('policy', 'missing-file', `the policy folder ${policy} holds no *.cedar file`, remedy);
}

export function chooseDefault(
  asked: string | undefined,
  written: Partial<SettingsFile>,
  blame: Blame,
): string | null {
  if (written.environments === undefined) return null;
  const names = Object.keys(written.environments);
  if (asked === undefined) {
    if (names.length === 1) return names[0]!;
    if (names.includes('development')) return 'development';
    blame(
      'environments',
      'missing-field',
      'defaultEnvironment is missing, and none of the environments is called development',
      `Say which one requests mean that name none: defaultEnvironment: ${names[0]}.`,
    );
    return null;
  }
  if (names.includes(asked)) return asked;
  const close = nearest(asked, names);
  blame(
    'defaultEnvironment',
    'unknown-environment',
    `there is no environment ${quote(asked)}`,
    close === undefined ? `Choose ${either(names)}.` : `Did you mean ${close}?`,
  );
  return null;
}

export function readListen(text: string, blame: Blame): Settings['listen'] | null {
  const match =
    /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})?)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match && port <= 65_535) return { host: match[1] ?? match[2]!, port };
  blame(
    'listen',
    'bad-value',
    `${quote(text)} is not HOST:PORT`,
    'Write it as 127.0.0.1:8080 or [::1]:8080.',
  );
  return null;
}

export function readPublicUrl(text: string | undefined, blame: Blame): string | null {
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  const fine =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (fine) return url.href.replace(/\/+$/, '');
  blame(
    'publicUrl',
    'bad-value',
    `${quote(text)} is not an http(s) address without user, query and fragment`,
    'Write it as https://reeve.example.org.',
  );
  return null;
}

export function kindOf(path: string): 'missing' | 'file' | 'folder' {
  try {
    return lstatSync(realpathSync(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    return 'missing';
  }
}
