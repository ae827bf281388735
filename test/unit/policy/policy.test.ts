import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { localUser, type Principal } from '../../../src/core/principal.ts';
import type { Policy } from '../../../src/policy/load.ts';
import { administerActions } from '../../../src/policy/schema.ts';
import {
  agent,
  cleanTemp,
  command,
  commands,
  decide,
  here,
  invoke,
  migrateDb,
  mustLoad,
  parameters,
  person,
  policyFrom,
  rotateKeys,
} from './small-inventory.ts';

const everything = '@id("all") permit (principal, action, resource);';
const actions = administerActions;

test('the built-in policy lets the local user see, run and administer everything', async () => {
  const policy = await mustLoad(null);
  for (const c of commands) {
    assert.deepEqual(policy.see(localUser(), c, here), {
      allowed: true,
      policies: ['local-user-may-see-and-run'],
      errors: [],
    });
    assert.equal(decide(policy, localUser(), c).kind, 'permit');
  }
  for (const action of actions) {
    assert.deepEqual(policy.administer(localUser(), action), {
      allowed: true,
      policies: ['local-user-may-administer'],
      errors: [],
    });
  }
  assert.deepEqual(policy.files, []);
  assert.match(policy.hash, /^sha256:[0-9a-f]{64}$/);
});

test('the built-in policy permits nothing at all to anybody else, whatever they call themselves', async () => {
  const policy = await mustLoad(null);
  const names = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('Local', 'local ', ' local', 'local\0', '', '__proto__', '"local"', 'locаl'),
    fc.constant('x" , action, resource); permit (principal == Reeve::Principal::"'),
  );
  fc.assert(
    fc.property(
      names.filter((n) => n !== 'local'),
      fc.array(names, { maxLength: 3 }),
      fc.constantFrom('person', 'agent'),
      fc.option(names),
      fc.constantFrom(...commands),
      (id, roles, kind, onBehalfOf, c) => {
        const principal = { id, roles, kind, onBehalfOf } as Principal;
        assert.equal(policy.see(principal, c, here).allowed, false);
        assert.equal(
          policy.decide(principal, { ...invoke(person('x'), c), principal: id, onBehalfOf }, c, {
            ...here,
            stages: [],
          }).kind,
          'deny',
        );
        for (const action of actions)
          assert.equal(policy.administer(principal, action).allowed, false);
      },
    ),
    { numRuns: 60 },
  );
});

test('an agent that acts for the local user is not the local user', async () => {
  const policy = await mustLoad(null);
  assert.equal(policy.see(agent('bot', 'local'), cleanTemp, here).allowed, false);
});

test('the stages of the inventory stand on top of a permit, and never turn a denial into anything else', async (t) => {
  const policy = await mustLoad(null);
  const invocation = invoke(localUser(), migrateDb);
  const at = { ...here, stages: migrateDb.approvals };
  assert.deepEqual(policy.decide(localUser(), invocation, migrateDb, at), {
    kind: 'needs-approval',
    digest: invocation.digest,
    policies: ['local-user-may-see-and-run'],
    stages: migrateDb.approvals.map((stage) => ({ ...stage, policy: null })),
  });
  const none = await policyFrom(t, '@id("no") forbid (principal, action, resource);');
  assert.deepEqual(none.decide(localUser(), invocation, migrateDb, at), {
    kind: 'deny',
    digest: invocation.digest,
    policies: ['no'],
    errors: [],
  });
});

test('every policy that decided is named: all permits, or all forbids', async (t) => {
  const policy = await policyFrom(
    t,
    `${everything}
    @id("b-low") permit (principal, action in Reeve::Action::"run", resource) when { resource.risk == "low" };
    permit (principal is Reeve::Principal, action, resource is Reeve::Command);
    @id("no-prod") forbid (principal, action in Reeve::Action::"run", resource) when { context.environment == Reeve::Environment::"production" };
    @id("no-ann") forbid (principal == Reeve::Principal::"ann", action in Reeve::Action::"run", resource) when { context.environment == Reeve::Environment::"production" };`,
  );
  assert.deepEqual(decide(policy, person('ann'), cleanTemp).policies, [
    'a.cedar:3',
    'all',
    'b-low',
  ]);
  const denied = decide(policy, person('ann'), cleanTemp, { environment: 'production' });
  assert.equal(denied.kind, 'deny');
  assert.deepEqual(denied.policies, ['no-ann', 'no-prod']);
});

