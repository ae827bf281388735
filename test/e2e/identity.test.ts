/** Who gets in: a real OpenID provider, real API tokens, the real gateway over REST and MCP. */
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  Client,
  ClientCredentialsProvider,
  discoverOAuthProtectedResourceMetadata,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { SignJWT } from 'jose';
import type { Answer, Problem } from '../../src/edge/answer.ts';
import { challenger } from '../../src/edge/identity/challenge.ts';
import { createMcpHttp } from '../../src/edge/mcp/http.ts';
import { type HttpServer, serveHttp } from '../../src/edge/rest/server.ts';
import { type Who, whoOf } from '../../src/gateway/who.ts';
import {
  clientSecret,
  type IdentityProvider,
  identityProvider,
} from '../real/identity-provider.ts';
import {
  layGround,
  local,
  localPolicy,
  type OpenHouse,
  openHouse,
} from '../unit/gateway/fixture.ts';

const audience = 'https://reeve.example.org/mcp';
const localToken = `reeve_${'l'.repeat(43)}`;
const ground = layGround();
let idp: IdentityProvider;
let open: OpenHouse;
let server: HttpServer;
const closing: (() => Promise<unknown>)[] = [];

before(async () => {
  idp = await identityProvider((id) => (id === 'ci' || id === '4711' ? ['runner'] : []));
  ground.write(
    'reeve.yaml',
    `version: 1
inventory: inventory.yaml
policy: policy
people: people.yaml
environments: { development: { workspace: ./workspace } }
identity: { oidc: { issuer: "${idp.issuer}", audience: "${audience}" } }
`,
  );
  ground.write(
    'people.yaml',
    `version: 1
people:
  alice: { name: Alice, roles: [ops_lead], subjects: [{ issuer: "${idp.issuer}", subject: "4711" }] }
  bob: { name: Bob, roles: [runner], subjects: [{ issuer: "${idp.issuer}", subject: "4712" }] }
  eve: { name: Eve, roles: [runner], subjects: [{ issuer: "https://other.example", subject: "666" }] }
`,
  );
  ground.write(
    'policy/local.cedar',
    `${localPolicy}
@id("runners")
permit (
  principal in Reeve::Role::"runner",
  action in [Reeve::Action::"see", Reeve::Action::"run"],
  resource
);
@id("leads-manage-credentials")
permit (principal in Reeve::Role::"ops_lead", action == Reeve::Action::"manageCredentials", resource);
`,
  );
  open = await openHouse(ground);
  server = await serve();
});
after(async () => {
  for (const close of closing.reverse()) await close();
  await open.close();
  await idp.close();
  ground.clear();
});

/** A server on the house; each knows of the provider what it has asked itself. */
async function serve(who: Who = whoOf(open.house)): Promise<HttpServer> {
  const { gateway } = open;
  const challenge = challenger(null, who.oidc);
  const mcp = createMcpHttp({
    gateway,
    version: '0.0.0-test',
    challenge: (request, scope) => challenge.header(request, 'insufficient_scope', [scope]),
  });
  const http = await serveHttp({
    gateway,
    who,
    token: localToken,
    host: '127.0.0.1',
    port: 0,
    allowedHosts: [],
    publicUrl: null,
    version: '0.0.0-test',
    mcp: (request, response, caller) => mcp.handle(request, response, caller),
    report: () => {},
  });
  closing.push(async () => {
    await mcp.close();
    await http.close();
  });
  return http;
}

