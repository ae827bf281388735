/**
 * What an agent is told when a Loco application is in trouble: not built, its database away or locked, a migration that
 * breaks half-way, tasks that hang, panic, flood and print what is not text, environments that there are not.
 */
import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { locoApp } from './app.ts';
import { type Declared, failure, LocoStage, said } from './stage.ts';

const app = locoApp();
const skip = app.kind === 'missing' ? app.why : false;

let loco: LocoStage;
before(async () => {
  if (skip !== false) return;
  loco = new LocoStage((commands) => {
    const migrate = { ...commands['migrate-db']!, approvals: [] };
    const { assurance: _, ...free }: Declared = migrate;
    const task = { ...commands['verify-keys']!, approvals: [], dependencies: [] };
    const environments = ['development', 'staging', 'production', 'empty'];
    return {
      ...commands,
      // Nobody has to be asked here: what goes wrong is the point.
      'migrate-now': { ...free, tool: 'migrate_now', environments, dependencies: ['database'] },
      'migrate-blindly': { ...free, tool: 'migrate_blindly', environments, dependencies: [] },
      'migrate-broken': {
        ...free,
        tool: 'migrate_broken',
        variables: { ...(free.variables as object), LOCO_APP_FAIL_MIGRATION: '1' },
      },
      trouble: {
        ...task,
        tool: 'trouble',
        environments: ['development', 'production'],
        timeout: { min: '1s', default: '60s', max: '60s' },
        limits: { memory: '512MiB', processes: 64, output: '64KiB' },
        parameters: { task: { type: 'string', maxLength: 100 } },
        required: ['task'],
        stdin: {
          json: {
            ...{ version: 1, operation: 'tasks.run', environment: '{environment}' },
            arguments: { name: '{task}' },
          },
        },
      },
    };
  });
  // An environment of the gateway's that the application has no configuration for.
  loco.settings((text) =>
    text
      .replace('environments:\n', 'environments:\n  empty: { workspace: ./workspace/empty }\n')
      .replace(
        '  database:\n    environments:\n',
        '  database:\n    environments:\n      empty: { file: ./workspace/empty }\n',
      ),
  );
  loco.fresh('empty');
  await loco.open();
});
after(async () => {
  await loco?.[Symbol.asyncDispose]();
});

test('a migration that breaks half-way says which, what stands, and that nothing takes it back', {
  skip,
}, async () => {
  loco.fresh();
  const told = await loco.call('migrate_broken');
  assert.equal(told.isError, true);
  const { code, message, details } = failure(told);
  assert.equal(code, 'MIGRATION_FAILED');
  assert.equal(details.failed, 'm20260315_000006_fails_half_way');
  assert.equal((details.applied as { name: string }[]).length, 5);
  assert.equal(details.recorded, false);
  assert.equal(details.transaction, false);
  assert.match(String(details.warning), /what its statements did before the failure stands/);
  assert.match(message, /put the backup back, before it is run again/);
  // That is what is there.
  assert.equal(loco.applied().length, 5);
  const half = `SELECT name FROM sqlite_master WHERE name = 'half_a_migration'`;
  assert.equal(loco.rows(half).length, 1);
  assert.match(String(failure(await loco.call('migrate_broken')).details.cause), /already exists/);
});

test('a task that hangs is ended at its time limit, and what it may have left is said', {
  skip,
}, async () => {
  loco.fresh();
  const told = await loco.call('trouble', { task: 'sleep', timeoutSeconds: 2 });
  assert.deepEqual([told.status, told.result.errorCode], ['timeout', 'COMMAND_TIMEOUT']);
  assert.match(told.result.errorMessage!, /everything that it had started was ended with it/);
  assert.match(told.result.errorMessage!, /may hold partial work. Check it before asking again/);
  assert.match(told.result.stderr!, /sleeping for 30 seconds/);
  assert.equal(told.result.structured, undefined);
  assert.match(told.result.structuredProblem!, /did not end with an exit code of its own/);
  assert.deepEqual(loco.stage.processes(), []);
});

test('a task that fails or panics says so by a code, and what it printed is kept', {
  skip,
}, async () => {
  const failed = await loco.call('trouble', { task: 'fail' });
  assert.equal(failure(failed).code, 'TASK_FAILED');
  assert.match(failure(failed).message, /boom\. What it had done until then stands/);
  assert.equal(failed.result.stderr, 'this was done before it failed\n');
  const panicked = await loco.call('trouble', { task: 'panic' });
  assert.equal(failure(panicked).code, 'TASK_PANICKED');
  assert.match(panicked.result.stderr!, /this task panics on purpose/);
  const unknown = failure(await loco.call('trouble', { task: 'nonsense' }));
  assert.equal(unknown.code, 'TASK_NOT_FOUND');
  assert.ok((unknown.details.tasks as string[]).includes('rotate-keys'));
  const there = await loco.call('trouble', { task: 'panic', environment: 'production' });
  assert.equal(failure(there).code, 'TASK_NOT_FOUND', 'production has no such task');
});

test('a task that floods is ended, and no part of what it wrote is taken for a result', {
  skip,
}, async () => {
  const { status, result } = await loco.call('trouble', { task: 'flood' });
  assert.deepEqual([status, result.errorCode, result.truncated], ['failed', 'OUTPUT_LIMIT', true]);
  assert.equal(result.structured, undefined);
  // What is kept, and a word about what is not.
  assert.ok(result.stderr!.length < 66_000);
  assert.ok(result.usage!.stderrBytes! > 66_000);
});

