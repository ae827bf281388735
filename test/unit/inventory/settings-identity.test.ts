/** People, identity and approvals in the settings: what is read, and what is refused with its line. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadSettings } from '../../../src/inventory/settings.ts';
import { emptyFolder, messages, ok } from './house.ts';

function written(t: TestContext, text: string) {
  const folder = emptyFolder(t);
  mkdirSync(join(folder, 'ws'));
  writeFileSync(join(folder, 'inventory.yaml'), 'version: 1\ncommands: {}\n');
  writeFileSync(join(folder, 'people.yaml'), 'version: 1\npeople: {}\n');
  writeFileSync(join(folder, 'ws/secret'), 'x');
  const file = join(folder, 'reeve.yaml');
  const least = 'version: 1\nenvironments: { development: { workspace: ws } }\n';
  writeFileSync(file, `${least}${text}\n`);
  return { folder, loaded: loadSettings(file, {}) };
}

test('every field is read', (t) => {
  const { folder, loaded } = written(
    t,
    `people: people.yaml
identity:
  oidc:
    issuer: https://id.example.org/tenant
    audience: https://reeve.example.org/mcp
    rolesClaim: realm_access.roles
    client: { id: reeve, secret: { file: secret } }
approvals:
  expireAfter: 2h
  startWithin: 1m
  waitingPerPrincipal: 3
  loginFreshness: 1m
  proofs: { ops_lead: [passkey, login, passkey], default: [login] }`,
  );
  const { people, identity, approvals } = ok(loaded);
  assert.equal(people, join(folder, 'people.yaml'));
  assert.deepEqual(identity.oidc, {
    issuer: 'https://id.example.org/tenant',
    audience: 'https://reeve.example.org/mcp',
    rolesClaim: 'realm_access.roles',
    client: { id: 'reeve', secret: { kind: 'file', path: join(folder, 'secret') } },
  });
  assert.deepEqual(approvals, {
    expireAfterMs: 7_200_000,
    startWithinMs: 60_000,
    waitingPerPrincipal: 3,
    loginFreshMs: 60_000,
    proofs: { ops_lead: ['passkey', 'login'] },
    defaultProofs: ['login'],
  });
});

test('what is left out has its default', (t) => {
  const { loaded } = written(
    t,
    'identity: { oidc: { issuer: "http://127.0.0.1:9", audience: a } }\napprovals: { proofs: { cto: [token] } }',
  );
  const { identity, approvals } = ok(loaded);
  assert.deepEqual([identity.oidc?.rolesClaim, identity.oidc?.client], ['roles', null]);
  assert.deepEqual([approvals.proofs, approvals.defaultProofs], [{ cto: ['token'] }, ['passkey']]);
});

const oidc = (fields: string) => `identity: { oidc: { ${fields} } }`;
const good = 'issuer: "https://id.example.org", audience: a';
const refused: readonly [string, RegExp, string][] = [
  [oidc('audience: a'), /identity\.oidc\.issuer is missing/, 'no issuer'],
  [oidc('issuer: "https://id.example.org"'), /audience is missing/, 'no audience'],
  [oidc('issuer: "http://id.example.org", audience: a'), /is no https address/, 'plain HTTP'],
  [
    oidc('issuer: "http://localhost.evil.example", audience: a'),
    /no https/,
    'a name like loopback',
  ],
  [oidc('issuer: "https://u:p@id.example.org", audience: a'), /no https address/, 'a password'],
  [oidc('issuer: "https://id.example.org/?x", audience: a'), /no https address/, 'a query'],
  [oidc('issuer: "https://id.example.org ", audience: a'), /without blanks/, 'a blank'],
  [oidc('issuer: id.example.org, audience: a'), /no https address/, 'no address'],
  [oidc(`${good}, client: { id: a }`), /audience is the id of the client/, 'ID tokens would pass'],
  [oidc(`${good}, client: { id: r, secret: hunter2 }`), /must be \{ env/, 'a secret in the file'],
  [
    oidc(`${good}, client: { id: r, secret: { file: ws/secret } }`),
    /secret-in-sight/,
    'in a workspace',
  ],
  [oidc(`${good}, rolesClaim: "a..b"`), /name of a claim/, 'a path with a hole'],
  [oidc(`${good}, roleClaim: roles`), /Did you mean "rolesClaim"/, 'a slip'],
  ['approvals: { expireAfter: 10s }', /from 1m to 90d/, 'nobody answers in ten seconds'],
  ['approvals: { startWithin: 30d }', /from 10s to 7d/, 'a grant for a month'],
  ['approvals: { loginFreshness: 2d }', /from 10s to 1h/, 'a sign-in of the day before'],
  ['approvals: { waitingPerPrincipal: 0 }', /at least 1/, 'none'],
  ['approvals: { proofs: { cto: [] } }', /at least 1 item/, 'a role that nobody could hold'],
  ['approvals: { proofs: { cto: [password] } }', /passkey, login or token/, 'no such proof'],
  ['approvals: { proofs: { "Chief Officer": [login] } }', /must be a role/, 'no role'],
  ['people: nobody.yaml', /the people file .* does not exist/, 'no such file'],
  ['people: ws/people.yaml', /does not exist|writable-by-commands/, 'in a workspace'],
];
for (const [text, expected, why] of refused) {
  test(`${text}: ${why}`, (t) =>
    assert.match(messages(written(t, text).loaded).join('\n'), expected));
}
