/** `reeve policy`: the real program on a configuration of its own, without a gateway. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../../src/main.ts', import.meta.url));

const inventory = `version: 1
commands:
  say:
    tool: say
    title: Say
    description: Says something.
    owner: nobody
    risk: low
    run: [/bin/echo, "{text}"]
    parameters: { text: { type: string, maxLength: 20, allowLeadingDash: true } }
    required: [text]
    environments: { development: {}, production: {} }
    timeout: 60s
    workspace: none
    dependencies: []
    approvals: []
    rollback: nothing to undo
    guardrails: []
    examples: { accept: [{ text: a }] }
`;
const policy = `permit (principal in Reeve::Role::"ops", action, resource);
@id("two-eyes") @stage("ops_lead") forbid (principal, action in Reeve::Action::"run", resource)
when { context.environment == Reeve::Environment::"production" };
`;

function configuration(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-policy-cli-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['policy', 'workspace']) mkdirSync(join(folder, name));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write('inventory.yaml', inventory);
  write('policy/a.cedar', policy);
  write('people.yaml', 'version: 1\npeople: { ann: { name: Ann, roles: [ops] } }\n');
  write(
    'reeve.yaml',
    `version: 1
inventory: inventory.yaml
policy: policy
people: people.yaml
defaultEnvironment: development
environments:
  development: { workspace: ./workspace }
  production: { workspace: ./workspace }
`,
  );
  const reeve = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
      const env = { PATH: process.env.PATH ?? '', HOME: folder };
      const all = [main, '--config', join(folder, 'reeve.yaml'), 'policy', ...args];
      execFile(process.execPath, all, { env, cwd: folder }, (error, stdout, stderr) => {
        done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  return { folder, write, reeve };
}

test('the table tells for everybody what policy decides, from the configuration alone', async (t) => {
  const { reeve, folder } = configuration(t);
  const shown = await reeve('table');
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^person ann, role ops \(person\), role ops \(agent\)$/m);
  assert.match(shown.stdout, /^ {2}say +permit +approval by ops_lead \(policy two-eyes\)$/m);
  assert.match(
    shown.stdout,
    /^person local, any other person, any other agent\n {2}everything: deny$/m,
  );
  assert.deepEqual(readdirSync(folder).sort(), [
    'inventory.yaml',
    'people.yaml',
    'policy',
    'reeve.yaml',
    'workspace',
  ]);

  const json = await reeve('table', '--principal', 'bot,role=ops,for=ann', '--output', 'json');
  const { rows } = JSON.parse(json.stdout) as { rows: { principal: string; outcome: string }[] };
  assert.deepEqual(
    rows.map((r) => [r.principal, r.outcome]),
    [
      ['agent bot (role ops, for ann)', 'permit'],
      ['agent bot (role ops, for ann)', 'approval by ops_lead (policy two-eyes)'],
    ],
  );
});

test('a check passes until a decision changes, then names what has changed and ends with 1', async (t) => {
  const { reeve, write, folder } = configuration(t);
  const missing = await reeve('check');
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /table\.json does not exist[\s\S]*policy check --write/);
  assert.equal((await reeve('check', '--write')).code, 0);
  assert.equal((await reeve('check')).code, 0);

  write('policy/a.cedar', policy.replace('"ops_lead"', '"auditor"'));
  const changed = await reeve('check');
  assert.equal(changed.code, 1, changed.stderr);
  assert.match(
    changed.stdout,
    /person ann: say in production\n {2}- approval by ops_lead \(policy two-eyes\)\n {2}\+ approval by auditor \(policy two-eyes\)\n/,
  );
  assert.match(changed.stdout, /: 3 differences\n$/);
  const json = JSON.parse((await reeve('check', '--output', 'json')).stdout);
  assert.deepEqual([json.ok, json.differences.length], [false, 3]);

  write('people.yaml', 'version: 1\npeople: { ann: { name: Ann, roles: [] } }\n');
  assert.match(
    (await reeve('check')).stdout,
    /person ann: say in development\n {2}- permit\n {2}\+ deny\n/,
  );
  assert.equal((await reeve('check', '--write')).code, 0);
  assert.equal((await reeve('check')).code, 0);
  assert.deepEqual(readdirSync(join(folder, 'policy')).sort(), ['a.cedar', 'table.json']);
});

test('a table that was written for some is checked for these', async (t) => {
  const { reeve, folder } = configuration(t);
  assert.equal((await reeve('check', 'mine.json', '--role', 'ops')).code, 2);
  assert.equal((await reeve('check', 'mine.json', '--write', '--role', 'ops')).code, 0);
  const { table } = JSON.parse(readFileSync(join(folder, 'mine.json'), 'utf8'));
  assert.deepEqual(Object.keys(table), ['role ops (person)', 'role ops (agent)']);
  assert.equal((await reeve('check', 'mine.json')).code, 0);
});

test('a broken configuration, a broken table and a principal that is none are refused', async (t) => {
  const { reeve, write } = configuration(t);
  write('policy/table.json', '{"version":1');
  const table = await reeve('check');
  assert.equal(table.code, 2);
  assert.match(table.stderr, /table\.json is no table of decisions[\s\S]*is no JSON/);
  const principal = await reeve('table', '--principal', 'bot,kind=robot');
  assert.equal(principal.code, 2);
  assert.match(principal.stderr, /names no principal/);
  write('policy/a.cedar', policy.replace('"ops_lead"', '"Ops Lead"'));
  const broken = await reeve('table');
  assert.equal(broken.code, 7);
  assert.match(broken.stderr, /a\.cedar:2:1: error: @stage\("Ops Lead"\) names no role/);
});
