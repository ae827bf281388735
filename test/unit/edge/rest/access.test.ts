import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import type { Caller } from '../../../../src/core/principal.ts';
import { problem, serving, token } from './serving.ts';

const get = (path: string, host: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n${more}\r\n`;
const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);

for (const [what, authorization] of [
  ['no token', ''],
  ['another token', `Bearer reeve_${'x'.repeat(43)}`],
  ['the beginning of the token', `Bearer ${token.slice(0, -1)}`],
  ['more than the token', `Bearer ${token}x`],
  ['another scheme', `Basic ${token}`],
  ['no scheme', token],
  ['an empty token', 'Bearer '],
] as const) {
  test(`${what} is answered 401, on every path that asks for one`, async (t) => {
    const { ask, gateway } = await serving(t);
    for (const path of [
      '/v1/inventory',
      '/v1/commands/audit',
      '/metrics',
      '/nope',
      '/v1/commands/executions/req_1',
      '/mcp',
    ]) {
      const response = await ask(path, { headers: { authorization } });
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer realm="reeve"/);
      const body = await problem(response);
      assert.equal(body.status, 401);
      assert.equal(body.errorCode, 'UNAUTHENTICATED');
      assert.doesNotMatch(body.message, /reeve_/);
    }
    assert.deepEqual(gateway.refusals, [], 'only calls are put on record');
  });
}

test('the scheme is taken in any case', async (t) => {
  const { ask } = await serving(t);
  assert.equal(
    (await ask('/v1/inventory', { headers: { authorization: `bearer ${token}` } })).status,
    200,
  );
});

test('a call without a token is on record as nobody’s, without a look at its body', async (t) => {
  const { execute, gateway } = await serving(t);
  const body = await problem(await execute({ command: 'say' }, { authorization: 'Bearer nope' }));
  assert.equal(body.status, 401);
  assert.match(body.requestId!, /^req_/);
  assert.equal(gateway.refusals.length, 1);
  assert.equal(gateway.refusals[0]!.caller, null);
  assert.equal(gateway.refusals[0]!.command, null);
});

test('a flood of them fills no disk: sixty a minute are on record, the rest is answered all the same', async (t) => {
  const { execute, gateway } = await serving(t);
  for (let i = 0; i < 70; i += 1) {
    const body = await problem(await execute({}, { authorization: 'Bearer nope' }));
    assert.equal(body.status, 401);
    assert.equal(body.requestId === undefined, i >= 60);
  }
  assert.equal(gateway.refusals.length, 60);
});

test('whether the gateway lives and is ready is told without a token; why not, only with one', async (t) => {
  const { ask, gateway } = await serving(t);
  const open = { headers: { authorization: 'Bearer wrong' } };
  assert.deepEqual(await (await ask('/healthz', open)).json(), { status: 'ok' });
  assert.deepEqual(await (await ask('/readyz', open)).json(), { status: 'ready' });
  gateway.health_ = { ...gateway.health_, ready: false, problems: ['The disk is full.'] };
  const closed = await ask('/readyz', open);
  assert.equal(closed.status, 503);
  assert.deepEqual(await closed.json(), { status: 'not_ready' });
  const told = await ask('/readyz');
  assert.equal(told.status, 503);
  assert.deepEqual(await told.json(), {
    status: 'not_ready',
    problems: ['The disk is full.'],
    generation: 'sha256:1',
    frozen: false,
    trust: 'gateway',
  });
  assert.equal((await ask('/openapi.yaml', open)).status, 200);
  assert.equal((await ask('/healthz', { ...open, method: 'HEAD' })).status, 200);
});

for (const [host, ours] of [
  ['localhost', true],
  ['LocalHost:1234', true],
  ['127.0.0.1', true],
  ['127.9.8.7:80', true],
  ['[::1]:8080', true],
  ['reeve.example', true],
  ['REEVE.example:443', true],
  ['other.example:8443', true],
  ['other.example', false],
  ['evil.example', false],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['127.evil.example', false],
  ['192.168.1.1', false],
  ['0.0.0.0', false],
  ['evil.example@localhost', false],
  ['localhost:99999999', false],
  ['localhost, evil.example', false],
  ['[::1', false],
  ['', false],
] as const) {
  test(`the host ${host === '' ? '(empty)' : host} is ${ours ? 'ours' : 'refused with 403'}`, async (t) => {
    const { raw } = await serving(t, {
      publicUrl: 'https://reeve.example/',
      allowedHosts: ['other.example:8443'],
    });
    const text = await raw(get('/v1/inventory', host));
    assert.equal(statusOf(text), ours ? 200 : 403);
    assert.equal(
      statusOf(await raw(get('/healthz', host))),
      ours ? 200 : 403,
      'open operations, too',
    );
  });
}

test('an address that the connection goes to is ours where the gateway listens everywhere, with a warning', async (t) => {
  const { raw, reports, server } = await serving(t, { host: '0.0.0.0' });
  // What the command line finds it by has to be an address that it answers to.
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  assert.equal(statusOf(await raw(get('/v1/inventory', '127.0.0.1'))), 200);
  assert.equal(statusOf(await raw(get('/v1/inventory', '10.9.8.7'))), 403);
  assert.match(reports.join(), /without TLS/);
});

test('a request without a host is refused', async (t) => {
  const { raw } = await serving(t);
  const line = (version: string) =>
    `GET /v1/inventory HTTP/${version}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
  assert.equal(statusOf(await raw(line('1.1'))), 400);
  assert.equal(statusOf(await raw(line('1.0'))), 403);
});

