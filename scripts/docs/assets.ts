/**
 * Styles, scripts and the index of the search. In: assets/ and the passages of all pages. Out: files that pages load from
 * beside themselves, also from a disk without a server. Never: a module (browsers refuse those from a disk).
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Indexed } from './find.ts';

const source = join(import.meta.dirname, 'assets');
/** In this order: what stands later wins. */
const styles = ['colours', 'text', 'code', 'page', 'search', 'api', 'narrow', 'print'];

export async function writeAssets(into: string, passages: readonly Indexed[]): Promise<void> {
  mkdirSync(into, { recursive: true });
  cpSync(join(source, 'reeve.svg'), join(into, 'reeve.svg'));
  const sheets = styles.map((name) => readFileSync(join(source, `${name}.css`), 'utf8'));
  writeFileSync(join(into, 'site.css'), sheets.join('\n'));
  await build({
    entryPoints: ['theme', 'page', 'search'].map((name) => join(source, `${name}.ts`)),
    outdir: into,
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'eof',
    charset: 'utf8',
    logLevel: 'warning',
  });
  // A script and not JSON: a page that is opened from a disk may not fetch.
  writeFileSync(
    join(into, 'passages.js'),
    `globalThis.reevePassages=${JSON.stringify(passages).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')};\n`,
  );
}