const ask = (token: string | null, path: string, body?: unknown, at = server) =>
  fetch(`${at.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const say = { command: 'say', arguments: { text: 'hello' } };
const execute = (token: string | null, at = server) => ask(token, '/v1/commands/execute', say, at);
const resultOf = async (response: Response) => {
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return (JSON.parse(text) as Answer).result;
};
const good = { aud: audience, scope: 'reeve:read reeve:run', roles: ['runner'] };
const everything = 'reeve:read reeve:run reeve:administer';

test('a program with its own token is an agent of its own, with the roles of the claim', async () => {
  const result = await resultOf(await execute(await idp.clientToken(audience, 'reeve:run')));
  assert.equal(result.stdout, 'hello\n');
  assert.equal(result.principal, 'agent:ci');
  assert.equal(result.onBehalfOf, null);
  assert.deepEqual(result.policies, ['runners']);
});

test('a program with the token of a person is an agent for that person, with the roles of both', async () => {
  const alice = await idp.personToken('assistant', '4711', audience, everything);
  const result = await resultOf(await execute(alice));
  assert.equal(result.principal, 'agent:assistant:alice');
  assert.equal(result.onBehalfOf, 'alice');
  // The people file's role lets in where the claim says nothing, and the claim's where the file does not.
  assert.equal((await ask(alice, '/v1/people')).status, 200);
  const bob = await idp.personToken('assistant', '4712', audience, 'reeve:run');
  assert.equal((await resultOf(await execute(bob))).onBehalfOf, 'bob');
});

test('somebody whom the people file does not know is called after the provider, and may do nothing here', async () => {
  const token = await idp.personToken('assistant', 'local', audience, everything);
  const response = await execute(token);
  assert.equal(response.status, 403);
  const { requestId } = (await response.json()) as Problem;
  assert.equal(open.house.store.execution(requestId!)?.principal, 'agent:assistant:oidc:local');
  // A subject of that very name at another provider is somebody else: Eve's role is not theirs.
  const eve = await idp.personToken('assistant', '666', audience, everything);
  assert.equal((await execute(eve)).status, 403);
});

test('an actor named in the token is the program, whatever client asked for it', async () => {
  const token = await idp.sign({ ...good, sub: '4711', act: { sub: 'bot' } });
  assert.equal((await resultOf(await execute(token))).principal, 'agent:bot:alice');
});

const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const now = () => Math.floor(Date.now() / 1_000);
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const usual = () => ({ iss: idp.issuer, sub: 'ci', client_id: 'ci', exp: now() + 300, ...good });
const signedBy = (alg: string, key: Parameters<SignJWT['sign']>[0], kid: string) =>
  new SignJWT(usual()).setProtectedHeader({ alg, typ: 'at+jwt', kid }).sign(key);

const bad: Readonly<Record<string, () => string | Promise<string>>> = {
  'for somebody else, from the provider itself': () =>
    idp.clientToken('https://elsewhere.example', 'reeve:run'),
  'for an audience that ours is the beginning of': () => idp.sign({ ...good, aud: `${audience}2` }),
  'for nobody': () => idp.sign({ ...good, aud: undefined }),
  'of another issuer': () => idp.sign({ ...good, iss: 'https://evil.example' }),
  'of the issuer with a slash': () => idp.sign({ ...good, iss: `${idp.issuer}/` }),
  'that has run out': () => idp.sign({ ...good, exp: now() - 60 }),
  'that never runs out': () => idp.sign({ ...good, exp: undefined }),
  'that does not hold yet': () => idp.sign({ ...good, nbf: now() + 600 }),
  'that is an ID token by its type': () => idp.sign(good, { typ: 'id_token+jwt' }),
  'of no type': () => idp.sign(good, { typ: undefined }),
  'bound to a key that nobody showed': () => idp.sign({ ...good, cnf: { jkt: 'x' } }),
  'that says nobody': () => idp.sign({ ...good, sub: undefined, client_id: undefined }),
  'whose subject hides a character': () => idp.sign({ ...good, sub: 'ci\u0000' }),
  'whose roles cannot be read': () => idp.sign({ ...good, roles: { runner: true } }),
  'whose actor cannot be read': () => idp.sign({ ...good, act: 'bot' }),
  'with a header that must be understood': () => {
    const header = { alg: 'RS256', typ: 'at+jwt', kid: idp.keyId, crit: ['x'], x: 1 };
    const head = `${encoded(header)}.${encoded(usual())}`;
    return `${head}.${sign('sha256', Buffer.from(head), idp.key).toString('base64url')}`;
  },
  'of a key that there is not': () => idp.sign(good, { kid: 'unknown' }),
  'signed with a key of somebody else': () => signedBy('RS256', other.privateKey, idp.keyId),
  'not signed': () => `${encoded({ alg: 'none', typ: 'at+jwt' })}.${encoded(usual())}.`,
  'not signed, spelled otherwise': () =>
    `${encoded({ alg: 'nOnE', typ: 'at+jwt' })}.${encoded(usual())}.`,
  'signed with the public key as a secret': () => {
    const pem = createPublicKey(idp.key).export({ type: 'spki', format: 'pem' });
    const head = `${encoded({ alg: 'HS256', typ: 'at+jwt', kid: idp.keyId })}.${encoded(usual())}`;
    return `${head}.${createHmac('sha256', pem).update(head).digest('base64url')}`;
  },
  'changed after it was signed': async () => {
    const [head, , signature] = (await idp.sign(good)).split('.');
    return `${head}.${encoded({ ...usual(), roles: ['administrator'] })}.${signature}`;
  },
  'of three dots': () => 'a.b.c',
  'that is no JSON': () => `${Buffer.from('{').toString('base64url')}.e30.e30`,
  'that looks like a token of ours': () => `reeve_pat_${'x'.repeat(43)}`,
  'that looks like the local one': () => `reeve_${'x'.repeat(43)}`,
  'of four kilobytes': () => 'x'.repeat(4_096),
  'that was revoked': async () => {
    const { token, secret } = await apiToken();
    assert.equal((await execute(secret)).status, 200);
    await open.gateway.credentials.revokeToken(local, token.id, 'test');
    return secret;
  },
};
const apiToken = (more = {}) =>
  open.gateway.credentials.createToken(local, {
    name: 'test',
    principal: 'tester',
    kind: 'agent',
    roles: ['runner'],
    onBehalfOf: null,
    scopes: ['read', 'run'],
    expiresInMs: 3_600_000,
    ...more,
  });

test('every token that is not good is turned away in the same words', async (t) => {
  const shapes = new Map<string, string>();
  for (const [what, make] of Object.entries(bad)) {
    await t.test(`a token ${what}`, async () => {
      const token = await make();
      for (const path of ['/v1/inventory', '/v1/commands/executions/req_1', '/v1/tokens']) {
        const response = await ask(token, path);
        const body = await response.text();
        assert.equal(response.status, 401, body);
        const headers = [...response.headers].filter(([name]) => name !== 'date');
        shapes.set(path, shapes.get(path) ?? JSON.stringify([headers, body]));
        assert.equal(JSON.stringify([headers, body]), shapes.get(path));
      }
      assert.equal((await execute(token)).status, 401);
      const mcp = await ask(token, '/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' });
      assert.equal(mcp.status, 401);
      await mcp.body?.cancel();
    });
  }
});

test('whoever has no token learns from the challenge where to get one', async () => {
  const response = await ask(null, '/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' });
  assert.equal(response.status, 401);
  const place = `${server.url}/.well-known/oauth-protected-resource/mcp`;
  assert.equal(
    response.headers.get('www-authenticate'),
    `Bearer realm="reeve", scope="reeve:read reeve:run", resource_metadata="${place}"`,
  );
  const metadata = await discoverOAuthProtectedResourceMetadata(new URL(`${server.url}/mcp`));
  assert.deepEqual(metadata, {
    resource: audience,
    authorization_servers: [idp.issuer],
    scopes_supported: ['reeve:read', 'reeve:run', 'reeve:administer'],
    bearer_methods_supported: ['header'],
    resource_name: 'Reeve',
  });
  const found = await fetch(
    `${metadata.authorization_servers![0]}/.well-known/openid-configuration`,
  );
  assert.equal(found.status, 200);
  await found.body?.cancel();
});

test('a client of the SDK finds its way by itself: challenge, metadata, provider, token, tools', async () => {
  let address = '';
  const who = whoOf(open.house);
  const here = await serve({
    ...who,
    oidc: () => ({ ...who.oidc()!, audience: `${address}/mcp` }),
  });
  address = here.url;
  const client = new Client({ name: 'tester', version: '1' });
  const authProvider = new ClientCredentialsProvider({
    clientId: 'ci',
    clientSecret,
    expectedIssuer: idp.issuer,
  });
  const transport = new StreamableHTTPClientTransport(new URL(`${address}/mcp`), { authProvider });
  await client.connect(transport);
  closing.push(() => client.close());
  const called = await client.callTool({ name: 'say', arguments: { text: 'found it' } });
  const { result } = called.structuredContent as unknown as Answer;
  assert.deepEqual([result.stdout, result.principal], ['found it\n', 'agent:ci']);
  // Its token is for that gateway alone.
  assert.equal((await execute(authProvider.tokens()!.access_token)).status, 401);
});

test('a credential that lacks the scope is told which, and the call is on record', async () => {
  const reading = await idp.clientToken(audience, 'reeve:read');
  const response = await execute(reading);
  assert.equal(response.status, 403);
  assert.equal(
    response.headers.get('www-authenticate'),
    `Bearer realm="reeve", error="insufficient_scope", scope="reeve:run", resource_metadata="${server.url}/.well-known/oauth-protected-resource"`,
  );
  const { requestId, errorCode } = (await response.json()) as Problem;
  assert.equal(errorCode, 'COMMAND_NOT_ALLOWED');
  assert.equal(open.house.store.execution(requestId!)?.principal, 'agent:ci');
  assert.equal((await ask(reading, '/v1/inventory')).status, 200);
  assert.equal((await ask(reading, '/v1/admin/freeze', { reason: 'x' })).status, 403);

  const running = await idp.clientToken(audience, 'reeve:run');
  assert.equal((await ask(running, '/v1/inventory')).status, 403);
  const none = await idp.clientToken(audience, '');
  assert.equal((await execute(none)).status, 403);
});

test('no token of the provider is good for approving, whatever it says', async () => {
  const token = await idp.sign({ ...good, scope: 'reeve:read reeve:approve approve', sub: '4711' });
  const response = await ask(token, '/v1/approvals/req_1/answer', {
    verdict: 'approve',
    digest: 'sha256:x',
  });
  assert.equal(response.status, 403);
  assert.match(response.headers.get('www-authenticate')!, /error="insufficient_scope"/);
});

const connect = async (token: string) => {
  const client = new Client(
    { name: 'tester', version: '1' },
    { versionNegotiation: { mode: 'legacy' } },
  );
  const transport = new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
  await client.connect(transport);
  closing.push(() => client.close());
  return { client, session: transport.sessionId! };
};

test('two people with one program share nothing: not a run, not a session, over REST and MCP', async () => {
  const both = 'reeve:read reeve:run';
  const alice = await idp.personToken('assistant', '4711', audience, both);
  const bob = await idp.personToken('assistant', '4712', audience, both);
  const [one, other] = [await connect(alice), await connect(bob)];
  const made = await one.client.callTool({ name: 'say', arguments: { text: 'secret of alice' } });
  const { requestId } = (made.structuredContent as unknown as Answer).meta;

  const own = await ask(alice, `/v1/commands/executions/${requestId}`);
  assert.equal((await resultOf(own)).stdout, 'secret of alice\n');
  const elsewhere = await idp.personToken('other', '4711', audience, both);
  for (const stranger of [bob, elsewhere]) {
    for (const rest of ['', '/output', '/entries', '/events']) {
      const response = await ask(stranger, `/v1/commands/executions/${requestId}${rest}`);
      assert.equal(response.status, 404, rest);
      await response.body?.cancel();
    }
    const cancelled = await ask(stranger, `/v1/commands/executions/${requestId}/cancel`, {});
    assert.equal(cancelled.status, 404);
    const audit = await ask(stranger, '/v1/commands/audit');
    assert.ok(!(await audit.text()).includes(requestId));
  }
  const seen = await other.client.callTool({ name: 'reeve_status', arguments: { requestId } });
  assert.equal(seen.isError, true);
  assert.ok(!JSON.stringify(seen).includes('secret of alice'));
  const hijacked = await fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${bob}`,
      'mcp-session-id': one.session,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/list' }),
  });
  assert.equal(hijacked.status, 404);
  await hijacked.body?.cancel();
});

