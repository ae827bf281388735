/** Ids of principals: nobody shares one, whatever a provider calls its users and programs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nobodyKnown, type People, type Person } from '../../../src/core/people.ts';
import {
  agentPrincipal,
  isPlainId,
  reservedIds,
  subjectPrincipal,
} from '../../../src/core/principal-id.ts';

const issuer = 'https://id.example.org';
const alice: Person = {
  id: 'alice',
  name: 'Alice',
  email: null,
  roles: [],
  subjects: [{ issuer, subject: '4711' }],
};
const people: People = { file: null, persons: new Map([['alice', alice]]) };
const idOf = (client: string | null, subject: string | null) =>
  agentPrincipal(client, subject === null ? null : subjectPrincipal(people, { issuer, subject }));

test('an agent of a known person is named after both, of an unknown one after the subject', () => {
  assert.equal(idOf('claude', '4711'), 'agent:claude:alice');
  assert.equal(idOf('claude', 'auth0|12'), 'agent:claude:oidc:auth0%7C12');
  assert.equal(idOf('claude', null), 'agent:claude');
  assert.equal(idOf(null, '4711'), 'agent:~:alice');
  assert.equal(subjectPrincipal(nobodyKnown, { issuer, subject: 'alice' }), 'oidc:alice');
});

const name = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
  fc.constantFrom('a', 'a:b', 'b', 'oidc:a', '~', '%3A', ':', 'alice', '4711', 'agent:a', '\n', '‮'),
);
test('two different programs or subjects never share an id, which is bounded and printable', () => {
  const pair = fc.tuple(fc.option(name), fc.option(name));
  fc.assert(
    fc.property(pair, pair, (a, b) => {
      const [one, other] = [idOf(...a), idOf(...b)];
      assert.equal(one === other, a[0] === b[0] && a[1] === b[1]);
      assert.match(one, /^agent:[A-Za-z0-9._@+~%:-]{1,180}$/);
      assert.ok(!isPlainId(one));
    }),
    { numRuns: 2_000 },
  );
});

test('a name that is none is refused', () => {
  for (const bad of ['', '\ud800', 'a\udc00']) {
    assert.throws(() => agentPrincipal(bad, null), TypeError);
    assert.throws(() => subjectPrincipal(people, { issuer, subject: bad }), TypeError);
  }
});

test('plain ids hold nothing that parts or hides', () => {
  for (const id of ['alice', 'a', '0', 'alice@example.org', 'ci-bot_2', 'a'.repeat(64)])
    assert.ok(isPlainId(id), id);
  for (const id of ['', 'Alice', 'a:b', 'a b', 'a/b', 'a\n', '-a', 'ä', 'a'.repeat(65), 'a%3A'])
    assert.ok(!isPlainId(id), id);
  assert.ok(reservedIds.includes('local'));
});
