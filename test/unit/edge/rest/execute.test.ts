import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../../src/edge/answer.ts';
import { problem, serving } from './serving.ts';

const answer = async (response: Response) => (await response.json()) as Answer;

test('a command that ends well answers 200 with its output', async (t) => {
  const { execute, gateway } = await serving(t);
  const response = await execute({
    command: 'say',
    arguments: { text: 'hello' },
    environment: 'development',
    workingDirectory: 'src',
    timeoutSeconds: 1.5,
  });
  assert.equal(response.status, 200);
  const body = await answer(response);
  assert.equal(body.status, 'ok');
  assert.equal(body.result.stdout, 'hello\n');
  assert.equal(response.headers.get('reeve-request-id'), body.meta.requestId);
  assert.equal(response.headers.get('location'), null);
  assert.deepEqual(gateway.submitted[0]!.request, {
    command: 'say',
    arguments: { text: 'hello' },
    args: null,
    environment: 'development',
    workingDirectory: 'src',
    timeoutSeconds: 1.5,
    idempotencyKey: null,
  });
});

test('neither form of arguments means none, and the other form goes through as it is', async (t) => {
  const { execute, gateway } = await serving(t);
  await execute({ command: 'say' });
  await execute({ command: 'say', args: ['a', '-b'] });
  assert.deepEqual(
    gateway.submitted.map(({ request }) => [request.arguments, request.args]),
    [
      [{}, null],
      [null, ['a', '-b']],
    ],
  );
});

for (const [command, status] of [
  ['fail', 'failed'],
  ['overdue', 'timeout'],
  ['lost', 'unknown'],
] as const) {
  test(`a run that ends as ${status} was carried out: 200`, async (t) => {
    const { execute } = await serving(t);
    const response = await execute({ command });
    assert.equal(response.status, 200);
    assert.equal((await answer(response)).status, status);
  });
}

test('bytes that are not UTF-8 come as base64, too', async (t) => {
  const { execute } = await serving(t);
  const { result } = await answer(await execute({ command: 'bytes' }));
  assert.deepEqual([...Buffer.from(result.stdoutBase64!, 'base64')], [0xff, 0x00, 0x80, 0x0a]);
  assert.equal(result.stderr, 'é');
});

for (const [code, status] of [
  ['COMMAND_NOT_ALLOWED', 403],
  ['WORKSPACE_ISOLATION_VIOLATION', 403],
  ['APPROVAL_REQUIRED', 403],
  ['CONCURRENCY_LIMIT', 429],
  ['AUDIT_UNAVAILABLE', 503],
  ['FROZEN', 503],
  ['INVALID_REQUEST', 400],
] as const) {
  test(`a refusal with ${code} answers ${status} and its request id`, async (t) => {
    const { execute, gateway } = await serving(t);
    const response = await execute({ command: `refuse ${code}` });
    const body = await problem(response);
    assert.equal(body.status, status);
    assert.equal(body.errorCode, code);
    assert.match(body.requestId!, /^req_/);
    assert.equal(
      gateway.refusals.length,
      1,
      'the face records nothing that the gateway has recorded',
    );
  });
}

test('a request that is refused after it was queued is a refusal, not a result', async (t) => {
  const { execute } = await serving(t);
  const body = await problem(await execute({ command: 'late-refusal' }));
  assert.equal(body.errorCode, 'FROZEN');
  assert.equal(body.status, 503);
  assert.match(body.requestId!, /^req_/);
});

test('what waits for people answers 202 at once, with where to look', async (t) => {
  const { execute } = await serving(t);
  const response = await execute({ command: 'ask-people' });
  assert.equal(response.status, 202);
  const body = await answer(response);
  assert.equal(body.status, 'awaiting_approval');
  assert.equal(response.headers.get('location'), `/v1/commands/executions/${body.meta.requestId}`);
});

test('Prefer: wait=0 answers 202 with the state and where to look, and the run goes on', async (t) => {
  const { execute, ask, gateway } = await serving(t);
  const response = await execute({ command: 'slow' }, { prefer: 'wait=0' });
  assert.equal(response.status, 202);
  assert.equal(response.headers.get('preference-applied'), 'wait=0');
  const { meta, status } = await answer(response);
  assert.equal(status, 'running');
  gateway.finish(meta.requestId);
  const later = await answer(await ask(response.headers.get('location')!));
  assert.equal(later.status, 'ok');
  assert.equal(later.result.stdout, 'done\n');
});

