/**
 * A state backed up beside its gateway, lost, and restored, with the real program. A backup is the past: what waited or ran in
 * it may have run since, so that nothing of it goes on by itself, and what is signed anew is signed with another key.
 */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rest as request } from '../real/rest.ts';
import { Stage, until } from '../real/stage.ts';

const settings = `policy: policy
people: people.yaml
runbooks: runbooks.yaml
approvals: { proofs: { default: [token] } }
`;

function stageWithAll(): Stage {
  const stage = new Stage(settings);
  mkdirSync(join(stage.folder, 'policy'));
  writeFileSync(
    join(stage.folder, 'policy/all.cedar'),
    `@id("everybody") permit (principal, action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("operators") permit (principal == Reeve::Principal::"local", action, resource);
`,
  );
  writeFileSync(
    join(stage.folder, 'people.yaml'),
    'version: 1\npeople:\n  alice: { name: Alice, roles: [ops_lead] }\n',
  );
  writeFileSync(
    join(stage.folder, 'runbooks.yaml'),
    `version: 1
runbooks:
  long:
    description: Waits, then tells.
    owner: tests
    environments: [development]
    steps:
      - { name: wait, command: slow, with: { seconds: 300 } }
      - { name: tell, command: say, with: { text: told } }
`,
  );
  return stage;
}

/** Once more where the gateway had closed the connection, idle for long, that the client wanted to use again. */
const rest: typeof request = (...args) => request(...args).catch(() => request(...args));

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}
const reader = (stage: Stage) => ({
  /** A verb on a state; where that is remembered what was verified is the stage's own. */
  reeve: (state: string, ...args: string[]): Answer =>
    stage.run([...args, '--config', stage.config, '--state', join(stage.folder, state)]),
  json: (state: string, ...args: string[]) => {
    const text = [...args, '--output', 'json', '--config', stage.config];
    const done = stage.run([...text, '--state', join(stage.folder, state)]);
    return { ...done, body: JSON.parse(done.stdout) as Record<string, unknown> };
  },
});
const fine = (done: Answer) => {
  assert.equal(done.exitCode, 0, done.stderr);
  return done;
};
const call = (command: string, args: object) => JSON.stringify({ command, arguments: args });

/** Every file below a folder, with its mode. */
function modesBelow(folder: string): Map<string, string> {
  return new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => [
      name,
      (statSync(join(folder, name)).mode & 0o777).toString(8),
    ]),
  );
}