test('a policy reads the arguments of one command', async (t) => {
  const policy = await policyFrom(
    t,
    `@id("short") permit (principal, action == Reeve::Action::"run:clean-temp", resource)
       unless { context.arguments.hours > 3 };
     @id("not-etc") forbid (principal, action == Reeve::Action::"run:clean-temp", resource)
       when { context.arguments has folders && context.arguments.folders.contains("/etc") };
     @id("dry") forbid (principal, action == Reeve::Action::"run:clean-temp", resource)
       when { context.arguments has "dry-run" && context.arguments["dry-run"] };`,
  );
  const ask = (args: Record<string, number | string | boolean | string[]>) =>
    decide(policy, person('ann'), cleanTemp, { arguments: { hours: 1, ...args } });
  assert.equal(ask({}).kind, 'permit');
  assert.equal(ask({ hours: 3 }).kind, 'permit');
  assert.equal(ask({ hours: 4 }).kind, 'deny');
  assert.equal(ask({ folders: ['/tmp'] }).kind, 'permit');
  assert.deepEqual(ask({ folders: ['/tmp', '/etc'] }).policies, ['not-etc']);
  assert.deepEqual(ask({ 'dry-run': true }).policies, ['dry']);
  assert.equal(ask({ ratio: 0.5 }).kind, 'permit');
});

test('a policy reads who asks, the command, the way in, the time asked for and the stages', async (t) => {
  const table: [string, boolean][] = [
    ['principal.kind == "agent"', true],
    ['principal in Reeve::Role::"deployer"', true],
    ['principal in Reeve::Role::"ops"', false],
    ['principal has onBehalfOf && principal.onBehalfOf == Reeve::Principal::"ann"', true],
    ['resource == Reeve::Command::"migrate-db"', true],
    ['resource.risk == "high"', true],
    ['resource.owner == "data platform"', true],
    ['resource.tool == "migrate_db"', true],
    ['resource.network == "none" && resource.workspace == "read-write"', true],
    ['resource.approvals == 2', true],
    ['resource.guardrails.contains("backup checked")', true],
    ['resource.dependencies.containsAll(["postgres", "kms"])', false],
    ['context.face == "rest" && context.trust == "gateway"', true],
    ['context.environment == Reeve::Environment::"staging"', true],
    ['context.timeoutSeconds == 2', true],
  ];
  const stage = { role: 'ops_lead', count: 1, independent: true };
  const principal = agent('bot', 'ann', 'deployer');
  const invocation = invoke(principal, migrateDb, { environment: 'staging', timeoutMs: 1_001 });
  for (const [condition, holds] of table) {
    const policy = await policyFrom(
      t,
      `permit (principal, action in Reeve::Action::"run", resource) when { ${condition} };`,
    );
    const decision = policy.decide(principal, invocation, migrateDb, {
      ...here,
      stages: [stage, stage],
    });
    assert.equal(decision.kind, holds ? 'needs-approval' : 'deny', condition);
    if (decision.kind === 'deny') assert.deepEqual(decision.errors, [], condition);
  }
});

test('a forbid that fails while it is evaluated denies, although Cedar would answer allow', async (t) => {
  const policy = await policyFrom(
    t,
    `${everything}
    @id("overflow") forbid (principal, action == Reeve::Action::"run:clean-temp", resource)
      when { context.arguments.hours * 9223372036854775807 > 10 };`,
  );
  const decision = decide(policy, person('ann'), cleanTemp, { arguments: { hours: 2 } });
  assert.equal(decision.kind, 'deny');
  assert.deepEqual(decision.policies, ['overflow']);
  assert.match(
    decision.kind === 'deny' ? decision.errors.join() : '',
    /policy overflow: integer overflow/,
  );
  assert.equal(policy.see(person('ann'), cleanTemp, here).allowed, true);
});

