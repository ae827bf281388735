/** An older database is copied before it is brought up to date: all steps or none, whatever fails on the way. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ReeveError } from '../../../../src/core/errors.ts';
import { migrations } from '../../../../src/store/sqlite/migrations.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import type { Upgrade } from '../../../../src/store/sqlite/upgrade.ts';
import { aDraft } from '../../../contract/samples.ts';
import { temporaryFolder } from '../temporary.ts';

const newest = migrations.length;
const child = join(import.meta.dirname, '../children/upgrade.ts');

function sql(file: string, text: string): readonly Record<string, unknown>[] {
  const connection = new DatabaseSync(file);
  try {
    if (/^(select|pragma user_version)/.test(text)) return connection.prepare(text).all();
    connection.exec(text);
    return [];
  } finally {
    connection.close();
  }
}

/** A state of an earlier schema, with something in it. */
function older(schema = 3, folder = temporaryFolder()): string {
  const file = join(folder, 'reeve.db');
  sql(
    file,
    `pragma journal_mode = wal; ${migrations.slice(0, schema).join(';')} ; pragma user_version = ${schema};
     insert into entries values (1, 'r1', '{"at":1,"body":{},"kind":"asked","principal":"local","requestId":"r1","seq":1,"v":1}');
     insert into executions (request_id, status, principal, face, trust, policies, owner, fence, requested_at)
       values ('r1', 'queued', 'local', 'cli', 'same-user', '[]', 'o', 1, 5000);`,
  );
  return file;
}

const copies = (file: string): readonly string[] => {
  const folder = join(dirname(file), 'backups');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};
const versionOf = (file: string) => sql(file, 'pragma user_version')[0]?.user_version;
/** Everything that is in a database, as text. */
const contentOf = (file: string): string =>
  JSON.stringify([
    sql(file, 'select * from sqlite_schema order by name').map(({ name, sql: text }) => [
      name,
      text,
    ]),
    sql(file, 'select * from entries'),
    sql(file, 'select * from executions'),
    sql(file, 'select * from named_values'),
  ]);
const unavailable = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ReeveError);
  assert.equal(error.code, 'AUDIT_UNAVAILABLE');
  assert.match(error.message, words);
  return true;
};

test('before an older state is brought up to date, all of it is copied, for its owner alone', () => {
  const file = older(3);
  const before = contentOf(file);
  const told: Upgrade[] = [];
  const store = openSqliteStore(file, {
    now: () => Date.UTC(2026, 10, 23, 1, 2, 3, 4),
    upgraded: (upgrade) => {
      told.push(upgrade);
      return [aDraft()];
    },
  });
  assert.equal(store.entriesAfter(0, 9).length, 2, 'what is put on record of it is there');
  store.close();
  const copy = join(dirname(file), 'backups', `before-schema-${newest}-20261123T010203004Z.db`);
  assert.deepEqual(told, [{ from: 3, to: newest, copy }]);
  assert.deepEqual(copies(file), [basename(copy)]);
  assert.equal(versionOf(copy), 3);
  assert.equal(contentOf(copy), before);
  assert.equal(statSync(copy).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(copy)).mode & 0o777, 0o700);
  assert.equal(versionOf(file), newest);
});

test('neither a new state nor one that is up to date is copied', () => {
  const file = join(temporaryFolder(), 'reeve.db');
  const upgraded = () => assert.fail('it was called an upgrade');
  openSqliteStore(file, { upgraded }).close();
  openSqliteStore(file, { upgraded }).close();
  assert.deepEqual(copies(file), []);
});

test('a step that fails leaves the state as it was, however many went well before, and names the copy', () => {
  for (let step = 4; step <= newest; step += 1) {
    const file = older(3);
    const before = contentOf(file);
    const faults = (point: string) => {
      if (point === `before step ${step}`) throw new Error('EIO: the disk failed');
    };
    assert.throws(
      () => openSqliteStore(file, { faults }),
      unavailable(
        new RegExp(
          `from schema 3 to ${newest}: .*EIO.*Nothing was changed.*before-schema-${newest}-`,
        ),
      ),
    );
    assert.equal(versionOf(file), 3);
    assert.equal(contentOf(file), before);
    assert.equal(copies(file).length, 1);
    openSqliteStore(file).close();
    assert.equal(versionOf(file), newest);
  }
});