test('a state is backed up beside its gateway and restored: what is over stays, what was open is ended, nothing starts', async () => {
  await using stage = stageWithAll();
  const { reeve, json } = reader(stage);
  const gateway = await stage.serve();
  const execute = (body: string, token = stage.token()) =>
    rest(gateway.url, token, 'POST', '/v1/commands/execute', body, { prefer: 'wait=0' });
  const done = fine(reeve('state', 'run', 'say', '--param', 'text=kept'));
  const secret = fine(
    reeve('state', 'token', 'create', 'CI', '--for', 'ci', '--scope', 'read', '--scope', 'run'),
  ).stdout.trim();
  const idOf = (reply: { body: Record<string, unknown> }) =>
    (reply.body.result as { requestId: string }).requestId;
  const waits = idOf(await execute(call('guarded', {})));
  const runs = idOf(await execute(call('slow', { seconds: 300 })));
  const run = json('state', 'runbook', 'start', 'long', '--no-wait');
  assert.equal(run.exitCode, 0, run.stderr);
  const { runId } = run.body.run as { runId: string };
  await until('both are running', () => stage.begun() >= 2);

  const backup = json('state', 'backup', join(stage.folder, 'monday'));
  assert.equal(backup.exitCode, 0, backup.stderr);
  const modes = modesBelow(join(stage.folder, 'monday'));
  for (const [name, mode] of modes)
    assert.equal(mode, statSync(join(stage.folder, 'monday', name)).isDirectory() ? '700' : '600');
  for (const name of ['manifest.json', 'reeve.db', 'log.key', 'log/checkpoint'])
    assert.ok(modes.has(name), name);
  assert.ok(!modes.has('local.token'), 'the local token is of the old place');

  // After the backup: a token is made, the gateway and its state are lost.
  fine(reeve('state', 'run', 'say', '--param', 'text=lost'));
  // Asked for, a checkpoint covers all that is on record.
  const authorization = `Bearer ${stage.token()}`;
  await fetch(`${gateway.url}/v1/audit/checkpoint`, { headers: { authorization } });
  fine(reeve('state', 'audit', 'verify', '--remember', join(stage.folder, 'remembered')));
  const key = fine(reeve('state', 'audit', 'key')).stdout.trim();
  await gateway.kill();
  rmSync(stage.state(), { recursive: true });

  const restored = json('new', 'restore', join(stage.folder, 'monday'), '--key', key);
  assert.equal(restored.exitCode, 0, restored.stderr);
  assert.deepEqual([...(restored.body.cancelled as string[])], [waits]);
  assert.ok((restored.body.unknown as string[]).includes(runs));
  assert.equal((restored.body.unknown as string[]).length, 2, 'the slow one, and that of the step');
  assert.deepEqual(restored.body.paused, [runId]);
  assert.equal((restored.body.tokens as unknown[]).length, 1);
  assert.ok(!existsSync(join(stage.folder, 'new/log.key')), 'a new log gets a new key');

  const after = await stage.serve('new');
  const show = (id: string) => json('new', 'show', id).body as unknown as Record<string, unknown>;
  const statusOf = (id: string) => {
    const { status, errorCode } = (show(id).result ?? show(id)) as Record<string, unknown>;
    return `${status} ${errorCode}`;
  };
  assert.equal(statusOf(waits), 'cancelled HOST_LOST');
  assert.equal(statusOf(runs), 'unknown HOST_LOST');
  const said = /req_[0-9a-f]+/.exec(done.stderr)![0];
  assert.match(fine(reeve('new', 'logs', said)).stdout, /^kept$/m);
  const paused = json('new', 'runbook', 'status', runId).body as unknown as Record<string, unknown>;
  assert.match(String((paused.run as { status: string }).status), /paused|unknown/);

  // Nothing starts before a person says so, whoever asks.
  const asked = await rest(
    after.url,
    secret,
    'POST',
    '/v1/commands/execute',
    call('say', { text: 'a' }),
  );
  assert.equal(asked.body.errorCode, 'FROZEN');
  fine(reeve('new', 'unfreeze'));
  const again = await rest(
    after.url,
    secret,
    'POST',
    '/v1/commands/execute',
    call('say', { text: 'a' }),
  );
  assert.equal(again.body.status, 'ok');
  assert.equal(stage.begun(), 2, 'nothing of before has begun again');

  // What auditors see: a new log that says where it comes from; of the old one that its end is missing.
  const verified = fine(reeve('new', 'audit', 'verify', '--remember', 'none'));
  assert.match(verified.stdout, /verified/);
  const first = json('new', 'audit', 'show', String(Number(restored.body.entries) + 1))
    .body as unknown as { kind: string; body: Record<string, unknown> };
  const entry = (Array.isArray(first) ? first[0] : first) as typeof first;
  assert.equal(entry.kind, 'state-restored');
  assert.equal((entry.body.log as { key: string }).key, key);
  assert.equal(entry.body.goesOn, false);
  const before = String(restored.body.logBefore);
  const remember = ['--remember', join(stage.folder, 'remembered')];
  const old = reeve('new', 'audit', 'verify', '--offline', before, '--key', key, ...remember);
  assert.equal(old.exitCode, 1);
  assert.match(old.stdout + old.stderr, /the log was cut/);
  const swapped = reeve('new', 'audit', 'verify', '--key', key, '--remember', 'none');
  assert.equal(swapped.exitCode, 1);
  assert.match(swapped.stdout + swapped.stderr, /the key of the log is another/);
  await after.stop();

  // The old log is evidence: the next backup has it, too.
  fine(reeve('new', 'backup', join(stage.folder, 'tuesday')));
  fine(reeve('third', 'restore', join(stage.folder, 'tuesday'), '--revoke-tokens'));
  assert.equal(readdirSync(join(stage.folder, 'third/log-before')).length, 2);
  const third = await stage.serve('third');
  const gone = await rest(third.url, secret, 'GET', '/v1/inventory');
  assert.equal(gone.status, 401);
  await third.stop();
});

