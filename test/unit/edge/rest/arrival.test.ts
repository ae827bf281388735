/** From where a request came: who is believed, and what is read of it. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { challenger } from '../../../../src/edge/identity/challenge.ts';
import { arrivals, clientKey } from '../../../../src/edge/rest/arrival.ts';
import type { DoorTerms } from '../../../../src/edge/rest/door-terms.ts';
import { openDoor } from '../../../../src/edge/rest/door-terms.ts';
import { problem, serving, token, whoWithProvider } from './serving.ts';

const asked = (
  remoteAddress: string,
  headers: Record<string, string>,
  encrypted = false,
): IncomingMessage =>
  ({
    headers: { host: 'reeve.internal', ...headers },
    socket: { remoteAddress, encrypted },
  }) as unknown as IncomingMessage;

const trusted = ['10.0.0.0/8', '::1', 'fd00::/8', '192.0.2.7'];

for (const [peer, forwardedFor, address] of [
  ['203.0.113.5', '198.51.100.1', '203.0.113.5'],
  ['10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['10.1.2.3', '', '10.1.2.3'],
  ['10.1.2.3', '198.51.100.1, 203.0.113.9', '203.0.113.9'],
  ['10.1.2.3', '198.51.100.1, 203.0.113.9, 10.9.9.9', '203.0.113.9'],
  ['10.1.2.3', '203.0.113.9, 192.0.2.7, fd00::5', '203.0.113.9'],
  ['10.1.2.3', '10.4.4.4, 10.5.5.5', '10.4.4.4'],
  ['192.0.2.8', '198.51.100.1', '192.0.2.8'],
  ['10.1.2.3', '203.0.113.9, nonsense', '10.1.2.3'],
  ['10.1.2.3', '203.0.113.9, nonsense, 10.5.5.5', '10.5.5.5'],
  ['10.1.2.3', '203.0.113.9:4711', '203.0.113.9'],
  ['10.1.2.3', '[2001:db8::1]:4711', '2001:db8::1'],
  ['10.1.2.3', '2001:db8::1', '2001:db8::1'],
  ['10.1.2.3', '::ffff:203.0.113.9', '203.0.113.9'],
  ['10.1.2.3', 'fe80::1%eth0', '10.1.2.3'],
  ['::1', '198.51.100.1', '198.51.100.1'],
  ['', '198.51.100.1', ''],
] as const) {
  test(`${peer || 'nobody'} that says "${forwardedFor}" comes from ${address || 'nowhere'}`, () => {
    const arrivalOf = arrivals(() => trusted);
    const request = asked(peer, forwardedFor === '' ? {} : { 'x-forwarded-for': forwardedFor });
    assert.equal(arrivalOf(request).address, address);
  });
}

test('scheme and host are the nearest proxy’s word, and only a proxy’s', () => {
  const arrivalOf = arrivals(() => trusted);
  const said = {
    'x-forwarded-proto': 'http, https',
    'x-forwarded-host': 'evil.example, reeve.example',
  };
  const proxied = arrivalOf(asked('10.1.2.3', said));
  assert.deepEqual([proxied.scheme, proxied.host], ['https', 'reeve.example']);
  const direct = arrivalOf(asked('203.0.113.5', said));
  assert.deepEqual([direct.scheme, direct.host], ['http', 'reeve.internal']);
  assert.equal(arrivalOf(asked('203.0.113.5', {}, true)).scheme, 'https');
  assert.equal(arrivalOf(asked('10.1.2.3', { 'x-forwarded-proto': 'ftp' }, true)).scheme, 'https');
  assert.equal(arrivals()(asked('127.0.0.1', said)).host, 'reeve.internal', 'nobody by default');
});

test('proxies that are declared anew hold for the next request', () => {
  let networks: readonly string[] = [];
  const arrivalOf = arrivals(() => networks);
  const request = asked('10.1.2.3', { 'x-forwarded-for': '198.51.100.1' });
  assert.equal(arrivalOf(request).address, '10.1.2.3');
  networks = ['10.0.0.0/8'];
  assert.equal(arrivalOf(request).address, '198.51.100.1');
});

test('an IPv6 host is counted by its /64, an IPv4 host by itself', () => {
  assert.equal(clientKey('2001:db8:1:2::5'), clientKey('2001:DB8:1:2:ffff:1:2:3'));
  assert.notEqual(clientKey('2001:db8:1:2::5'), clientKey('2001:db8:1:3::5'));
  assert.equal(clientKey('::1'), '0:0:0:0');
  assert.equal(clientKey('2001:db8::'), '2001:db8:0:0');
  assert.equal(clientKey('203.0.113.9'), '203.0.113.9');
});

const behind = (networks: readonly string[]): DoorTerms => ({
  ...openDoor,
  settings: { ...openDoor.settings, proxy: { trusted: networks } },
});

test('addresses that are handed out are those by which the client came', async (t) => {
  const said = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'reeve.example' };
  const rules = { allowedHosts: ['reeve.example'], who: whoWithProvider };
  const { url } = await serving(t, { ...rules, door: () => behind(['127.0.0.1']) });
  const challenged = await fetch(`${url}/v1/inventory`, { headers: said });
  assert.equal(challenged.status, 401);
  assert.match(
    challenged.headers.get('www-authenticate')!,
    /resource_metadata="https:\/\/reeve\.example\/\.well-known/,
  );
  await challenged.body?.cancel();
  const metadata = await fetch(`${url}/.well-known/oauth-protected-resource`, { headers: said });
  assert.equal(metadata.status, 200);
  await metadata.body?.cancel();

  const open = await serving(t, rules);
  const direct = await fetch(`${open.url}/v1/inventory`, { headers: said });
  assert.match(
    direct.headers.get('www-authenticate')!,
    /resource_metadata="http:\/\/127\.0\.0\.1:/,
  );
  await direct.body?.cancel();

  const header = challenger('https://public.example', whoWithProvider.oidc).header;
  assert.match(header(asked('203.0.113.5', said), null, []), /"https:\/\/public\.example\/\.well/);
});

test('a host that a proxy forwards has to be ours as well, and so does the one that it asks by', async (t) => {
  const rules = { allowedHosts: ['reeve.example'], door: () => behind(['127.0.0.0/8']) };
  const { ask, raw } = await serving(t, rules);
  const with_ = (host: string) => ask('/v1/inventory', { headers: { 'x-forwarded-host': host } });
  assert.equal((await with_('reeve.example')).status, 200);
  assert.equal((await problem(await with_('evil.example'))).status, 403);
  // A page that was rebound to our address can set any header but Host.
  const rebound = `GET /v1/inventory HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: reeve.example\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
  assert.match(await raw(rebound), /^HTTP\/1\.1 403/);
  const origin = async (value: string) => {
    const headers = { 'x-forwarded-host': 'reeve.example', origin: value };
    const response = await ask('/v1/inventory', { headers });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await origin('https://reeve.example'), 200, 'our own page, as the browser sees it');
  assert.equal(await origin('https://evil.example'), 403);
});

test('who comes without a token is on record with the address of the client, behind a proxy too', async (t) => {
  const call = { method: 'POST', headers: { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' } };
  for (const [door, address] of [
    [behind(['127.0.0.1']), '203.0.113.9'],
    [openDoor, '127.0.0.1'],
  ] as const) {
    const { url, gateway } = await serving(t, { door: () => door });
    const body = await problem(await fetch(`${url}/v1/commands/execute`, call));
    assert.equal(body.status, 401);
    assert.doesNotMatch(body.message, /From /);
    assert.match(gateway.refusals[0]!.error.message, new RegExp(`\\(From ${address}\\.\\)$`));
  }
});

test('nobody who comes through a proxy is counted with anybody else', async (t) => {
  const { url } = await serving(t, { door: () => behind(['127.0.0.1']) });
  const knock = async (from: string) => {
    const response = await fetch(`${url}/v1/inventory`, { headers: { 'x-forwarded-for': from } });
    await response.body?.cancel();
    return response;
  };
  let last = await knock('203.0.113.9');
  for (let i = 0; i < 5_000 && last.status === 401; i += 1) last = await knock('203.0.113.9');
  assert.equal(last.status, 429);
  assert.match(last.headers.get('retry-after')!, /^[1-9]\d*$/);
  assert.equal((await knock('203.0.113.10')).status, 401);
});
