/**
 * The Rust crate bindings/loco by its own tools: its tests, its lints, its form. Skipped where cargo or the crates that it
 * needs cannot be had. The first run of the lints checks every dependency once, which takes minutes.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type TestContext, test } from 'node:test';

const crate = join(import.meta.dirname, '../../bindings/loco');
const limit = { timeout: 1_200_000 };

/** cargo as scripts/setup/loco.sh finds it: on PATH, else where rustup puts it. */
function findCargo(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(homedir(), '.cargo/bin')];
  return (
    folders
      .filter(Boolean)
      .map((folder) => join(folder, 'cargo'))
      .find(existsSync) ?? null
  );
}

/** The same target folder and profile as the example's, so that dependencies are built once. */
function environment(): NodeJS.ProcessEnv {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return {
    ...process.env,
    CARGO_TARGET_DIR:
      process.env.CARGO_TARGET_DIR || process.env.REEVE_CARGO_TARGET || join(cache, 'reeve/cargo'),
    CARGO_PROFILE_DEV_DEBUG: '0',
    CARGO_TERM_COLOR: 'never',
  };
}

const cargo = findCargo();

function run(...args: string[]): { readonly status: number | null; readonly text: string } {
  assert.ok(cargo !== null);
  const done = spawnSync(cargo, args, {
    cwd: crate,
    env: environment(),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return {
    status: done.status,
    text: `${done.stdout ?? ''}${done.stderr ?? ''}${done.error ?? ''}`,
  };
}

/** Why the crate cannot be worked with here, or null. With the crates at hand nothing is fetched. */
function without(): string | null {
  if (cargo === null)
    return 'there is no cargo on PATH or in ~/.cargo/bin: install Rust by https://rustup.rs';
  if (run('fetch', '--locked', '--offline').status === 0) return null;
  const fetched = run('fetch', '--locked');
  if (fetched.status === 0) return null;
  assert.doesNotMatch(fetched.text, /--locked was passed/, 'Cargo.lock and Cargo.toml disagree');
  return `the crates that bindings/loco needs cannot be fetched: ${fetched.text.trim().split('\n').at(-1)}`;
}

const missing = without();

test('every test of the crate passes', limit, (t: TestContext) => {
  if (missing !== null) return t.skip(missing);
  const tested = run('test', '--locked', '--offline');
  assert.equal(tested.status, 0, tested.text.slice(-20_000));
  // A runner that ran nothing would be a success, too.
  const [, passed] = tested.text.match(/^(\d+) passed; 0 failed \[\]$/m) ?? [];
  assert.ok(Number(passed) >= 40, tested.text.slice(-2_000));
});

test('its lints have nothing to say', limit, (t: TestContext) => {
  if (missing !== null) return t.skip(missing);
  if (run('clippy', '--version').status !== 0)
    return t.skip('clippy is not installed: rustup component add clippy');
  const linted = run('clippy', '--locked', '--offline', '--all-targets', '--', '-D', 'warnings');
  assert.equal(linted.status, 0, linted.text.slice(-20_000));
});

test('it is formatted', limit, (t: TestContext) => {
  if (missing !== null) return t.skip(missing);
  if (run('fmt', '--version').status !== 0)
    return t.skip('rustfmt is not installed: rustup component add rustfmt');
  const formatted = run('fmt', '--check');
  assert.equal(formatted.status, 0, formatted.text.slice(-5_000));
});