test('where nothing came after the backup the log goes on under its key, and who remembers it sees no break', async () => {
  await using stage = new Stage();
  const { reeve } = reader(stage);
  const remember = ['--remember', join(stage.folder, 'remembered')];
  fine(reeve('state', 'run', 'say', '--param', 'text=a'));
  fine(reeve('state', 'audit', 'verify', ...remember));
  fine(reeve('state', 'backup', join(stage.folder, 'copy')));
  fine(reeve('new', 'restore', join(stage.folder, 'copy'), '--continue-log'));
  fine(reeve('new', 'unfreeze'));
  fine(reeve('new', 'run', 'say', '--param', 'text=b'));
  const verified = fine(reeve('new', 'audit', 'verify', ...remember));
  assert.match(verified.stdout, /a rewrite of the first \d+ entries is excluded/);

  // Something did come after it: whoever has seen more is told.
  fine(reeve('state', 'run', 'say', '--param', 'text=c'));
  fine(reeve('state', 'audit', 'verify', '--remember', join(stage.folder, 'elsewhere')));
  fine(reeve('forked', 'restore', join(stage.folder, 'copy'), '--continue-log'));
  fine(reeve('forked', 'unfreeze'));
  const forked = reeve('forked', 'audit', 'verify', '--remember', join(stage.folder, 'elsewhere'));
  assert.equal(forked.exitCode, 1);
  assert.match(forked.stdout + forked.stderr, /the log was (cut|rewritten)/);
});

test('without the key a backup can be restored, and cannot go on with its log', async () => {
  await using stage = new Stage();
  const { reeve } = reader(stage);
  fine(reeve('state', 'run', 'say', '--param', 'text=a'));
  fine(reeve('state', 'backup', join(stage.folder, 'copy'), '--without-key'));
  assert.ok(!existsSync(join(stage.folder, 'copy/log.key')));
  const refused = reeve('new', 'restore', join(stage.folder, 'copy'), '--continue-log');
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /has no key of the log/);
  assert.ok(!existsSync(join(stage.folder, 'new')));
  fine(reeve('new', 'restore', join(stage.folder, 'copy')));
  fine(reeve('new', 'audit', 'list'));
});

test('a backup goes into an empty folder out of reach, and into no other', async () => {
  await using stage = new Stage();
  const { reeve } = reader(stage);
  const to = (path: string) => reeve('state', 'backup', join(stage.folder, path));
  const nothing = to('copy');
  assert.equal(nothing.exitCode, 2);
  assert.match(nothing.stderr, /no state in/);
  fine(reeve('state', 'run', 'say', '--param', 'text=a'));
  fine(to('copy'));
  for (const [path, words] of [
    ['copy', /is not empty/],
    ['state/copy', /in one another/],
    ['.', /in one another|not empty/],
    ['workspace/copy', /where a command could reach it/],
    ['workspace/inside', /not empty|where a command could reach it/],
    ['reeve.yaml', /not empty|not a folder/],
  ] as const) {
    const done = to(path);
    assert.equal(done.exitCode, 2, `${path}: ${done.stderr}`);
    assert.match(done.stderr, words, path);
  }
  mkdirSync(join(stage.folder, 'open'), { mode: 0o755 });
  const open = to('open');
  assert.equal(open.exitCode, 7);
  assert.match(open.stderr, /Others may enter/);
  assert.deepEqual(readdirSync(join(stage.folder, 'open')), []);
  const away = reeve('state', 'backup', join(stage.folder, 'x'), '--server', 'http://127.0.0.1:1');
  assert.equal(away.exitCode, 2);
});

