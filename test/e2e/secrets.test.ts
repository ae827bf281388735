/**
 * A secret on its way through the real `bin/reeve`: the command has it, and nobody else, on no face, in no file and on no
 * command line, however it is printed and cut.
 */
import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { rest } from '../real/rest.ts';
import { type RunningGateway, Stage } from '../real/stage.ts';

const value = 'tr0ub4dor&3/+correct horse';
const key = 'line one of the key\nline two of the key';
const given = Buffer.from('given by a command').toString('hex');

/** Prints everything it was given, in several forms, half by half. Says by its exit code whether it was given it. */
const program = `#!/usr/bin/python3
import base64, hashlib, os, sys, time, urllib.parse
token, given, path = os.environ['TOKEN'], os.environ['GIVEN'], os.environ['KEY_FILE']
key = open(path).read()
b = token.encode()
for text in (token, given, key, base64.b64encode(b'x' + b).decode(), b.hex(), urllib.parse.quote(token, safe='')):
    half = len(text) // 2
    for part in (text[:half], text[half:], '\\n'):
        sys.stdout.write(part); sys.stdout.flush(); time.sleep(0.02)
sys.stderr.write('failed with ' + token + '\\n')
digest = hashlib.sha256((token + '|' + given + '|' + key).encode()).hexdigest()
sys.exit(0 if digest == sys.argv[1] else 9)
`;

const inventory = `  tell:
    tool: tell
    title: Tell
    description: Tells what it was given.
    owner: tests
    risk: low
    run: [bin/tell, "{digest}"]
    mounts: [./bin]
    parameters: { digest: { type: string, pattern: "[0-9a-f]{64}" } }
    required: [digest]
    environments: [development]
    timeout: 30s
    approvals: []
    dependencies: []
    secrets: [TOKEN, GIVEN, { name: KEY, as: file }]
  give:
    tool: give
    title: Give
    description: Gives a secret.
    owner: tests
    risk: low
    run: [/bin/sh, -c, "printf 'given by a command' | xxd -p"]
    parameters: {}
    environments: [development]
    timeout: 30s
    approvals: []
    dependencies: []
`;

let stage: Stage;
let gateway: RunningGateway;
let digest: string;
/** Everything that anybody was shown. */
const shown: [where: string, text: string][] = [];

before(async () => {
  stage = new Stage(`secrets:
  TOKEN: { env: STAGE_TOKEN }
  GIVEN: { command: give }
  KEY: { file: key }
`);
  appendFileSync(join(stage.folder, 'inventory.yaml'), inventory);
  writeFileSync(join(stage.folder, 'bin/tell'), program, { mode: 0o755 });
  writeFileSync(join(stage.folder, 'key'), `${key}\n`, { mode: 0o600 });
  process.env.STAGE_TOKEN = value;
  const { createHash } = await import('node:crypto');
  digest = createHash('sha256').update(`${value}|${given}|${key}`).digest('hex');
  gateway = await stage.serve();
});
after(async () => {
  delete process.env.STAGE_TOKEN;
  await stage[Symbol.asyncDispose]();
});

const marks = ['TOKEN', 'GIVEN', 'KEY', 'TOKEN', 'TOKEN', 'TOKEN'].map(
  (name) => `[secret ${name}]`,
);

/** The six lines: what stands around a form in base64 is not of the value. */
function assertHidden(stdout: string): void {
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.length, marks.length, stdout);
  for (const [index, line] of lines.entries()) assert.ok(line.includes(marks[index]!), stdout);
}

