/** The keys of a provider: found by its own metadata, bounded, and never taken from where anybody could have put them. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { errors } from 'jose';
import { Provider, ProviderUnavailable } from '../../../../src/edge/identity/provider.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { d: _, ...publicKey } = privateKey.export({ format: 'jwk' });
const jwk = { ...publicKey, kid: 'k', alg: 'ES256', use: 'sig' };

type Reply = (request: IncomingMessage, response: ServerResponse) => void;
/** A server whose documents are these, by path; everything else is 404. */
async function serverOf(
  t: TestContext,
  replies: (origin: string) => Readonly<Record<string, unknown>>,
) {
  const asked: string[] = [];
  let documents: Readonly<Record<string, unknown>> = {};
  const server = createServer((request, response) => {
    asked.push(request.url!);
    const found = documents[request.url!];
    if (found === undefined) response.writeHead(404).end('{}');
    else if (typeof found === 'function') (found as Reply)(request, response);
    else response.end(typeof found === 'string' ? found : JSON.stringify(found));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const change = (next: typeof replies) => {
    documents = next(origin);
  };
  change(replies);
  return { origin, asked, change };
}

const openid = '/.well-known/openid-configuration';
const usual = (origin: string) => ({
  [openid]: { issuer: origin, jwks_uri: `${origin}/keys` },
  '/keys': { keys: [jwk] },
});
const header = { alg: 'ES256', kid: 'k' };
const input = { payload: '', signature: '' };
const key = (provider: Provider, kid = 'k') => provider.key({ ...header, kid }, input);

test('keys are found by the metadata of OpenID, and asked for once', async (t) => {
  const { origin, asked } = await serverOf(t, usual);
  const provider = new Provider(origin);
  await Promise.all([key(provider), key(provider), key(provider)]);
  await key(provider);
  assert.deepEqual(asked, [openid, '/keys']);
  await assert.rejects(key(provider, 'other'), errors.JWKSNoMatchingKey);
  assert.equal(asked.length, 2);
});

test('else by those of RFC 8414, with the path of the issuer in its place', async (t) => {
  const { origin, asked } = await serverOf(t, (at) => ({
    '/.well-known/oauth-authorization-server/tenant': {
      issuer: `${at}/tenant`,
      jwks_uri: `${at}/keys`,
    },
    '/keys': { keys: [jwk] },
  }));
  await key(new Provider(`${origin}/tenant`));
  assert.deepEqual(asked, [
    `/tenant${openid}`,
    '/.well-known/oauth-authorization-server/tenant',
    '/keys',
  ]);
});

const broken: readonly [string, (origin: string) => Readonly<Record<string, unknown>>][] = [
  ['no metadata', () => ({})],
  [
    'metadata of another issuer',
    (at) => ({ [openid]: { issuer: `${at}/x`, jwks_uri: `${at}/keys` } }),
  ],
  ['metadata of nobody', (at) => ({ [openid]: { jwks_uri: `${at}/keys` } })],
  ['metadata that are null', () => ({ [openid]: 'null' })],
  ['metadata that are no JSON', () => ({ [openid]: '<html>' })],
  ['no address of keys', (at) => ({ [openid]: { issuer: at } })],
  [
    'keys over plain HTTP elsewhere',
    (at) => ({ [openid]: { issuer: at, jwks_uri: 'http://192.0.2.1/k' } }),
  ],
  ['keys in a file', (at) => ({ [openid]: { issuer: at, jwks_uri: 'file:///etc/passwd' } })],
  [
    'keys behind a password',
    (at) => ({ [openid]: { issuer: at, jwks_uri: at.replace('//', '//u:p@') } }),
  ],
  ['no keys', (at) => ({ [openid]: { issuer: at, jwks_uri: `${at}/keys` } })],
  [
    'an error of the server',
    () => ({ [openid]: (_q: IncomingMessage, r: ServerResponse) => r.writeHead(500).end() }),
  ],
  [
    'metadata that lead elsewhere',
    (at) => ({
      [openid]: (_q: IncomingMessage, r: ServerResponse) =>
        r.writeHead(302, { location: `${at}/real` }).end(),
      '/real': { issuer: at, jwks_uri: `${at}/keys` },
      '/keys': { keys: [jwk] },
    }),
  ],
  [
    'metadata without an end',
    () => ({
      [openid]: (_q: IncomingMessage, r: ServerResponse) => {
        const more = () => {
          while (!r.destroyed && r.write(' '.repeat(65_536)));
          if (!r.destroyed) r.once('drain', more);
        };
        more();
      },
    }),
  ],
];
for (const [what, replies] of broken) {
  test(`${what}: nobody can tell, and that is told`, async (t) => {
    const { origin } = await serverOf(t, replies);
    await assert.rejects(key(new Provider(origin)), (error) => {
      // A set of keys that is none is for its reader to say (see access-token).
      assert.ok(error instanceof ProviderUnavailable, String(error));
      assert.equal(error.code, 'DEPENDENCY_UNAVAILABLE');
      return true;
    });
  });
}

test('after a failure nothing is asked for a while, however many want to know; then again', async (t) => {
  const { origin, asked, change } = await serverOf(t, () => ({}));
  let now = 0;
  const provider = new Provider(origin, 1_000, () => now);
  for (let i = 0; i < 20; i += 1) await assert.rejects(key(provider), ProviderUnavailable);
  assert.equal(asked.length, 2);
  change(usual);
  await assert.rejects(key(provider), ProviderUnavailable);
  now = 1_001;
  await key(provider);
  assert.equal(asked.length, 4);
});

test('a new key is found where enough time has passed, and keys that are known outlive a provider that is away', async (t) => {
  const { origin, change } = await serverOf(t, usual);
  const provider = new Provider(origin, 0);
  await key(provider);
  change((at) => ({ ...usual(at), '/keys': { keys: [jwk, { ...jwk, kid: 'new' }] } }));
  await key(provider, 'new');
  change(() => ({}));
  await key(provider, 'new');
  await assert.rejects(key(provider, 'newer'), ProviderUnavailable);
});
