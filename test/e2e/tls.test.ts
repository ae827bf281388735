/** TLS with the real program: served, renewed without dropping anything, and a broken pair that changes nothing. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { makePair, type Pair, putInPlace } from '../real/certificates.ts';
import { rest } from '../real/rest.ts';
import { type RunningGateway, Stage } from '../real/stage.ts';

function staged(): { stage: Stage; pair: Pair } {
  const stage = new Stage('tls: { certificate: tls/reeve.pem, key: tls/reeve.key }\n');
  return { stage, pair: makePair(join(stage.folder, 'tls'), 'reeve') };
}

/** What the gateway says of itself on standard output. */
function addressOf(gateway: RunningGateway): URL {
  const said = /https:\/\/127\.0\.0\.1:\d+/.exec(gateway.log());
  assert.ok(said !== null, gateway.log());
  return new URL(said[0]);
}

interface Told {
  readonly status: number | undefined;
  readonly response: IncomingMessage;
}

async function ask(url: URL, ca: string, token: string, agent?: Agent): Promise<Told> {
  const asked = request(url, {
    ca,
    headers: { authorization: `Bearer ${token}` },
    ...(agent === undefined ? { agent: false } : { agent }),
  });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode, response };
}

async function text(response: IncomingMessage): Promise<string> {
  let all = '';
  for await (const chunk of response) all += String(chunk);
  return all;
}

/** The name in the certificate that a new connection is shown. */
async function nameServed(url: URL, ca: readonly string[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(url.port), ca: [...ca] });
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return String(name);
}

test('served over TLS from 1.2 on, by its certificate; programs on this host find it all the same', async () => {
  const { stage, pair } = staged();
  await using _ = stage;
  const gateway = await stage.serve();
  const url = addressOf(gateway);
  const { status, response } = await ask(new URL('/v1/inventory', url), pair.ca, stage.token());
  assert.equal(status, 200);
  assert.match(await text(response), /"say"/);
  await assert.rejects(ask(url, makePair(stage.folder, 'other').ca, stage.token()), /self-signed/);

  for (const [version, fine] of [
    ['TLSv1.3', true],
    ['TLSv1.2', true],
    ['TLSv1.1', false],
  ] as const) {
    const terms = { minVersion: 'TLSv1', maxVersion: version, ciphers: 'ALL@SECLEVEL=0' } as const;
    const socket = connect({ port: Number(url.port), host: '127.0.0.1', ca: pair.ca, ...terms });
    const spoke = await new Promise<boolean>((resolve) => {
      socket.once('secureConnect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    assert.equal(spoke, fine, version);
  }

  // Nothing is answered to whoever speaks no TLS there: a token sent that way would be read on the way.
  const plain = connectPlain(Number(url.port), '127.0.0.1');
  plain.on('error', () => {});
  plain.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  let answered = '';
  plain.on('data', (chunk: Buffer) => {
    answered += chunk.toString('latin1');
  });
  await once(plain, 'close');
  assert.doesNotMatch(answered, /HTTP\//);

  assert.match(gateway.url, /^http:\/\/127\.0\.0\.1:/);
  const listed = stage.run(['list', ...stage.options()]);
  assert.equal(listed.exitCode, 0, listed.stderr);
  assert.match(listed.stdout, /say/);
  assert.doesNotMatch(gateway.log(), /without TLS/);
  await gateway.stop();
});

test('a renewed certificate is shown from the reload on, and nothing that was open is dropped', async () => {
  const { stage, pair } = staged();
  await using _ = stage;
  const gateway = await stage.serve();
  const url = addressOf(gateway);
  const begun = await rest(
    gateway.url,
    stage.token(),
    'POST',
    '/v1/commands/execute',
    JSON.stringify({ command: 'slow', arguments: { seconds: 300 } }),
    { prefer: 'respond-async' },
  );
  const { requestId } = begun.body.result as { requestId: string };
  const run = `/v1/commands/executions/${requestId}`;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const kept = await ask(new URL('/v1/inventory', url), pair.ca, stage.token(), agent);
  await text(kept.response);
  const events = await ask(new URL(`${run}/events`, url), pair.ca, stage.token());
  assert.equal(events.status, 200);

  const renewed = makePair(join(stage.folder, 'tls'), 'renewed');
  assert.equal(await nameServed(url, [pair.ca, renewed.ca]), 'reeve');
  putInPlace(renewed, pair);
  assert.equal(await nameServed(url, [pair.ca, renewed.ca]), 'reeve', 'not before the reload');
  const reloaded = stage.run(['reload', ...stage.options()]);
  assert.equal(reloaded.exitCode, 0, reloaded.stderr);
  assert.equal(await nameServed(url, [pair.ca, renewed.ca]), 'renewed');

  const again = await ask(new URL('/v1/inventory', url), pair.ca, stage.token(), agent);
  assert.equal(again.status, 200, 'the connection from before goes on');
  await text(again.response);
  await rest(gateway.url, stage.token(), 'POST', `${run}/cancel`);
  assert.match(await text(events.response), /event: end\n/);
  agent.destroy();
  await gateway.stop();
});

test('a pair that does not hold together changes nothing, and readiness says so until it does', async () => {
  const { stage, pair } = staged();
  await using _ = stage;
  const gateway = await stage.serve();
  const url = addressOf(gateway);
  const reload = () => stage.run(['reload', ...stage.options()]);
  const ready = async () => (await rest(gateway.url, stage.token(), 'GET', '/readyz')).body;
  const other = makePair(stage.folder, 'other');
  const whole = makePair(stage.folder, 'whole');

  const broken: readonly (readonly [string, () => void, RegExp])[] = [
    ['the key of another', () => writeFileSync(pair.certificate, other.ca), /not the key of/],
    ['no certificate', () => writeFileSync(pair.certificate, 'x'), /no certificate/],
    ['a key that others may read', () => chmodSync(pair.key, 0o644), /others on this host.*0644/],
    ['no key', () => writeFileSync(pair.key, ''), /no private key/],
  ];
  for (const [what, breakIt, why] of broken) {
    const fine = makePair(stage.folder, 'fine');
    putInPlace(fine, pair);
    assert.equal(reload().exitCode, 0);
    assert.equal((await ready()).status, 'ready');
    breakIt();
    const refused = reload();
    assert.notEqual(refused.exitCode, 0, what);
    assert.match(refused.stdout + refused.stderr, why, what);
    assert.equal(await nameServed(url, [fine.ca]), 'fine', what);
    assert.match(JSON.stringify(await ready()), /not_ready.*last reload was refused/, what);
  }
  putInPlace(whole, pair);
  process.kill(gateway.pid, 'SIGHUP');
  while ((await ready()).status !== 'ready') await sleep(20);
  assert.equal(await nameServed(url, [whole.ca]), 'whole');
  await gateway.stop();
});

test('a key that others may read starts no gateway, and the message says what to do', async () => {
  const { stage, pair } = staged();
  await using _ = stage;
  chmodSync(pair.key, 0o604);
  const ended = stage.run(['serve', ...stage.options()]);
  assert.notEqual(ended.exitCode, 0);
  assert.match(ended.stderr, /reeve\.key.*others on this host may use this key \(mode 0604\)/s);
  assert.match(ended.stderr, /chmod o= /);
  // Whoever only looks has no need of the key.
  const linted = stage.run(['lint', ...stage.options()]);
  assert.equal(linted.exitCode, 0, linted.stdout + linted.stderr);
});
