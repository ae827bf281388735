/**
 * Scripts and styles of the pages, from the folder console/ beside the sources or the bundle. In: a name. Out: its bytes,
 * or null. Never: a file that is not in the list, whatever the name says.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ReeveError } from '../../core/errors.ts';
import { unsafeCharacters } from '../../core/text.ts';

export interface Asset {
  readonly mediaType: string;
  readonly bytes: string;
}

const scripts = [
  'page.js',
  'dom.js',
  'rest.js',
  'passkey.js',
  'exact.js',
  'sign-in.js',
  'enrol.js',
  'list.js',
  'request.js',
  'answer.js',
  'dossier.js',
  'times.js',
];

export const assetNames: readonly string[] = Object.freeze([...scripts, 'unsafe.js', 'style.css']);

const kept = new Map<string, Asset>();

export function asset(name: string): Asset | null {
  if (!assetNames.includes(name)) return null;
  const known = kept.get(name);
  if (known !== undefined) return known;
  const read: Asset = Object.freeze({
    mediaType: `${name.endsWith('.css') ? 'text/css' : 'text/javascript'}; charset=utf-8`,
    // The rule of the terminal, in the browser: what must never reach an eye raw is written once.
    bytes:
      name === 'unsafe.js'
        ? `export const unsafe = ${unsafeCharacters};\n`
        : readFileSync(join(folder(), name), 'utf8'),
  });
  kept.set(name, read);
  return read;
}

/** Of the package that this file is in: from dist/ one up, from src/edge/page/ three. */
function folder(): string {
  let at = import.meta.dirname;
  for (let up = 0; up < 4; up += 1) {
    const found = join(at, 'console');
    if (existsSync(join(found, 'page.js'))) return found;
    at = dirname(at);
  }
  throw new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    'The pages are missing: this installation has no folder console/. Install the package again.',
  );
}
