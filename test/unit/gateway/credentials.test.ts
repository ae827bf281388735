/** The desk where credentials are made: on a real store and policy. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hashOfToken } from '../../../src/core/api-token.ts';
import type { ErrorCode } from '../../../src/core/errors.ts';
import { ReeveError } from '../../../src/core/errors.ts';
import { type Caller, localUser } from '../../../src/core/principal.ts';
import type { TokenRequest } from '../../../src/gateway/gateway.ts';
import { present, whoOf } from '../../../src/gateway/who.ts';
import { ask, layGround, local, localPolicy, type OpenHouse, openHouse } from './fixture.ts';

const ground = layGround();
let open: OpenHouse;
before(async () => {
  ground.write(
    'reeve.yaml',
    `version: 1
inventory: inventory.yaml
policy: policy
people: people.yaml
environments: { development: { workspace: ./workspace } }
identity: { oidc: { issuer: "https://id.example.org", audience: "https://reeve.example.org/mcp" } }
`,
  );
  ground.write(
    'people.yaml',
    `version: 1
people:
  alice: { name: Alice, roles: [ops_lead], subjects: [{ issuer: "https://id.example.org", subject: "1" }] }
  bob: { name: Bob }
  local: { name: The host, roles: [operator] }
`,
  );
  ground.write(
    'policy/local.cedar',
    `${localPolicy}
@id("runners") permit (principal in Reeve::Role::"runner", action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("credentials") permit (principal in Reeve::Role::"credentials", action == Reeve::Action::"manageCredentials", resource);`,
  );
  open = await openHouse(ground);
});
after(async () => {
  await open.close();
  ground.clear();
});

const request: TokenRequest = {
  name: 'CI of the shop',
  principal: 'ci',
  kind: 'agent',
  roles: ['deployer'],
  onBehalfOf: 'alice',
  scopes: ['read', 'run'],
  expiresInMs: 3_600_000,
};
const desk = () => open.gateway.credentials;
const person = (id: string, more: Partial<Caller> = {}): Caller => ({
  principal: { id, kind: 'person', roles: [], onBehalfOf: null },
  face: 'web',
  client: null,
  credential: { kind: 'session', by: 'passkey', at: 0, issuer: null, subject: null },
  ...more,
});
const withToken = (
  kind: 'person' | 'agent',
  scopes: ('administer' | 'read')[],
  roles = ['credentials'],
): Caller => ({
  principal: { id: 'someone', kind, roles, onBehalfOf: null },
  face: 'rest',
  client: null,
  credential: { kind: 'api-token', tokenId: 'tok_0', scopes },
});
const refused = (work: Promise<unknown>, code: ErrorCode, text: RegExp = /./) =>
  assert.rejects(work, (error) => {
    assert.ok(error instanceof ReeveError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  });

test('a token is shown once, only its hash is kept, and both ends are on record without it', async () => {
  const { token, secret } = await desk().createToken(local, request);
  assert.match(secret, /^reeve_pat_[A-Za-z0-9_-]{43}$/);
  assert.match(token.id, /^tok_[0-9a-f]{16}$/);
  assert.equal(token.expiresAt, token.createdAt + 3_600_000);
  assert.ok(!('hash' in token));
  const [listed] = await desk().tokens(local);
  assert.deepEqual(listed, token);

  const who = whoOf(open.house);
  assert.deepEqual(who.token(hashOfToken(secret))?.principal, {
    id: 'ci',
    kind: 'agent',
    roles: ['deployer'],
    onBehalfOf: 'alice',
  });
  assert.equal(who.token(hashOfToken(`${secret}x`)), null);

  const revoked = await desk().revokeToken(local, token.id, 'lost');
  assert.equal(typeof revoked.revokedAt, 'number');
  assert.equal(who.token(hashOfToken(secret)), null);
  assert.deepEqual(await desk().revokeToken(local, token.id, 'again'), revoked);

  const entries = open.house.store.entriesAfter(0, 1_000);
  const about = entries.filter((e) => e.kind === 'token-created' || e.kind === 'token-revoked');
  assert.deepEqual(
    about.map((e) => [e.kind, e.principal, e.body.id]),
    [
      ['token-created', 'local', token.id],
      ['token-revoked', 'local', token.id],
    ],
  );
  const all = JSON.stringify(entries);
  assert.ok(!all.includes(secret) && !all.includes(hashOfToken(secret)));
});

test('a token that has run out is no token', async (t) => {
  const { secret } = await desk().createToken(local, { ...request, expiresInMs: 60_000 });
  const endless = await desk().createToken(local, { ...request, expiresInMs: null });
  const who = whoOf(open.house);
  assert.ok(who.token(hashOfToken(secret)) !== null);
  const now = Date.now();
  t.mock.method(open.house.clock, 'now', () => now + 10 * 365 * 86_400_000);
  assert.equal(who.token(hashOfToken(secret)), null);
  assert.ok(who.token(hashOfToken(endless.secret)) !== null);
});

const bad: readonly [string, Partial<TokenRequest>, RegExp][] = [
  ['the local user', { principal: 'local' }, /principal: local is no one/],
  ['the gateway', { principal: 'gateway' }, /principal/],
  ['nobody', { principal: 'unauthenticated' }, /principal/],
  ['a program of the provider', { principal: 'agent:x:alice' }, /principal/],
  ['somebody of the provider', { principal: 'oidc:4711' }, /principal/],
  ['capitals', { principal: 'Local' }, /principal/],
  ['acting for itself', { onBehalfOf: 'ci' }, /onBehalfOf/],
  ['acting for the gateway', { onBehalfOf: 'gateway' }, /onBehalfOf/],
  ['a slip in whom it acts for', { onBehalfOf: 'alcie' }, /nobody is called alcie/],
  ['a person acting for another', { kind: 'person' }, /onBehalfOf/],
  ['an agent that approves', { scopes: ['read', 'approve'] }, /an agent never approves/],
  ['no scope', { scopes: [] }, /scopes/],
  ['a scope that there is not', { scopes: ['root' as 'run'] }, /scopes/],
  ['a role that is none', { roles: ['Ops Lead'] }, /roles/],
  ['a hidden name', { name: 'ci\u202e' }, /name/],
  ['a name of blanks', { name: '   ' }, /name/],
  ['a moment', { expiresInMs: 1 }, /expiresInMs/],
  ['no number', { expiresInMs: Number.NaN }, /expiresInMs/],
  ['eleven years', { expiresInMs: 11 * 365 * 86_400_000 }, /expiresInMs/],
];
for (const [what, change, text] of bad) {
  test(`no token for ${what}`, () =>
    refused(desk().createToken(local, { ...request, ...change }), 'INVALID_REQUEST', text));
}

test('only who may administer credentials, with a credential for it, makes and sees any', async () => {
  for (const caller of [
    person('bob'),
    withToken('person', ['read']),
    withToken('person', ['administer'], []),
  ]) {
    await refused(desk().tokens(caller), 'COMMAND_NOT_ALLOWED');
    await refused(desk().createToken(caller, request), 'COMMAND_NOT_ALLOWED');
    await refused(desk().revokeToken(caller, 'tok_1', ''), 'COMMAND_NOT_ALLOWED');
    await refused(desk().people(caller), 'COMMAND_NOT_ALLOWED');
    await refused(desk().createEnrolmentCode(caller, 'bob'), 'COMMAND_NOT_ALLOWED');
  }
  await desk().createToken(withToken('person', ['administer']), request);
});

test('an agent that manages credentials cannot make those with which people approve', async () => {
  const agent = withToken('agent', ['administer']);
  await desk().createToken(agent, request);
  const ofPerson = { ...request, kind: 'person', onBehalfOf: null, principal: 'alice' } as const;
  await refused(desk().createToken(agent, ofPerson), 'COMMAND_NOT_ALLOWED', /made by a person/);
  await refused(desk().createEnrolmentCode(agent, 'alice'), 'COMMAND_NOT_ALLOWED', /by a person/);
  const alikeAlice = { ...request, onBehalfOf: null, principal: 'alice' };
  await refused(desk().createToken(agent, alikeAlice), 'COMMAND_NOT_ALLOWED', /id of a person/);
  const ofAlice = {
    ...agent,
    principal: { ...agent.principal, onBehalfOf: 'alice' },
  };
  const freed = { ...request, onBehalfOf: null, principal: 'freed' };
  await refused(desk().createToken(ofAlice, freed), 'COMMAND_NOT_ALLOWED', /acts for whom/);
  await desk().createToken(local, ofPerson);
});

test('a code lets one person of the people file enrol a passkey, for a day', async () => {
  const { code, expiresAt } = await desk().createEnrolmentCode(local, 'alice');
  assert.match(code, /^[0-9A-HJKMNP-TV-Z]{5}(?:-[0-9A-HJKMNP-TV-Z]{5}){3}-[0-9A-HJKMNP-TV-Z]{6}$/);
  const { credentials } = open.house.store;
  const found = credentials.enrolmentCode(hashOfToken(code), expiresAt - 1);
  assert.equal(found?.person, 'alice');
  assert.equal(credentials.enrolmentCode(hashOfToken(code), expiresAt + 1), null);
  assert.ok(!JSON.stringify(open.house.store.entriesAfter(0, 1_000)).includes(code));
  await refused(desk().createEnrolmentCode(local, 'mallory'), 'INVALID_REQUEST', /people file/);
  await refused(desk().createEnrolmentCode(local, 'local'), 'INVALID_REQUEST', /an agent too/);
});

test('people see and revoke their own passkeys, and nobody else does but an administrator', async () => {
  const { credentials } = open.house.store;
  const passkey = (id: string, of: string) => {
    const hash = hashOfToken(id);
    const [createdBy, expiresAt] = ['local', Date.now() + 60_000];
    credentials.addEnrolmentCode(
      { hash, person: of, createdAt: 1, createdBy, expiresAt },
      { kind: 'enrolment-code-created', at: 1, requestId: null, principal: 'local', body: {} },
    );
    const facts = { credentialId: id, person: of, name: 'key', publicKey: 'AAAA', counter: 0 };
    const added = credentials.addPasskey(
      { ...facts, transports: [], createdAt: Date.now(), enrolledBy: 'local', revokedAt: null },
      hash,
      { kind: 'passkey-enrolled', at: 1, requestId: null, principal: of, body: {} },
    );
    assert.ok(added);
  };
  passkey('a1', 'alice');
  passkey('b1', 'bob');
  const ids = async (caller: Caller, of: string | null) =>
    (await desk().passkeys(caller, of)).map((p) => p.credentialId).sort();
  assert.deepEqual(await ids(local, null), ['a1', 'b1']);
  assert.deepEqual(await ids(person('alice'), null), ['a1']);
  assert.ok(!('publicKey' in (await desk().passkeys(local, 'alice'))[0]!));
  await refused(desk().passkeys(person('alice'), 'bob'), 'COMMAND_NOT_ALLOWED');
  const agent: Caller = {
    ...person('alice'),
    principal: { ...person('alice').principal, kind: 'agent' },
  };
  await refused(desk().passkeys(agent, null), 'COMMAND_NOT_ALLOWED');
  await refused(desk().revokePasskey(agent, 'a1'), 'REQUEST_NOT_FOUND');
  await refused(desk().revokePasskey(person('alice'), 'b1'), 'REQUEST_NOT_FOUND');
  await refused(desk().revokePasskey(person('alice'), 'none'), 'REQUEST_NOT_FOUND');
  assert.deepEqual(
    (await desk().people(local)).map(({ id, passkeys }) => [id, passkeys]),
    [
      ['alice', 1],
      ['bob', 1],
      ['local', 0],
    ],
  );
  await desk().revokePasskey(person('alice'), 'a1');
  assert.equal((await desk().people(local))[0]!.passkeys, 0);
});

test('what waits for its turn does not start for a token that was revoked meanwhile', async () => {
  const made = await desk().createToken(local, {
    ...request,
    roles: ['runner'],
    expiresInMs: null,
  });
  const found = whoOf(open.house).token(hashOfToken(made.secret))!;
  const { id: tokenId, scopes } = found.token;
  const caller: Caller = {
    principal: found.principal,
    face: 'rest',
    client: null,
    credential: { kind: 'api-token', tokenId, scopes },
  };
  const first = await open.gateway.submit(local, ask('alone'));
  const second = await open.gateway.submit(caller, ask('alone'));
  await desk().revokeToken(local, tokenId, 'meanwhile');
  assert.equal((await open.gateway.wait(local, first.requestId, null)).status, 'ok');
  const ended = await open.gateway.wait(local, second.requestId, null);
  assert.deepEqual([ended.status, ended.errorCode], ['rejected', 'COMMAND_NOT_ALLOWED']);
  assert.match(ended.errorMessage!, /credential of ci.* revoked/);
});

test('a caller is at a later moment what its credential is worth then', async () => {
  const at = open.house;
  assert.deepEqual(present(at, local)?.principal, {
    ...localUser(),
    roles: ['administrator', 'auditor', 'operator'],
  });
  const session = present(at, person('alice'));
  assert.deepEqual(session?.principal.roles, ['ops_lead']);
  assert.equal(present(at, person('carol')), null);
  assert.equal(present(at, person('local')), null);
  const login = (issuer: string, subject: string) =>
    present(
      at,
      person('alice', { credential: { kind: 'session', by: 'login', at: 1, issuer, subject } }),
    );
  assert.ok(login('https://id.example.org', '1') !== null);
  assert.equal(login('https://id.example.org', '2'), null);
  assert.equal(login('https://other.example', '1'), null);

  const { token } = await desk().createToken(local, {
    ...request,
    principal: 'alice',
    onBehalfOf: null,
  });
  const caller: Caller = {
    principal: { id: 'alice', kind: 'agent', roles: [], onBehalfOf: null },
    face: 'rest',
    client: null,
    credential: { kind: 'api-token', tokenId: token.id, scopes: ['run'] },
  };
  assert.deepEqual(present(at, caller)?.principal.roles, ['deployer', 'ops_lead']);
  await desk().revokeToken(local, token.id, 'gone');
  assert.equal(present(at, caller), null);

  const jwt = (issuer: string, id: string): Caller => ({
    ...caller,
    principal: { id, kind: 'agent', roles: ['x'], onBehalfOf: 'alice' },
    credential: {
      kind: 'jwt',
      issuer,
      subject: '1',
      client: 'app',
      roles: ['reader'],
      scopes: ['run'],
      expiresAt: 1,
    },
  });
  const now = present(at, jwt('https://id.example.org', 'agent:app:alice'));
  assert.deepEqual(now?.principal.roles, ['reader', 'ops_lead']);
  assert.equal(present(at, jwt('https://other.example', 'agent:app:alice')), null);
  // The subject was somebody else, or nobody, when it was asked.
  assert.equal(present(at, jwt('https://id.example.org', 'agent:app:oidc:1')), null);
});
