/** The real Loco application by its own command line: what Reeve's results are held against. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { locoApp, locoWorkspace, type Ran, runLoco } from './app.ts';

const app = locoApp();
const skip = app.kind === 'missing' ? app.why : false;
const names = [
  'm20260105_000001_customers',
  'm20260112_000002_orders',
  'm20260119_000003_first_rows',
  'm20260202_000004_order_status',
  'm20260301_000005_receipts',
];

interface Stage {
  readonly folder: string;
  run(...args: string[]): Ran;
  /** A run that must end well. */
  ok(...args: string[]): string;
  /** A run that must fail with this exit code; what it said on standard error. */
  fails(status: number, ...args: string[]): string;
}

function stage(
  t: TestContext,
  environment = 'development',
  env: Record<string, string> = {},
): Stage {
  assert.equal(app.kind, 'built');
  const folder = mkdtempSync(join(tmpdir(), 'reeve-loco-app-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  locoWorkspace(folder);
  const run = (...args: string[]) => runLoco(app.binary, folder, ['-e', environment, ...args], env);
  return {
    folder,
    run,
    ok(...args) {
      const { status, stdout, stderr } = run(...args);
      assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`);
      return stdout.toString();
    },
    fails(wanted, ...args) {
      const { status, stdout, stderr } = run(...args);
      assert.equal(status, wanted, `${args.join(' ')}: ${stdout}${stderr}`);
      return stderr;
    },
  };
}

/** The messages of Loco's JSON log; every line must be one. */
function messages(log: string): string[] {
  return log
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { fields: { message: string } }).fields.message);
}

function query(folder: string, sql: string): unknown[][] {
  const database = new DatabaseSync(join(folder, 'data/app.sqlite'));
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row));
  } finally {
    database.close();
  }
}

const tables = (folder: string) =>
  query(folder, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`).flat();
const applied = (folder: string) =>
  query(folder, 'SELECT version FROM seaql_migrations ORDER BY version').flat();
const ids = (ring: { retired: { id: string }[] }) => ring.retired.map((key) => key.id);
const keyring = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'keys/keyring.json'), 'utf8'));

test('migrations are pending, are applied in order, and are applied once', { skip }, (t) => {
  const { folder, ok } = stage(t);
  const status = (word: string) => names.map((name) => `Migration '${name}'... ${word}`);
  assert.deepEqual(messages(ok('db', 'status')).slice(2), status('Pending'));
  assert.deepEqual(
    messages(ok('db', 'migrate')).slice(2),
    names.flatMap((name) => [
      `Applying migration '${name}'`,
      `Migration '${name}' has been applied`,
    ]),
  );
  assert.deepEqual(applied(folder), names);
  assert.deepEqual(tables(folder), ['customers', 'orders', 'receipts', 'seaql_migrations']);
  assert.deepEqual(messages(ok('db', 'status')).slice(2), status('Applied'));
  assert.deepEqual(messages(ok('db', 'migrate')).slice(1), [
    'Applying all pending migrations',
    'No pending migrations',
  ]);
});

test('every migration has a way back, which takes away what it brought', { skip }, (t) => {
  const { folder, ok } = stage(t);
  ok('db', 'migrate');
  const rows = query(folder, 'SELECT * FROM orders ORDER BY id');
  assert.equal(rows.length, 5);
  assert.deepEqual(messages(ok('db', 'down')).slice(1), [
    'Rolling back 1 applied migrations',
    `Rolling back migration '${names[4]}'`,
    `Migration '${names[4]}' has been rolled back`,
  ]);
  ok('db', 'down', '1');
  assert.deepEqual(applied(folder), names.slice(0, 3));
  assert.deepEqual(
    query(folder, `SELECT name FROM pragma_table_info('orders')`).flat().includes('status'),
    false,
  );
  ok('db', 'down', '3');
  assert.deepEqual(tables(folder), ['seaql_migrations']);
  ok('db', 'migrate');
  assert.deepEqual(query(folder, 'SELECT * FROM orders ORDER BY id'), rows);
});

test('a migration that fails half-way leaves a table behind, on which the next try fails', {
  skip,
}, (t) => {
  const { folder, fails } = stage(t, 'production', { LOCO_APP_FAIL_MIGRATION: '1' });
  assert.match(fails(1, 'db', 'migrate'), /no such table: a_table_that_is_not_there/);
  assert.deepEqual(applied(folder), names, 'it is not in the list of applied ones');
  assert.ok(tables(folder).includes('half_a_migration'), 'and yet it changed the database');
  assert.match(fails(1, 'db', 'migrate'), /table half_a_migration already exists/);
});

test('staging and production never make a new database', { skip }, (t) => {
  for (const environment of ['staging', 'production']) {
    const { folder, fails } = stage(t, environment);
    rmSync(join(folder, 'data/app.sqlite'));
    assert.match(fails(1, 'db', 'status'), /unable to open database file/);
    assert.deepEqual(readdirSync(join(folder, 'data')), []);
  }
});

test('tasks that make trouble are there in development alone', { skip }, (t) => {
  const listed = (environment: string) =>
    stage(t, environment)
      .ok('task')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0]);
  const everywhere = [
    'backup-db',
    'check-backup',
    'clean-temp',
    'queue:setup',
    'report',
    'rotate-keys',
    'verify-keys',
  ];
  const trouble = ['ansi', 'fail', 'flood', 'not-utf8', 'panic', 'sleep'];
  assert.deepEqual(listed('development'), [...everywhere, ...trouble].sort());
  assert.deepEqual(listed('staging'), everywhere);
  assert.deepEqual(listed('production'), everywhere);
  assert.match(
    stage(t, 'production').fails(1, 'task', 'panic'),
    /^Error: TaskNotFound\("panic"\)$/m,
  );
});

