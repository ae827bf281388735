/** The Gateway interface over REST: the same values and refusals come out as go in on the other side. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ReeveError, Refusal } from '../../../../src/core/errors.ts';
import { type Caller, localUser } from '../../../../src/core/principal.ts';
import { noResult } from '../../../../src/core/result.ts';
import { remoteGateway } from '../../../../src/edge/remote/gateway.ts';
import { outputOf } from '../../../../src/edge/remote/rebuild.ts';
import { outputReportOf } from '../../../../src/edge/rest/convert.ts';
import { outputReport } from '../../../../src/edge/rest/report-schemas.ts';
import type { ExecuteRequest, Gateway } from '../../../../src/gateway/gateway.ts';
import { serving, token } from '../rest/serving.ts';

const caller: Caller = { principal: localUser(), face: 'mcp-stdio', client: 'agent 1' };
const request = (command: string, changes: Partial<ExecuteRequest> = {}): ExecuteRequest => ({
  command,
  arguments: {},
  args: null,
  environment: null,
  workingDirectory: null,
  timeoutSeconds: null,
  idempotencyKey: null,
  ...changes,
});

async function pair(t: TestContext) {
  const on = await serving(t);
  const remote = remoteGateway({ url: `${on.url}/`, token, client: 'reeve/0.1.0' });
  t.after(() => remote.close());
  return { ...on, remote };
}

test('an execution comes back as it is there, but for where it runs', async (t) => {
  const { remote, gateway } = await pair(t);
  const submitted = await remote.submit(
    caller,
    request('say', { arguments: { text: 'ü' }, environment: 'development', timeoutSeconds: 2.5 }),
  );
  const there = await gateway.execution(caller, submitted.requestId);
  assert.deepEqual(submitted, { ...there, owner: 'remote', fence: 0 });
  assert.deepEqual(await remote.execution(caller, submitted.requestId), submitted);
  assert.deepEqual(
    await remote.output(caller, submitted.requestId),
    await gateway.output(caller, submitted.requestId),
  );
  assert.deepEqual(
    await remote.entries(caller, submitted.requestId),
    await gateway.entries(caller, submitted.requestId),
  );
  assert.deepEqual(
    gateway.submitted[0]!.request,
    request('say', { arguments: { text: 'ü' }, environment: 'development', timeoutSeconds: 2.5 }),
  );
});

test('who asks through it is told, by face and name', async (t) => {
  const { remote, gateway } = await pair(t);
  await remote.submit(caller, request('say'));
  await remote.submit(
    { ...caller, client: null },
    request('say', { arguments: null, args: ['x'] }),
  );
  await remote.submit({ ...caller, client: 'naïve\r\nEvil: 1' }, request('say'));
  assert.deepEqual(
    gateway.submitted.map((s) => s.caller.client),
    ['mcp-stdio; agent 1', 'mcp-stdio; reeve/0.1.0', 'mcp-stdio; na?ve??Evil: 1'],
  );
  assert.deepEqual(gateway.submitted[1]!.request.args, ['x']);
});

test('output that is not UTF-8 comes through byte by byte', async (t) => {
  const { remote } = await pair(t);
  const { requestId } = await remote.submit(caller, request('bytes'));
  const { stdout, stderr } = await remote.output(caller, requestId);
  assert.deepEqual([...stdout], [0xff, 0x00, 0x80, 0x0a]);
  assert.equal(Buffer.from(stderr).toString(), 'é');
});

test('what was read of output comes through as it is, and so does why nothing was', () => {
  const bytes = Buffer.from('x');
  const kept = {
    stdout: bytes,
    stderr: bytes,
    stdoutTotal: 1,
    stderrTotal: 1,
    stdoutTruncated: false,
    stderrTruncated: false,
  };
  for (const result of [
    noResult,
    { structured: { a: [null, 1, 'ü'] }, structuredProblem: null },
    { structured: false, structuredProblem: null },
    { structured: null, structuredProblem: 'it is empty' },
  ]) {
    const sent = JSON.stringify(outputReportOf('r', { ...kept, ...result }));
    const { structured, structuredProblem } = outputOf(outputReport.parse(JSON.parse(sent)));
    assert.deepEqual({ structured, structuredProblem }, result);
  }
});

test('refusals arrive as refusals, with code, details and request id', async (t) => {
  const { remote } = await pair(t);
  for (const code of [
    'COMMAND_NOT_ALLOWED',
    'APPROVAL_REQUIRED',
    'FROZEN',
    'CONCURRENCY_LIMIT',
  ] as const) {
    await assert.rejects(remote.submit(caller, request(`refuse ${code}`)), (error: unknown) => {
      assert.ok(error instanceof Refusal);
      assert.equal(error.code, code);
      assert.match(error.requestId, /^req_/);
      assert.deepEqual(error.details, [{ field: 'command', problem: 'not allowed' }]);
      return true;
    });
  }
  await assert.rejects(
    remote.execution(caller, 'req_none'),
    (error: ReeveError) => error.code === 'REQUEST_NOT_FOUND',
  );
  await assert.rejects(
    remote.plan(caller, request('x')),
    (error: ReeveError) => error.code === 'COMMAND_NOT_ALLOWED',
  );
});

test('a refusal that a face makes itself is put on record there', async (t) => {
  const { remote, gateway } = await pair(t);
  const error = new ReeveError('INVALID_REQUEST', 'No JSON.', [
    { field: 'params', problem: 'missing' },
  ]);
  const refusal = await remote.refuse(caller, error, 'say');
  assert.equal(refusal.message, 'No JSON.');
  assert.deepEqual(
    gateway.refusals.map((r) => [r.error.code, r.error.message, r.error.details, r.command]),
    [['INVALID_REQUEST', 'No JSON.', error.details, 'say']],
  );
  await remote.refuse(
    caller,
    new ReeveError('INVALID_REQUEST', 'x'.repeat(10_000)),
    `${'é'.repeat(5_000)}\ud800`,
  );
  assert.equal(gateway.refusals.length, 2);
});

test('an idempotency key goes through, and one that no header could carry is refused and on record', async (t) => {
  const { remote, gateway } = await pair(t);
  const first = await remote.submit(caller, request('say', { idempotencyKey: 'k"1,2' }));
  const again = await remote.submit(caller, request('say', { idempotencyKey: 'k"1,2' }));
  assert.equal(again.requestId, first.requestId);
  for (const key of ['', 'a b', 'é', 'x\r\nEvil: 1', 'x'.repeat(201)]) {
    await assert.rejects(remote.submit(caller, request('say', { idempotencyKey: key })), Refusal);
  }
  assert.equal(gateway.refusals.length, 5);
  assert.equal(gateway.submitted.length, 2);
});

test('waiting ends with the run, with the time, or with the signal', async (t) => {
  const { remote, gateway } = await pair(t);
  const { requestId } = await remote.submit(caller, request('slow'));
  assert.equal((await remote.wait(caller, requestId, 0)).status, 'running');
  assert.equal((await remote.wait(caller, requestId, 30)).status, 'running');
  const patience = new AbortController();
  const waiting = remote.wait(caller, requestId, null, patience.signal);
  setTimeout(() => patience.abort(), 30);
  assert.equal((await waiting).status, 'running');
  assert.equal((await remote.wait(caller, requestId, null, AbortSignal.abort())).status, 'running');
  const end = remote.wait(caller, requestId, null);
  setTimeout(() => gateway.finish(requestId), 30);
  assert.equal((await end).status, 'ok');
  assert.equal((await remote.wait(caller, requestId, 2 ** 40)).status, 'ok');
  await assert.rejects(
    remote.wait(caller, 'req_none', null),
    (error: ReeveError) => error.code === 'REQUEST_NOT_FOUND',
  );
});

test('watching tells what watching there tells', async (t) => {
  const { remote, gateway } = await pair(t);
  const { requestId } = await remote.submit(caller, request('slow'));
  gateway.emit(requestId, 'stdout', Buffer.from('one\n'));
  const seen: string[] = [];
  const bytes: number[] = [];
  for await (const event of remote.watch(caller, requestId)) {
    if (event.kind === 'output') {
      seen.push(event.stream);
      bytes.push(...event.chunk);
    } else seen.push(`${event.kind} ${event.execution.status}`);
    if (seen.length === 2) {
      gateway.emit(requestId, 'stderr', new Uint8Array([0xff]));
      gateway.finish(requestId);
    }
  }
  assert.deepEqual(seen, ['status running', 'stdout', 'stderr', 'end ok']);
  assert.deepEqual(bytes, [...Buffer.from('one\n'), 0xff]);
});

test('whoever stops watching leaves the run alone, by signal or by leaving', async (t) => {
  const { remote, gateway } = await pair(t);
  const { requestId } = await remote.submit(caller, request('slow'));
  const patience = new AbortController();
  for await (const event of remote.watch(caller, requestId, patience.signal)) {
    assert.equal(event.kind, 'status');
    patience.abort();
  }
  for await (const _ of remote.watch(caller, requestId)) break;
  assert.equal(gateway.live.get(requestId)!.execution.status, 'running');
  await assert.rejects(
    remote.watch(caller, 'req_none')[Symbol.asyncIterator]().next(),
    (error: ReeveError) => error.code === 'REQUEST_NOT_FOUND',
  );
});

test('a gateway that goes away in the middle of watching is an error, not an end', async (t) => {
  const { remote, server } = await pair(t);
  const { requestId } = await remote.submit(caller, request('slow'));
  const watching = (async () => {
    for await (const event of remote.watch(caller, requestId))
      if (event.kind === 'status') void server.close();
  })();
  await assert.rejects(
    watching,
    (error: ReeveError) =>
      error.code === 'COMMAND_EXECUTION_FAILED' && /reeve show/.test(error.message),
  );
});

test('audit, inventory, plan, health and administration come through', async (t) => {
  const { remote, gateway } = await pair(t);
  await remote.submit(caller, request('say'));
  await remote.submit(caller, request('fail'));
  const filter = {
    limit: 1,
    statuses: ['failed', 'ok'] as const,
    since: 0,
    until: Date.UTC(2100, 0, 1),
    principal: 'local',
    environment: 'development',
  };
  const page = await remote.audit(caller, filter);
  const there = await gateway.audit(caller, filter);
  assert.deepEqual(
    page.executions,
    there.executions.map((e) => ({ ...e, owner: 'remote', fence: 0 })),
  );
  assert.equal(page.nextCursor, there.nextCursor);
  assert.equal(
    (await remote.audit(caller, { ...filter, before: page.nextCursor! })).executions[0]!.command,
    'say',
  );
  assert.deepEqual(await remote.inventory(caller), await gateway.inventory(caller));
  assert.deepEqual(
    await remote.plan(caller, request('say')),
    await gateway.plan(caller, request('say')),
  );
  assert.deepEqual(await remote.reload(caller), await gateway.reload(caller));
  await remote.freeze(caller, 'incident');
  gateway.health_ = { ...gateway.health_, ready: false, problems: ['x'] };
  assert.deepEqual(await remote.health(), gateway.health_);
  await remote.unfreeze(caller);
  assert.equal((await remote.health()).frozen, false);
  const { requestId } = await remote.submit(caller, request('slow'));
  assert.equal((await remote.cancel(caller, requestId, ' ')).status, 'cancelled');
});

test('a wrong token says so', async (t) => {
  const { url } = await pair(t);
  const remote = remoteGateway({ url, token: 'reeve_wrong', client: null });
  await assert.rejects(
    remote.inventory(caller),
    (error: ReeveError) => error.code === 'UNAUTHENTICATED',
  );
  await assert.rejects(remote.health(), (error: ReeveError) => error.code === 'UNAUTHENTICATED');
});

test('where nobody answers, the error names the URL and what to do', async () => {
  const port = await freePort();
  const remote = remoteGateway({ url: `http://127.0.0.1:${port}`, token, client: null });
  const calls: ((g: Gateway) => Promise<unknown>)[] = [
    (g) => g.submit(caller, request('say')),
    (g) => g.health(),
    (g) => g.wait(caller, 'req_1', 1_000),
    async (g) => {
      for await (const _ of g.watch(caller, 'req_1'));
    },
  ];
  for (const call of calls) {
    await assert.rejects(call(remote), (error: unknown) => {
      assert.ok(error instanceof ReeveError);
      assert.equal(error.code, 'COMMAND_EXECUTION_FAILED');
      assert.match(
        error.message,
        new RegExp(`http://127\\.0\\.0\\.1:${port} .*ECONNREFUSED.*reeve serve`),
      );
      return true;
    });
  }
});

for (const [what, status, headers, body] of [
  ['a web page', 200, { 'content-type': 'text/html' }, '<html>'],
  ['JSON of another shape', 200, { 'content-type': 'application/json' }, '{"status":"ok"}'],
  ['JSON that is none', 200, { 'content-type': 'application/json' }, '{"status":'],
  ['a refusal of another kind', 403, { 'content-type': 'application/json' }, '{"error":"no"}'],
  ['nothing', 204, {}, ''],
  ['a redirect', 302, { location: 'http://127.0.0.1:1/steal' }, ''],
] as const) {
  test(`${what} instead of a gateway is told apart from one`, async (t) => {
    const server = createServer(
      (_request, response) => void response.writeHead(status, headers).end(body),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const remote = remoteGateway({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token,
      client: null,
    });
    await assert.rejects(remote.submit(caller, request('say')), (error: unknown) => {
      assert.ok(error instanceof ReeveError);
      assert.equal(error.code, 'COMMAND_EXECUTION_FAILED');
      assert.match(error.message, /127\.0\.0\.1/);
      return true;
    });
  });
}

/** A port on which nobody listens any more. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('requests for approval come through as they are on the desk, and answers as they were given', async (t) => {
  const { remote, gateway } = await pair(t);
  const first = await remote.submit(caller, request('ask-people'));
  const second = await remote.submit(caller, request('ask-people'));
  assert.equal(first.status, 'awaiting_approval');
  const there = await gateway.approvals.show(caller, first.requestId);
  assert.deepEqual(await remote.approvals.show(caller, first.requestId), there);
  const page = await remote.approvals.list(caller, { state: 'waiting', limit: 1 });
  assert.deepEqual(page, { approvals: [there], nextCursor: first.requestId });
  const rest = { state: 'waiting', limit: 5, before: first.requestId } as const;
  assert.deepEqual(
    (await remote.approvals.list(caller, rest)).approvals.map((a) => a.requestId),
    [second.requestId],
  );
  const { digest } = there;
  const wanted = { verdict: 'approve', stage: 0, digest } as const;
  assert.deepEqual(
    await remote.approvals.challenge(caller, first.requestId, wanted),
    await gateway.approvals.challenge(caller, first.requestId, wanted),
  );
  const answer = { ...wanted, reason: 'good', assertion: null };
  const answered = await remote.approvals.answer(caller, first.requestId, answer);
  assert.deepEqual(answered, await gateway.approvals.show(caller, first.requestId));
  assert.equal(answered.stages[0]!.answers[0]!.reason, 'good');
  assert.deepEqual(gateway.approvals.answers[0]!.answer, answer);
  await assert.rejects(
    remote.approvals.answer(caller, first.requestId, { ...answer, stage: 2 }),
    (error: ReeveError) => error.code === 'APPROVAL_OUT_OF_ORDER',
  );
  const withdrawn = await remote.approvals.withdraw(caller, second.requestId, 'x'.repeat(900));
  assert.equal(withdrawn.status, 'cancelled');
  assert.equal(withdrawn.errorCode, 'APPROVAL_WITHDRAWN');
  await assert.rejects(
    remote.approvals.show(caller, 'req_none'),
    (error: ReeveError) => error.code === 'REQUEST_NOT_FOUND',
  );
});
