/** The Rust of examples/loco-app by Rust's own tools. Skipped where the application cannot be built. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { locoApp } from './app.ts';

const app = locoApp();
const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
const env = {
  ...process.env,
  PATH: `${process.env.PATH}:${join(homedir(), '.cargo/bin')}`,
  // As scripts/setup/loco.sh has it, so that what is compiled is used.
  CARGO_TARGET_DIR:
    process.env.CARGO_TARGET_DIR || process.env.REEVE_CARGO_TARGET || join(cache, 'reeve/cargo'),
  CARGO_TERM_COLOR: 'never',
};

function cargo(...args: string[]) {
  const done = spawnSync('cargo', args, {
    cwd: join(import.meta.dirname, '../../examples/loco-app'),
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return {
    status: done.status,
    text: `${done.stdout ?? ''}${done.stderr ?? ''}${done.error ?? ''}`,
  };
}

for (const [says, tool, args] of [
  ['the application is formatted', 'fmt', ['--check']],
  [
    'its lints have nothing to say',
    'clippy',
    ['--locked', '--offline', '--all-targets', '--', '-D', 'warnings'],
  ],
] as const) {
  // Lints check every dependency once, which takes minutes.
  test(says, { timeout: 1_200_000 }, (t) => {
    if (app.kind === 'missing') return t.skip(app.why);
    if (cargo(tool, '--version').status !== 0)
      return t.skip(`cargo ${tool} is not installed: rustup component add rustfmt clippy`);
    const { status, text } = cargo(tool, ...args);
    assert.equal(status, 0, text.slice(-20_000));
  });
}