test('where the copy cannot be made, nothing is changed, and no half of one stays', () => {
  for (const point of ['before copy', 'before copy is kept']) {
    const file = older(3);
    const before = contentOf(file);
    const faults = (at: string) => {
      if (at === point) throw Object.assign(new Error('no space left'), { errcode: 13 });
    };
    assert.throws(
      () => openSqliteStore(file, { faults }),
      unavailable(/copy of it has to be made before.*the disk is full.*Nothing was changed/),
    );
    assert.equal(versionOf(file), 3);
    assert.equal(contentOf(file), before);
    assert.deepEqual(copies(file), []);
  }
});

test('a disk with no room for the copy: told of in words, nothing is changed, and it goes on when there is room', (t) => {
  const folder = temporaryFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32m,mode=0700', 'tmpfs', folder]);
  if (mounted.status !== 0) {
    t.skip('only root can mount a small file system here');
    return;
  }
  try {
    const file = older(3, folder);
    sql(
      file,
      `update executions set error_message = '${'x'.repeat(1_600_000)}'; pragma wal_checkpoint(truncate);`,
    );
    const small = spawnSync('mount', ['-o', 'remount,size=3m', folder]);
    assert.equal(small.status, 0, String(small.stderr));
    assert.throws(
      () => openSqliteStore(file),
      unavailable(/the disk is full.*Nothing was changed/),
    );
    assert.equal(versionOf(file), 3);
    assert.deepEqual(copies(file), []);
    spawnSync('mount', ['-o', 'remount,size=32m', folder]);
    openSqliteStore(file).close();
    assert.equal(versionOf(file), newest);
    assert.equal(copies(file).length, 1);
  } finally {
    spawnSync('umount', [folder]);
  }
});

test('who tries again and again, and fails each time, does not fill the disk with copies', () => {
  const file = older(3);
  const faults = (point: string) => {
    if (point === 'before steps are committed') throw new Error('EIO');
  };
  for (let i = 0; i < 3; i += 1) assert.throws(() => openSqliteStore(file, { faults }));
  assert.equal(copies(file).length, 1);
  sql(file, "update executions set status = 'ok'");
  assert.throws(() => openSqliteStore(file, { faults }));
  assert.equal(copies(file).length, 2, 'what has changed since is copied anew');
});

test('a program killed at any point leaves the old state or the new one, and the next goes on', () => {
  const points = [
    'before copy',
    'before copy is kept',
    'before step 5',
    'before steps are committed',
  ];
  for (const point of points) {
    const file = older(3);
    const before = contentOf(file);
    const { signal } = spawnSync(process.execPath, [child, file, point]);
    assert.equal(signal, 'SIGKILL', point);
    assert.equal(versionOf(file), 3, point);
    assert.equal(contentOf(file), before, point);
    openSqliteStore(file).close();
    assert.equal(versionOf(file), newest, point);
    assert.deepEqual(
      copies(file).filter((name) => !name.endsWith('.db')),
      [],
      `${point}: what a crash left is swept`,
    );
    for (const name of copies(file))
      assert.equal(contentOf(join(dirname(file), 'backups', name)), before);
  }
});

test('of programs that open an older state at once one brings it up to date, and there is one copy', async () => {
  const file = older(3);
  const runs = await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const run = spawn(process.execPath, [child, file], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      run.stdout.on('data', (text) => {
        said += text;
      });
      const [code] = await once(run, 'close');
      assert.equal(code, 0);
      return said;
    }),
  );
  assert.equal(runs.filter((said) => said !== '').length, 1);
  assert.equal(copies(file).length, 1);
  assert.equal(versionOf(file), newest);
});

test('the copy is a state that an older program can go on with', () => {
  const file = older(3);
  openSqliteStore(file).close();
  const [copy] = copies(file);
  const restored = join(temporaryFolder(), 'reeve.db');
  writeFileSync(restored, readFileSync(join(dirname(file), 'backups', copy!)), { mode: 0o600 });
  const [row] = sql(restored, 'select status from executions');
  assert.equal(row?.status, 'queued');
  openSqliteStore(restored).close();
  assert.equal(versionOf(restored), newest);
});