test('Prefer: wait=1 gives up waiting and not the run', async (t) => {
  const { execute, gateway } = await serving(t);
  const response = await execute({ command: 'slow' }, { prefer: 'handling=lenient, wait=1' });
  assert.equal(response.status, 202);
  assert.equal(response.headers.get('preference-applied'), 'wait=1');
  assert.equal(gateway.live.size, 1);
  assert.deepEqual(gateway.cancelled, []);
});

test('a run that ends within the wait answers 200', async (t) => {
  const { execute, gateway } = await serving(t);
  const running = gateway.underWay();
  const response = execute({ command: 'slow' }, { prefer: 'wait=60' });
  gateway.finish(await running);
  assert.equal((await response).status, 200);
});

test('a preference that is malformed is passed over', async (t) => {
  const { execute } = await serving(t);
  for (const prefer of ['wait=soon', 'wait', 'wait=-1', '=;,,', 'return=minimal']) {
    const response = await execute({ command: 'say' }, { prefer });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('preference-applied'), null);
    await response.body?.cancel();
  }
});

test('the same idempotency key and body give the same execution, another body 409', async (t) => {
  const { execute } = await serving(t);
  const key = { 'idempotency-key': 'k-1' };
  const first = await answer(await execute({ command: 'say' }, key));
  const again = await answer(await execute({ command: 'say' }, key));
  assert.equal(again.meta.requestId, first.meta.requestId);
  const other = await problem(await execute({ command: 'say', arguments: { text: 'x' } }, key));
  assert.equal(other.errorCode, 'CONFLICT');
  assert.equal(other.status, 409);
});

test('a client that goes away in the middle leaves its run running, to be fetched later', async (t) => {
  const { execute, ask, gateway, url } = await serving(t);
  const running = gateway.underWay();
  const gone = new AbortController();
  const { token } = await import('./serving.ts');
  const response = fetch(`${url}/v1/commands/execute`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ command: 'slow' }),
    signal: gone.signal,
  });
  const requestId = await running;
  gone.abort();
  await assert.rejects(response);
  assert.equal((await execute({ command: 'say' })).status, 200);
  assert.equal(gateway.live.get(requestId)!.execution.status, 'running');
  assert.deepEqual(gateway.cancelled, []);
  gateway.finish(requestId);
  const later = await answer(await ask(`/v1/commands/executions/${requestId}`));
  assert.equal(later.result.stdout, 'done\n');
});

test('the caller is the local user over rest, and tells what it calls itself', async (t) => {
  const { execute, gateway } = await serving(t);
  await execute({ command: 'say' }, { 'user-agent': 'curl/8' });
  await execute({ command: 'say' }, { 'user-agent': 'curl/8', 'reeve-client': 'cli; reeve/0.1.0' });
  await execute({ command: 'say' }, { 'reeve-client': `x${'y'.repeat(500)}` });
  const callers = gateway.submitted.map(({ caller }) => caller);
  assert.deepEqual(
    callers.map((c) => [c.principal.id, c.face]),
    [
      ['local', 'rest'],
      ['local', 'rest'],
      ['local', 'rest'],
    ],
  );
  assert.equal(callers[0]!.client, 'curl/8');
  assert.equal(callers[1]!.client, 'cli; reeve/0.1.0');
  assert.equal(callers[2]!.client!.length, 200);
});

test('a failure that nobody foresaw is 500 with an id that the log has, and no more', async (t) => {
  const { execute, gateway, reports } = await serving(t);
  gateway.failNext = new TypeError('secret internals');
  const body = await problem(await execute({ command: 'say' }));
  assert.equal(body.errorCode, 'COMMAND_EXECUTION_FAILED');
  assert.equal(body.status, 500);
  assert.doesNotMatch(JSON.stringify(body), /secret internals/);
  const id = /error ([0-9a-f-]{36})/.exec(body.message)![1]!;
  assert.ok(reports.some((line) => line.includes(id) && line.includes('secret internals')));
});
