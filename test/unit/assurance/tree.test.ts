/** What a snapshot of a folder sees, and what it never does: follow a link, wait for a pipe, read without an end. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { varianceOf } from '../../../src/assurance/normalise.ts';
import { snapshotTree, treeBounds } from '../../../src/assurance/tree.ts';

async function within(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-tree-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('each file is told by path, kind, mode, size and content; a link by its target', async () => {
  await within(async (folder) => {
    mkdirSync(join(folder, 'keys'), { mode: 0o700 });
    writeFileSync(join(folder, 'keys/active.key'), 'k\n');
    chmodSync(join(folder, 'keys/active.key'), 0o600);
    symlinkSync('/etc/passwd', join(folder, 'link'));
    spawnSync('mkfifo', [join(folder, 'pipe')]);
    const { entries, problems } = await snapshotTree(folder, [], varianceOf([], []));
    assert.deepEqual(problems, []);
    assert.deepEqual(
      entries.map(({ path, kind, mode, size, link }) => [path, kind, mode, size, link]),
      [
        ['keys', 'folder', '0700', null, null],
        ['keys/active.key', 'file', '0600', 2, null],
        ['link', 'link', '', null, '/etc/passwd'],
        ['pipe', 'fifo', entries[3]!.mode, null, null],
      ],
    );
  });
});

test('text is compared without its variance, bytes as they are', async () => {
  await within(async (folder) => {
    const hashes = async () => {
      const { entries } = await snapshotTree(folder, [], varianceOf([folder], []));
      return entries.map(({ path, sha256 }) => [path, sha256]);
    };
    const write = (when: string, binary: number) => {
      writeFileSync(join(folder, 'ring.json'), `{"at":"${when}","in":"${folder}"}`);
      writeFileSync(join(folder, 'bytes'), Buffer.from([0, 255, binary]));
    };
    write('2026-11-22T15:00:00Z', 1);
    const first = await hashes();
    write('2026-11-23T16:01:02Z', 1);
    assert.deepEqual(await hashes(), first);
    write('2026-11-23T16:01:02Z', 2);
    const third = await hashes();
    assert.notDeepEqual(third[0], first[0]);
    assert.deepEqual(third[1], first[1]);
  });
});

test('what the inventory ignores is left out, and counted', async () => {
  await within(async (folder) => {
    mkdirSync(join(folder, 'tmp'));
    writeFileSync(join(folder, 'tmp/a'), '');
    writeFileSync(join(folder, 'kept'), '');
    const { entries, ignored } = await snapshotTree(folder, ['tmp/**'], varianceOf([], []));
    assert.deepEqual(
      entries.map(({ path }) => path),
      ['kept', 'tmp'],
    );
    assert.equal(ignored, 1);
  });
});

test('what is beyond the bounds is said, never dropped in silence', async () => {
  await within(async (folder) => {
    for (let i = 0; i < 5; i += 1) writeFileSync(join(folder, `f${i}`), 'xxxx');
    mkdirSync(join(folder, 'a/b/c'), { recursive: true });
    const problemsOf = async (bounds: Partial<typeof treeBounds>) =>
      (
        await snapshotTree(folder, [], varianceOf([], []), { ...treeBounds, ...bounds })
      ).problems.join('; ');
    assert.equal(await problemsOf({}), '');
    assert.match(await problemsOf({ entries: 4 }), /more than 4 files and folders/);
    assert.match(await problemsOf({ bytes: 10 }), /more than 10 bytes/);
    assert.match(await problemsOf({ depth: 1 }), /deeper than 1 levels/);
  });
});

test('what is only called as if it belonged to a database is compared like anything else', async () => {
  await within(async (folder) => {
    const file = join(folder, 'app.sqlite');
    const db = new DatabaseSync(file);
    db.exec('pragma journal_mode = wal; create table t (a)');
    const paths = async () => {
      const { entries } = await snapshotTree(folder, [], varianceOf([], []));
      return entries.map(({ path, kind }) => `${path} ${kind}`);
    };
    assert.deepEqual(await paths(), ['app.sqlite database']);
    db.close();
    mkdirSync(join(folder, 'app.sqlite-journal'));
    writeFileSync(join(folder, 'app.sqlite-journal/planted'), 'x');
    symlinkSync('/etc/passwd', join(folder, 'app.sqlite-shm'));
    writeFileSync(join(folder, 'app.sqlite-wal'), 'planted');
    assert.deepEqual(await paths(), [
      'app.sqlite database',
      'app.sqlite-journal folder',
      'app.sqlite-journal/planted file',
      'app.sqlite-shm link',
      'app.sqlite-wal file',
    ]);
  });
});