test('a state whose log or database is damaged is not called backed up, and nothing of the copy stays', async () => {
  await using stage = new Stage();
  const { reeve } = reader(stage);
  fine(reeve('state', 'run', 'say', '--param', 'text=a'));
  const [bundle] = readdirSync(join(stage.folder, 'state/log/tile/entries/000.p'));
  const file = join(stage.folder, 'state/log/tile/entries/000.p', bundle!);
  const bytes = readFileSync(file);
  bytes[bytes.length - 3]! ^= 1;
  writeFileSync(file, bytes);
  const done = reeve('state', 'backup', join(stage.folder, 'copy'));
  assert.equal(done.exitCode, 7);
  assert.match(done.stderr, /its log does not verify/);
  assert.ok(!existsSync(join(stage.folder, 'copy')));
});

test('a backup that is not whole is refused, and nothing is written', async () => {
  await using stage = new Stage();
  const { reeve } = reader(stage);
  fine(reeve('state', 'run', 'say', '--param', 'text=a'));
  const good = join(stage.folder, 'good');
  fine(reeve('state', 'backup', good));
  const bad = join(stage.folder, 'bad');
  const manifest = () =>
    JSON.parse(readFileSync(join(bad, 'manifest.json'), 'utf8')) as {
      schema: number;
      log: { root: string };
      files: { path: string }[];
    };
  const rewrite = (change: (m: ReturnType<typeof manifest>) => void) => {
    const value = manifest();
    change(value);
    writeFileSync(join(bad, 'manifest.json'), JSON.stringify(value));
  };
  const cases: readonly (readonly [string, () => void, RegExp])[] = [
    ['no manifest', () => rmSync(join(bad, 'manifest.json')), /has no manifest.json/],
    ['no JSON', () => writeFileSync(join(bad, 'manifest.json'), '{'), /is no JSON/],
    ['a file is missing', () => rmSync(join(bad, 'log/checkpoint')), /log\/checkpoint is missing/],
    [
      'a log of the database beside it',
      () => writeFileSync(join(bad, 'reeve.db-wal'), 'x'),
      /holds reeve\.db-wal, which its manifest does not name/,
    ],
    [
      'a tile that is not named',
      () => writeFileSync(join(bad, 'log/tile/0/001'), 'x'),
      /holds log\/tile\/0\/001, which/,
    ],
    [
      'another root of the log',
      () =>
        rewrite((m) => {
          m.log.root = 'AAAA';
        }),
      /log is another than the manifest describes/,
    ],
    ['a file is longer', () => appendFileSync(join(bad, 'reeve.db'), 'x'), /reeve.db is not what/],
    [
      'a path that leads out',
      () => rewrite((m) => m.files.push({ ...m.files[0]!, path: 'log/../../escape' })),
      /is no file of a backup/,
    ],
    ['a file twice', () => rewrite((m) => m.files.push({ ...m.files[0]! })), /names a file twice/],
    [
      'no database',
      () =>
        rewrite((m) =>
          m.files.splice(
            m.files.findIndex((f) => f.path === 'reeve.db'),
            1,
          ),
        ),
      /names no reeve.db/,
    ],
    [
      'of a newer Reeve',
      () =>
        rewrite((m) => {
          m.schema = 99;
        }),
      /newer Reeve/,
    ],
  ];
  for (const [what, damage, words] of cases) {
    rmSync(bad, { recursive: true, force: true });
    cpSync(good, bad, { recursive: true });
    damage();
    const done = reeve('new', 'restore', bad);
    assert.equal(done.exitCode, 3, `${what}: ${done.stderr}`);
    assert.match(done.stderr, words, what);
    assert.ok(!existsSync(join(stage.folder, 'new')), what);
  }
  const otherKey = 'reeve/x+00000000+AQ==';
  assert.notEqual(reeve('new', 'restore', good, '--key', otherKey).exitCode, 0);
  assert.ok(!existsSync(join(stage.folder, 'new')));
});