test('a permit that fails while it is evaluated denies, also where another one permits', async (t) => {
  const policy = await policyFrom(
    t,
    `${everything}
    @id("who-knows") permit (principal, action, resource) when { principal has onBehalfOf && principal.onBehalfOf.kind == "person" };`,
  );
  assert.equal(policy.see(person('ann'), cleanTemp, here).allowed, true);
  const verdict = policy.see(agent('bot', 'ann'), cleanTemp, here);
  assert.deepEqual([verdict.allowed, verdict.policies], [false, ['who-knows']]);
  assert.match(verdict.errors.join(), /does not exist/);
});

test('whatever cannot be asked properly is denied with the reason, and the engine survives any number of it', async (t) => {
  const policy = await policyFrom(t, everything);
  const ann = person('ann');
  const good = invoke(ann, cleanTemp);
  const at = { ...here, stages: [] };
  type Ask = () => ReturnType<Policy['decide']> | ReturnType<Policy['see']>;
  const withArguments = (args: object) => () =>
    policy.decide(ann, { ...good, arguments: args as never }, cleanTemp, at);
  const table: [string, Ask, RegExp][] = [
    [
      'a lone surrogate in the name',
      () => policy.see(person('\ud800'), cleanTemp, here),
      /lone surrogate/,
    ],
    [
      'a lone surrogate in a role',
      () => policy.see(person('a', '\udc00'), cleanTemp, here),
      /lone surrogate/,
    ],
    [
      'a lone surrogate in an argument',
      withArguments({ hours: 1, pattern: '\ud800' }),
      /argument pattern holds a lone/,
    ],
    ['a BigInt', withArguments({ hours: 5n }), /argument hours is not a whole/],
    ['a fraction', withArguments({ hours: 1.5 }), /argument hours is not a whole/],
    ['a number past 2^53', withArguments({ hours: 1e300 }), /argument hours is not a whole/],
    ['NaN', withArguments({ hours: Number.NaN }), /argument hours is not a whole/],
    ['a text for a number', withArguments({ hours: '1' }), /argument hours is not a whole/],
    [
      'an entity for a text',
      withArguments({ hours: 1, pattern: { __entity: { type: 'Reeve::Role', id: 'x' } } }),
      /argument pattern is not a text/,
    ],
    [
      'a mixed array',
      withArguments({ hours: 1, folders: ['a', 1] }),
      /argument folders is not a text/,
    ],
    ['a missing argument', withArguments({}), /hours|not valid/],
    ['no arguments', withArguments(null as never), /null|undefined/],
    ['no principal', () => policy.see(undefined as never, cleanTemp, here), /undefined/],
    [
      'no roles',
      () => policy.see({ ...ann, roles: undefined } as never, cleanTemp, here),
      /undefined/,
    ],
    ['no face', () => policy.see(ann, cleanTemp, {} as never), /face is not a text/],
    ['no place', () => policy.see(ann, cleanTemp, undefined as never), /undefined/],
    [
      'an unknown environment',
      () => policy.decide(ann, { ...good, environment: 'moon' }, cleanTemp, at),
      /moon/,
    ],
    [
      'a command from elsewhere',
      () => policy.see(ann, command('shell'), here),
      /not of the inventory/,
    ],
    [
      'a command that changed',
      () => policy.see(ann, command('clean-temp'), here),
      /not of the inventory/,
    ],
    [
      'the invocation of another command',
      () => policy.decide(ann, invoke(ann, rotateKeys), cleanTemp, at),
      /another command/,
    ],
    [
      'the invocation of another person',
      () => policy.decide(person('bob'), good, cleanTemp, at),
      /another principal/,
    ],
    [
      'the invocation of another agent',
      () => policy.decide(agent('ann', 'eve'), good, cleanTemp, at),
      /another principal/,
    ],
    ['an unknown action', () => policy.administer(ann, 'see' as never), /no such action/],
  ];
  for (const [what, ask, why] of table) {
    const verdict = ask();
    assert.equal('kind' in verdict ? verdict.kind === 'deny' : !verdict.allowed, true, what);
    assert.match('errors' in verdict ? verdict.errors.join() : '', why, what);
  }
  // Each exception out of Cedar costs it some stack for good: a thousand or two of them would be its end.
  for (let i = 0; i < 5_000; i += 1) {
    policy.see(person('\ud800'), cleanTemp, here);
    withArguments({ hours: 5n })();
  }
  assert.equal(policy.see(ann, cleanTemp, here).allowed, true);
});