test('MCP asks for read to list and for run to call', async () => {
  const message = (method: string, params = {}) => ({ jsonrpc: '2.0', id: 7, method, params });
  const call = message('tools/call', { name: 'say', arguments: { text: 'x' } });
  const reading = await idp.clientToken(audience, 'reeve:read');
  const refused = await ask(reading, '/mcp', call);
  assert.equal(refused.status, 403);
  assert.match(
    refused.headers.get('www-authenticate')!,
    /error="insufficient_scope", scope="reeve:run", resource_metadata="[^"]+\/mcp"/,
  );
  const { id, error } = (await refused.json()) as {
    id: number;
    error: { data: { errorCode: string; requestId: string } };
  };
  assert.equal(id, 7);
  assert.equal(error.data.errorCode, 'COMMAND_NOT_ALLOWED');
  assert.equal(open.house.store.execution(error.data.requestId)?.status, 'rejected');
  const running = await idp.clientToken(audience, 'reeve:run');
  const listing = await ask(running, '/mcp', message('tools/list'));
  assert.equal(listing.status, 403);
  await listing.body?.cancel();
  const { client } = await connect(reading);
  assert.ok((await client.listTools()).tools.some(({ name }) => name === 'say'));
});

test('a role that the people file takes away is gone at the next request', async () => {
  const token = await idp.personToken('assistant', '4712', audience, 'reeve:run');
  assert.equal((await execute(token)).status, 200);
  const { readFileSync } = await import('node:fs');
  const file = `${ground.folder}/people.yaml`;
  const before = readFileSync(file, 'utf8');
  ground.write('people.yaml', before.replace('name: Bob, roles: [runner]', 'name: Bob'));
  await open.gateway.reload(local);
  assert.equal((await execute(token)).status, 403);
  ground.write('people.yaml', before);
  await open.gateway.reload(local);
  assert.equal((await execute(token)).status, 200);
});

