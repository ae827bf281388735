/** The people file: what loads, and what is refused with its line. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { personOf } from '../../../src/core/people.ts';
import { loadPeople } from '../../../src/inventory/people.ts';
import { house, messages, ok } from './house.ts';

const issuer = 'https://id.example.org';

test('people are read with their roles, and found by what a provider calls them', (t) => {
  const at = house(t);
  const file = at.write(
    'people.yaml',
    `version: 1
people:
  alice:
    name: Alice Example
    email: alice@example.org
    roles: [ops_lead, auditor, ops_lead]
    subjects: [{ issuer: ${issuer}, subject: "4711" }]
  local: { name: Whoever starts Reeve here, roles: [ops_lead] }
`,
  );
  const people = ok(loadPeople(file, at.settings));
  assert.deepEqual([...people.persons.keys()], ['alice', 'local']);
  assert.deepEqual(people.persons.get('alice'), {
    id: 'alice',
    name: 'Alice Example',
    email: 'alice@example.org',
    roles: ['ops_lead', 'auditor'],
    subjects: [{ issuer, subject: '4711' }],
  });
  assert.ok(Object.isFrozen(people.persons.get('alice')!.roles));
  assert.match(people.file!.sha256, /^[0-9a-f]{64}$/);
  assert.equal(personOf(people, { issuer, subject: '4711' })?.id, 'alice');
  assert.equal(personOf(people, { issuer: `${issuer}/`, subject: '4711' }), null);
  assert.equal(personOf(people, { issuer: 'https://evil.example', subject: '4711' }), null);
});

test('without a people file nobody is known', (t) => {
  const people = ok(loadPeople(null, house(t).settings));
  assert.deepEqual([people.file, people.persons.size], [null, 0]);
});

const refused: readonly [string, string, RegExp][] = [
  [
    'an unknown field',
    'people: { alice: { name: A, rolls: [x] } }',
    /2:.*"rolls".*Did you mean "roles"/s,
  ],
  ['no people', 'persons: {}', /people is missing/],
  [
    "an id with a colon, as a provider's",
    'people: { "agent:x": { name: A } }',
    /no id of a person/,
  ],
  ['an id in capitals', 'people: { Alice: { name: A } }', /no id of a person/],
  ['an id of 65 characters', `people: { ${'a'.repeat(65)}: { name: A } }`, /no id of a person/],
  ['the gateway itself', 'people: { gateway: { name: A } }', /2:11: .*reserved-id/s],
  ['whoever has no token', 'people: { unauthenticated: { name: A } }', /reserved-id/],
  [
    'a role that no stage could name',
    'people: { a: { name: A, roles: [Ops Lead] } }',
    /must be a role/,
  ],
  ['a name with a line break', 'people: { a: { name: "A\\nB" } }', /must be one line/],
  ['a name that turns the text round', 'people: { a: { name: "A\\u202eB" } }', /must be one line/],
  ['a mail address that is none', 'people: { a: { name: A, email: alice } }', /no mail address/],
  [
    'local with a subject',
    `people: { local: { name: A, subjects: [{ issuer: "${issuer}", subject: x }] } }`,
    /reserved-id/,
  ],
  ['an entry without a name', 'people: { a: {} }', /name is missing/],
  [
    'a name that stands twice',
    'people:\n  a: { name: A }\n  a: { name: B }',
    /4:3: .*duplicate-key/s,
  ],
  ['__proto__', 'people: { __proto__: { name: A } }', /forbidden-key/],
];
for (const [what, text, expected] of refused) {
  test(`${what} is refused`, (t) => {
    const at = house(t);
    const file = at.write('people.yaml', `version: 1\n${text}\n`);
    assert.match(messages(loadPeople(file, at.settings)).join('\n'), expected);
  });
}

test('one subject of a provider is one person', (t) => {
  const at = house(t);
  const file = at.write(
    'people.yaml',
    `version: 1
people:
  alice: { name: A, subjects: [{ issuer: ${issuer}, subject: x }] }
  bob:
    name: B
    subjects:
      - { issuer: https://other.example, subject: x }
      - { issuer: ${issuer}, subject: x }
`,
  );
  const [message, ...more] = messages(loadPeople(file, at.settings));
  assert.match(
    message!,
    /people\.yaml:8:9: error: "x" of "https:\/\/id\.example\.org" is "alice" already/,
  );
  assert.deepEqual(more, []);
});

test('the people file may not lie where a command can write, but in .reeve', (t) => {
  const at = house(t);
  const file = at.write('ws/people.yaml', 'version: 1\npeople: {}\n');
  assert.match(messages(loadPeople(file, at.settings)).join(), /writable-by-commands/);
  at.write('ws/.reeve/people.yaml', 'version: 1\npeople: {}\n');
  ok(loadPeople(join(at.folder, 'ws/.reeve/people.yaml'), at.settings));
});