test('tasks in trouble: their exit codes and their bytes', { skip }, (t) => {
  const { run, fails, ok } = stage(t);
  const failed = run('task', 'fail');
  assert.deepEqual(
    [failed.status, failed.stdout.toString(), failed.stderr],
    [1, 'this was done before it failed\n', 'Error: Message("boom")\n'],
  );
  assert.match(fails(101, 'task', 'panic'), /this task panics on purpose/);
  assert.deepEqual(
    run('task', 'not-utf8').stdout,
    Buffer.concat([
      Buffer.from('before '),
      Buffer.from([0xff, 0xfe, 0xc3, 0x28]),
      Buffer.from(' after\n'),
    ]),
  );
  assert.match(ok('task', 'ansi'), /^\x1b\[31mred\x1b\[0m \x1b\]0;title\x07/);
  assert.equal(run('task', 'flood', 'mebibytes:2').stdout.length, 2 * 1024 * 1024);
  assert.equal(ok('task', 'sleep', 'seconds:0'), 'sleeping for 0 seconds\nslept\n');
});

test('a task refuses variables that it does not know, and values out of bounds', { skip }, (t) => {
  const { folder, fails } = stage(t);
  const before = readFileSync(join(folder, 'keys/keyring.json'), 'utf8');
  assert.match(fails(1, 'task', 'rotate-keys', 'expected:x'), /unknown variable/);
  for (const hours of ['0', '-1', '1e3', '', '99999999999999999999'])
    assert.match(
      fails(1, 'task', 'clean-temp', `hours:${hours}`),
      /a whole number from 1 to 87600 was expected/,
    );
  assert.match(fails(2, 'task', 'clean-temp', 'hours'), /expected `key:value`/);
  assert.equal(readFileSync(join(folder, 'keys/keyring.json'), 'utf8'), before);
  assert.ok(existsSync(join(folder, 'tmp/upload-1.part')));
});

test('rotate-keys makes a new random key and keeps the old one', { skip }, (t) => {
  const { folder, ok } = stage(t);
  const old = keyring(folder).active;
  const secret = readFileSync(join(folder, 'keys/active.key'), 'utf8');
  const said = ok('task', 'rotate-keys');
  const ring = keyring(folder);
  assert.equal(said, `rotated: ${old.id} is retired, ${ring.active.id} is active\n`);
  assert.notEqual(readFileSync(join(folder, 'keys/active.key'), 'utf8'), secret);
  assert.equal(readFileSync(join(folder, `keys/retired/${old.id}.key`), 'utf8'), secret);
  assert.deepEqual(ids(ring), [old.id]);
  assert.deepEqual(readdirSync(join(folder, 'keys')).sort(), [
    'active.key',
    'keyring.json',
    'retired',
    'rotation.lock',
  ]);
  for (const path of ['active.key', 'keyring.json', `retired/${old.id}.key`])
    assert.equal(statSync(join(folder, 'keys', path)).mode & 0o777, 0o600, path);
  assert.equal(ok('task', 'verify-keys'), `verified: ${ring.active.id} is active, 1 retired\n`);
});

test('a rotation that is asked for twice is done once', { skip }, (t) => {
  const { folder, ok, fails } = stage(t);
  const old = keyring(folder).active.id;
  ok('task', 'rotate-keys', `expect:${old}`);
  const { active } = keyring(folder);
  for (const guard of [[`expect:${old}`], []])
    assert.match(ok('task', 'rotate-keys', ...guard), new RegExp(`^unchanged: ${active.id} `));
  assert.match(
    fails(1, 'task', 'rotate-keys', 'expect:0123456789abcdef'),
    /knows no other of that name/,
  );
  assert.equal(keyring(folder).active.id, active.id);
  assert.match(ok('task', 'rotate-keys', 'min_age_minutes:0'), /^rotated: /);
  assert.deepEqual(ids(keyring(folder)), [active.id, old]);
});

test('keys that are not what the keyring says are found, and are not rotated away', {
  skip,
}, (t) => {
  const { folder, ok, fails } = stage(t);
  const path = join(folder, 'keys/active.key');
  chmodSync(path, 0o644);
  assert.match(fails(1, 'task', 'verify-keys'), /mode 644/);
  chmodSync(path, 0o600);
  writeFileSync(path, `${'ab'.repeat(32)}\n`);
  assert.match(fails(1, 'task', 'verify-keys'), /active\.key is .*, and keyring\.json says /);
  assert.match(fails(1, 'task', 'rotate-keys'), /Somebody else changed these files/);
  writeFileSync(path, 'short\n');
  assert.match(fails(1, 'task', 'rotate-keys'), /is not a key/);
  rmSync(path);
  assert.match(fails(1, 'task', 'rotate-keys'), /active\.key is not there/);
  rmSync(join(folder, 'keys'), { recursive: true });
  assert.match(ok('task', 'rotate-keys'), /^created: /);
  ok('task', 'verify-keys');
});

test('clean-temp deletes old files under tmp/, and follows no link', { skip }, (t) => {
  const { folder, ok, fails } = stage(t);
  const outside = join(folder, 'data/old.txt');
  writeFileSync(outside, 'old, and not ours to delete');
  utimesSync(outside, 1, 1);
  symlinkSync('../data', join(folder, 'tmp/data'));
  symlinkSync('../data/old.txt', join(folder, 'tmp/old'));
  const left = 'kept: 2 files, 384 bytes\nleft alone: 2 links and others\n';
  assert.equal(
    ok('task', 'clean-temp', 'dry_run:yes'),
    `would delete: 3 files, 6656 bytes\n${left}`,
  );
  assert.ok(existsSync(join(folder, 'tmp/upload-1.part')));
  assert.match(ok('task', 'clean-temp', 'hours:48'), /^deleted: 2 files, 4608 bytes\n/);
  assert.equal(ok('task', 'clean-temp'), `deleted: 1 files, 2048 bytes\n${left}`);
  assert.ok(existsSync(outside));
  assert.deepEqual(readdirSync(join(folder, 'tmp')).sort(), ['cache', 'data', 'export.csv', 'old']);
  assert.deepEqual(readdirSync(join(folder, 'tmp/cache')), ['page.css']);
  rmSync(join(folder, 'tmp'), { recursive: true });
  symlinkSync('data', join(folder, 'tmp'));
  assert.match(fails(1, 'task', 'clean-temp', 'hours:1'), /tmp\/ can't be opened as a folder/);
  unlinkSync(join(folder, 'tmp'));
  assert.match(fails(1, 'task', 'clean-temp'), /Nothing was deleted/);
  assert.ok(existsSync(outside));
});

test('backup-db prints a whole copy that others may not read', { skip }, (t) => {
  const { folder, ok } = stage(t);
  ok('db', 'migrate');
  const printed = ok('task', 'backup-db').trimEnd();
  assert.match(printed, /^data\/backups\/\d{8}T\d{9}Z\.sqlite$/);
  assert.deepEqual(readdirSync(join(folder, 'data/backups')), [printed.split('/').at(-1)]);
  assert.equal(statSync(join(folder, printed)).mode & 0o777, 0o600);
  const copy = new DatabaseSync(join(folder, printed), { readOnly: true });
  assert.deepEqual({ ...copy.prepare('SELECT count(*) AS n FROM orders').get() }, { n: 5 });
  copy.close();
});

test('check-backup takes a whole, young backup alone, and writes nothing', { skip }, (t) => {
  const { folder, ok, fails } = stage(t);
  ok('db', 'migrate');
  assert.match(fails(1, 'task', 'check-backup'), /there is no backup below data\/backups\/\. Run/);
  const made = ok('task', 'backup-db').trimEnd();
  const backups = join(folder, 'data/backups');
  assert.match(ok('task', 'check-backup'), new RegExp(`^${made} is whole and 0 minutes old\n$`));
  assert.deepEqual(readdirSync(backups), [made.split('/').at(-1)]);
  // Two days old by its name, a link, a name of another form, and one of tomorrow.
  const young = readFileSync(join(folder, made));
  const named = (hours: number) =>
    `${new Date(Date.now() + hours * 3_600_000).toISOString().replace(/[-:.]/g, '')}.sqlite`;
  rmSync(join(folder, made));
  const old = named(-48);
  writeFileSync(join(backups, old), young);
  writeFileSync(join(backups, named(24)), young);
  symlinkSync(old, join(backups, named(-1)));
  writeFileSync(join(backups, 'latest.sqlite'), young);
  assert.match(
    fails(1, 'task', 'check-backup'),
    new RegExp(`younger than 24 hours: the newest below data/backups/ is ${old}`),
  );
  assert.match(ok('task', 'check-backup', 'hours:49'), / is whole and 28\d\d minutes old\n$/);
  // Cut short: its first page still says how many there should be.
  writeFileSync(join(backups, named(-2)), young.subarray(0, 8192));
  assert.match(fails(1, 'task', 'check-backup'), /damaged: data\/backups\/.*Run backup-db/);
});

test('report counts what is in the database', { skip }, (t) => {
  const { ok, fails } = stage(t);
  assert.match(fails(1, 'task', 'report'), /no such table: customers/);
  ok('db', 'migrate');
  assert.deepEqual(JSON.parse(ok('task', 'report')), {
    customers: 3,
    orders: { open: { count: 3, cents: 12_150 }, sent: { count: 2, cents: 2150 } },
  });
});

test('queue:setup makes the queue and its jobs once; before it there is none', { skip }, (t) => {
  const { folder, ok, fails } = stage(t);
  assert.match(fails(1, 'jobs', 'dump'), /no such table: sqlt_loco_queue/);
  assert.equal(ok('task', 'queue:setup', 'history:yes'), 'the queue has 8 jobs\n');
  assert.equal(ok('task', 'queue:setup'), 'the queue has 8 jobs\n');
  const count = () =>
    query(folder, 'SELECT status, count(*) FROM sqlt_loco_queue GROUP BY status ORDER BY status');
  assert.deepEqual(count(), [
    ['cancelled', 1],
    ['completed', 1],
    ['failed', 1],
    ['processing', 1],
    ['queued', 4],
  ]);
  ok('jobs', 'cancel', '--name', 'CloseOrders');
  ok('jobs', 'tidy');
  assert.deepEqual(count(), [
    ['failed', 1],
    ['processing', 1],
    ['queued', 3],
  ]);
});

test('the environment is that of -e, before every variable', { skip }, (t) => {
  const shouting = { LOCO_ENV: 'development', RAILS_ENV: 'development', NODE_ENV: 'development' };
  const { ok } = stage(t, 'production', shouting);
  assert.doesNotMatch(ok('task'), /panic/);
  const { folder } = stage(t);
  assert.equal(app.kind, 'built');
  const silent = runLoco(app.binary, folder, ['task'], { NODE_ENV: 'production' });
  assert.doesNotMatch(silent.stdout.toString(), /panic/, 'a variable of Node chooses, without -e');
  const nowhere = runLoco(app.binary, folder, ['-e', 'nowhere', 'db', 'status']);
  assert.deepEqual(
    [nowhere.status, nowhere.stdout.toString()],
    [1, ''],
    'an environment without a file is an error',
  );
});
