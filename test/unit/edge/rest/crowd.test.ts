/** Who holds connections, and whether anybody else still gets in. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ReeveError } from '../../../../src/core/errors.ts';
import { Crowd, mostOfOne } from '../../../../src/edge/rest/crowd.ts';
import { listener } from '../../../../src/edge/rest/listener.ts';
import { readTlsPair } from '../../../../src/gateway/tls-pair.ts';
import { makePair } from '../../../real/certificates.ts';

test('connections that ask for nothing make room for a request, and answers under way go on', async (t) => {
  const server = listener((request, response) => {
    if (request.url === '/stream') response.write('begun');
    else response.end('here');
  }, 6);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const hold = async (bytes: string) => {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(bytes);
    return socket;
  };
  const streaming = await hold('GET /stream HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(streaming, 'data');
  // Half a head, and a head whose body never comes.
  for (let i = 0; i < 5; i++) await hold('GET / HTTP/1.1\r\nHost: x\r\n');
  for (let i = 0; i < 5; i++)
    await hold('POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n');
  for (let i = 0; i < 3; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(await answer.text(), 'here');
  }
  assert.equal(streaming.destroyed, false);
});

test('over TLS too, whoever does not even shake hands makes room, and answers under way go on', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const made = makePair(folder, 'reeve');
  const read = readTlsPair(made);
  assert.ok(read.ok);
  const server = listener(
    (request, response) => {
      if (request.url === '/stream') response.write('begun');
      else response.end('here');
    },
    6,
    () => read.pair,
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string) => {
    const asked = request({ port, host: '127.0.0.1', path, ca: made.ca, agent: false });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    t.after(() => asked.destroy());
    return response;
  };
  const streaming = await ask('/stream');
  streaming.on('error', () => {});
  await once(streaming, 'data');
  for (let i = 0; i < 10; i++) {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
  }
  for (let i = 0; i < 3; i++) {
    let text = '';
    for await (const chunk of await ask('/')) text += String(chunk);
    assert.equal(text, 'here');
  }
  assert.equal(streaming.destroyed, false);
});

test('one principal has so many requests under way and no more; others are not counted with it', () => {
  const crowd = new Crowd();
  const response = () => new EventEmitter() as unknown as ServerResponse;
  const first = response();
  crowd.enter('bot', first);
  for (let i = 1; i < mostOfOne; i++) crowd.enter('bot', response());
  const isRefused = (error: unknown) =>
    error instanceof ReeveError && error.code === 'RATE_LIMITED';
  assert.throws(() => crowd.enter('bot', response()), isRefused);
  crowd.enter('alice', response());
  first.emit('close');
  crowd.enter('bot', response());
  assert.throws(() => crowd.enter('bot', response()), isRefused);
});
