/**
 * Assurance from the command line to the sandbox: a small application with a database, its own command line, and a tool
 * that can be told to do something else. What the tool does otherwise is found; what may differ is not.
 */
import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checksumOf } from '../../src/core/assurance-record.ts';
import { type AssuranceReport, assuranceOf } from '../../src/edge/rest/convert-assurance.ts';
import { entryKinds, rest } from '../real/rest.ts';
import { Stage } from '../real/stage.ts';

const app = `#!/usr/bin/python3
import os, sqlite3, sys, time, uuid
variant = sys.argv[2] if len(sys.argv) > 2 else 'same'
os.makedirs('data', exist_ok=True)
db = sqlite3.connect('data/app.sqlite')
if variant == 'wal': db.execute('pragma journal_mode = wal')
db.execute('create table if not exists seaql_migrations (version text primary key, applied_at integer)')
db.execute('create table if not exists notes (id integer primary key, text text, token text, created_at text)')
done = {row[0] for row in db.execute('select version from seaql_migrations')}
for version in ('m1_notes', 'm2_index', 'm3_rows'):
    if version in done: continue
    if variant == 'skip' and version == 'm2_index': continue
    if version == 'm2_index': db.execute('create index notes_by_text on notes (text)')
    if version == 'm3_rows':
        now = time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())
        text = 'other' if variant == 'row' else 'first'
        db.execute('insert into notes (text, token, created_at) values (?, ?, ?)', (text, str(uuid.uuid4()), now))
    db.execute('insert into seaql_migrations values (?, ?)', (version, int(time.time() * 1000) // 1000))
    print(f'\\033[32mapplied\\033[0m {version} in {time.process_time() * 1000:.3f}ms')
db.commit()
with open('data/ring.json', 'w') as ring: ring.write('{"id": "%s"}\\n' % uuid.uuid4())
os.chmod('data/ring.json', 0o640 if variant == 'mode' else 0o600)
if variant == 'file': open('data/extra', 'w').close()
print('done' if variant != 'line' else 'finished', time.strftime('at %Y-%m-%dT%H:%M:%SZ', time.gmtime()))
sys.stdout.flush()
# Without closing: what is in the write-ahead log stays there.
os._exit(3 if variant == 'exit' else 0)
`;

const inventory = `version: 1
commands:
  migrate:
    tool: migrate
    title: Migrate
    description: Applies migrations.
    owner: tests
    risk: low
    run: [bin/app, migrate, "{variant}"]
    mounts: [./bin]
    inputs: unbound
    parameters:
      variant: { type: string, enum: [same, wal, skip, row, mode, file, line, exit], default: same }
    environments: [development, staging]
    timeout: 30s
    workspace: read-write
    approvals: [ops_lead]
    dependencies: []
    reviewCadence: 30d
    assurance:
      cli: [bin/app, migrate]
      compare: output
      ignore: ["inside/**"]
      maxAge: 90d
  release:
    tool: release
    title: Release
    description: Runs with evidence alone.
    owner: tests
    risk: low
    run: [bin/app, migrate, "{variant}"]
    mounts: [./bin]
    parameters: { variant: { type: string, enum: [same, line], default: same } }
    environments: [development, staging]
    timeout: 30s
    workspace: read-write
    approvals: []
    dependencies: []
    assurance: { cli: [bin/app, migrate], required: [staging] }
`;

function lay(): Stage {
  const stage = new Stage();
  writeFileSync(join(stage.folder, 'bin/app'), app, { mode: 0o755 });
  writeFileSync(join(stage.folder, 'inventory.yaml'), inventory);
  return stage;
}

function assure(stage: Stage, ...more: string[]) {
  const { stdout, stderr, exitCode } = stage.run([
    'assure',
    ...more,
    '--output',
    'json',
    ...stage.options(),
  ]);
  assert.ok(exitCode <= 1, `${stdout}${stderr}`);
  return { exitCode, record: JSON.parse(stdout) as AssuranceReport };
}