test('a restore goes into an empty folder, and never into a state, live or not', async () => {
  await using stage = new Stage();
  const { reeve } = reader(stage);
  fine(reeve('state', 'run', 'say', '--param', 'text=a'));
  const copy = join(stage.folder, 'copy');
  fine(reeve('state', 'backup', copy));
  const dead = reeve('state', 'restore', copy);
  assert.equal(dead.exitCode, 2);
  assert.match(dead.stderr, /is not empty/);
  const gateway = await stage.serve();
  const live = reeve('state', 'restore', copy);
  assert.equal(live.exitCode, 2);
  assert.match(live.stderr, /A gateway runs on it/);
  await gateway.stop();
  mkdirSync(join(stage.folder, 'half/restoring'), { recursive: true, mode: 0o700 });
  assert.match(reeve('half', 'restore', copy).stderr, /did not come to its end/);
  const begun = reeve('half', 'list');
  assert.notEqual(begun.exitCode, 0);
  assert.match(begun.stderr, /restore into .* did not come to its end/);
  assert.deepEqual(readdirSync(join(stage.folder, 'half')), ['restoring']);
  const reached = reeve('workspace/state', 'restore', copy);
  assert.equal(reached.exitCode, 2);
  assert.match(reached.stderr, /where a command could reach it/);
});

test('of two backups, or restores, into one folder one is refused, and takes nothing of the other away', async () => {
  await using stage = new Stage();
  const { reeve } = reader(stage);
  fine(reeve('state', 'run', 'say', '--param', 'text=a'));
  const copy = join(stage.folder, 'copy');
  const twice = (args: readonly string[]) =>
    Promise.all(
      [1, 2, 3].map(async () => {
        const child = stage.start([...args]);
        return await new Promise<number | null>((resolve) => child.once('exit', resolve));
      }),
    );
  const backups = await twice(['backup', copy, ...stage.options()]);
  assert.equal(backups.filter((code) => code === 0).length, 1, String(backups));
  const state = join(stage.folder, 'new');
  const restores = await twice(['restore', copy, '--config', stage.config, '--state', state]);
  assert.equal(restores.filter((code) => code === 0).length, 1, String(restores));
  assert.ok(!existsSync(join(state, 'restoring')));
  assert.match(reeve('new', 'run', 'say', '--param', 'text=a').stderr, /FROZEN/);
  fine(reeve('new', 'audit', 'verify', '--remember', 'none'));
});

test('a backup that was killed says what it is, and holds no other up', async () => {
  await using stage = new Stage();
  const { reeve } = reader(stage);
  fine(reeve('state', 'run', 'say', '--param', 'text=a'));
  const copy = join(stage.folder, 'copy');
  mkdirSync(copy, { mode: 0o700 });
  writeFileSync(join(copy, 'unfinished'), '');
  const done = reeve('state', 'backup', copy);
  assert.equal(done.exitCode, 2);
  assert.match(done.stderr, /was not finished[\s\S]*private key/);
  assert.deepEqual(readdirSync(copy), ['unfinished']);
  assert.equal(reeve('new', 'restore', copy).exitCode, 3);
});

test('backups taken while many calls come and go are each whole', async () => {
  await using stage = new Stage();
  const { reeve } = reader(stage);
  const gateway = await stage.serve();
  const token = stage.token();
  let going = true;
  let count = 0;
  const callers = [1, 2, 3].map(async () => {
    while (going) {
      await rest(gateway.url, token, 'POST', '/v1/commands/execute', call('say', { text: 'x' }));
      count += 1;
    }
  });
  await until('there are many entries', () => count > 70, 120);
  for (const name of ['one', 'two', 'three']) {
    // Run apart: this process has the callers to go on with.
    const child = stage.start(['backup', join(stage.folder, name), ...stage.options()]);
    const code = await new Promise((resolve) => child.once('exit', resolve));
    assert.equal(code, 0, name);
  }
  going = false;
  await Promise.all(callers);
  await gateway.stop();
  for (const name of ['one', 'two', 'three'])
    fine(reeve(`from-${name}`, 'restore', join(stage.folder, name)));
});