test('escape sequences and bytes that are no text stay in standard error, and the answer is clean', {
  skip,
}, async () => {
  const coloured = await loco.call('trouble', { task: 'ansi' });
  assert.deepEqual(said(coloured).result, { task: 'ansi' });
  assert.ok(!coloured.result.stdout!.includes('\u001b'));
  assert.ok(coloured.result.stderr!.includes('\u001b[31m'));
  const bytes = await loco.call('trouble', { task: 'not-utf8' });
  assert.deepEqual(said(bytes).result, { task: 'not-utf8' });
  assert.equal(
    Buffer.from(bytes.result.stderrBase64!, 'base64').toString('latin1'),
    'before \xff\xfe\xc3\x28 after\n',
  );
});

test('an unknown environment is refused by the gateway, and by the application where only that has none', {
  skip,
}, async () => {
  for (const environment of [
    'qa',
    '../development',
    'development/../production',
    '',
    'Development',
  ]) {
    const { status, errorCode, message } = await loco.call('migrate_now', { environment });
    assert.deepEqual([status, errorCode], [400, 'INVALID_REQUEST'], environment);
    assert.match(message!, /environment/);
  }
  const { errorCode, exitCode, structured } = (
    await loco.call('migrate_now', { environment: 'empty' })
  ).result;
  assert.deepEqual([errorCode, exitCode], ['COMMAND_EXIT_NON_ZERO', 2]);
  assert.equal(structured?.error?.code, 'UNKNOWN_ENVIRONMENT');
  assert.deepEqual(structured?.error?.details.environments, [
    'development',
    'production',
    'staging',
  ]);
});

test('an environment name that leads elsewhere is refused when the files are loaded', {
  skip,
}, async () => {
  await using other = new LocoStage();
  other.settings((text) => text.replace('  development: {', '  ../x: {'));
  const lint = await other.reeve(['lint', other.stage.config]);
  assert.equal(lint.exitCode, 1);
  assert.match(lint.stdout + lint.stderr, /"\.\.\/x"/);
});

test('a locked database: the application waits, gives up, and says so; nothing is changed', {
  skip,
}, async () => {
  const folder = loco.fresh();
  const holder = new DatabaseSync(join(folder, 'data/app.sqlite'));
  try {
    holder.exec('BEGIN EXCLUSIVE');
    assert.equal(failure(await loco.call('migrate_now')).code, 'DATABASE_LOCKED');
  } finally {
    holder.exec('ROLLBACK');
    holder.close();
  }
  assert.deepEqual(loco.applied(), []);
  assert.equal((said(await loco.call('migrate_now')).result!.applied as unknown[]).length, 5);
});

test('a missing database: the probe refuses before anything starts; without one the application does', {
  skip,
}, async () => {
  for (const environment of ['development', 'staging']) {
    const folder = loco.fresh(environment);
    rmSync(join(folder, 'data/app.sqlite'));
    // What a probe found is good for one second.
    await sleep(1500);
    const told = await loco.call('migrate_now', { environment });
    assert.equal(told.status, 'rejected', JSON.stringify(told));
    assert.equal(told.result.errorCode, 'DEPENDENCY_UNAVAILABLE');
    assert.match(told.result.errorMessage!, /database/);
    assert.ok(!(await loco.kinds(told.meta.requestId)).includes('intent'));
  }
  const blind = await loco.call('migrate_blindly', { environment: 'staging' });
  assert.equal(failure(blind).code, 'DATABASE_UNAVAILABLE');
  const wrong = await loco.call('migrate_blindly', { workingDirectory: 'tmp' });
  assert.equal(failure(wrong).code, 'DATABASE_UNAVAILABLE', 'in another folder there is none');
  const out = await loco.call('migrate_blindly', { workingDirectory: '..' });
  assert.equal(out.errorCode, 'WORKSPACE_ISOLATION_VIOLATION');
});

test('a database that is none is told from one that is away', { skip }, async () => {
  const folder = loco.fresh();
  writeFileSync(
    join(folder, 'data/app.sqlite'),
    'this is a text, and long enough to be read\n'.repeat(40),
  );
  assert.equal(failure(await loco.call('migrate_now')).code, 'DATABASE_UNAVAILABLE');
});

test('an application that is not built: the files do not load, and a running gateway starts nothing', {
  skip,
}, async () => {
  loco.fresh();
  const binary = join(loco.stage.folder, 'bin/loco-app-cli');
  renameSync(binary, `${binary}.away`);
  try {
    const lint = await loco.reeve(['lint', loco.stage.config]);
    assert.equal(lint.exitCode, 1);
    assert.match(lint.stdout + lint.stderr, /loco-app-cli.* (does not exist|is not there)/s);
    const told = await loco.call('migrate_now');
    assert.equal(told.isError, true);
    assert.deepEqual([told.status, told.errorCode], [500, 'COMMAND_EXECUTION_FAILED']);
    assert.match(
      told.message!,
      /bin\/loco-app-cli does not exist any more, so nothing was started/,
    );
    assert.deepEqual(loco.applied(), []);
  } finally {
    renameSync(`${binary}.away`, binary);
  }
  assert.equal((said(await loco.call('migrate_now')).result!.applied as unknown[]).length, 5);
});
