/**
 * Writes the documentation as a site: `npm run docs [FOLDER]`, dist/site unless a folder is named. In: the repository. Out:
 * the folder, replaced as a whole. Never: a half-written site under its final name, or one with a broken link and exit code 0.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { buildSite } from './build.ts';

const root = resolve(import.meta.dirname, '../..');
const into = resolve(process.argv[2] ?? join(root, 'dist/site'));
// What is replaced has to be a site: a folder that somebody named by mistake is left alone.
if (
  existsSync(into) &&
  readdirSync(into).length > 0 &&
  !existsSync(join(into, 'assets/site.css'))
) {
  process.stderr.write(`docs: ${into} is no site and is not empty: name another folder\n`);
  process.exit(2);
}
const fresh = `${into}.${process.pid}`;
mkdirSync(dirname(into), { recursive: true });
try {
  const { pages, passages, troubles } = await buildSite(root, fresh);
  rmSync(into, { recursive: true, force: true });
  renameSync(fresh, into);
  for (const trouble of troubles) process.stderr.write(`docs: ${trouble}\n`);
  process.stdout.write(
    `${join(into, 'index.html')}: ${pages} pages, ${passages.length} passages to search\n`,
  );
  if (troubles.length > 0) process.exitCode = 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
