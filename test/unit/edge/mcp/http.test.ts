/** What only HTTP has: bodies, headers, sessions, streams. By plain fetch, as an attacker would come. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { openHttpDoor } from './http-door.ts';
import { smallGateway } from './small-gateway.ts';

const accept = 'application/json, text/event-stream';
const jsonType = { 'content-type': 'application/json', accept };

async function open(t: TestContext) {
  const gateway = smallGateway();
  const door = await openHttpDoor({ gateway });
  t.after(() => door.close());
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(door.url, { method: 'POST', body, headers: { ...jsonType, ...headers } });
  return { gateway, door, post };
}

const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  },
});

type Post = Awaited<ReturnType<typeof open>>['post'];

async function session(post: Post, headers: Record<string, string> = {}): Promise<string> {
  const response = await post(initialize, headers);
  await response.text();
  return response.headers.get('mcp-session-id')!;
}

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '2' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const modernCall = (params: object) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { _meta: modernMeta, ...params },
  });
const modernHeaders = {
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'say',
};

test('bodies that cannot be served are told so; those that were calls are on record', async (t) => {
  const { gateway, post } = await open(t);
  const deep = `${'['.repeat(400)}${']'.repeat(400)}`;
  const table: readonly [string, Parameters<Post>, number, number][] = [
    ['not JSON', ['{"jsonrpc":"2.0","id":1,"method":"tools/call",'], 400, -32700],
    ['another type', ['{}', { 'content-type': 'text/plain' }], 415, -32600],
    [
      'another charset',
      ['{}', { 'content-type': 'application/json; charset=latin1' }],
      415,
      -32600,
    ],
    ['compressed', ['{}', { 'content-encoding': 'gzip' }], 415, -32600],
    [
      'a batch',
      ['[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say"}}]'],
      400,
      -32600,
    ],
    [
      '__proto__',
      ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"__proto__":{},"name":"say"}}'],
      400,
      -32700,
    ],
    ['too deep', [`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${deep}}}`], 400, -32700],
    ['bad UTF-8', [Uint8Array.of(0x7b, 0xff, 0x7d)], 400, -32700],
    ['empty', [''], 400, -32700],
    [
      'no session',
      ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say"}}'],
      400,
      -32000,
    ],
    [
      'unknown session',
      ['{"jsonrpc":"2.0","id":1,"method":"tools/list"}', { 'mcp-session-id': 'guess' }],
      404,
      -32001,
    ],
    ['no header', [modernCall({ name: 'say' })], 400, -32020],
    ['header of another tool', [modernCall({ name: 'wait' }), modernHeaders], 400, -32020],
    [
      'unknown revision',
      [
        modernCall({
          name: 'say',
          _meta: { ...modernMeta, 'io.modelcontextprotocol/protocolVersion': '2030-01-01' },
        }),
        { ...modernHeaders, 'mcp-protocol-version': '2030-01-01' },
      ],
      400,
      -32022,
    ],
    ['no name', [modernCall({ name: 7 }), modernHeaders], 200, -32602],
  ];
  for (const [what, request, status, code] of table) {
    const response = await post(...request);
    const body = (await response.json()) as { error?: { code: number } };
    assert.deepEqual([response.status, body.error?.code], [status, code], what);
  }
  assert.deepEqual(
    gateway.records().map((e) => [e.command, e.status]),
    [
      [null, 'rejected'],
      ['say', 'rejected'],
      ['say', 'rejected'],
      ['say', 'rejected'],
      ['say', 'rejected'],
      ['wait', 'rejected'],
      ['say', 'rejected'],
      [null, 'rejected'],
    ],
  );
});

test('a body over the bound is refused, announced or not', async (t) => {
  const { door, post } = await open(t);
  const announced = await post('x'.repeat(5 * 2 ** 20)).catch(() => null);
  if (announced !== null) assert.equal(announced.status, 413);
  const chunk = Buffer.alloc(2 ** 20, 0x20);
  const stream = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 6; i += 1) controller.enqueue(chunk);
      controller.close();
    },
  });
  const streamed = await fetch(door.url, {
    method: 'POST',
    body: stream,
    headers: jsonType,
    duplex: 'half',
  } as RequestInit).catch(() => null);
  if (streamed !== null) assert.equal(streamed.status, 413);
  assert.equal((await post(initialize)).status, 200);
});

test('a session belongs to the principal who opened it', async (t) => {
  const { post } = await open(t);
  const id = await session(post, { 'x-principal': 'ann' });
  assert.match(id, /^[\w-]{43}$/);
  const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const own = await post(list, { 'x-principal': 'ann', 'mcp-session-id': id });
  assert.equal(own.status, 200);
  await own.text();
  const stolen = await post(list, { 'x-principal': 'bob', 'mcp-session-id': id });
  assert.equal(stolen.status, 404);
});

test('GET opens the standing stream of a session, DELETE ends the session and its calls', async (t) => {
  const { gateway, door, post } = await open(t);
  assert.equal((await fetch(door.url, { headers: { accept } })).status, 405);
  const id = await session(post);
  const headers = { ...jsonType, 'mcp-session-id': id };
  const standing = await fetch(door.url, { headers });
  assert.equal(standing.headers.get('content-type'), 'text/event-stream');
  const call = post('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait"}}', {
    'mcp-session-id': id,
  });
  await gateway.until((r) => r.some((e) => e.status === 'running'));
  assert.equal((await fetch(door.url, { method: 'DELETE', headers })).status, 200);
  await gateway.until((r) => r.every((e) => e.status === 'cancelled'));
  await (await call).text();
  assert.equal((await fetch(door.url, { method: 'DELETE', headers })).status, 404);
});

test('a request whose id is still in flight in its session is refused, on record, and does not run', async (t) => {
  const { gateway, post } = await open(t);
  const own = { 'mcp-session-id': await session(post) };
  const callOf = (name: string) =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}"}}`;
  const waiting = post(callOf('wait'), own);
  await gateway.until((r) => r.some((e) => e.status === 'running'));
  for (const body of [callOf('say'), '{"jsonrpc":"2.0","id":1,"method":"ping"}']) {
    const refused = await post(body, own);
    const answer = (await refused.json()) as { id: unknown; error: { message: string } };
    assert.deepEqual([refused.status, answer.id], [400, 1]);
    assert.match(answer.error.message, /id 1 is still in flight/);
  }
  // Ids of another session are its own.
  const other = { 'mcp-session-id': await session(post) };
  assert.match(await (await post(callOf('say'), other)).text(), /hello/);
  await post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}', own);
  await (await waiting).text();
  assert.match(await (await post(callOf('say'), own)).text(), /hello/);
  assert.deepEqual(
    gateway.records().map((e) => `${e.command} ${e.status}`),
    ['wait cancelled', 'say rejected', 'say ok', 'say ok'],
  );
});

test('whoever asks for the end of the connection gets it, whatever the answer is', async (t) => {
  const { door, post } = await open(t);
  const id = await session(post);
  const bodies = {
    'a refusal of ours': '{"jsonrpc":"2.0","id":null,"method":"ping"}',
    'an error of the protocol': '{"jsonrpc":"2.0","id":1,"method":"no/such"}',
    'a tool result': '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"say"}}',
    'a refused tool call':
      '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"none"}}',
  };
  for (const [what, body] of Object.entries(bodies)) {
    for (const head of [`Mcp-Session-Id: ${id}`, 'Mcp-Session-Id: unknown']) {
      const socket = connect(Number(door.url.port), '127.0.0.1');
      socket.write(
        `POST /mcp HTTP/1.1\r\nHost: x\r\nAccept: ${accept}\r\nContent-Type: application/json\r\n${head}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      const text = (await socket.setEncoding('utf8').toArray()).join('');
      assert.match(text, /^connection: close\r$/im, `${what}, ${head}: ${text}`);
      assert.doesNotMatch(text, /keep-alive/i);
    }
  }
});

test('a principal who opens session after session loses the oldest idle one', async (t) => {
  const { post } = await open(t);
  const first = await session(post);
  const ids = [first];
  for (let i = 0; i < 64; i += 1) ids.push(await session(post));
  assert.equal(new Set(ids).size, 65);
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  assert.equal((await post(ping, { 'mcp-session-id': first })).status, 404);
  assert.equal((await post(ping, { 'mcp-session-id': ids.at(-1)! })).status, 200);
});

test('a client that hangs up while it sends, or while it waits, leaves nothing behind', async (t) => {
  const { gateway, door, post } = await open(t);
  const half = connect(Number(door.url.port), '127.0.0.1');
  half.write(
    'POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"json',
  );
  half.destroy();

  for (const [body, headers] of [
    [modernCall({ name: 'wait' }), { ...modernHeaders, 'mcp-name': 'wait' }],
    [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait"}}',
      { 'mcp-session-id': await session(post) },
    ],
  ] as const) {
    const abort = new AbortController();
    const before = gateway.records().length;
    const waiting = fetch(door.url, {
      method: 'POST',
      body,
      headers: { ...jsonType, ...headers },
      signal: abort.signal,
    })
      .then((r) => r.text())
      .catch(() => 'aborted');
    await gateway.until((r) => r[before]?.status === 'running');
    abort.abort();
    await gateway.until((r) => r[before]?.status === 'cancelled');
    await waiting;
  }
  assert.equal((await post(initialize)).status, 200);
});

test('the modern era needs no session and names the client in each request', async (t) => {
  const { gateway, post } = await open(t);
  const response = await post(
    modernCall({ name: 'say', arguments: { text: 'hi' } }),
    modernHeaders,
  );
  const { result } = (await response.json()) as {
    result: { structuredContent: { result: { stdout: string } } };
  };
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('mcp-session-id'), null);
  assert.equal(result.structuredContent.result.stdout, 'hi\n');
  assert.equal(gateway.callers[0]?.client, 'raw/2');

  const list = await post(
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: modernMeta } }),
    { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' },
  );
  const listed = (await list.json()) as { result: Record<string, unknown> };
  assert.equal(listed.result.cacheScope, 'private');
  assert.equal(listed.result.ttlMs, 10_000);
});