test('each planted difference is found where it lies, and what may differ is none', async () => {
  await using stage = lay();
  const gateway = await stage.serve();
  const planted: readonly (readonly [string, readonly RegExp[]])[] = [
    ['same', []],
    ['wal', []],
    ['skip', [/^data\/app\.sqlite: migration$/, /^data\/app\.sqlite: schema$/, /^stdout/]],
    ['row', [/^data\/app\.sqlite: row of notes$/]],
    ['mode', [/^data\/ring\.json: mode$/]],
    ['file', [/^data\/extra$/]],
    ['line', [/^stdout, line 4$/]],
    ['exit', [/^status$/, /^exitCode$/]],
  ];
  for (const [variant, where] of planted) {
    const { exitCode, record } = assure(stage, 'migrate', '--param', `variant=${variant}`);
    const found = record.differences.map((d) => `${d.where}: ${d.expected} / ${d.actual}`);
    const told = `${variant}: ${found.join('\n')}`;
    assert.equal(record.verdict, where.length === 0 ? 'pass' : 'fail', told);
    assert.equal(exitCode, where.length === 0 ? 0 : 1);
    assert.equal(record.expectedChecksum === record.actualChecksum, where.length === 0, told);
    for (const place of where)
      assert.ok(
        record.differences.some((d) => place.test(d.where)),
        `${place} in ${told}`,
      );
  }
  assert.deepEqual(readdirSync(stage.workspace), ['inside'], 'the workspace itself is untouched');
  await gateway.stop();
});

test('a record holds what is asked of it, its entry binds it, and a receipt proves it', async () => {
  await using stage = lay();
  const gateway = await stage.serve();
  const { record } = assure(stage, 'migrate');
  assert.equal(record.status, 'pass');
  assert.equal(record.tester, 'local');
  assert.equal(record.environment, 'development');
  assert.match(record.cli.join(' '), /bin\/app migrate$/);
  assert.equal(record.runId, record.runs.tool);
  assert.equal(record.approvalsVerified, true);
  assert.deepEqual(
    record.approvals.map(({ role, policy }) => [role, policy]),
    [['ops_lead', null]],
  );
  assert.ok(record.varianceNotes.some((note) => /^UUIDs: \d+ at the command line/.test(note)));

  const token = stage.token();
  const get = async (path: string) => (await rest(gateway.url, token, 'GET', path)).body;
  const entry = await get(`/v1/audit/entries/${record.auditEntry}`);
  assert.equal(entry.kind, 'assurance-recorded');
  const { status: _s, stale: _t, why: _w, ...facts } = assuranceOf(record);
  assert.equal((entry.body as { recordChecksum: string }).recordChecksum, checksumOf(facts));
  for (const requestId of [record.runs.cli, record.runs.tool]) {
    const run = (await get(`/v1/commands/executions/${requestId}`)) as {
      result: { status: string; rehearsal: { for: string; of: string } };
    };
    assert.equal(run.result.status, 'ok');
    assert.deepEqual(run.result.rehearsal, { for: 'assurance', of: record.id });
  }
  const into = join(stage.folder, 'proof');
  const proven = stage.run([
    'audit',
    'prove',
    String(record.auditEntry),
    '--into',
    into,
    ...stage.options(),
  ]);
  assert.equal(proven.exitCode, 0, proven.stderr);
  const at = (end: string) => join(into, `${record.auditEntry}.${end}`);
  const verified = stage.run([
    ...['audit', 'verify', '--receipt', at('tlog-proof'), '--entry', at('json')],
    ...['--key', readFileSync(join(into, 'log.key.pub'), 'utf8').trim()],
  ]);
  assert.equal(verified.exitCode, 0, verified.stderr);

  const listed = (await get('/v1/inventory')).commands as Record<string, unknown>[];
  const { lastVerified, reviewDueAt } = listed.find(({ name }) => name === 'migrate')!;
  assert.deepEqual(lastVerified, {
    environment: 'development',
    id: record.id,
    at: record.startedAt,
    status: 'pass',
    stale: false,
    why: [],
  });
  assert.equal(Date.parse(reviewDueAt as string) - Date.parse(record.startedAt), 30 * 86_400_000);
  assert.match(
    stage.run(['list', ...stage.options()]).stdout,
    /pass \d{4}-\d{2}-\d{2} in development/,
  );
  await gateway.stop();
});

