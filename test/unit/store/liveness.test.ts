/** Names that live as long as their process: real children, killed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ReeveError } from '../../../src/core/errors.ts';
import { tryLock } from '../../../src/store/exclusive.ts';
import { openLiveness } from '../../../src/store/liveness.ts';
import { temporaryFolder } from './temporary.ts';

async function claim(what: string, place: string): Promise<{ child: ChildProcess; said: string }> {
  const script = join(import.meta.dirname, 'children', 'claim.ts');
  const child = spawn(process.execPath, [script, what, place], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, said: line.toString().trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'close');
}

test('a process is alive until it is killed, and then its file goes', async () => {
  const state = temporaryFolder();
  const here = openLiveness(state);
  const { child, said } = await claim('liveness', state);
  assert.equal(here.alive(said), true);
  assert.equal(here.alive(said), true, 'asking does not end it');
  await kill(child);
  assert.ok(readdirSync(join(state, 'processes')).includes(`${said}.lock`));
  assert.equal(here.alive(said), false);
  assert.deepEqual(readdirSync(join(state, 'processes')), [`${here.self}.lock`]);
  assert.equal(here.alive(said), false);
  here.release();
});

test('two in one process are two, and each is alive to the other and to itself', () => {
  const state = temporaryFolder();
  const one = openLiveness(state);
  const two = openLiveness(state);
  assert.notEqual(one.self, two.self);
  for (const [a, b] of [
    [one, two],
    [two, one],
  ] as const) {
    assert.equal(a.alive(a.self), true);
    assert.equal(a.alive(b.self), true);
  }
  one.release();
  assert.equal(two.alive(one.self), false);
  assert.equal(two.alive(two.self), true);
  two.release();
  assert.deepEqual(readdirSync(join(state, 'processes')), []);
});

test('another process sees what lives here, even after it was asked about from here', async () => {
  const state = temporaryFolder();
  const one = openLiveness(state);
  const two = openLiveness(state);
  one.alive(two.self);
  two.alive(one.self);
  // A new process sweeps: it would remove the files of whoever is not locked any more.
  const { child } = await claim('liveness', state);
  assert.equal(readdirSync(join(state, 'processes')).length, 3);
  await kill(child);
  one.release();
  two.release();
});

test('a start sweeps up after those that were killed', async () => {
  const state = temporaryFolder();
  const { child } = await claim('liveness', state);
  await kill(child);
  const here = openLiveness(state);
  assert.deepEqual(readdirSync(join(state, 'processes')), [`${here.self}.lock`]);
  assert.equal(statSync(join(state, 'processes')).mode & 0o777, 0o700);
  assert.equal(statSync(join(state, 'processes', `${here.self}.lock`)).mode & 0o777, 0o600);
  here.release();
});

test('names that nobody bears are dead, and lead nowhere', () => {
  const state = temporaryFolder();
  writeFileSync(join(state, 'secret.lock'), 'precious');
  const here = openLiveness(state);
  for (const name of ['', '../secret', 'x\0y', '__proto__', here.self.toUpperCase()]) {
    assert.equal(here.alive(name), false, JSON.stringify(name));
  }
  assert.equal(readFileSync(join(state, 'secret.lock'), 'utf8'), 'precious');
  here.release();
});

test('whatever cannot be found out counts as alive', () => {
  const state = temporaryFolder();
  const here = openLiveness(state);
  const name = '00000000-0000-4000-8000-000000000000';
  mkdirSync(join(state, 'processes', `${name}.lock`));
  assert.equal(here.alive(name), true);
  here.release();
});

test('a state directory that cannot be used is told of in words', () => {
  const state = temporaryFolder();
  writeFileSync(join(state, 'processes'), '');
  assert.throws(
    () => openLiveness(state),
    (error) =>
      error instanceof ReeveError &&
      error.code === 'AUDIT_UNAVAILABLE' &&
      /cannot register/.test(error.message),
  );
});

test('a lock is held by one, here or elsewhere, and dies with its holder', async () => {
  const file = join(temporaryFolder(), 'x.lock');
  const lock = tryLock(file);
  assert.ok(lock !== null);
  assert.equal(tryLock(file), null, 'in the same process');
  const elsewhere = await claim('lock', file);
  assert.equal(elsewhere.said, 'held');
  await kill(elsewhere.child);
  lock.release();
  lock.release();
  const other = await claim('lock', file);
  assert.equal(other.said, 'locked');
  assert.equal(tryLock(file), null);
  await kill(other.child);
  const again = tryLock(file);
  assert.ok(again !== null);
  again.release();
});

test('a lock leaves no second file behind, and follows no symbolic link', () => {
  const folder = temporaryFolder();
  tryLock(join(folder, 'x.lock'))?.release();
  assert.deepEqual(readdirSync(folder), ['x.lock']);
  symlinkSync(join(folder, 'x.lock'), join(folder, 'link.lock'));
  assert.throws(() => tryLock(join(folder, 'link.lock')), /not a regular file/);
  assert.throws(() => tryLock(join(folder, 'none', 'x.lock')), /ENOENT/);
});