test('REST answers, shows and streams without it', async () => {
  const token = stage.token();
  const body = JSON.stringify({ command: 'tell', arguments: { digest } });
  const done = await rest(gateway.url, token, 'POST', '/v1/commands/execute', body);
  shown.push(['REST', JSON.stringify(done.body)]);
  const result = done.body.result as { exitCode: number; stdout: string; stderr: string };
  assert.equal(result.exitCode, 0, JSON.stringify(done.body));
  assertHidden(result.stdout);
  assert.equal(result.stderr, 'failed with [secret TOKEN]\n');

  const started = await rest(gateway.url, token, 'POST', '/v1/commands/execute', body, {
    prefer: 'wait=0',
  });
  const { requestId } = started.body.meta as { requestId: string };
  const at = `/v1/commands/executions/${requestId}`;
  const events = await rest(gateway.url, token, 'GET', `${at}/events`);
  const stream = String((events.body as { text: string }).text);
  shown.push(['events', stream]);
  const told = [...stream.matchAll(/^data: (.*"stream":"stdout".*)$/gm)].map(
    ([, data]) => (JSON.parse(data!) as { data: string }).data,
  );
  assertHidden(told.join(''));
  for (const path of [at, `${at}/output`, `${at}/entries`, '/v1/commands/audit', '/v1/inventory']) {
    const { body: answer } = await rest(gateway.url, token, 'GET', path);
    shown.push([path, JSON.stringify(answer)]);
  }
  const plan = await rest(gateway.url, token, 'POST', '/v1/commands/plan', body);
  shown.push(['plan', JSON.stringify(plan.body)]);
  assert.match(JSON.stringify(plan.body), /"secrets":\[\{"name":"TOKEN","as":"variable"\}/);
});

test('MCP gives results, progress and resources without it', async () => {
  const client = new Client({ name: 'secrets', version: '1' });
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', gateway.url), {
      requestInit: { headers: { Authorization: `Bearer ${stage.token()}` } },
    }),
  );
  try {
    const { tools } = await client.listTools();
    const tool = tools.find(({ name }) => name === 'tell')!;
    assert.match(tool.description ?? '', /Secrets that the gateway gives it: TOKEN, GIVEN, KEY\./);
    const progress: string[] = [];
    const result = await client.callTool(
      { name: 'tell', arguments: { digest } },
      { onprogress: (p) => void progress.push(p.message ?? '') },
    );
    shown.push(['tool', JSON.stringify(result)], ['progress', progress.join('')]);
    const { result: told } = result.structuredContent as { result: { stdout: string } };
    assertHidden(told.stdout);
    assert.ok(progress.length > 0);
    const audit = await client.readResource({ uri: 'reeve://audit' });
    shown.push(['audit', JSON.stringify(audit)]);
  } finally {
    await client.close();
  }
});

test('the command line prints none of it, beside a gateway and alone', () => {
  for (const state of ['state', 'alone']) {
    const options = stage.options(state);
    for (const more of [[], ['--output', 'json']]) {
      const args = [...options, ...more, 'run', 'tell', '--param', `digest=${digest}`];
      const done = stage.run(args);
      shown.push([args.join(' '), done.stdout + done.stderr]);
      assert.equal(done.exitCode, 0, done.stdout + done.stderr);
      if (more.length === 0) assertHidden(done.stdout);
    }
    for (const verb of [
      ['ps'],
      ['audit', 'list'],
      ['plan', 'tell', '--param', `digest=${digest}`],
      ['list'],
      ['doctor'],
      ['lint'],
    ]) {
      const done = stage.run([...options, ...verb]);
      shown.push([verb.join(' '), done.stdout + done.stderr]);
      if (verb[0] === 'plan') assert.match(done.stdout, /TOKEN as a variable/);
      if (verb[0] === 'plan') assert.match(done.stdout, /KEY as the file \/run\/secrets\/KEY/);
    }
  }
});

test('a secret that goes missing stops the run before it starts', async () => {
  const path = join(stage.folder, 'key');
  writeFileSync(path, 'abc\n');
  const done = stage.run([...stage.options(), 'run', 'tell', '--param', `digest=${digest}`]);
  writeFileSync(path, `${key}\n`);
  shown.push(['missing', done.stdout + done.stderr]);
  assert.equal(done.exitCode, 3, done.stdout + done.stderr);
  assert.match(done.stderr, /SECRET_UNAVAILABLE/);
  assert.match(done.stderr, /secret KEY cannot be had: it has fewer than 4 bytes/);
});

test('it is in nothing that was shown, and in no file of the state, the log or the audit', async () => {
  await gateway.stop();
  shown.push(['the log of the gateway', gateway.log()]);
  const files = ['state', 'alone'].flatMap((state) =>
    readdirSync(stage.state(state), { recursive: true, withFileTypes: true })
      .filter((item) => item.isFile())
      .map((item) => join(item.parentPath, item.name)),
  );
  assert.ok(
    files.some((file) => file.endsWith('reeve.db')),
    files.join(),
  );
  for (const file of [...files, join(stage.folder, 'audit.log')])
    shown.push([file, readFileSync(file, 'latin1')]);
  const bytes = Buffer.from(value);
  const forms = [
    value,
    given,
    ...key.split('\n'),
    bytes.toString('base64').replace(/=+$/, '').slice(0, -1),
    Buffer.concat([Buffer.from('x'), bytes])
      .toString('base64')
      .slice(2, -2),
    bytes.toString('hex'),
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
  ];
  for (const [where, text] of shown)
    for (const form of forms) assert.ok(!text.includes(form), `${form} in ${where}`);
});
