/**
 * A key rotation that is killed at any write to the disk loses no key, and the next one finishes it. In: the real
 * application, under strace, which kills it at the nth call of a kind. Out: keys that verify, after one rotation, not two.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { locoApp, locoConfig, locoWorkspace, runLoco } from './app.ts';

const app = locoApp();

function rotateUntilKilled(folder: string, calls: string, when: number) {
  assert.equal(app.kind, 'built');
  return spawnSync(
    'strace',
    [
      ['-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${calls}:signal=KILL:when=${when}`],
      [app.binary, '-e', 'development', 'task', 'rotate-keys'],
    ].flat(),
    {
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', LOCO_CONFIG_FOLDER: locoConfig },
      encoding: 'utf8',
    },
  );
}

/** Why a process cannot be killed at a system call here, or false where it can. */
function noStrace(): string | false {
  if (app.kind === 'missing') return app.why;
  const tried = spawnSync('strace', ['-o', '/dev/null', 'true'], { encoding: 'utf8' });
  if (tried.error !== undefined) return 'strace is not installed: apt-get install strace';
  return tried.status === 0
    ? false
    : `strace may not look at processes here: ${tried.stderr.trim()}`;
}

// A name that this machine's kernel does not have is no error, by its question mark.
for (const [words, calls] of [
  ['a rename', '?rename,?renameat,?renameat2'],
  ['a flush to the disk', 'fsync'],
  ['a removal of what was left', '?unlink,?unlinkat'],
  ['a write', 'write'],
] as const) {
  test(`a rotation that is killed at ${words} is finished by the next one`, {
    skip: noStrace(),
  }, (t) => {
    assert.equal(app.kind, 'built');
    let killed = 0;
    for (let when = 1; ; when++) {
      const folder = mkdtempSync(join(tmpdir(), 'reeve-loco-crash-'));
      t.after(() => rmSync(folder, { recursive: true, force: true }));
      locoWorkspace(folder);
      const old = readFileSync(join(folder, 'keys/active.key'), 'utf8');
      const { id } = JSON.parse(readFileSync(join(folder, 'keys/keyring.json'), 'utf8')).active;
      const first = rotateUntilKilled(folder, calls, when);
      if (first.status === 0) break;
      assert.equal(first.signal, 'SIGKILL', first.stderr);
      killed++;

      const retired = join(folder, `keys/retired/${id}.key`);
      const active = readFileSync(join(folder, 'keys/active.key'), 'utf8');
      assert.match(active, /^[0-9a-f]{64}\n$/, 'the active key is whole');
      if (active !== old) assert.equal(readFileSync(retired, 'utf8'), old, 'the old key is kept');

      const again = runLoco(app.binary, folder, [
        '-e',
        'development',
        'task',
        'rotate-keys',
        `expect:${id}`,
      ]);
      assert.equal(again.status, 0, `killed at ${words} number ${when}: ${again.stderr}`);
      const verified = runLoco(app.binary, folder, ['-e', 'development', 'task', 'verify-keys']);
      assert.equal(verified.status, 0, `killed at ${words} number ${when}: ${verified.stderr}`);
      const ring = JSON.parse(readFileSync(join(folder, 'keys/keyring.json'), 'utf8'));
      assert.deepEqual(
        ring.retired.map((key: { id: string }) => key.id),
        [id],
        'it was rotated once',
      );
      assert.equal(readFileSync(retired, 'utf8'), old);
      assert.ok(existsSync(join(folder, 'keys/active.key')));
      assert.deepEqual(
        readdirSync(join(folder, 'keys'), { recursive: true }).filter((name) =>
          String(name).endsWith('.new'),
        ),
        [],
      );
    }
    assert.ok(killed >= 3, `it was killed ${killed} times alone: these are not the calls it makes`);
  });
}
