/** Tokens and people with the real program: made, used, listed, revoked, in local mode and through a gateway. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Answer } from '../../src/edge/answer.ts';
import type { TokenReport } from '../../src/edge/rest/convert-credentials.ts';
import { reeve, Stage } from '../real/stage.ts';

function stageWithPeople(): Stage {
  const stage = new Stage('policy: policy\npeople: people.yaml\n');
  mkdirSync(join(stage.folder, 'policy'));
  writeFileSync(
    join(stage.folder, 'people.yaml'),
    `version: 1
people:
  alice: { name: Alice, roles: [runner] }
  local: { name: This host, roles: [operator] }
`,
  );
  writeFileSync(
    join(stage.folder, 'policy/all.cedar'),
    `@id("runners") permit (
  principal in Reeve::Role::"runner",
  action in [Reeve::Action::"see", Reeve::Action::"run"],
  resource
);
@id("operators") permit (principal in Reeve::Role::"operator", action, resource);
`,
  );
  return stage;
}

/** `bin/reeve` as whoever holds the token; without one as the local user. */
function run(stage: Stage, args: readonly string[], token?: string) {
  const done = spawnSync(reeve, [...args, ...stage.options()], {
    encoding: 'utf8',
    timeout: 60_000,
    cwd: stage.folder,
    env: { PATH: process.env.PATH, HOME: stage.folder, ...(token ? { REEVE_TOKEN: token } : {}) },
  });
  return { stdout: done.stdout, stderr: done.stderr, exitCode: done.status };
}
const json = <T>(text: string) => JSON.parse(text) as T;

test('a token made at the command line lets a program in, and no further', async () => {
  await using stage = stageWithPeople();
  const gateway = await stage.serve();
  const made = run(stage, ['token', 'create', 'CI', '--for', 'ci', '--role', 'runner']);
  assert.equal(made.exitCode, 0, made.stderr);
  assert.match(made.stdout, /^reeve_pat_[A-Za-z0-9_-]{43}\n$/);
  assert.match(made.stderr, /shown this once/);
  const secret = made.stdout.trim();

  const said = run(stage, ['run', 'say', '--param', 'text=hello', '--output', 'json'], secret);
  assert.equal(said.exitCode, 0, said.stderr);
  const { result } = json<Answer>(said.stdout);
  assert.deepEqual([result.principal, result.stdout], ['ci', 'hello\n']);
  for (const verb of [['token', 'list'], ['freeze'], ['people'], ['people', 'enrol', 'alice']])
    assert.equal(run(stage, verb, secret).exitCode, 3, verb.join(' '));

  // What a client that starts "reeve mcp" with REEVE_TOKEN asks, it asks as that token's principal.
  const client = new Client({ name: 'tester', version: '1' });
  const env = { PATH: process.env.PATH!, HOME: stage.folder, REEVE_TOKEN: secret };
  const command = { command: reeve, args: ['mcp', ...stage.options()], env, cwd: stage.folder };
  await client.connect(new StdioClientTransport({ ...command, stderr: 'ignore' }));
  const called = await client.callTool({ name: 'say', arguments: { text: 'by mcp' } });
  await client.close();
  assert.equal((called.structuredContent as unknown as Answer).result.stdout, 'by mcp\n');
  const audit = run(stage, ['audit', 'list', '--output', 'json'], secret);
  const { records } = json<{ records: { principal: string }[] }>(audit.stdout);
  assert.deepEqual(new Set(records.map((r) => r.principal)), new Set(['ci']));

  const [listed] = json<TokenReport[]>(run(stage, ['token', 'list', '--output', 'json']).stdout);
  assert.equal(listed!.name, 'CI');
  assert.ok(!JSON.stringify(listed).includes(secret));
  const revoked = run(stage, ['token', 'revoke', listed!.id, '--reason', 'test']);
  assert.equal(revoked.exitCode, 0, revoked.stderr);
  const after = run(stage, ['run', 'say', '--param', 'text=hello'], secret);
  assert.notEqual(after.exitCode, 0);
  assert.match(after.stderr, /UNAUTHENTICATED/);
  assert.match(run(stage, ['token', 'list']).stdout, /revoked/);
  await gateway.stop();
  for (const name of ['reeve.db', 'reeve.db-wal'])
    assert.ok(!readIfThere(join(stage.state(), name)).includes(secret), name);
  assert.ok(!readFileSync(join(stage.folder, 'audit.log'), 'utf8').includes(secret));
});

test('the people file gives roles, in local mode and through a gateway, and a reload takes them', async () => {
  await using stage = stageWithPeople();
  const text = ['run', 'say', '--param', 'text=x'];
  assert.equal(run(stage, text).exitCode, 0);
  const people = run(stage, ['people', '--output', 'json']);
  assert.deepEqual(
    json<{ id: string; passkeys: number }[]>(people.stdout).map((p) => [p.id, p.passkeys]),
    [
      ['alice', 0],
      ['local', 0],
    ],
  );
  const code = run(stage, ['people', 'enrol', 'alice']);
  assert.match(code.stdout, /^[0-9A-Z]{5}-[0-9A-Z-]+\n$/);
  assert.match(code.stderr, /publicUrl/);
  assert.equal(run(stage, ['people', 'enrol', 'mallory']).exitCode, 3);

  await stage.serve();
  const token = run(stage, ['token', 'create', 'laptop', '--for', 'alice']).stdout.trim();
  assert.equal(run(stage, text, token).exitCode, 0);
  const file = join(stage.folder, 'people.yaml');
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, before.replace(', roles: [runner]', ''));
  assert.equal(run(stage, ['reload']).exitCode, 0);
  assert.equal(run(stage, text, token).exitCode, 3);
  writeFileSync(file, `${before}  carol: { name: Carol, rolls: [x] }\n`);
  const broken = run(stage, ['reload']);
  assert.equal(broken.exitCode, 1);
  assert.match(broken.stderr, /there is no field "rolls" in people\.carol.*people\.yaml:5:/s);
  writeFileSync(file, before);
  assert.equal(run(stage, ['reload']).exitCode, 0);
  assert.equal(run(stage, text, token).exitCode, 0);
});

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
