/** The read side and the administration over REST. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../../src/edge/answer.ts';
import { problem, serving } from './serving.ts';

type Page = {
  status: string;
  records: Record<string, unknown>[];
  executions: Answer[];
  meta: { count: number; nextCursor: string | null; returnedAt: string };
};
const json = async <T = Page>(response: Response) => {
  assert.equal(response.status, 200);
  return (await response.json()) as T;
};

test('an execution is found by its id, one that is not there and somebody else’s are the same 404', async (t) => {
  const { execute, ask } = await serving(t);
  const { meta } = (await (
    await execute({ command: 'say', arguments: { text: 'x' } })
  ).json()) as Answer;
  const found = await json<Answer>(await ask(`/v1/commands/executions/${meta.requestId}`));
  assert.equal(found.result.stdout, 'x\n');
  const theirs = (await (await execute({}, { authorization: 'Bearer x' })).json()) as {
    requestId: string;
  };
  const answers = await Promise.all(
    [theirs.requestId, 'req_none', '__proto__', '..%2f..', '%00', 'a%0d%0ab'].map(async (id) =>
      problem(await ask(`/v1/commands/executions/${id}`)),
    ),
  );
  for (const body of answers) {
    assert.equal(body.errorCode, 'REQUEST_NOT_FOUND');
    assert.equal(body.status, 404);
    assert.equal(body.message, answers[0]!.message);
  }
  for (const rest of ['/output', '/output?stream=stdout', '/events', '/entries']) {
    assert.equal((await problem(await ask(`/v1/commands/executions/req_none${rest}`))).status, 404);
  }
});

test('a refused request is found as what it is', async (t) => {
  const { execute, ask } = await serving(t);
  const { requestId } = await problem(await execute({ command: 'nope' }));
  const found = await json<Answer>(await ask(`/v1/commands/executions/${requestId}`));
  assert.equal(found.status, 'rejected');
  assert.equal(found.result.errorCode, 'COMMAND_NOT_ALLOWED');
  assert.equal(found.result.stdout, null);
});

test('asking for an execution may wait for its end', async (t) => {
  const { execute, ask, gateway } = await serving(t);
  const { meta } = (await (
    await execute({ command: 'slow' }, { prefer: 'respond-async' })
  ).json()) as Answer;
  const soon = ask(`/v1/commands/executions/${meta.requestId}`, { headers: { prefer: 'wait=60' } });
  setTimeout(() => gateway.finish(meta.requestId), 20);
  const response = await soon;
  assert.equal(response.headers.get('preference-applied'), 'wait=60');
  assert.equal((await json<Answer>(response)).status, 'ok');
});

test('output comes as JSON, or as the very bytes of a stream', async (t) => {
  const { execute, ask } = await serving(t);
  const { meta } = (await (await execute({ command: 'bytes' })).json()) as Answer;
  const path = `/v1/commands/executions/${meta.requestId}/output`;
  const report = await json<Record<string, unknown>>(await ask(path));
  assert.equal(report.stdoutBase64, Buffer.from([0xff, 0x00, 0x80, 0x0a]).toString('base64'));
  assert.equal(report.stdoutTotal, 4);
  assert.equal(report.stderr, 'é');
  const raw = await ask(`${path}?stream=stdout`);
  assert.equal(raw.headers.get('content-type'), 'application/octet-stream');
  assert.match(raw.headers.get('content-disposition')!, /^attachment/);
  assert.equal(raw.headers.get('reeve-output-total'), '4');
  assert.equal(raw.headers.get('reeve-output-truncated'), 'false');
  assert.deepEqual([...new Uint8Array(await raw.arrayBuffer())], [0xff, 0x00, 0x80, 0x0a]);
  assert.match(
    (await problem(await ask(`${path}?stream=stdin`))).message,
    /stream: is none of the values \(expected: stdout, stderr\)/,
  );
});

test('a run can be cancelled, twice, and one that is over stays as it is', async (t) => {
  const { execute, post, gateway } = await serving(t);
  const { meta } = (await (
    await execute({ command: 'slow' }, { prefer: 'wait=0' })
  ).json()) as Answer;
  const path = `/v1/commands/executions/${meta.requestId}/cancel`;
  assert.equal((await json<Answer>(await post(path, { reason: 'wrong one' }))).status, 'cancelled');
  assert.equal((await json<Answer>(await post(path))).status, 'cancelled');
  assert.deepEqual(gateway.cancelled, ['wrong one', 'asked for over REST']);
  assert.equal((await problem(await post('/v1/commands/executions/req_none/cancel'))).status, 404);
  assert.match(
    (await problem(await post(path, { because: 'x' }))).message,
    /because: is not known here/,
  );
  assert.match(
    (await problem(await post(path, { reason: 'x'.repeat(501) }))).message,
    /reason: is too large or too long/,
  );
});

test('the audit shows requests newest first, with every fact of an execution and no output', async (t) => {
  const { execute, ask } = await serving(t);
  await execute({ command: 'say' });
  await execute({ command: 'fail' });
  const page = await json(await ask('/v1/commands/audit'));
  assert.equal(page.status, 'ok');
  assert.deepEqual(
    page.records.map((r) => [r.command, r.status, r.errorCode]),
    [
      ['fail', 'failed', 'COMMAND_EXIT_NON_ZERO'],
      ['say', 'ok', null],
    ],
  );
  assert.equal(page.meta.count, 2);
  assert.equal(page.meta.nextCursor, null);
  assert.match(page.meta.returnedAt, /^\d{4}-.*Z$/);
  for (const field of [
    'requestId',
    'timestamp',
    'tool',
    'environment',
    'principal',
    'onBehalfOf',
    'face',
    'client',
    'errorMessage',
    'durationMs',
    'exitCode',
    'parametersHash',
    'digest',
    'trust',
    'policies',
    'finishedAt',
    'sandbox',
  ]) {
    assert.ok(field in page.records[0]!, field);
  }
  assert.equal('stdout' in page.records[0]!, false);
});

test('pages follow one another by their cursor', async (t) => {
  const { execute, ask } = await serving(t);
  for (let i = 0; i < 5; i += 1) await execute({ command: 'say' });
  const seen: unknown[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: Page = await json(
      await ask(`/v1/commands/audit?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`),
    );
    seen.push(...page.records.map((r) => r.requestId));
    cursor = page.meta.nextCursor;
  }
  assert.equal(new Set(seen).size, 5);
});

test('statuses may be repeated or separated by commas', async (t) => {
  const { execute, ask } = await serving(t);
  for (const command of ['say', 'fail', 'overdue', 'lost']) await execute({ command });
  const count = async (query: string) =>
    (await json(await ask(`/v1/commands/audit?${query}`))).meta.count;
  assert.equal(await count('status=ok,failed'), 2);
  assert.equal(await count('status=ok&status=timeout,unknown'), 3);
  assert.equal(await count('command=say'), 1);
  assert.equal(await count('since=2000-01-01'), 4);
  assert.equal(await count('until=2000-01-01T00:00:00%2B02:00'), 0);
  assert.equal(await count('principal=local&environment=development'), 4);
});

for (const [query, message] of [
  ['limit=0', /limit: /],
  ['limit=201', /limit: .*at most 200/],
  ['limit=ten', /limit: is no whole number/],
  ['limit=1e1', /limit: /],
  ['limit=', /limit: /],
  ['limit=1&limit=2', /limit: is there more than once/],
  ['status=done', /status: is none of the values \(expected: awaiting_approval, /],
  ['status=', /status: /],
  ['status=ok,,failed', /status: /],
  ['since=yesterday', /since: is no time \(expected: ISO 8601/],
  ['since=2026-02-30', /since: is no time/],
  ['until=2026-11-22T10:00:00', /until: is no time/],
  ['command=', /command: is empty|command: is too/],
  ['cursor=nonsense', /cursor: /],
  ['colour=red', /colour: is not known here/],
  ['__proto__=1', /__proto__: is not known here/],
  ['constructor=1', /constructor: is not known here/],
] as const) {
  test(`the filter ${query} is refused by name`, async (t) => {
    const { ask, reports } = await serving(t);
    const body = await problem(await ask(`/v1/commands/audit?${query}`));
    assert.equal(body.status, 400);
    assert.match(body.message, message);
    assert.equal(body.requestId, undefined);
    assert.deepEqual(reports, []);
  });
}

test('what is open is listed, and nothing else can be asked of that list', async (t) => {
  const { execute, ask } = await serving(t);
  await execute({ command: 'say' });
  await execute({ command: 'slow' }, { prefer: 'wait=0' });
  await execute({ command: 'ask-people' });
  const page = await json(await ask('/v1/commands/executions?status=open'));
  assert.deepEqual(page.executions.map((e) => e.status).sort(), ['awaiting_approval', 'running']);
  assert.equal((await problem(await ask('/v1/commands/executions?status=ok'))).status, 400);
});

test('entries, inventory and plan are told as the gateway has them', async (t) => {
  const { execute, ask, post } = await serving(t);
  const { meta } = (await (await execute({ command: 'say' })).json()) as Answer;
  const { entries } = await json<{ entries: Record<string, unknown>[] }>(
    await ask(`/v1/commands/executions/${meta.requestId}/entries`),
  );
  assert.equal(entries[0]!.at, '2026-11-22T00:00:00.000Z');
  assert.equal(typeof entries[0]!.text, 'string');
  const { commands } = await json<{ commands: { name: string }[] }>(await ask('/v1/inventory'));
  assert.deepEqual(
    commands.map((c) => c.name),
    ['say'],
  );
  const plan = await json<{ decision: string }>(
    await post('/v1/commands/plan', { command: 'say' }),
  );
  assert.equal(plan.decision, 'permit');
  assert.equal(
    (await problem(await post('/v1/commands/plan', { command: 'x' }))).errorCode,
    'COMMAND_NOT_ALLOWED',
  );
});

test('a face that forwards can put on record what it refused', async (t) => {
  const { post, gateway } = await serving(t);
  const response = await post('/v1/commands/refused', {
    errorCode: 'INVALID_REQUEST',
    message: 'no JSON',
    details: [{ field: 'x', problem: 'y' }],
    command: null,
  });
  const { requestId } = await json<{ requestId: string }>(response);
  assert.equal(response.headers.get('reeve-request-id'), requestId);
  assert.equal(gateway.refusals[0]!.error.message, 'no JSON');
  assert.match(
    (await problem(await post('/v1/commands/refused', { errorCode: 'NOPE', message: 'x' })))
      .message,
    /errorCode: is none of the values/,
  );
  // How an approval or a run ended is the gateway's to say: nobody puts such words on record for it.
  for (const errorCode of ['APPROVAL_REJECTED', 'HOST_LOST', 'AUDIT_UNAVAILABLE']) {
    const told = await post('/v1/commands/refused', { errorCode, message: 'alice rejected it' });
    assert.equal((await problem(told)).errorCode, 'INVALID_REQUEST', errorCode);
  }
});

test('administration: freeze asks for a reason, reload tells what is wrong', async (t) => {
  const { post } = await serving(t);
  assert.match((await problem(await post('/v1/admin/freeze', {}))).message, /reason: is missing/);
  assert.match(
    (await problem(await post('/v1/admin/freeze', { reason: ' ' }))).message,
    /reason: is blank/,
  );
  assert.equal(
    (await problem(await post('/v1/admin/freeze', { reason: 'forbidden' }))).status,
    403,
  );
  assert.deepEqual(await json(await post('/v1/admin/freeze', { reason: 'an incident' })), {
    frozen: true,
  });
  assert.deepEqual(await json(await post('/v1/admin/unfreeze')), { frozen: false });
  assert.match(
    (await problem(await post('/v1/admin/unfreeze', { now: true }))).message,
    /now: is not known here/,
  );
  const report = await json<{ loaded: boolean; diagnostics: unknown[] }>(
    await post('/v1/admin/reload', {}),
  );
  assert.equal(report.loaded, false);
  assert.equal(report.diagnostics.length, 1);
});

test('metrics count what this process answered, with labels that nobody outside can make up', async (t) => {
  const { execute, ask } = await serving(t);
  await execute({ command: 'say' });
  await execute({ command: 'nope"}\n' });
  await ask('/made/up');
  await execute({ command: 'slow' }, { prefer: 'wait=0' });
  const text = await (await ask('/metrics')).text();
  assert.match(text, /^reeve_rest_calls_total\{status="ok",error_code=""\} 1$/m);
  assert.match(
    text,
    /^reeve_rest_calls_total\{status="rejected",error_code="COMMAND_NOT_ALLOWED"\} 1$/m,
  );
  assert.match(text, /^reeve_rest_requests_total\{operation="other",code="404"\} 1$/m);
  assert.match(text, /^reeve_executions_open\{status="running"\} 1$/m);
  assert.doesNotMatch(text, /made|nope/);
});