test('tokens of strangers are no reason to ask the provider, and unknown keys seldom one', async () => {
  const asked = idp.keysAsked;
  for (const make of [bad['of another issuer']!, bad['not signed']!, bad['that has run out']!])
    for (let i = 0; i < 5; i += 1) await execute(await make());
  assert.equal(idp.keysAsked, asked);
});

test('new keys are found without a restart, and what the old ones signed is worth nothing', async () => {
  const old = await idp.sign(good);
  idp.rotate();
  let response = await execute(await idp.sign(good));
  for (let tries = 0; response.status === 401 && tries < 60; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    response = await execute(await idp.sign(good));
  }
  assert.equal(response.status, 200);
  assert.equal((await execute(old)).status, 401);
});

test('while the provider is away nobody gets in on its word, and everybody else does', async () => {
  const fresh = await serve();
  const token = await idp.sign(good);
  await idp.away();
  try {
    const response = await execute(token, fresh);
    assert.equal(response.status, 503);
    const problem = (await response.json()) as Problem;
    assert.equal(problem.errorCode, 'DEPENDENCY_UNAVAILABLE');
    assert.match(problem.message, /identity provider/);
    assert.ok(!JSON.stringify(problem).includes(idp.issuer));
    assert.equal((await execute(await bad['not signed']!(), fresh)).status, 401);
    assert.equal((await ask(token, '/healthz', undefined, fresh)).status, 200);
    assert.equal((await execute(localToken, fresh)).status, 200);
    assert.equal((await execute((await apiToken()).secret, fresh)).status, 200);
  } finally {
    await idp.back();
  }
  let response = await execute(token, fresh);
  for (let tries = 0; response.status === 503 && tries < 60; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    response = await execute(token, fresh);
  }
  assert.equal(response.status, 200);
});

