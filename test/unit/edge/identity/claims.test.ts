/** What the claims of a provider's token mean: who, for whom, with which roles and scopes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Claims, identityOf, scopesOf } from '../../../../src/edge/identity/claims.ts';

const issuer = 'https://id.example.org';
const who = (claims: Claims) => {
  const found = identityOf(issuer, claims, 'roles');
  return found === null ? null : [found.client, found.subject];
};

const table: readonly [Claims, readonly [string | null, string | null] | null, string][] = [
  [{ sub: 'u', client_id: 'c' }, ['c', 'u'], 'a program for a person'],
  [{ sub: 'u', azp: 'c' }, ['c', 'u'], 'the same, as OpenID names it'],
  [{ sub: 'u', client_id: 'c', azp: 'd' }, ['c', 'u'], 'client_id is the one of RFC 9068'],
  [{ sub: 'u', client_id: 'c', act: { sub: 'a' } }, ['a', 'u'], 'the actor is the program'],
  [{ sub: 'c', client_id: 'c' }, ['c', null], 'a program for itself'],
  [{ client_id: 'c' }, ['c', null], 'a program for itself, without a subject'],
  [{ sub: 'c', client_id: 'c', act: { sub: 'a' } }, ['a', 'c'], 'an actor acts for the subject'],
  [{ sub: 'u' }, [null, 'u'], 'a provider that names no program'],
  [{}, null, 'nobody'],
  [{ act: { sub: 'a' }, client_id: 'c' }, ['a', null], 'an actor for nobody'],
  [{ sub: '', client_id: 'c' }, null, 'an empty name'],
  [{ sub: 7, client_id: 'c' }, null, 'a name that is a number'],
  [{ sub: null, client_id: 'c' }, null, 'a name that is null'],
  [{ sub: 'u', client_id: ['c'] }, null, 'a program that is a list'],
  [{ sub: 'u\n', client_id: 'c' }, null, 'a control character'],
  [{ sub: '\ud800', client_id: 'c' }, null, 'half a character'],
  [{ sub: 'u'.repeat(256), client_id: 'c' }, null, 'a name that is too long'],
  [{ sub: 'u', client_id: 'c', act: {} }, null, 'an actor without a name'],
  [{ sub: 'u', client_id: 'c', act: [] }, null, 'an actor that is a list'],
];
for (const [claims, expected, why] of table) {
  test(`${JSON.stringify(claims).slice(0, 60)}: ${why}`, () =>
    assert.deepEqual(who(claims), expected));
}

test('roles come from a list or a text, by a name with dots or a path into objects', () => {
  const roles = (claims: Claims, name: string) =>
    identityOf(issuer, { client_id: 'c', ...claims }, name)?.roles;
  assert.deepEqual(roles({ roles: ['a', 'b', 'a'] }, 'roles'), ['a', 'b']);
  assert.deepEqual(roles({ groups: 'a  b' }, 'groups'), ['a', 'b']);
  assert.deepEqual(roles({ realm_access: { roles: ['a'] } }, 'realm_access.roles'), ['a']);
  assert.deepEqual(roles({ 'https://x.org/roles': ['a'] }, 'https://x.org/roles'), ['a']);
  for (const claims of [{}, { roles: null }, { roles: [] }])
    assert.deepEqual(roles(claims, 'roles'), []);
  assert.deepEqual(roles({ realm_access: 'x' }, 'realm_access.roles'), []);
  assert.deepEqual(roles({}, 'constructor.name'), []);
  assert.deepEqual(roles(JSON.parse('{"__proto__":{"roles":["a"]}}') as Claims, 'roles'), []);
});

test('roles that cannot be read make the token worthless: a forbid may stand on them', () => {
  const many = Array.from({ length: 201 }, (_, i) => `r${i}`);
  for (const roles of [7, true, { a: 1 }, ['a', 7], [''], ['a\u0000'], many])
    assert.equal(
      identityOf(issuer, { client_id: 'c', roles }, 'roles'),
      null,
      JSON.stringify(roles),
    );
});

test('only scopes of Reeve count, and none is for approving', () => {
  assert.deepEqual(scopesOf({ scope: 'openid reeve:run reeve:read reeve:run' }), ['run', 'read']);
  assert.deepEqual(scopesOf({ scp: ['reeve:administer'] }), ['administer']);
  assert.deepEqual(scopesOf({ scp: 'reeve:read' }), ['read']);
  const worthless = ['reeve:approve', 'approve', 'read', 'reeve:READ', 'constructor', 'reeve:', ''];
  for (const scope of worthless) assert.deepEqual(scopesOf({ scope }), [], scope);
  for (const scope of [7, null, {}, [['reeve:run']]]) assert.deepEqual(scopesOf({ scope }), []);
});

test('whatever the claims hold, nothing is thrown, and a name that comes out went in', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (sub, client, act) => {
      const found = identityOf(issuer, { sub, client_id: client, act }, 'roles');
      if (found === null) return;
      assert.ok(found.subject === null || found.subject === sub);
      const actor = (act as { sub?: unknown } | null)?.sub;
      assert.ok(found.client === null || found.client === client || found.client === actor);
    }),
  );
});
