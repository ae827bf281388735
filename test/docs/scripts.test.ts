/**
 * The scripts of npm that the pages name, run as they are shown. They work in the repository itself, and some take minutes, so
 * they have a test of their own: `npm test` with one small file, since the others are the tests beside this one.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { blocksOf, root } from './blocks.ts';
import { commandsOf } from './shell.ts';

/** The commands of the block of this page that holds the words, without remarks. */
function shown(page: string, words: string): string[] {
  const block = blocksOf(page).find(({ text }) => text.includes(words));
  assert.ok(block, `${page} has no block with ${words}`);
  return commandsOf(block.text).map(({ text }) => text.replace(/\s+#.*$/, '').trim());
}

/** Runs it as typed; the runner's own variables stay behind, since another runner starts. */
function typed(command: string) {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-scripts-'));
  try {
    const env = Object.entries(process.env).filter(([name]) => !/^(NODE_|npm_|TEST_)/.test(name));
    return spawnSync('sh', ['-c', command], {
      cwd: root,
      encoding: 'utf8',
      env: { ...Object.fromEntries(env), TMPDIR: folder, NO_COLOR: '1' },
      maxBuffer: 2 ** 26,
      timeout: 280_000,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('setup and tests run as README.md and CONTRIBUTING.md show them', () => {
  // `npm run demo` is run as it stands there by test/e2e/demo.test.ts.
  assert.deepEqual(shown('README.md', 'npm test'), ['npm run demo', 'npm test']);
  const commands = shown('CONTRIBUTING.md', 'npm test');
  assert.deepEqual(commands, ['npm run setup', 'npm test']);
  const setup = typed(commands[0]!);
  assert.equal(setup.status, 0, setup.stdout + setup.stderr);
  assert.match(setup.stdout, /setup: ready/);
  const tests = typed(`${commands[1]} -- test/unit/core/decision.test.ts`);
  assert.equal(tests.status, 0, tests.stdout + tests.stderr);
  assert.match(tests.stdout, /test: 1 files/);
  assert.match(tests.stdout, /ℹ fail 0/);
});

test('the corpus of attacks is run as docs/adversarial.md shows it, one class of it', () => {
  const [command, ...more] = shown('docs/adversarial.md', 'npm run adversarial');
  assert.deepEqual(more, []);
  const { status, stdout, stderr } = typed(`${command} -- --only command-name`);
  assert.equal(status, 0, stdout + stderr);
});