test('names that mean something to JavaScript or to Cedar are only names', async (t) => {
  const odd = command('see', {
    parameters: parameters(
      JSON.parse(
        '{"__proto__":{"type":"string"},"__entity":{"type":"string"},"constructor":{"type":"string"},"in":{"type":"boolean"},"":{"type":"string"}}',
      ),
    ),
  });
  const others = ['run', 'freeze', 'administer', 'constructor', '__proto__', 'run:see'].map((n) =>
    command(n),
  );
  const policy = await policyFrom(
    t,
    `@id("__proto__") permit (principal, action == Reeve::Action::"run:see", resource)
       when { context.arguments has constructor && context.arguments.constructor == "x" };
     @id("constructor") permit (principal == Reeve::Principal::"__proto__", action == Reeve::Action::"run:__proto__", resource);`,
    [odd, ...others],
  );
  const args = JSON.parse('{"__proto__":"y","__entity":"z","constructor":"x","in":true,"":"e"}');
  const decision = decide(policy, person('ann'), odd, { arguments: args });
  assert.deepEqual([decision.kind, decision.policies], ['permit', ['__proto__']]);
  assert.deepEqual(decide(policy, person('__proto__'), others[4]!).policies, ['constructor']);
  assert.equal(decide(policy, person('ann'), others[5]!).kind, 'deny');
  assert.equal(policy.see(person('ann'), odd, here).allowed, false);
  assert.equal(policy.administer(person('ann'), 'freeze').allowed, false);
});

test('adding a policy that forbids never turns a denial into a permit', async (t) => {
  const scope = fc.constantFrom(
    'action',
    'action in Reeve::Action::"run"',
    'action == Reeve::Action::"run:clean-temp"',
  );
  const condition = fc.constantFrom(
    'principal.kind == "agent"',
    'principal in Reeve::Role::"ops"',
    'principal has onBehalfOf',
    'principal has onBehalfOf && principal.onBehalfOf.kind == "person"',
    'principal == Reeve::Principal::"ann"',
    'true',
    'false',
  );
  const policies = (effect: string) =>
    fc.array(
      fc
        .tuple(scope, fc.constantFrom('when', 'unless'), condition)
        .map(([s, w, c]) => `${effect} (principal, ${s}, resource) ${w} { ${c} };`),
      { minLength: 1, maxLength: 3 },
    );
  const principals = [
    person('ann'),
    person('ben', 'ops'),
    agent('bot', 'ann'),
    agent('job', null, 'ops'),
  ];
  await fc.assert(
    fc.asyncProperty(policies('permit'), policies('forbid'), async (permits, forbids) => {
      const before = await policyFrom(t, permits.join('\n'));
      const after = await policyFrom(t, [...permits, ...forbids].join('\n'));
      for (const principal of principals) {
        for (const c of commands) {
          if (decide(before, principal, c).kind === 'deny')
            assert.equal(decide(after, principal, c).kind, 'deny');
          if (!before.see(principal, c, here).allowed)
            assert.equal(after.see(principal, c, here).allowed, false);
        }
      }
    }),
    { numRuns: 25 },
  );
});

test('verdicts, decisions and the policy itself cannot be changed', async () => {
  const policy = await mustLoad(null);
  const verdict = policy.see(localUser(), cleanTemp, here);
  const decision = decide(policy, localUser(), cleanTemp);
  for (const value of [
    policy,
    policy.files,
    verdict,
    verdict.policies,
    decision,
    decision.policies,
  ]) {
    assert.equal(Object.isFrozen(value), true);
  }
});
