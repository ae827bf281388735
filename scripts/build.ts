/**
 * Bundles src/main.ts to dist/: reeve.mjs and the chunks that verbs load on demand, with Cedar's WebAssembly beside them.
 * In: the sources. Out: dist/, replaced as a whole. Never: a half-written bundle left under its final name.
 */
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'dist');
const fresh = join(root, `dist.${process.pid}`);

/** CommonJS packages inside an ES module still ask for these three. */
const banner = [
  "import { createRequire as __createRequire } from 'node:module';",
  "import { fileURLToPath as __fileURLToPath } from 'node:url';",
  "import { dirname as __dirnameOf } from 'node:path';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = __fileURLToPath(import.meta.url);',
  'const __dirname = __dirnameOf(__filename);',
].join('\n');

const began = new Date();
rmSync(fresh, { recursive: true, force: true });
mkdirSync(fresh, { recursive: true });
try {
  const result = await build({
    entryPoints: {
      reeve: join(root, 'src', 'main.ts'),
      // A thread begins with a file of its own, beside whatever chunk starts it.
      'database-worker': join(root, 'src', 'assurance', 'database-worker.ts'),
    },
    outdir: fresh,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunk-[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: banner },
    legalComments: 'linked',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    metafile: true,
    logLevel: 'warning',
  });
  // Cedar looks for its WebAssembly beside the file that its code has ended up in.
  const cedar = createRequire(import.meta.url).resolve('@cedar-policy/cedar-wasm/nodejs');
  copyFileSync(join(dirname(cedar), 'cedar_wasm_bg.wasm'), join(fresh, 'cedar_wasm_bg.wasm'));
  // The launcher compares times: a source that changed while this ran must count as newer.
  utimesSync(join(fresh, 'reeve.mjs'), began, began);
  // The site of the documentation is somebody else's work, and stays.
  if (existsSync(join(target, 'site'))) renameSync(join(target, 'site'), join(fresh, 'site'));
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
  const outputs = Object.entries(result.metafile.outputs).filter(([name]) => name.endsWith('.mjs'));
  const bytes = outputs.reduce((sum, [, o]) => sum + o.bytes, 0);
  process.stdout.write(
    `dist/: ${outputs.length} files, ${Math.round(bytes / 1024)} KiB of JavaScript\n`,
  );
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