test('an API token is whom it was made for, in every process at once', async () => {
  const { token, secret } = await apiToken({ principal: 'alice', onBehalfOf: null });
  const second = await serve();
  const result = await resultOf(await execute(secret, second));
  assert.equal(result.principal, 'alice');
  assert.equal((await ask(secret, '/v1/tokens')).status, 403);
  const admin = await apiToken({ principal: 'alice', kind: 'person', scopes: ['administer'] });
  const revoked = await ask(admin.secret, `/v1/tokens/${token.id}/revoke`, { reason: 'test' });
  assert.equal(revoked.status, 200);
  assert.equal((await execute(secret, second)).status, 401);
  assert.equal((await execute(secret)).status, 401);
  const made = await ask(admin.secret, '/v1/tokens', { name: 'x', principal: 'y' });
  assert.equal(made.status, 201);
  const body = (await made.json()) as { token: Record<string, unknown>; secret: string };
  assert.deepEqual([body.token.kind, body.token.scopes], ['agent', ['read', 'run']]);
  assert.equal(
    Date.parse(String(body.token.expiresAt)) - Date.parse(String(body.token.createdAt)),
    90 * 86_400_000,
  );
});

test('an outsider is on record as nobody, and never with what was tried', async () => {
  const token = `reeve_pat_${'z'.repeat(43)}`;
  const response = await execute(token);
  const { requestId } = (await response.json()) as Problem;
  if (requestId !== undefined)
    assert.equal(open.house.store.execution(requestId)?.principal, 'unauthenticated');
  const text = JSON.stringify(open.house.store.entriesAfter(0, 10_000));
  assert.ok(!text.includes(token));
});
