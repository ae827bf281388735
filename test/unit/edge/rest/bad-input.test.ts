/** Everything that a request can be and should not: a typed error or a clean end, on record where it was a call, and the server goes on. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ReeveError } from '../../../../src/core/errors.ts';
import { problem, type Serving, serving, token } from './serving.ts';

async function stillServes(t: TestContext, on: Serving): Promise<void> {
  const response = await on.execute({ command: 'say', arguments: { text: 'alive' } });
  assert.equal(response.status, 200, 'the server goes on');
  await response.body?.cancel();
  assert.deepEqual(on.reports, [], 'nothing was unforeseen');
  t.diagnostic('still serves');
}

const nested = `{"command":"say","arguments":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`;
const bodies: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['malformed JSON', '{"command":"say",', /line 1, column 18/],
  ['two values', '{"command":"say"}{}', /follows the end/],
  ['a duplicate key', '{"command":"say","command":"fail"}', /\/command.*twice/],
  ['__proto__', '{"command":"say","__proto__":{"admin":true}}', /__proto__/],
  ['__proto__ in the arguments', '{"command":"say","arguments":{"__proto__":{}}}', /__proto__/],
  [
    'invalid UTF-8',
    Buffer.concat([Buffer.from('{"command":"'), Buffer.from([0xff]), Buffer.from('"}')]),
    /UTF-8/,
  ],
  ['a byte order mark', '\ufeff{"command":"say"}', /byte order mark/],
  ['half a surrogate pair', '{"command":"\\ud800"}', /surrogate/],
  ['nesting a hundred thousand deep', nested, /too deep/],
  ['an array', '[]', /wrong type.*object/],
  ['a text', '"say"', /wrong type.*object/],
  ['null', 'null', /wrong type.*object/],
  ['no command', '{}', /command: is missing/],
  ['a blank command', '{"command":" \\t"}', /command: is blank/],
  [
    'a command that is no text',
    '{"command":["say"]}',
    /command: is of the wrong type \(expected: string\)/,
  ],
  [
    'a command that is far too long',
    JSON.stringify({ command: 'x'.repeat(5_000) }),
    /command: is too large or too long \(expected: at most 200\)/,
  ],
  ['an unknown field', '{"command":"say","sudo":true}', /sudo: is not known here/],
  [
    'arguments that are a list',
    '{"command":"say","arguments":[]}',
    /arguments: is of the wrong type/,
  ],
  [
    'args that are not texts',
    '{"command":"say","args":[1]}',
    /\/args\/0: is of the wrong type \(expected: string\)/,
  ],
  [
    'both forms of arguments',
    '{"command":"say","args":[],"arguments":{}}',
    /args: comes beside arguments/,
  ],
  [
    'a null for a field',
    '{"command":"say","environment":null}',
    /environment: is of the wrong type/,
  ],
  [
    'an empty environment',
    '{"command":"say","environment":""}',
    /environment: is too small or too short/,
  ],
  [
    'a timeout that is a text',
    '{"command":"say","timeoutSeconds":"60"}',
    /timeoutSeconds: is of the wrong type \(expected: number\)/,
  ],
  [
    'a timeout of nothing',
    '{"command":"say","timeoutSeconds":0}',
    /timeoutSeconds: is too small.*more than 0/,
  ],
  ['a timeout without end', '{"command":"say","timeoutSeconds":1e999}', /too large/],
];
for (const [what, body, message] of bodies) {
  test(`${what} is refused with the field and is on record`, async (t) => {
    const on = await serving(t);
    const found = await problem(await on.execute(body, { 'content-type': 'application/json' }));
    assert.equal(found.errorCode, 'INVALID_REQUEST');
    assert.match(found.message, message);
    assert.ok(found.details.length > 0);
    assert.equal(on.gateway.refusals.length, 1);
    assert.equal(on.gateway.refusals[0]!.caller!.principal.id, 'local');
    assert.match(found.requestId!, /^req_/);
    assert.deepEqual(on.gateway.submitted, []);
    await stillServes(t, on);
  });
}

test('a call whose shape is wrong is on record under the command that it names', async (t) => {
  const { execute, gateway } = await serving(t);
  await problem(await execute({ command: 'say', sudo: true }));
  assert.equal(gateway.refusals[0]!.command, 'say');
});

test('every wrong field is named at once, ten at most', async (t) => {
  const { execute } = await serving(t);
  const found = await problem(await execute({ environment: 1, workingDirectory: 2, x: 3 }));
  assert.deepEqual(found.details.map((d) => d.field).sort(), [
    'command',
    'environment',
    'workingDirectory',
    'x',
  ]);
  const many = await problem(
    await execute(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}`, 1]))),
  );
  assert.equal(many.details.length, 10);
});

test('a field name that would fool an eye is shown by its code points', async (t) => {
  const { execute } = await serving(t);
  const found = await problem(
    await execute('{"command":"say","\\u202e\\u0000evil":1}', {
      'content-type': 'application/json',
    }),
  );
  assert.equal(found.details[0]!.field, '\\u{202e}\\u{0}evil');
});

test('NUL in a value reaches the gateway as a value: its refusal is the inventory’s to give', async (t) => {
  const { execute, gateway } = await serving(t);
  const response = await execute({ command: 'say', arguments: { text: 'a\u0000b' } });
  assert.equal(response.status, 200);
  assert.deepEqual(gateway.submitted[0]!.request.arguments, { text: 'a\u0000b' });
});

test('an unknown command with NUL and newlines is refused and does not break out of the answer', async (t) => {
  const on = await serving(t);
  const found = await problem(await on.execute({ command: 'x\u0000\r\nSet-Cookie: a=b' }));
  assert.equal(found.errorCode, 'COMMAND_NOT_ALLOWED');
  await stillServes(t, on);
});

for (const [what, headers, message] of [
  ['another media type', { 'content-type': 'text/plain' }, /Content-Type/],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, /Content-Type/],
  ['another charset', { 'content-type': 'application/json; charset=latin1' }, /Content-Type/],
  ['a media type that is none', { 'content-type': ';;;' }, /Content-Type/],
  ['an empty media type', { 'content-type': '' }, /Content-Type/],
  [
    'a compressed body',
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    /Content-Encoding/,
  ],
] as const) {
  test(`${what} is refused with 400 and is on record`, async (t) => {
    const on = await serving(t);
    const found = await problem(await on.execute('{"command":"say"}', headers));
    assert.equal(found.status, 400);
    assert.match(found.message, message);
    assert.equal(on.gateway.refusals.length, 1);
    assert.match(found.requestId!, /^req_/);
    await stillServes(t, on);
  });
}

test('JSON with a charset of UTF-8 in any spelling is taken', async (t) => {
  const { execute } = await serving(t);
  for (const type of ['application/json;charset=utf-8', 'Application/JSON; Charset="UTF-8"']) {
    const response = await execute('{"command":"say"}', { 'content-type': type });
    assert.equal(response.status, 200);
    await response.body?.cancel();
  }
});

test('a body without a media type, and no body at all, are refused', async (t) => {
  const on = await serving(t);
  const text = await on.raw(
    request('POST', '/v1/commands/execute', '{"command":"say"}'),
    /executionStatus/,
  );
  assert.match(text, /^HTTP\/1\.1 400 .*Content-Type/s);
  const found = await problem(await on.execute(undefined));
  assert.match(found.message, /body: there is none/);
  assert.equal(on.gateway.refusals.length, 2);
  await stillServes(t, on);
});

test('a body that announces more than a mebibyte is refused with 413 and is on record', async (t) => {
  const on = await serving(t);
  const found = await problem(
    await on.execute(`{"command":"say","arguments":{"text":"${'x'.repeat(2 ** 20)}"}}`, {
      'content-type': 'application/json',
    }),
  );
  assert.equal(found.errorCode, 'PAYLOAD_TOO_LARGE');
  assert.equal(found.status, 413);
  assert.match(found.message, /1048576/);
  assert.equal(on.gateway.refusals.length, 1);
  await stillServes(t, on);
});

test('a body that is too large without announcing it is refused the same', async (t) => {
  const on = await serving(t);
  const chunk = Buffer.alloc(64 * 1_024, 0x20);
  const response = await on.ask('/v1/commands/execute', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    duplex: 'half',
    body: new ReadableStream({
      pull(controller) {
        for (let i = 0; i < 40; i += 1) controller.enqueue(chunk);
        controller.close();
      },
    }),
  } as RequestInit);
  assert.equal((await problem(response)).errorCode, 'PAYLOAD_TOO_LARGE');
  await stillServes(t, on);
});

test('exactly a mebibyte is taken', async (t) => {
  const { execute } = await serving(t);
  const frame = '{"command":"say","arguments":{"text":""}}';
  const body = frame.replace('""', `"${'x'.repeat(2 ** 20 - frame.length)}"`);
  assert.equal(Buffer.byteLength(body), 2 ** 20);
  const response = await execute(body, { 'content-type': 'application/json' });
  assert.equal(response.status, 200);
  await response.body?.cancel();
});

test('a client that hangs up in the middle of its body leaves a record and no run', async (t) => {
  const on = await serving(t);
  const socket = connect(on.server.port, '127.0.0.1');
  socket.write(
    `${head('POST', '/v1/commands/execute')}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"command":"sa`,
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  while (on.gateway.refusals.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.match(on.gateway.refusals[0]!.error.message, /before it was complete/);
  assert.deepEqual(on.gateway.submitted, []);
  await stillServes(t, on);
});

for (const [what, bytes, status] of [
  ['no HTTP at all', 'hello?\r\n\r\n', 400],
  ['binary noise', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]), 400],
  [
    'headers of 64 KiB',
    `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`,
    431,
  ],
  [
    'a length and chunks at once',
    `${head('POST', '/v1/commands/execute')}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    'two lengths',
    `${head('POST', '/v1/commands/execute')}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}`,
    400,
  ],
  [
    'a header with a bare line feed',
    'GET /healthz HTTP/1.1\nHost: localhost\nX-A: b\r\rc\r\n\r\n',
    400,
  ],
] as const) {
  test(`${what} is answered ${status} as a problem, and the connection is closed`, async (t) => {
    const on = await serving(t);
    const text = await on.raw(bytes);
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(text, /content-type: application\/problem\+json/i);
    assert.match(text, /nosniff/);
    const body = JSON.parse(text.slice(text.indexOf('\r\n\r\n'))) as { status: number };
    assert.equal(body.status, status);
    await stillServes(t, on);
  });
}

test('garbage behind a request that is under way is never taken for its answer, and the run goes on', async (t) => {
  const on = await serving(t);
  const running = on.gateway.underWay();
  const exchange = on.raw(
    `${request('POST', '/v1/commands/execute', '{"command":"slow"}', 'Content-Type: application/json\r\n')}\u0000\u0001garbage\r\n\r\n`,
  );
  const requestId = await running;
  assert.equal(await exchange, '', 'the connection ends without a word');
  assert.equal(on.gateway.live.get(requestId)!.execution.status, 'running');
  on.gateway.finish(requestId);
  await stillServes(t, on);
});

test('requests one behind the other on a connection are answered in their order', async (t) => {
  const { raw } = await serving(t);
  const one = request(
    'POST',
    '/v1/commands/execute',
    '{"command":"say","arguments":{"text":"first"}}',
    'Content-Type: application/json\r\n',
  );
  const two = request(
    'POST',
    '/v1/commands/execute',
    '{"command":"say","arguments":{"text":"second"}}',
    'Content-Type: application/json\r\nConnection: close\r\n',
  );
  const text = await raw(one + two);
  assert.equal(text.match(/HTTP\/1\.1 200/g)?.length, 2);
  assert.ok(text.indexOf('first') < text.indexOf('second'));
});

for (const [method, path, status, allow] of [
  ['GET', '/nope', 404, null],
  ['GET', '/v1/commands/execute/', 404, null],
  ['GET', '/V1/inventory', 404, null],
  ['GET', '/v1//inventory', 404, null],
  ['DELETE', '/v1/commands/execute', 405, 'POST'],
  ['OPTIONS', '/v1/commands/execute', 405, 'POST'],
  ['PUT', '/v1/commands/executions/req_1', 405, 'GET'],
  ['TRACE', '/v1/inventory', 405, 'GET'],
  ['PROPFIND', '/v1/inventory', 405, 'GET'],
  ['HEAD', '/v1/inventory', 405, 'GET'],
  ['QUERY', '/v1/inventory', 405, 'GET'],
  ['QUERY', '/nope', 404, null],
  ['GET', '/%ff', 400, null],
  ['GET', '/v1/commands/executions/%', 400, null],
  ['GET', `/v1/commands/executions/${'x'.repeat(300)}`, 404, null],
] as const) {
  test(`${method} ${path.slice(0, 60)} answers ${status}`, async (t) => {
    const on = await serving(t);
    const text = await on.raw(`${head(method, path)}Connection: close\r\n\r\n`);
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(text, /content-type: application\/problem\+json/i);
    assert.equal(/^allow: (.*)\r$/im.exec(text)?.[1] ?? null, allow);
    assert.doesNotMatch(text, /access-control|set-cookie/i);
    await stillServes(t, on);
  });
}

test('expectations are met or passed over', async (t) => {
  const { raw } = await serving(t);
  for (const expect of ['100-continue', 'a miracle']) {
    const more = `Content-Type: application/json\r\nExpect: ${expect}\r\nConnection: close\r\n`;
    const text = await raw(request('POST', '/v1/commands/execute', '{"command":"say"}', more));
    assert.match(text, /HTTP\/1\.1 200 OK/, expect);
  }
});

test('an absolute form of the target is no way around anything', async (t) => {
  const on = await serving(t);
  const text = await on.raw(
    `GET http://evil.example/v1/inventory HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  );
  assert.match(text, /^HTTP\/1\.1 40[0-4] /);
  await stillServes(t, on);
});

test('a failure of the gateway while it records a bad call is the answer', async (t) => {
  const { execute, gateway } = await serving(t);
  gateway.failNext = new ReeveError('AUDIT_UNAVAILABLE', 'The record cannot be written.');
  const found = await problem(await execute('{'));
  assert.equal(found.errorCode, 'AUDIT_UNAVAILABLE');
  assert.equal(found.status, 503);
});

function head(method: string, path: string): string {
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`;
}

function request(method: string, path: string, body: string, headers = ''): string {
  return `${head(method, path)}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

test('a body in a transfer coding that is not undone is refused, not taken for what it is not', async (t) => {
  const on = await serving(t);
  const body = '{"command":"say","arguments":{"text":"a"}}';
  const answer = await on.raw(
    `POST /v1/commands/execute HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.match(answer, /Transfer-Encoding: only chunked is taken/);
  assert.equal(on.gateway.refusals.length, 1);
});
