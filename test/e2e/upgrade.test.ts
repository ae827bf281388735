/**
 * States of earlier releases, each made by the code of its time (test/data/upgrade/make.sh), opened by this one: everything is
 * kept, what was there before is copied first, and an older program refuses what a newer one has made of it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { migrations } from '../../src/store/sqlite/migrations.ts';
import { rest as request } from '../real/rest.ts';
import { root, Stage, until } from '../real/stage.ts';

const made = join(root, 'test/data/upgrade');
const schemas = readdirSync(made)
  .flatMap((name) => /^schema-(\d+)\.tar\.gz$/.exec(name)?.[1] ?? [])
  .map(Number)
  .sort((a, b) => a - b);
const newest = migrations.length;
/** Once more where the gateway had closed the connection, idle for long, that the client wanted to use again. */
const rest: typeof request = (...args) => request(...args).catch(() => request(...args));

function stageOf(schema: number): Stage {
  const stage = new Stage(
    'policy: policy\npeople: people.yaml\napprovals: { proofs: { default: [token] } }\n',
  );
  mkdirSync(join(stage.folder, 'policy'));
  writeFileSync(
    join(stage.folder, 'policy/all.cedar'),
    '@id("everybody") permit (principal, action, resource);\n',
  );
  writeFileSync(
    join(stage.folder, 'people.yaml'),
    'version: 1\npeople:\n  alice: { name: Alice, roles: [ops_lead] }\n  bob: { name: Bob, roles: [security_officer] }\n',
  );
  // The commands as they were declared then (make.sh), in another place.
  const declared = (name: string, program: string, approvals: string) => `  ${name}:
    tool: ${name}
    title: A command
    description: For states of earlier releases.
    owner: tests
    risk: low
    run: [${program}, "{text}"]
    parameters: { text: { type: string, maxLength: 100 } }
    required: [text]
    environments: [development]
    timeout: 30s
    inputs: unbound
    approvals: ${approvals}
    dependencies: []
`;
  writeFileSync(
    join(stage.folder, 'inventory.yaml'),
    `version: 1
commands:
${declared('say', '/usr/bin/printf', '[]')}${declared('guarded', '/usr/bin/printf', '[ops_lead]')}`,
  );
  const archive = join(made, `schema-${schema}.tar.gz`);
  const done = spawnSync('tar', ['-xzf', archive, '-C', stage.state()], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return stage;
}

function look(file: string, sql: string): readonly Record<string, unknown>[] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}
const database = (stage: Stage) => join(stage.state(), 'reeve.db');
const statesOf = (file: string) =>
  look(file, 'select request_id, status from executions order by id');
const entriesIn = (file: string) => look(file, 'select seq, text from entries order by seq');

test('there are states of several earlier schemas', () => {
  assert.ok(schemas.length >= 3, String(schemas));
  assert.ok(schemas.every((schema) => schema < newest));
});

for (const schema of schemas) {
  test(`a state of schema ${schema} is copied, brought up to date, and goes on with all that was in it`, async () => {
    await using stage = stageOf(schema);
    const states = statesOf(database(stage));
    const entries = entriesIn(database(stage));
    const gateway = await stage.serve();
    assert.match(gateway.log(), new RegExp(`schema ${schema} is brought to schema ${newest}`));

    const [copy, ...more] = readdirSync(join(stage.state(), 'backups'));
    assert.deepEqual(more, []);
    const kept = join(stage.state(), 'backups', copy!);
    assert.match(copy!, new RegExp(`^before-schema-${newest}-.*\\.db$`));
    assert.equal(look(kept, 'pragma user_version')[0]?.user_version, schema);
    assert.deepEqual(entriesIn(kept), entries);

    const now = entriesIn(database(stage));
    assert.deepEqual(now.slice(0, entries.length), entries, 'the record goes on from where it was');
    const upgraded = JSON.parse(String(now[entries.length]?.text)) as {
      kind: string;
      body: object;
    };
    assert.equal(upgraded.kind, 'state-upgraded');
    assert.deepEqual(upgraded.body, { copy, from: schema, to: newest });

    for (const { request_id: id, status } of states) {
      const shown = stage.run(['show', String(id), ...stage.options()]);
      assert.equal(shown.exitCode, 0, shown.stderr);
      if (status !== 'awaiting_approval') assert.match(shown.stdout, new RegExp(String(status)));
    }
    const done = states.find(({ status }) => status === 'ok');
    const logs = stage.run(['logs', String(done?.request_id), ...stage.options()]);
    assert.equal(logs.stdout, 'kept');

    const token = join(stage.state(), 'ci.token');
    if (existsSync(token)) {
      const said = await rest(
        gateway.url,
        readFileSync(token, 'utf8').trim(),
        'POST',
        '/v1/commands/execute',
        JSON.stringify({ command: 'say', arguments: { text: 'again' } }),
      );
      assert.equal(said.body.status, 'ok', JSON.stringify(said.body));
    }
    await gateway.stop();
    const verified = stage.run(['audit', 'verify', '--remember', 'none', ...stage.options()]);
    assert.equal(verified.exitCode, 0, verified.stdout + verified.stderr);
  });
}

