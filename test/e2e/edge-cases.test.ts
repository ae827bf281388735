/** The edge cases of row S15 that the table of faces doesn't hold, against the real gateway. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { entryKinds, rest } from '../real/rest.ts';
import { type RunningGateway, Stage, until } from '../real/stage.ts';

const stage = new Stage();
let gateway: RunningGateway;
before(async () => {
  gateway = await stage.serve();
});
after(async () => {
  await gateway?.stop();
  await stage[Symbol.asyncDispose]();
});

const execute = (body: object | string) =>
  rest(
    gateway.url,
    stage.token(),
    'POST',
    '/v1/commands/execute',
    typeof body === 'string' ? body : JSON.stringify(body),
  );

for (const [title, command] of [
  ['empty', ''],
  ['blank', '   '],
  ['a newline', '\n'],
  ['a path', '/bin/sh'],
  ['a declared name with a space behind it', 'say '],
  ['a declared name in capitals', 'SAY'],
] as const) {
  test(`a command whose name is ${title} is refused and on record`, async () => {
    const { status, body } = await execute({ command, arguments: {} });
    assert.ok([400, 403].includes(status), `${status}`);
    assert.ok(['INVALID_REQUEST', 'COMMAND_NOT_ALLOWED'].includes(String(body.errorCode)));
    const path = `/v1/commands/executions/${body.requestId}`;
    const found = await rest(gateway.url, stage.token(), 'GET', path);
    assert.equal(found.body.status, 'rejected');
  });
}

test('children that outlive the command they came from are gone when it times out', async () => {
  const { body } = await execute({
    command: 'slow',
    arguments: { seconds: 600 },
    timeoutSeconds: 1,
  });
  assert.equal(body.status, 'timeout');
  await until('the sleeping child is gone', () => stage.processes().length === 0);
});

test('a run is given its declared environment and nothing of the gateway', async () => {
  writeFileSync(join(stage.folder, 'unused'), '');
  const { body } = await execute({ command: 'surroundings', arguments: {} });
  assert.equal(body.status, 'ok', JSON.stringify(body));
  const seen = JSON.parse((body.result as { stdout: string }).stdout) as {
    environment: Record<string, string>;
    descriptors: Record<string, string>;
    cwd: string;
    uid: number;
    parent: string;
    root: string[];
    interfaces: string[] | null;
  };
  const { REEVE_REQUEST_ID: given, ...environment } = seen.environment;
  assert.equal(given, (body.result as { requestId: string }).requestId);
  assert.deepEqual(environment, {
    PATH: '/usr/bin:/bin',
    HOME: '/tmp',
    LANG: 'C.UTF-8',
    PWD: '/workspace',
  });
  // What the gateway itself inherited from whoever started it is covered by /dev/null.
  const open = Object.entries(seen.descriptors).filter(([, target]) => target !== '/dev/null');
  assert.deepEqual(
    open.map(([number]) => number),
    ['1', '2'],
  );
  assert.equal(seen.cwd, '/workspace');
  assert.notEqual(seen.uid, 0);
  assert.match(seen.parent, /^(PWD=[^\0]*\0)?$/, 'the first process was given an environment');
});

test('a gateway on every address warns of that once', async () => {
  await using open = new Stage();
  const settings = readFileSync(open.config, 'utf8');
  writeFileSync(open.config, settings.replace('127.0.0.1:0', '0.0.0.0:0'));
  const wide = await open.serve();
  await wide.stop();
  assert.equal(wide.log().match(/without TLS/g)?.length, 1, wide.log());
});

test('arguments that the command line cannot read are on record where the gateway runs', async () => {
  for (const json of [
    '{oops',
    '[1]',
    '{"text":1,"text":2}',
    '{"__proto__":1}',
    '{"text":"\\ud800"}',
  ]) {
    const ran = stage.run(['run', 'say', '--json', json, '--output', 'json', ...stage.options()]);
    assert.equal(ran.exitCode, 3, json + ran.stderr);
    const { requestId, errorCode } = JSON.parse(ran.stdout);
    assert.equal(errorCode, 'INVALID_REQUEST', json);
    assert.deepEqual(await entryKinds(gateway.url, stage.token(), requestId), ['asked', 'refused']);
  }
});