test('what cannot be assured is refused, and on record', async () => {
  await using stage = lay();
  const gateway = await stage.serve();
  const token = stage.token();
  const refused = async (body: object, status: number, code: string) => {
    const text = JSON.stringify(body);
    const reply = await rest(gateway.url, token, 'POST', '/v1/assurance', text);
    assert.deepEqual([reply.status, reply.body.errorCode], [status, code]);
    const { requestId } = reply.body as { requestId: string };
    assert.ok((await entryKinds(gateway.url, token, requestId)).includes('refused'));
  };
  await refused({ command: 'nothing' }, 403, 'COMMAND_NOT_ALLOWED');
  await refused({ command: 'migrate', arguments: { variant: 'none' } }, 400, 'INVALID_REQUEST');
  await refused({ command: 'migrate', environment: '../x' }, 400, 'INVALID_REQUEST');
  await gateway.stop();
});

test('where evidence is demanded nothing runs without, with a stale one, or with a failure that is not waived', async () => {
  await using stage = lay();
  const gateway = await stage.serve();
  const release = () => {
    const done = stage.run([
      'run',
      'release',
      '--env',
      'staging',
      '--output',
      'json',
      ...stage.options(),
    ]);
    const said = JSON.parse(done.stdout) as {
      errorCode?: string;
      message?: string;
      requestId?: string;
    };
    return { ...said, exitCode: done.exitCode };
  };
  const refused = (why: RegExp) => {
    const { errorCode, message, exitCode, requestId } = release();
    assert.equal(errorCode, 'ASSURANCE_STALE');
    assert.equal(exitCode, 3);
    assert.match(message ?? '', why);
    return requestId!;
  };
  refused(/there is none/);
  assert.equal(
    stage.run(['run', 'release', ...stage.options()]).exitCode,
    0,
    'development does not demand it',
  );

  const first = assure(stage, 'release', '--env', 'staging').record;
  assert.equal(first.status, 'pass', JSON.stringify(first.differences));
  assert.equal(release().exitCode, 0);

  // Another program by the same name: the record is about the one before.
  appendFileSync(join(stage.folder, 'bin/app'), '# changed\n');
  const stale = refused(/the executable has changed since/);
  const why = stage.run(['why', stale, ...stage.options()]).stdout;
  assert.match(why, new RegExp(first.id));
  assert.match(stage.run(['list', ...stage.options()]).stdout, /pass \(stale\)/);

  // What `release` left in the workspace is not what the record is about: both sides begin with it.
  const failed = assure(stage, 'release', '--env', 'staging', '--param', 'variant=line');
  assert.equal(failed.exitCode, 1);
  refused(/tool and command line differed/);

  const token = stage.token();
  const waive = (body: object) =>
    rest(
      gateway.url,
      token,
      'POST',
      `/v1/assurance/${failed.record.id}/waive`,
      JSON.stringify(body),
    );
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  assert.equal((await waive({ reason: ' ', until: soon })).status, 400);
  assert.equal((await waive({ reason: 'r', until: '2020-01-01' })).status, 400);
  assert.equal((await waive({ reason: 'r', until: '2090-01-01' })).status, 400);
  assert.equal((await waive({ reason: 'r', until: soon, author: 'eve' })).status, 400);
  const waived = await waive({ reason: 'ticket 7', until: soon });
  assert.equal(waived.status, 200);
  assert.equal(waived.body.status, 'waived');
  assert.equal((waived.body.waiver as { author: string }).author, 'local');
  assert.equal(release().exitCode, 0);

  // A later failure is a record of its own: the waiver was not for it.
  assure(stage, 'release', '--env', 'staging', '--param', 'variant=line');
  refused(/tool and command line differed/);
  const passed = await rest(
    gateway.url,
    token,
    'POST',
    `/v1/assurance/${first.id}/waive`,
    JSON.stringify({ reason: 'r', until: soon }),
  );
  assert.equal(passed.status, 409);
  await gateway.stop();
});
