import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { Answer } from '../../../../src/edge/answer.ts';
import { serverEvents } from '../../../../src/edge/remote/events.ts';
import { type Serving, serving, token } from './serving.ts';

async function start(on: Serving): Promise<string> {
  const response = await on.execute({ command: 'slow' }, { prefer: 'wait=0' });
  return ((await response.json()) as Answer).meta.requestId;
}
const eventsOf = (on: Serving, requestId: string, init?: RequestInit) =>
  on.ask(`/v1/commands/executions/${requestId}/events`, init);

test('events tell status, output and end, in this order, and then the stream ends', async (t) => {
  const on = await serving(t);
  const requestId = await start(on);
  on.gateway.emit(requestId, 'stdout', Buffer.from('early\n'));
  const response = await eventsOf(on, requestId, { headers: { 'last-event-id': '17' } });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.equal(response.headers.get('reeve-request-id'), requestId);
  const seen: { event: string; data: unknown }[] = [];
  for await (const { event, data } of serverEvents(response.body!)) {
    seen.push({ event, data: JSON.parse(data) });
    if (seen.length === 2) {
      on.gateway.emit(requestId, 'stderr', new Uint8Array([0xff, 0x0a]));
      on.gateway.finish(requestId);
    }
  }
  assert.deepEqual(
    seen.map((s) => s.event),
    ['status', 'output', 'output', 'end'],
  );
  assert.equal((seen[0]!.data as Answer).status, 'running');
  assert.deepEqual(seen[1]!.data, { stream: 'stdout', encoding: 'utf8', data: 'early\n' });
  assert.deepEqual(seen[2]!.data, { stream: 'stderr', encoding: 'base64', data: '/wo=' });
  assert.equal((seen[3]!.data as Answer).status, 'ok');
});

test('events of a finished execution tell the whole story at once', async (t) => {
  const on = await serving(t);
  const { meta } = (await (
    await on.execute({ command: 'say', arguments: { text: 'a\nb\r\n\ndata: x' } })
  ).json()) as Answer;
  const text = await (await eventsOf(on, meta.requestId)).text();
  assert.deepEqual(text.match(/^(id|event): .*$/gm), [
    'id: 1',
    'event: status',
    'id: 2',
    'event: output',
    'id: 3',
    'event: end',
  ]);
  const output = /^event: output\ndata: (.*)$/m.exec(text)![1]!;
  assert.equal((JSON.parse(output) as { data: string }).data, 'a\nb\r\n\ndata: x\n');
});

test('a reader that goes away ends its stream and nothing else', async (t) => {
  const on = await serving(t);
  const requestId = await start(on);
  const gone = new AbortController();
  const response = await eventsOf(on, requestId, { signal: gone.signal });
  const reader = response.body!.getReader();
  await reader.read();
  gone.abort();
  await assert.rejects(reader.read());
  for (let i = 0; i < 50; i += 1) on.gateway.emit(requestId, 'stdout', Buffer.alloc(10_000, 0x61));
  on.gateway.finish(requestId);
  assert.equal((await on.execute({ command: 'say' })).status, 200);
  assert.deepEqual(on.reports, []);
  assert.deepEqual(on.gateway.cancelled, []);
});

test('a reader that does not read holds up neither the run nor other readers, and gets the end when it reads on', async (t) => {
  const on = await serving(t);
  const requestId = await start(on);
  const socket = connect(on.server.port, '127.0.0.1');
  socket.write(
    `GET /v1/commands/executions/${requestId}/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  await once(socket, 'readable');
  const chunk = Buffer.alloc(64 * 1_024, 0x62);
  for (let i = 0; i < 400; i += 1) {
    on.gateway.emit(requestId, 'stdout', chunk);
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  on.gateway.finish(requestId);
  const other = await (await eventsOf(on, requestId)).text();
  assert.match(other, /^event: end$/m);
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (part) => {
    text = (text + part).slice(-10_000);
    if (text.includes('event: end')) socket.destroy();
  });
  await once(socket, 'close');
  assert.match(text, /event: end/);
});

test('closing the server ends the streams and gives the waiting their state', async (t) => {
  const on = await serving(t);
  const requestId = await start(on);
  const stream = await eventsOf(on, requestId);
  const waiting = on.ask(`/v1/commands/executions/${requestId}`, {
    headers: { prefer: 'wait=60' },
  });
  const text = stream.text();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await on.server.close();
  assert.doesNotMatch(await text, /event: end/);
  assert.equal(((await (await waiting).json()) as Answer).status, 'running');
  await assert.rejects(on.ask('/healthz'));
});

test('closing does not wait for a client that never reads its answer', async (t) => {
  const on = await serving(t);
  const socket = connect(on.server.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.write('POST /v1/commands/execute HTTP/1.1\r\nHost: localhost\r\n');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await on.server.close();
  await on.server.close();
});
