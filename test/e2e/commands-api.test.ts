/** Rows S4 to S6 against the real gateway: execute, look at one execution, read the audit. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rest } from '../real/rest.ts';
import { type RunningGateway, Stage } from '../real/stage.ts';

const stage = new Stage();
let gateway: RunningGateway;
before(async () => {
  gateway = await stage.serve();
});
after(async () => {
  await gateway?.stop();
  await stage[Symbol.asyncDispose]();
});

const ask = (method: string, path: string, body?: object) =>
  rest(
    gateway.url,
    stage.token(),
    method,
    path,
    body === undefined ? undefined : JSON.stringify(body),
  );
const say = (text: string) =>
  ask('POST', '/v1/commands/execute', { command: 'say', arguments: { text } });

test('execute answers with status, result and meta once the command has ended', async () => {
  const { status, body } = await ask('POST', '/v1/commands/execute', {
    command: 'list',
    args: ['--', '/workspace/inside'],
    workingDirectory: 'inside',
    environment: 'development',
    timeoutSeconds: 5,
  });
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.status, 'ok');
  const result = body.result as Record<string, unknown>;
  assert.equal(result.stdout, 'a.txt\n');
  assert.equal(result.exitCode, 0);
  assert.equal(result.timeoutMs, 5000);
  assert.equal(result.workingDirectory, '/workspace/inside');
  const meta = body.meta as Record<string, unknown>;
  assert.equal(meta.requestId, result.requestId);
  assert.match(String(meta.requestedAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(Date.parse(String(meta.finishedAt)) >= Date.parse(String(meta.requestedAt)));
  assert.equal(typeof meta.durationMs, 'number');
});

test('an execution is found by its request id, with the same content as was answered', async () => {
  const { body } = await say('found again');
  const { requestId } = body.result as { requestId: string };
  const found = await ask('GET', `/v1/commands/executions/${requestId}`);
  assert.equal(found.status, 200);
  assert.equal(found.body.status, 'ok');
  assert.deepEqual(found.body.meta, body.meta);
});

for (const id of ['req_00000000000000000000000000000000', 'x', '..%2f..%2fetc', '%00']) {
  test(`no execution is found under ${id}`, async () => {
    const { status, body } = await ask('GET', `/v1/commands/executions/${id}`);
    assert.equal(status, 404);
    assert.equal(body.errorCode, 'REQUEST_NOT_FOUND');
  });
}

test('the audit lists newest first, 50 unless told otherwise, in pages that follow one another', async () => {
  for (let i = 0; i < 5; i += 1) await say(`line ${i}`);
  type Page = {
    records: { requestId: string; timestamp: string }[];
    meta: Record<string, unknown>;
  };
  const all = (await ask('GET', '/v1/commands/audit')).body as unknown as Page;
  const times = all.records.map((r) => Date.parse(r.timestamp));
  assert.ok(all.records.length >= 5 && all.records.length <= 50);
  assert.deepEqual(
    times,
    [...times].sort((a, b) => b - a),
  );

  const ids: string[] = [];
  let cursor: unknown = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(String(cursor))}`;
    const page = (await ask('GET', `/v1/commands/audit?limit=2${query}`)).body as unknown as Page;
    assert.ok(page.records.length <= 2);
    ids.push(...page.records.map((r) => r.requestId));
    cursor = page.meta.nextCursor;
  } while (cursor !== null);
  assert.deepEqual(
    ids,
    all.records.map((r) => r.requestId),
  );
});

test('the audit filters by status and by command', async () => {
  await ask('POST', '/v1/commands/execute', { command: 'fail' });
  const { body } = await ask('GET', '/v1/commands/audit?status=failed&command=fail');
  const records = body.records as { status: string; command: string }[];
  assert.ok(records.length >= 1);
  assert.ok(records.every((r) => r.status === 'failed' && r.command === 'fail'));
  const none = await ask('GET', '/v1/commands/audit?status=timeout');
  assert.deepEqual(none.body.records, []);
});

for (const query of [
  'limit=0',
  'limit=201',
  'limit=ten',
  'limit=-1',
  'status=good',
  'since=yesterday',
  'cursor=nonsense',
  'unknown=1',
]) {
  test(`a bad filter is refused: ${query}`, async () => {
    const { status, body } = await ask('GET', `/v1/commands/audit?${query}`);
    assert.equal(status, 400);
    assert.equal(body.errorCode, 'INVALID_REQUEST');
  });
}

test('without the token nothing is answered, on loopback either, and it is on record', async () => {
  for (const [method, path] of [
    ['POST', '/v1/commands/execute'],
    ['GET', '/v1/commands/audit'],
    ['GET', '/v1/inventory'],
    ['POST', '/mcp'],
  ] as const) {
    const reply = await rest(gateway.url, null, method, path, method === 'POST' ? '{}' : undefined);
    assert.equal(reply.status, 401, path);
    assert.equal(reply.body.errorCode, 'UNAUTHENTICATED', path);
  }
});