for (const schema of schemas.filter((each) => each >= 3)) {
  test(`what awaited approval in a state of schema ${schema} is granted, or asked anew for a reason that is told`, async () => {
    await using stage = stageOf(schema);
    // As if it had been asked a minute ago: it would else have expired since the state was made.
    const db = new DatabaseSync(database(stage));
    db.prepare('update approval_requests set expires_at = ?').run(Date.now() + 3_600_000);
    db.close();
    const waiting = statesOf(database(stage)).find(({ status }) => status === 'awaiting_approval');
    const id = String(waiting?.request_id);
    const gateway = await stage.serve();
    const listed = await rest(gateway.url, stage.token(), 'GET', `/v1/approvals/${id}`);
    assert.equal(listed.status, 200, JSON.stringify(listed.body));
    const secret = stage
      .run([
        'token',
        'create',
        'alice',
        '--for',
        'alice',
        '--kind',
        'person',
        '--scope',
        'read',
        '--scope',
        'approve',
        ...stage.options(),
      ])
      .stdout.trim();
    const { digest } = ((listed.body as { approval?: unknown }).approval ?? listed.body) as {
      digest: string;
    };
    const answer = await rest(
      gateway.url,
      secret,
      'POST',
      `/v1/approvals/${id}/answer`,
      JSON.stringify({ verdict: 'approve', stage: 0, reason: 'as planned', digest }),
    );
    const seen = JSON.stringify(answer.body);
    if (answer.status === 200) {
      // Granted: it has run, or was refused at its start with the reason on record.
      await until('it is over', () => {
        const [now] = look(
          database(stage),
          `select status from executions where request_id = '${id}'`,
        );
        return !['awaiting_approval', 'queued', 'running'].includes(String(now?.status));
      });
      const [ended] = look(
        database(stage),
        `select status, error_code, error_message from executions where request_id = '${id}'`,
      );
      if (ended?.status !== 'ok') {
        assert.equal(ended?.status, 'rejected', JSON.stringify(ended));
        assert.equal(ended?.error_code, 'CONFLICT', JSON.stringify(ended));
        assert.ok(String(ended?.error_message).length > 20);
      }
    } else {
      assert.equal(answer.status, 409, seen);
      assert.equal(answer.body.errorCode, 'CONFLICT', seen);
    }
    const why = stage.run(['why', id, ...stage.options()]);
    assert.equal(why.exitCode, 0, why.stderr);
    await gateway.stop();
  });
}

test('an older program refuses a state that a newer one has brought up to date, and goes on with the copy', async () => {
  const schema = schemas.at(-1)!;
  await using stage = stageOf(schema);
  const before = readFileSync(database(stage));
  assert.equal(stage.run(['ps', ...stage.options()]).exitCode, 0);
  const db = new DatabaseSync(database(stage));
  db.exec(`pragma user_version = ${newest + 1}`);
  db.close();
  const refused = stage.run(['ps', ...stage.options()]);
  assert.equal(refused.exitCode, 7);
  assert.match(
    refused.stderr,
    new RegExp(`newer Reeve \\(schema ${newest + 1}.*nothing was changed`, 's'),
  );

  // Back to what was before: the copy in its place, and the log of before beside it.
  const [copy] = readdirSync(join(stage.state(), 'backups'));
  const kept = join(stage.state(), 'backups', copy!);
  const old = stage.state('old');
  copyFileSync(kept, join(old, 'reeve.db'));
  assert.equal(look(kept, 'pragma user_version')[0]?.user_version, schema);
  assert.deepEqual(statesOf(join(old, 'reeve.db')).length > 0, true);
  assert.ok(before.byteLength > 0);
  assert.equal(stage.run(['ps', ...stage.options('old')]).exitCode, 0);
  rmSync(old, { recursive: true });
});
