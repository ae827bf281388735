import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Person } from '../../../src/core/people.ts';
import { anyOf, askerNamed, everybody } from '../../../src/policy/askers.ts';
import {
  differences,
  readSnapshot,
  type Snapshot,
  snapshotText,
} from '../../../src/policy/snapshot.ts';
import { policyTable, type TableRow } from '../../../src/policy/table.ts';
import { cleanTemp, command, commands, policyFrom } from './small-inventory.ts';

const ann: Person = { id: 'ann', name: 'Ann', email: null, roles: ['ops'], subjects: [] };
const owner: Person = { ...ann, id: 'local', roles: ['dba'] };
const nobody = { principals: [], roles: [] };

test('a table is made for everybody whom policies can tell apart', () => {
  const askers = everybody({ principals: ['ann', 'bot', 'anyone'], roles: ['ops'] }, [ann, owner]);
  assert.deepEqual(
    askers.map(({ label, principal }) => [label, principal.kind, principal.roles, principal.id]),
    [
      ['person local', 'person', ['administrator', 'auditor', 'dba'], 'local'],
      ['person ann', 'person', ['ops'], 'ann'],
      ['agent bot', 'agent', [], 'bot'],
      ['agent anyone', 'agent', [], 'anyone'],
      ['role ops (person)', 'person', ['ops'], 'anyone-else'],
      ['role ops (agent)', 'agent', ['ops'], 'anyone-else'],
      ['any other person', 'person', [], 'anyone-else'],
      ['any other agent', 'agent', [], 'anyone-else'],
    ],
  );
});

test('a principal of the command line says what its credential would', () => {
  assert.deepEqual(askerNamed('bot,kind=agent,role=a=b,role=c,for=ann', [ann]), {
    label: 'agent bot (role a=b, role c, for ann)',
    principal: { id: 'bot', kind: 'agent', roles: ['a=b', 'c'], onBehalfOf: 'ann' },
  });
  assert.equal(askerNamed('ann', [ann])?.label, 'person ann');
  assert.deepEqual(askerNamed('ann', [ann])?.principal.roles, ['ops']);
  assert.deepEqual(askerNamed('bot', [ann])?.principal.roles, []);
  assert.equal(askerNamed('local', [])?.principal.kind, 'person');
  for (const wrong of [
    '',
    ',',
    'a,',
    'a,kind=robot',
    'a,role=',
    'a,role',
    'kind=agent',
    'a,x=y',
    '\ud800',
  ])
    assert.equal(askerNamed(wrong, [ann]), null, wrong);
});

test('outcomes are told in words', async (t) => {
  const guarded = command('guarded', {
    approvals: [{ role: 'dba', count: 2, independent: false }],
    environments: { staging: {} },
  });
  const policy = await policyFrom(
    t,
    `permit (principal in Reeve::Role::"ops", action, resource);
     @id("late") @stage("ops_lead") @count("3") forbid (principal, action == Reeve::Action::"run:clean-temp", resource) when { context.arguments.hours > 9 };
     @id("two") @stage("auditor") forbid (principal, action in Reeve::Action::"run", resource) when { context.environment == Reeve::Environment::"production" };
     forbid (principal, action in Reeve::Action::"run", resource) when { resource.risk == "low" && context.environment == Reeve::Environment::"staging" && context.timeoutSeconds > 5 };`,
    [cleanTemp, guarded],
  );
  const rows = policyTable(
    policy,
    [guarded, cleanTemp],
    anyOf(policy.named, 'ops').slice(0, 1),
    (c) => c.approvals,
  );
  assert.deepEqual(
    rows.map((r) => [r.command, r.environment, r.outcome]),
    [
      [
        'clean-temp',
        'development',
        'depends on arguments: permit, perhaps approval by 3 × ops_lead (policy late)',
      ],
      [
        'clean-temp',
        'staging',
        'depends on arguments and time limit: permit, perhaps approval by 3 × ops_lead (policy late), or deny',
      ],
      [
        'clean-temp',
        'production',
        'depends on arguments: approval by auditor (policy two), perhaps approval by 3 × ops_lead (policy late)',
      ],
      [
        'guarded',
        'staging',
        'depends on time limit: approval by 2 × dba (not independent), or deny',
      ],
    ],
  );
  const others = policyTable(policy, [cleanTemp], anyOf(policy.named, null), () => []);
  assert.deepEqual([...new Set(others.map((r) => r.outcome))], ['deny']);
});

test('people whom no policy tells apart have the same outcomes, those whom one names their own', async (t) => {
  const policy = await policyFrom(
    t,
    'permit (principal, action, resource); forbid (principal == Reeve::Principal::"eve", action, resource);',
  );
  const people = ['ann', 'ben', 'eve'].map((id): Person => ({ ...ann, id, roles: [] }));
  const rows = policyTable(policy, commands, everybody(policy.named, people), () => []);
  const of = (who: string) =>
    new Set(rows.filter((r) => r.principal === who).map((r) => r.outcome));
  assert.deepEqual(
    [of('person ann'), of('person ben'), of('person eve')],
    [new Set(['permit']), new Set(['permit']), new Set(['deny'])],
  );
});

const row = (principal: string, environment: string, outcome: string): TableRow => ({
  principal,
  command: 'c',
  environment,
  outcome,
  foresight: { kind: 'permit' },
});

test('a table that was kept reads back the same, and what has changed is named once', () => {
  const rows = [
    row('__proto__', 'a', 'permit'),
    row('x', 'a', 'deny'),
    row('x', '__proto__', 'permit'),
  ];
  const kept = readSnapshot(
    snapshotText({ principals: ['x,role=y'], roles: ['z'] }, rows),
  ) as Snapshot;
  assert.deepEqual([kept.principals, kept.roles], [['x,role=y'], ['z']]);
  assert.deepEqual(differences(kept, rows), []);
  assert.deepEqual(
    differences(kept, [rows[1]!, row('x', '__proto__', 'deny'), row('y', 'a', 'deny')]),
    [
      { principal: 'x', command: 'c', environment: '__proto__', before: 'permit', after: 'deny' },
      { principal: 'y', command: 'c', environment: 'a', before: null, after: 'deny' },
      { principal: '__proto__', command: 'c', environment: 'a', before: 'permit', after: null },
    ],
  );
  assert.equal(snapshotText(nobody, rows), snapshotText(nobody, rows));
});

test('what is no kept table is told apart from one', () => {
  const table: [string, RegExp][] = [
    ['', /no JSON/],
    ['{"version":1', /no JSON/],
    ['[]', /no JSON object/],
    ['{}', /version/],
    ['{"version":2,"principals":[],"roles":[],"table":{}}', /version/],
    ['{"version":1,"roles":[],"table":{}}', /lists/],
    ['{"version":1,"principals":[1],"roles":[],"table":{}}', /lists/],
    ['{"version":1,"principals":[],"roles":[]}', /"table"/],
    ['{"version":1,"principals":[],"roles":[],"table":{"a":[]}}', /"a"/],
    ['{"version":1,"principals":[],"roles":[],"table":{"a":{"b":null}}}', /"b"/],
    ['{"version":1,"principals":[],"roles":[],"table":{"a":{"b":{"c":1}}}}', /"b"/],
  ];
  for (const [text, why] of table) {
    const read = readSnapshot(text);
    assert.match(typeof read === 'string' ? read : 'read', why, text);
  }
});
