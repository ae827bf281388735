import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { ensureLocalToken } from '../../../../src/edge/identity/local-token.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'reeve-token-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('the first start makes a token that only its owner can read, the next reads it', (t) => {
  const state = folder(t);
  const first = ensureLocalToken(state);
  assert.equal(first.created, true);
  assert.match(first.token, /^reeve_[A-Za-z0-9_-]{43}$/);
  assert.equal(statSync(join(state, 'local.token')).mode & 0o777, 0o600);
  assert.deepEqual(ensureLocalToken(state), { token: first.token, created: false });
  assert.deepEqual(readdirSync(state), ['local.token']);
});

test('the mode is 600 whatever the umask says', (t) => {
  const state = folder(t);
  const before = process.umask(0);
  try {
    ensureLocalToken(state);
  } finally {
    process.umask(before);
  }
  assert.equal(statSync(join(state, 'local.token')).mode & 0o777, 0o600);
});

for (const mode of [0o640, 0o604, 0o660]) {
  test(`a file that others may use (${mode.toString(8)}) is refused`, (t) => {
    const state = folder(t);
    ensureLocalToken(state);
    chmodSync(join(state, 'local.token'), mode);
    assert.throws(() => ensureLocalToken(state), /others may read or write it/);
  });
}

test('a symbolic link in its place is refused, dangling or not, and nothing is written through it', (t) => {
  const state = folder(t);
  const elsewhere = join(state, 'elsewhere');
  symlinkSync(elsewhere, join(state, 'local.token'));
  assert.throws(() => ensureLocalToken(state), /symbolic link/);
  assert.throws(() => statSync(elsewhere), /ENOENT/);
  writeFileSync(elsewhere, `reeve_${'a'.repeat(43)}\n`, { mode: 0o600 });
  assert.throws(() => ensureLocalToken(state), /symbolic link/);
});

test('a named pipe in its place is refused without waiting for a writer', (t) => {
  const state = folder(t);
  execFileSync('mkfifo', ['-m', '600', join(state, 'local.token')]);
  assert.throws(() => ensureLocalToken(state), /not a regular file/);
});

for (const [what, content] of [
  ['an empty file', ''],
  ['a weak token', 'secret'],
  ['a huge file', 'x'.repeat(10_000)],
] as const) {
  test(`${what} is refused and left as it is`, (t) => {
    const state = folder(t);
    const file = join(state, 'local.token');
    writeFileSync(file, content, { mode: 0o600 });
    assert.throws(() => ensureLocalToken(state), /does not hold a token/);
    assert.equal(readFileSync(file, 'utf8'), content);
  });
}

test('processes that start at once agree on one token', async (t) => {
  const state = folder(t);
  const module = new URL('../../../../src/edge/identity/local-token.ts', import.meta.url).href;
  const program = `const { ensureLocalToken } = await import(${JSON.stringify(module)}); console.log(JSON.stringify(ensureLocalToken(${JSON.stringify(state)})));`;
  const runs = await Promise.all(
    Array.from({ length: 4 }, () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]),
    ),
  );
  const results = runs.map((r) => JSON.parse(r.stdout) as { token: string; created: boolean });
  assert.equal(new Set(results.map((r) => r.token)).size, 1);
  assert.equal(results.filter((r) => r.created).length, 1);
  assert.deepEqual(readdirSync(state), ['local.token']);
});
