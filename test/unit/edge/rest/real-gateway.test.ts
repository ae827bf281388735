/** The quickstart over REST as it is: bin/reeve serve, the real gateway, sandbox and record. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Caller, localUser } from '../../../../src/core/principal.ts';
import type { Answer } from '../../../../src/edge/answer.ts';
import { remoteGateway } from '../../../../src/edge/remote/gateway.ts';
import { problem } from './serving.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

async function reeveServe(t: TestContext) {
  const state = await mkdtemp(join(tmpdir(), 'reeve-rest-'));
  const config = join(root, 'examples/quickstart/reeve.yaml');
  const child = spawn(
    join(root, 'bin/reeve'),
    ['serve', '--port', '0', '--config', config, '--state', state],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += String(chunk);
  });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(state, { recursive: true, force: true });
  });
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(() => assert.fail(`reeve serve ended: ${log}`)),
  ]);
  const url = String(line[0]);
  const token = (await readFile(join(state, 'local.token'), 'utf8')).trim();
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...init.headers,
      },
    });
  const execute = (body: unknown, headers: Record<string, string> = {}) =>
    ask('/v1/commands/execute', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers,
    });
  return { url, token, ask, execute, child, ended, log: () => log };
}

const answer = async (response: Response, status = 200) => {
  assert.equal(response.status, status);
  return (await response.json()) as Answer;
};

test('allowed, refused, overdue, escaping, cut off, cancelled: each is answered and on record', async (t) => {
  const on = await reeveServe(t);
  const { ask, execute } = on;

  const listed = await answer(await execute({ command: 'list-files' }));
  assert.equal(listed.status, 'ok');
  assert.match(listed.result.stdout!, /README\.md/);
  assert.equal(listed.result.trust, 'gateway');
  assert.equal(
    (
      await answer(
        await execute({
          command: 'list-files',
          args: ['-l', '--almost-all', '--time-style=long-iso', '--', 'src'],
        }),
      )
    ).status,
    'ok',
  );

  const refused = await problem(await execute({ command: 'rm', args: ['-rf', '/'] }));
  assert.equal(refused.errorCode, 'COMMAND_NOT_ALLOWED');
  const outside = await problem(
    await execute({ command: 'list-files', arguments: { path: '../..' } }),
  );
  assert.equal(outside.errorCode, 'WORKSPACE_ISOLATION_VIOLATION');
  const wrong = await problem(
    await execute({ command: 'slow-report', arguments: { seconds: 'many' } }),
  );
  assert.equal(wrong.errorCode, 'INVALID_REQUEST');
  const unread = await problem(await execute('{"command":'));
  assert.equal(unread.errorCode, 'INVALID_REQUEST');
  const stranger = await problem(
    await execute({ command: 'list-files' }, { authorization: 'Bearer no' }),
  );
  assert.equal(stranger.status, 401);

  const overdue = await answer(await execute({ command: 'slow-report', timeoutSeconds: 1 }));
  assert.equal(overdue.status, 'timeout');
  assert.equal(overdue.result.errorCode, 'COMMAND_TIMEOUT');

  const long = await answer(await execute({ command: 'export-log', arguments: { lines: 10_000 } }));
  assert.equal(long.result.truncated, true);

  const key = { 'idempotency-key': 'once' };
  const once_ = await answer(await execute({ command: 'list-files' }, key));
  assert.equal(
    (await answer(await execute({ command: 'list-files' }, key))).meta.requestId,
    once_.meta.requestId,
  );

  const running = await answer(
    await execute({ command: 'slow-report' }, { prefer: 'wait=0' }),
    202,
  );
  const cancelled = await answer(
    await ask(`/v1/commands/executions/${running.meta.requestId}/cancel`, {
      method: 'POST',
      body: '{"reason":"enough"}',
    }),
  );
  assert.equal(cancelled.status, 'cancelled');

  const page = (await (await ask('/v1/commands/audit?limit=200')).json()) as {
    records: { requestId: string; status: string; errorCode: string | null; principal: string }[];
  };
  const byId = new Map(page.records.map((r) => [r.requestId, r]));
  for (const { requestId, errorCode } of [refused, outside, wrong, unread, stranger]) {
    assert.equal(byId.get(requestId!)!.status, 'rejected');
    assert.equal(byId.get(requestId!)!.errorCode, errorCode);
  }
  assert.equal(byId.get(stranger.requestId!)!.principal, 'unauthenticated');
  assert.equal(byId.get(cancelled.meta.requestId)!.status, 'cancelled');
  assert.equal(page.records.length, 11);
});

test('a client that goes away leaves its run running, and SIGTERM ends the server with every outcome on record', async (t) => {
  const { url, token, ask, child, ended, log } = await reeveServe(t);
  const body = '{"command":"slow-report","timeoutSeconds":50}';
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(
    `POST /v1/commands/execute HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  type Open = { executions: Answer[] };
  const open = async () =>
    ((await (await ask('/v1/commands/executions?status=open')).json()) as Open).executions;
  while ((await open()).every((e) => e.status !== 'running'))
    await new Promise((resolve) => setTimeout(resolve, 20));
  socket.destroy();
  const [run] = await open();
  assert.equal(run!.status, 'running');

  const remote = remoteGateway({ url, token, client: null });
  const caller: Caller = { principal: localUser(), face: 'cli', client: null };
  const seen: string[] = [];
  const watching = (async () => {
    for await (const event of remote.watch(caller, run!.meta.requestId)) {
      if (event.kind === 'output' && seen.at(-1) !== 'output') {
        seen.push('output');
        child.kill('SIGTERM'); // once: a second one would mean at once
      }
      if (event.kind !== 'output') seen.push(event.execution.status);
    }
  })();
  await watching;
  assert.deepEqual(seen, ['running', 'output', 'cancelled']);
  const [code] = await ended;
  assert.equal(code, 0, log());
});
