/** `reeve init`: what it makes is clean, trusted, and never over something else. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { firstSettings } from '../../../../src/edge/cli/first-configuration.ts';
import { loadGeneration } from '../../../../src/gateway/generation.ts';
import { makeHome } from './reeve.ts';

test('the configuration that it makes loads without a warning and is trusted', async () => {
  using home = makeHome();
  const ended = await home.bare(['init', 'ops']);
  assert.equal(ended.code, 0, ended.stderr);
  const folder = join(home.folder, 'ops');
  const loaded = await loadGeneration(join(folder, 'reeve.yaml'), {});
  assert.deepEqual(loaded.ok ? loaded.warnings : loaded.diagnostics, []);
  assert.ok(loaded.ok && loaded.value.inventory.commands.size === 3);
  assert.equal((await home.bare(['list'], { cwd: folder })).code, 0);
});

test('it says how an agent gets it, with the absolute path of the configuration', async () => {
  using home = makeHome();
  const { stdout } = await home.bare(['init']);
  const config = join(home.folder, 'reeve.yaml');
  assert.ok(stdout.includes(`claude mcp add reeve -- reeve mcp --config ${config}`), stdout);
  assert.match(
    stdout,
    /\.cursor\/mcp\.json {4}\{"mcpServers":\{"reeve":\{"command":"reeve","args":\["mcp","--config",/,
  );
  assert.match(stdout, /\.vscode\/mcp\.json {4}\{"servers":/);
});

test('it never overwrites, and then writes nothing at all', async () => {
  using home = makeHome();
  for (const name of ['reeve.yaml', 'inventory.yaml', join('policy', 'mine.cedar')]) {
    mkdirSync(join(home.folder, 'policy'), { recursive: true });
    writeFileSync(join(home.folder, name), 'mine');
    const ended = await home.bare(['init']);
    assert.equal(ended.code, 3, name);
    assert.match(ended.stderr, /already; nothing was written/);
    assert.equal(readFileSync(join(home.folder, name), 'utf8'), 'mine');
    assert.ok(!existsSync(join(home.folder, 'workspace')));
    rmSync(join(home.folder, name));
  }
});

test('what else is there stays as it is', async () => {
  using home = makeHome();
  writeFileSync(join(home.folder, '.gitignore'), 'mine\n');
  assert.equal((await home.bare(['init'])).code, 0);
  assert.equal(readFileSync(join(home.folder, '.gitignore'), 'utf8'), 'mine\n');
});

test('made by root, commands run as somebody without rights; made by anybody else, as the owner of the workspace', () => {
  assert.match(firstSettings(65_534), /runAs: 65534/);
  assert.doesNotMatch(firstSettings(null), /runAs/);
});
