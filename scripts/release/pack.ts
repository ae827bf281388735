/**
 * Makes what is published: reeve-VERSION.tgz, its SBOM (CycloneDX) and server.json, in the folder that is named (default
 * release/). In: a checkout with its bundle. Out: a package without dependencies and without scripts; everything that it
 * runs is in its bundle. Never: a manifest that brings a Node of 189 MB, or a file that git does not know and the bundle is not.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const into = resolve(process.argv[2] ?? join(root, 'release'));

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly files: readonly string[];
  readonly [field: string]: unknown;
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
if (!existsSync(join(root, 'dist/reeve.mjs')))
  throw new Error("the bundle is missing: run 'npm run setup' first");

const folder = mkdtempSync(join(tmpdir(), 'reeve-pack-'));
try {
  for (const entry of tracked(manifest.files)) {
    mkdirSync(join(folder, entry, '..'), { recursive: true });
    cpSync(join(root, entry), join(folder, entry));
  }
  // The site of the documentation lies in dist/, too; the package has the pages that it is made of.
  cpSync(join(root, 'dist'), join(folder, 'dist'), {
    recursive: true,
    filter: (from) => !from.startsWith(join(root, 'dist/site')),
  });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(published(manifest), null, 2)}\n`);
  mkdirSync(into, { recursive: true });
  const [packed] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', into], folder),
  ) as { filename: string; size: number; entryCount: number }[];
  const { version } = manifest;
  writeFileSync(join(into, `reeve-${version}.cdx.json`), sbom());
  writeFileSync(join(into, 'server.json'), `${JSON.stringify(server(manifest), null, 2)}\n`);
  process.stdout.write(
    `${join(into, packed!.filename)}\n${packed!.entryCount} files, ${Math.round(packed!.size / 1024)} KiB; reeve-${version}.cdx.json; server.json\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Files that git knows below what `files` names; the bundle comes by itself. */
function tracked(patterns: readonly string[]): readonly string[] {
  const named = patterns.filter((p) => p !== 'dist');
  const listed = execFileSync('git', ['ls-files', '-z', '--', ...named], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = listed.split('\0').filter((f) => f !== '');
  if (files.length === 0) throw new Error('git knows none of the files that package.json names');
  return files;
}

function published(from: Manifest): Record<string, unknown> {
  const kept = { ...from };
  for (const field of [
    'scripts',
    'dependencies',
    'devDependencies',
    'optionalDependencies',
    'overrides',
    'allowScripts',
  ])
    delete (kept as Record<string, unknown>)[field];
  return kept;
}

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
}

/**
 * What the bundle is made of, as the lockfile has it. Source: CycloneDX 1.5. (`npm sbom --omit dev` leaves a package out
 * whose name stands twice in the tree, once for development.)
 */
function sbom(): string {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const components = Object.entries(lock.packages)
    .filter(([place, p]) => place !== '' && p.dev !== true && p.optional !== true)
    .map(([place, p]) => component(place.slice(place.lastIndexOf('node_modules/') + 13), p))
    .sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
  if (components.length < 10) throw new Error('the lockfile names hardly anything');
  const { name, version } = manifest;
  const metadata = {
    component: { type: 'application', name, version, 'bom-ref': `${name}@${version}` },
  };
  return `${JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, metadata, components }, null, 2)}\n`;
}

function component(name: string, { version, integrity, license }: Locked) {
  const [algorithm, base64] = (integrity ?? '').split('-');
  return {
    type: 'library',
    'bom-ref': `${name}@${version}`,
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
    ...(algorithm !== 'sha512' || base64 === undefined
      ? {}
      : { hashes: [{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }] }),
  };
}

/** For registries of MCP servers. Source: https://static.modelcontextprotocol.io/schemas/2025-09-29/server.schema.json */
function server({ name, version, description }: Manifest): Record<string, unknown> {
  return {
    $schema: 'https://static.modelcontextprotocol.io/schemas/2025-09-29/server.schema.json',
    name: `io.github.reeve/${name}`,
    description: description.slice(0, 100),
    version,
    packages: [
      {
        registryType: 'npm',
        identifier: name,
        version,
        runtimeHint: 'npx',
        transport: { type: 'stdio' },
        packageArguments: [{ type: 'positional', value: 'mcp' }],
        environmentVariables: [
          { name: 'REEVE_CONFIG', description: 'The configuration, reeve.yaml', isRequired: false },
        ],
      },
    ],
  };
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', [...args], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
if (!readdirSync(into).some((f) => f.endsWith('.tgz'))) throw new Error('npm pack made no package');
