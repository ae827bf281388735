/**
 * The Loco example as it is operated: a real gateway, a real application in the sandbox, an agent with an MCP client that is
 * not ours, and people who answer with tokens of their own. What was done is looked at in the files themselves.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { locoApp } from './app.ts';
import { failure, LocoStage, said } from './stage.ts';

const app = locoApp();
const skip = app.kind === 'missing' ? app.why : false;
const migrations = [
  'm20260105_000001_customers',
  'm20260112_000002_orders',
  'm20260119_000003_first_rows',
  'm20260202_000004_order_status',
  'm20260301_000005_receipts',
];

/** The application's own command line, where it does not have the crate. */
const plain = {
  ...{ owner: 'tests', risk: 'low', environments: ['development', 'production'] },
  ...{ timeout: { default: '60s', max: '300s' }, workspace: 'read-write', parameters: {} },
  mounts: ['./bin', { path: './config', at: '/srv/loco-app/config' }],
  variables: { LOCO_CONFIG_FOLDER: '/srv/loco-app/config', TOKIO_WORKER_THREADS: '2' },
  ...{ dependencies: [], approvals: [] },
};
const binary = ['bin/loco-app-cli', '-e', '{environment}'];
const fromLog = { result: { from: 'loco-log' } };

let loco: LocoStage;
before(async () => {
  if (skip !== false) return;
  loco = new LocoStage((commands) => ({
    ...commands,
    'plain-migrate': { ...plain, ...fromLog, description: 'x', run: [...binary, 'db', 'migrate'] },
    'plain-status': { ...plain, ...fromLog, description: 'x', run: [...binary, 'db', 'status'] },
    'plain-down': { ...plain, ...fromLog, description: 'x', run: [...binary, 'db', 'down', '2'] },
    'plain-rotate': { ...plain, description: 'x', run: [...binary, 'task', 'rotate-keys'] },
    'plain-clean': { ...plain, description: 'x', run: [...binary, 'task', 'clean-temp'] },
    'plain-tasks': {
      ...plain,
      description: 'x',
      variables: { ...plain.variables, RUST_LOG: 'off' },
      run: [...binary, 'task'],
      result: { from: 'loco-tasks' },
    },
  }));
  await loco.open();
});
after(async () => {
  await loco?.[Symbol.asyncDispose]();
});

const key = (environment = 'development') =>
  readFileSync(join(loco.workspace(environment), 'keys/active.key'), 'utf8');
const ring = (environment = 'development') =>
  JSON.parse(readFileSync(join(loco.workspace(environment), 'keys/keyring.json'), 'utf8'));

test('migrate_db applies what is pending once two people agreed in order, and then nothing more', {
  skip,
}, async () => {
  loco.fresh();
  assert.equal((await loco.ok('migration_status')).pending, 5);
  assert.deepEqual(loco.applied(), []);
  const first = await loco.approved('migrate_db', { steps: 2 }, 'olga', 'sam');
  const done = said(first).result as { applied: { name: string }[]; pending: string[] };
  assert.deepEqual(
    done.applied.map(({ name }) => name),
    migrations.slice(0, 2),
  );
  assert.deepEqual(done.pending, migrations.slice(2));
  assert.deepEqual(loco.applied(), migrations.slice(0, 2), 'as the database itself has it');
  assert.deepEqual(await loco.kinds(first.result.requestId), [
    ...['asked', 'decided', 'approval-answered', 'approval-answered', 'approval-granted'],
    ...['intent', 'outcome'],
  ]);

  said(await loco.approved('migrate_db', {}, 'olga', 'sam'));
  assert.deepEqual(loco.applied(), migrations);
  assert.equal(loco.rows('SELECT * FROM orders').length, 5);
  const again = said(await loco.approved('migrate_db', {}, 'olga', 'sam')).result!;
  assert.deepEqual([again.applied, again.pending, again.alreadyApplied], [[], [], 5]);
  assert.deepEqual(loco.applied(), migrations);
});

test('wrong order, wrong role and who has no part in it are refused before anything runs', {
  skip,
}, async () => {
  loco.fresh();
  const requestId = await loco.ask('migrate_db');
  const refused = async (who: Parameters<typeof loco.approve>[0], status: number, code: string) => {
    const reply = await loco.approve(who, requestId);
    assert.deepEqual([reply.status, reply.body.errorCode], [status, code], who);
  };
  await refused('sam', 409, 'APPROVAL_OUT_OF_ORDER');
  await refused('chris', 404, 'REQUEST_NOT_FOUND');
  await refused('ada', 403, 'APPROVAL_NOT_ALLOWED');
  assert.equal((await loco.approve('olga', requestId)).status, 200);
  await refused('olga', 403, 'APPROVAL_NOT_ALLOWED');
  const waiting = await loco.call('reeve_status', { requestId });
  assert.deepEqual([waiting.status, waiting.approval?.openStage], ['awaiting_approval', 1]);
  assert.deepEqual(loco.applied(), []);
  assert.equal(statSync(join(loco.workspace(), 'data/app.sqlite')).size, 0);
  await loco.call('reeve_cancel', { requestId });
  const kinds = await loco.kinds(requestId);
  assert.equal(kinds.filter((kind) => kind === 'approval-refused').length, 3);
  assert.ok(!kinds.includes('intent'), 'nothing was ever begun');
  assert.equal(statSync(join(loco.workspace(), 'data/app.sqlite')).size, 0);
});

