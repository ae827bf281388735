/** Databases that cannot be used, or stop being usable: each is told of in words, and nothing is changed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ReeveError } from '../../../../src/core/errors.ts';
import type { ExecutionFilter } from '../../../../src/core/ports.ts';
import { migrations } from '../../../../src/store/sqlite/migrations.ts';
import { walk } from '../../../../src/store/sqlite/pages.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { aDraft, anAnswer, anApproval, anExecution, aToken } from '../../../contract/samples.ts';
import { temporaryFolder } from '../temporary.ts';

const unavailable = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ReeveError);
  assert.equal(error.code, 'AUDIT_UNAVAILABLE');
  assert.match(error.message, words);
  return true;
};

function made(): string {
  const file = join(temporaryFolder(), 'reeve.db');
  openSqliteStore(file).close();
  return file;
}

function sql(file: string, text: string): unknown {
  const connection = new DatabaseSync(file);
  try {
    if (text.startsWith('select') || text.startsWith('pragma'))
      return connection.prepare(text).get();
    return connection.exec(text);
  } finally {
    connection.close();
  }
}

test('a database of a newer Reeve is left as it is', () => {
  const file = made();
  sql(file, 'pragma user_version = 99');
  const before = readFileSync(file);
  assert.throws(() => openSqliteStore(file), unavailable(/newer Reeve \(schema 99/));
  assert.deepEqual(readFileSync(file), before);
});

test('a state of the first schema goes on, its idempotency keys dated by their requests', () => {
  const file = join(temporaryFolder(), 'reeve.db');
  sql(file, `${migrations[0]} ; pragma user_version = 1;`);
  sql(
    file,
    `insert into executions (request_id, status, principal, face, trust, policies, owner, fence, requested_at, finished_at)
       values ('r1', 'ok', 'local', 'cli', 'same-user', '[]', 'o', 1, 5000, 6000);
     insert into idempotency (principal, key, body_hash, request_id) values ('local', 'k', 'h', 'r1');`,
  );
  const store = openSqliteStore(file);
  try {
    const key = (since: number) => ({ key: 'k', bodyHash: 'h', since });
    assert.equal(store.replay('local', key(5_000))?.kind, 'replayed');
    assert.equal(store.replay('local', key(5_001)), null);
  } finally {
    store.close();
  }
});

test('a state of each earlier schema goes on as it was, and takes approvals and credentials', () => {
  for (const version of migrations.keys()) {
    if (version === 0) continue;
    const file = join(temporaryFolder(), 'reeve.db');
    sql(file, `${migrations.slice(0, version).join(';')} ; pragma user_version = ${version};`);
    sql(
      file,
      `insert into entries values (1, 'r1', '{"at":1,"body":{},"kind":"asked","principal":"local","requestId":"r1","seq":1,"v":1}');
       insert into executions (request_id, status, principal, face, trust, policies, owner, fence, requested_at)
         values ('r1', 'queued', 'local', 'cli', 'same-user', '[]', 'o', 1, 5000);`,
    );
    const store = openSqliteStore(file);
    try {
      assert.equal(store.execution('r1')?.status, 'queued');
      assert.equal(store.approvals.state('r1'), null);
      const execution = anExecution({ status: 'awaiting_approval' });
      store.accept(execution, [aDraft()], null, anApproval(execution));
      assert.equal(store.approvals.waiting().length, 1);
      const token = aToken();
      store.credentials.addToken(token, aDraft());
      assert.deepEqual(store.credentials.tokens(), [token]);
      assert.equal(store.entriesAfter(0, 9).length, 3);
    } finally {
      store.close();
    }
    assert.deepEqual(
      { ...(sql(file, 'pragma user_version') as object) },
      { user_version: migrations.length },
    );
  }
});

test('a database of another program is left as it is', () => {
  const file = join(temporaryFolder(), 'other.db');
  sql(file, 'create table accounts (id integer)');
  const before = readFileSync(file);
  assert.throws(() => openSqliteStore(file), unavailable(/some other program/));
  assert.deepEqual(readFileSync(file), before);
});

test('what is no database, is damaged, a folder or a symbolic link is refused in words', () => {
  const folder = temporaryFolder();
  const text = join(folder, 'text.db');
  writeFileSync(text, 'This is a plain text file and no database at all. '.repeat(50));
  assert.throws(() => openSqliteStore(text), unavailable(/not a database/));
  mkdirSync(join(folder, 'folder.db'));
  assert.throws(() => openSqliteStore(join(folder, 'folder.db')), unavailable(/regular file/));
  symlinkSync(made(), join(folder, 'link.db'));
  assert.throws(() => openSqliteStore(join(folder, 'link.db')), unavailable(/regular file/));
  const damaged = made();
  truncateSync(damaged, 5_000);
  assert.throws(() => openSqliteStore(damaged).probe(), unavailable(/damaged|not a database/));
});

test('a directory that others can write to is refused', () => {
  const folder = join(temporaryFolder(), 'open');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  assert.throws(
    () => openSqliteStore(join(folder, 'reeve.db')),
    unavailable(/other users \(mode 777\)/),
  );
});

test('a database that another process keeps locked past the patience is unavailable, and then again available', () => {
  const file = made();
  const store = openSqliteStore(file, { busyMs: 30 });
  const other = new DatabaseSync(file);
  other.exec('begin immediate');
  assert.throws(() => store.record([aDraft()]), unavailable(/kept the database locked/));
  assert.deepEqual(store.entriesAfter(0, 5), [], 'reading goes on meanwhile');
  other.exec('rollback');
  other.close();
  store.record([aDraft()]);
  assert.equal(store.entriesAfter(0, 5).length, 1);
  store.close();
});

test('a database that was moved away or replaced takes no more writes', () => {
  const file = made();
  const store = openSqliteStore(file);
  renameSync(file, `${file}.moved`);
  assert.throws(() => store.probe(), unavailable(/ENOENT/));
  writeFileSync(file, '');
  assert.throws(() => store.probe(), unavailable(/replaced by another file/));
  store.close();
});

test('a closed store says so', () => {
  const store = openSqliteStore(made());
  store.close();
  store.close();
  assert.throws(() => store.probe(), unavailable(/not open/));
  assert.throws(() => store.frozen(), unavailable(/not open/));
});

test('entries cannot be changed, removed or slipped in, whatever tool opens the file', () => {
  const file = made();
  const store = openSqliteStore(file);
  store.record([aDraft(), aDraft()]);
  for (const attack of [
    "update entries set text = '{}'",
    'delete from entries',
    "insert into entries values (9, null, '{}')",
    "insert or replace into entries values (1, null, '{}')",
    "insert or ignore into entries values (1, null, '{}')",
  ]) {
    assert.throws(() => sql(file, attack), /append-only|without gaps/, attack);
  }
  assert.equal(store.entriesAfter(0, 9).length, 2);
  store.close();
});

test('answers cannot be changed, removed or replaced, whatever tool opens the file', () => {
  const file = made();
  const store = openSqliteStore(file);
  const execution = anExecution({ status: 'awaiting_approval' });
  const { requestId } = execution;
  const request = anApproval(execution);
  store.accept(execution, [], null, request);
  store.approvals.answer(requestId, () => ({
    answer: anAnswer(request),
    entries: [],
    next: { kind: 'wait' },
  }));
  const before = store.approvals.state(requestId);
  const forged = `select id, request_id, stage, role, approver, 'reject', reason, digest, at, proof from approval_answers`;
  for (const attack of [
    "update approval_answers set verdict = 'reject'",
    'delete from approval_answers',
    `insert or replace into approval_answers ${forged}`,
    `insert or replace into approval_answers ${forged.replace('id,', 'null,')}`,
    `insert or ignore into approval_answers ${forged}`,
  ]) {
    assert.throws(() => sql(file, attack), /answers are append-only/, attack);
  }
  assert.deepEqual(store.approvals.state(requestId), before);
  store.close();
});

test('what awaits approval is found without a walk over all executions', () => {
  const file = made();
  const connection = new DatabaseSync(file);
  const both = 'executions join approval_requests using (id)';
  const questions = [
    `select * from ${both} where executions.status = 'awaiting_approval' order by executions.requested_at, executions.id`,
    "select count(*) from executions where principal = 'p' and status = 'awaiting_approval'",
    `select * from ${both} where approval_requests.command = 'c' and approval_requests.environment = 'e' and executions.status = 'ok' order by approval_requests.id desc limit 1`,
    `select * from ${both} where executions.request_id = 'r'`,
    'select id from approval_requests where id < 5 order by id desc limit 5',
    'select * from approval_answers where request_id = 1 order by id',
    "select * from api_tokens where hash = 'h'",
  ];
  for (const question of questions) {
    const plan = connection
      .prepare(`explain query plan ${question}`)
      .all()
      .map(({ detail }) => String(detail));
    for (const line of plan) assert.doesNotMatch(line, /SCAN/, `${question}: ${plan.join('; ')}`);
  }
  connection.close();
});

test('every single filter, and a principal with any one other, walks an index in order', () => {
  const file = made();
  const connection = new DatabaseSync(file);
  const filters: readonly [Omit<ExecutionFilter, 'limit'>, string | null][] = [
    [{}, null],
    [{ since: 1, until: 2 }, null],
    [{ command: 'c' }, null],
    [{ principal: 'p' }, null],
    [{ environment: 'e' }, null],
    [{}, 'ok'],
    [{ principal: 'p', command: 'c' }, null],
    [{ principal: 'p', environment: 'e' }, null],
    [{ principal: 'p', since: 5 }, 'ok'],
  ];
  for (const [filter, status] of filters) {
    for (const before of [null, { requestedAt: 5, id: 5 }]) {
      const { sql: text, values } = walk(filter, status, before);
      const plan = connection
        .prepare(`explain query plan ${text}`)
        .all(...values, 50)
        .map(({ detail }) => String(detail));
      assert.equal(plan.length, 1, plan.join('; '));
      assert.match(plan[0]!, /USING INDEX executions_by_/);
    }
  }
  connection.close();
});

test('a disk that fails under a write: nothing is changed, and it goes on when the disk does', () => {
  // The shell limits how large a file may grow: a real EFBIG out of write(2), in a process of its own.
  const file = made();
  const script = join(import.meta.dirname, '..', 'children', 'fill.ts');
  const { stdout, stderr, status } = spawnSync(
    '/bin/sh',
    ['-c', 'ulimit -f 1200 && exec "$0" "$@"', process.execPath, script, file],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  const { recorded, message, code } = JSON.parse(stdout);
  assert.equal(code, 'AUDIT_UNAVAILABLE');
  assert.match(message, /the disk failed/);
  const store = openSqliteStore(file);
  assert.equal(store.entriesAfter(0, 100_000).length, recorded);
  store.record([aDraft()]);
  assert.equal(store.entriesAfter(recorded, 5)[0]?.seq, recorded + 1);
  store.close();
});

test('a full disk: nothing is changed, and it goes on when there is room', (t) => {
  const folder = temporaryFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'tmpfs', folder]);
  if (mounted.status !== 0) {
    t.skip('only root can mount a small file system here');
    return;
  }
  try {
    const file = join(folder, 'reeve.db');
    const store = openSqliteStore(file);
    let accepted = 0;
    assert.throws(
      () => {
        for (;;) {
          const execution = anExecution({ arguments: { fill: 'x'.repeat(50_000) } });
          store.accept(execution, [aDraft()], null);
          accepted += 1;
        }
      },
      unavailable(/the disk is full/),
    );
    assert.equal(store.entriesAfter(0, 1_000).length, accepted);
    assert.equal(store.executions({ limit: 1_000 }).executions.length, accepted);
    spawnSync('mount', ['-o', 'remount,size=16m', folder]);
    store.probe();
    store.record([aDraft()]);
    assert.equal(store.entriesAfter(0, 1_000).length, accepted + 1);
    store.close();
  } finally {
    spawnSync('umount', [folder]);
  }
});

test('a read-only file system is told of in words', (t) => {
  const file = made();
  const folder = dirname(file);
  const mounted = spawnSync('sh', [
    '-c',
    'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"',
    folder,
  ]);
  if (mounted.status !== 0) {
    t.skip('only root can mount a file system read-only here');
    return;
  }
  try {
    assert.throws(() => openSqliteStore(file).probe(), unavailable(/read-only|cannot be opened/));
  } finally {
    spawnSync('umount', [folder]);
  }
});