test('a header that decides and is there twice is refused', async (t) => {
  const { raw } = await serving(t);
  assert.equal(
    statusOf(await raw(get('/v1/inventory', 'localhost', 'Host: evil.example\r\n'))),
    400,
  );
  assert.equal(
    statusOf(await raw(get('/v1/inventory', 'localhost', 'Authorization: Bearer x\r\n'))),
    400,
  );
});

test('pages of other origins are refused, our own are not, and nobody gets CORS headers or cookies', async (t) => {
  const { ask, raw, server, gateway, execute } = await serving(t, {
    publicUrl: 'https://reeve.example',
  });
  const at = `127.0.0.1:${server.port}`;
  for (const [origin, status] of [
    [`http://${at}`, 200],
    ['https://reeve.example', 200],
    [`http://localhost:${server.port}`, 403],
    ['http://127.0.0.1:3000', 403],
    ['http://reeve.example.evil.example', 403],
    ['https://evil.example', 403],
    ['null', 403],
    ['file://', 403],
    [`http://${at}/`, 403],
    ['', 403],
  ] as const) {
    const text = await raw(get('/v1/inventory', at, `Origin: ${origin}\r\n`));
    assert.equal(statusOf(text), status, origin);
    assert.doesNotMatch(text, /access-control|set-cookie/i);
  }
  const preflight = await ask('/v1/commands/execute', {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example' },
  });
  assert.equal(preflight.status, 403);
  await problem(await execute({ command: 'say' }, { origin: 'https://evil.example' }));
  assert.equal(gateway.refusals.length, 1, 'a call that was turned away is on record');
});

test('headers that keep browsers from guessing and caches from keeping are on everything', async (t) => {
  const { ask, raw } = await serving(t);
  for (const response of [
    await ask('/healthz'),
    await ask('/nope'),
    await ask('/v1/inventory'),
    await ask('/%ff'),
  ]) {
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    await response.body?.cancel();
  }
  assert.match(await raw('x\r\n\r\n'), /no-store/);
});

test('/mcp is behind the same door, and hears who calls', async (t) => {
  const callers: Caller[] = [];
  const { ask, gateway } = await serving(t, {
    mcp: async (_request, response: ServerResponse, caller) => {
      callers.push(caller);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    },
  });
  const response = await ask('/mcp', {
    method: 'POST',
    body: '{',
    headers: { 'user-agent': 'agent/1' },
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  assert.deepEqual(
    callers.map((c) => [c.face, c.client, c.principal.id]),
    [['mcp-http', 'agent/1', 'local']],
  );
  assert.equal(
    (await ask('/mcp', { method: 'POST', headers: { authorization: 'Bearer x' } })).status,
    401,
  );
  assert.equal(
    (await ask('/mcp', { method: 'POST', headers: { origin: 'http://evil.example' } })).status,
    403,
  );
  assert.equal((await ask('/mcp', { method: 'DELETE' })).status, 200);
  assert.equal(callers.length, 2);
  assert.equal(gateway.refusals.length, 2);
});

test('a failure in /mcp ends its request and nothing else', async (t) => {
  const { ask, reports } = await serving(t, {
    mcp: async () => {
      throw new Error('broken');
    },
  });
  assert.equal((await ask('/mcp')).status, 500);
  assert.match(reports.join(), /broken/);
  assert.equal((await ask('/healthz')).status, 200);
});

test('a host in the request line counts like the one in the header, whatever the header says', async (t) => {
  const { raw } = await serving(t);
  const asked = async (target: string) => statusOf(await raw(get(target, '127.0.0.1')));
  assert.equal(await asked('http://evil.example/v1/inventory'), 403);
  assert.equal(await asked('http://127.0.0.1/v1/inventory'), 200);
});