test('migrate_down takes back exactly what is named, and nothing where the newest are others', {
  skip,
}, async () => {
  loco.fresh();
  said(await loco.approved('migrate_db', {}, 'olga', 'sam'));
  const other = await loco.approved('migrate_down', { expect: [migrations[3]] }, 'olga', 'sam');
  assert.equal(failure(other).code, 'PRECONDITION_FAILED');
  assert.deepEqual(loco.applied(), migrations);
  const expect = [migrations[4], migrations[3]];
  said(await loco.approved('migrate_down', { expect }, 'olga', 'sam'));
  assert.deepEqual(loco.applied(), migrations.slice(0, 3));
});

test('rotate_keys makes a new key after security officer and CTO, and a repeated call changes nothing', {
  skip,
}, async () => {
  loco.fresh();
  const [old, content] = [ring().active.id as string, key()];
  const verified = (await loco.ok('verify_keys')).report as { active: string; ageMinutes: number };
  assert.equal(verified.active, old);
  assert.ok(verified.ageMinutes >= 90 * 24 * 60);
  const asked = await loco.ask('rotate_keys', { expect: old });
  assert.equal((await loco.approve('chris', asked)).body.errorCode, 'APPROVAL_OUT_OF_ORDER');
  assert.equal((await loco.approve('ada', asked)).body.errorCode, 'APPROVAL_NOT_ALLOWED');
  assert.equal(key(), content);
  assert.equal((await loco.approve('sam', asked)).status, 200);
  assert.equal((await loco.approve('chris', asked)).status, 200);
  const ended = await loco.end(asked);
  const { active } = ring();
  assert.deepEqual(said(ended).result!.report, {
    outcome: 'rotated',
    active: active.id,
    retired: old,
  });
  assert.notEqual(key(), content);
  assert.equal(readFileSync(join(loco.workspace(), `keys/retired/${old}.key`), 'utf8'), content);
  assert.doesNotMatch(JSON.stringify(ended), new RegExp(`${content.trim()}|${key().trim()}`));
  const again = await loco.approved('rotate_keys', { expect: old }, 'sam', 'chris');
  assert.deepEqual(said(again).result!.report, {
    outcome: 'unchanged',
    active: active.id,
    retired: null,
  });
  assert.equal(ring().active.id, active.id);
});

test('clean_temp deletes just the old files, after the lead of operations', { skip }, async () => {
  const tmp = join(loco.fresh(), 'tmp');
  const counts = { deleted: 3, deletedBytes: 6656, kept: 2, keptBytes: 384, leftAlone: 0 };
  assert.deepEqual((await loco.ok('analyze_temp')).report, { dryRun: true, ...counts });
  assert.ok(existsSync(join(tmp, 'upload-1.part')));
  const few = said(await loco.approved('clean_temp', { hours: 100 }, 'olga')).result!;
  assert.equal((few.report as { deleted: number }).deleted, 1);
  const done = said(await loco.approved('clean_temp', {}, 'olga')).result!;
  assert.deepEqual(done.report, {
    ...counts,
    ...{ dryRun: false, deleted: 2, deletedBytes: 6144 },
  });
  assert.deepEqual(readdirSync(tmp).sort(), ['cache', 'export.csv']);
  assert.deepEqual(readdirSync(join(tmp, 'cache')), ['page.css']);
});

test('a backup is made, found, and demanded', { skip }, async () => {
  loco.fresh();
  const none = failure(await loco.call('check_backup'));
  assert.equal(none.code, 'TASK_FAILED');
  assert.match(none.message, /no whole backup is younger than 24 hours/);
  const made = (await loco.ok('backup_db')).report as { file: string; bytes: number };
  assert.equal(statSync(join(loco.workspace(), made.file)).size, made.bytes);
  const found = (await loco.ok('check_backup', { hours: 1 })).report as { file: string };
  assert.equal(found.file, made.file);
});

test('schedule and queue are looked at and tended, typed', { skip }, async () => {
  loco.fresh();
  const { jobs } = (await loco.ok('list_schedule')) as { jobs: { name: string }[] };
  assert.deepEqual(
    jobs.map(({ name }) => name),
    ['clean_temp', 'report', 'verify_keys'],
  );
  const ran = await loco.ok('run_scheduled', { job: 'verify_keys' });
  assert.equal(ran.exitCode, 0);
  assert.match(String(ran.output), /^verified: /);
  assert.equal(failure(await loco.call('list_jobs')).code, 'QUEUE_NOT_SET_UP');
  assert.equal((await loco.ok('app_doctor')).healthy, false);
});

test('an application without the crate: its JSON log is read, its tasks run', {
  skip,
}, async () => {
  loco.fresh();
  const read = async (tool: string, environment = 'development') => {
    const told = await loco.call(tool, { environment });
    assert.equal(told.status, 'ok', JSON.stringify(told));
    assert.equal(told.result.structuredProblem, undefined);
    return told.result.structured as unknown as Record<string, unknown>;
  };
  assert.deepEqual((await read('plain_status')).pending, migrations);
  const done = await read('plain_migrate');
  assert.deepEqual([done.applied, done.unfinished], [migrations, null]);
  assert.deepEqual(loco.applied(), migrations);
  assert.deepEqual((await read('plain_migrate')).applied, []);
  assert.deepEqual((await read('plain_down')).rolledBack, [migrations[4], migrations[3]]);
  assert.deepEqual((await read('plain_status')).pending, migrations.slice(3));
  const before = ring().active.id;
  assert.match((await loco.call('plain_rotate')).result.stdout!, /^rotated: /);
  assert.notEqual(ring().active.id, before);
  assert.match((await loco.call('plain_clean')).result.stdout!, /^deleted: 3 files, 6656 bytes/);
  const tasks = async (environment: string) =>
    ((await read('plain_tasks', environment)).tasks as { name: string }[]).map((t) => t.name);
  assert.ok((await tasks('development')).includes('panic'));
  assert.ok(!(await tasks('production')).includes('panic'), 'the environment is the one asked for');
});
