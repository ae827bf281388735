// The first JavaScript to run, in a form that every old Node can read: checks Node's age, then loads Reeve.
// Runs the bundle where it is there and no source is newer, else the source. Never: code from a cache that others can write.
import { existsSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const wanted = 24;

if (Number(process.versions.node.split('.')[0]) < wanted) {
  process.stderr.write(
    `error: Node ${process.versions.node} is too old.\n` +
      `  reeve needs Node ${wanted} or newer; this one is ${process.execPath}.\n` +
      `  next: install Node ${wanted} (https://nodejs.org/), or in a clone of the repository: npm run setup\n`,
  );
  process.exit(7);
}

silenceExpectedWarnings();
const entry = chooseEntry();
await useCompileCache();
await import(pathToFileURL(entry).href);

// Reeve knows that it uses these two; every other warning still shows.
function silenceExpectedWarnings() {
  const emit = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    const type = typeof rest[0] === 'string' ? rest[0] : rest[0]?.type;
    const expected =
      type === 'ExperimentalWarning' && /SQLite|[Tt]ype [Ss]tripping/.test(String(warning));
    if (!expected) emit.call(process, warning, ...rest);
  };
}

function chooseEntry() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const bundle = join(root, 'dist', 'reeve.mjs');
  const source = join(root, 'src', 'main.ts');
  if (!existsSync(bundle)) return source;
  if (!existsSync(source)) return bundle;
  return newest(join(root, 'src')) > statSync(bundle).mtimeMs ? source : bundle;
}

function newest(folder) {
  let latest = 0;
  for (const found of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, found.name);
    const at = found.isDirectory() ? newest(path) : statSync(path).mtimeMs;
    if (at > latest) latest = at;
  }
  return latest;
}

// Compiled code is executed, so it lies in a folder of this user's own, or there is no cache.
async function useCompileCache() {
  if (
    process.env.NODE_COMPILE_CACHE !== undefined ||
    process.env.NODE_DISABLE_COMPILE_CACHE !== undefined
  )
    return;
  const said = process.env.XDG_CACHE_HOME;
  const folder = join(
    said !== undefined && isAbsolute(said) ? said : join(homedir(), '.cache'),
    'reeve',
  );
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    if (!found.isDirectory() || found.uid !== process.getuid() || (found.mode & 0o022) !== 0)
      return;
    const { enableCompileCache } = await import('node:module');
    enableCompileCache(join(folder, 'compile'));
  } catch {
    // A home that cannot be written only costs some milliseconds at each start.
  }
}
