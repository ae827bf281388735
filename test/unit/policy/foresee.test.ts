import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ApprovalStage } from '../../../src/core/command.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { Foresight } from '../../../src/policy/foresee.ts';
import {
  agent,
  cleanTemp,
  commands,
  here,
  invoke,
  migrateDb,
  person,
  policyFrom,
  rotateKeys,
} from './small-inventory.ts';

const everything = '@id("all") permit (principal, action, resource);';
const only = 'principal, action == Reeve::Action::"run:clean-temp", resource';
const runs = 'principal, action in Reeve::Action::"run", resource';
const development = { environment: 'development', stages: [], trust: 'gateway' } as const;

test('a decision that no argument changes is foreseen whole, any other is said to depend on what it depends', async (t) => {
  const stage = { role: 'ops_lead', count: 1, independent: true, policy: 's' };
  const open = { kind: 'depends', stages: [], perhaps: [], mayDeny: true } as const;
  const table: [string, Foresight][] = [
    ['', { kind: 'permit' }],
    [`@id("s") @stage("ops_lead") forbid (${runs});`, { kind: 'needs-approval', stages: [stage] }],
    [`forbid (${runs});`, { kind: 'deny', errors: [] }],
    ['forbid (principal, action == Reeve::Action::"see", resource);', { kind: 'deny', errors: [] }],
    [`forbid (${only}) when { context.arguments.hours > 3 };`, { ...open, on: ['arguments'] }],
    [`forbid (${runs}) when { context.timeoutSeconds > 3 };`, { ...open, on: ['timeoutSeconds'] }],
    [`forbid (${runs}) when { context.face == "cli" };`, { ...open, on: ['face'] }],
    [
      'forbid (principal, action == Reeve::Action::"see", resource) when { context.face == "cli" };',
      { ...open, on: ['face'] },
    ],
    [
      `forbid (${only}) when { context.face == "cli" || context.arguments.hours > context.timeoutSeconds };`,
      { ...open, on: ['arguments', 'timeoutSeconds', 'face'] },
    ],
    [
      `@id("s") @stage("ops_lead") forbid (${only}) when { context.arguments.hours > 3 };`,
      { ...open, on: ['arguments'], perhaps: [stage], mayDeny: false },
    ],
    [
      `forbid (${only}) when { context.arguments.hours > 3 } unless { context.environment == Reeve::Environment::"development" };`,
      { kind: 'permit' },
    ],
    [
      `forbid (${only}) when { context.arguments.hours > 3 } unless { context.trust == "same-user" };`,
      { ...open, on: ['arguments'] },
    ],
    [
      `forbid (${only}) when { if principal.kind == "agent" then context.arguments.hours > 3 else false };`,
      { kind: 'permit' },
    ],
    [
      'forbid (principal, action == Reeve::Action::"run:migrate-db", resource);',
      { kind: 'permit' },
    ],
  ];
  for (const [text, foresight] of table) {
    const policy = await policyFrom(t, `${everything}\n${text}`);
    assert.deepEqual(policy.foresee(person('ann'), cleanTemp, development), foresight, text);
  }
});

test('what fails whatever the arguments is a denial that says so', async (t) => {
  const policy = await policyFrom(
    t,
    `${everything} @id("x") forbid (${runs}) when { principal has onBehalfOf && principal.onBehalfOf.kind == "person" };`,
  );
  assert.equal(policy.foresee(person('ann'), cleanTemp, development).kind, 'permit');
  assert.deepEqual(policy.foresee(agent('bot', 'ann'), cleanTemp, development), {
    kind: 'deny',
    errors: ['policy x fails'],
  });
});

test('the principals and roles that policies speak of are known', async (t) => {
  const policy = await policyFrom(
    t,
    `permit (principal == Reeve::Principal::"ann", action, resource);
     permit (principal in Reeve::Role::"ops", action, resource) when { principal in Reeve::Role::"dev" && principal != Reeve::Principal::"__proto__" };`,
  );
  assert.deepEqual(policy.named, { principals: ['__proto__', 'ann'], roles: ['dev', 'ops'] });
});

test('a foresight that is definite holds for every call, and one that depends leaves no decision out', async (t) => {
  const condition = fc.constantFrom(
    'principal.kind == "agent"',
    'principal in Reeve::Role::"ops"',
    'context.environment == Reeve::Environment::"production"',
    'context.timeoutSeconds > 30',
    'context.face == "cli"',
    'context.trust == "gateway"',
    'resource.risk == "low"',
    'resource.approvals == 0',
  );
  const ofArguments = fc.constantFrom(
    'context.arguments.hours > 3',
    'context.arguments has pattern && context.arguments.pattern like "a*"',
    'context.arguments has folders && context.arguments.folders.contains("/etc")',
  );
  const both = fc
    .tuple(condition, fc.constantFrom('&&', '||'), ofArguments)
    .map(([a, op, b]) => `(${a}) ${op} (${b})`);
  const rule = (effect: string) =>
    fc
      .oneof(
        fc.tuple(fc.constant(runs), condition),
        fc.tuple(fc.constant(only), fc.oneof(ofArguments, both)),
      )
      .chain(([scope, c]) =>
        fc.constantFrom('when', 'unless').map((word) => `${effect} (${scope}) ${word} { ${c} };`),
      );
  const list = (effect: string) => fc.array(rule(effect), { maxLength: 3 });
  const inventory: readonly ApprovalStage[] = [{ role: 'dba', count: 1, independent: true }];
  const given: readonly JsonObject[] = [
    { hours: 1 },
    { hours: 9 },
    { hours: 9, pattern: 'ab' },
    { hours: 2, folders: ['/etc'] },
  ];
  const calls = given.flatMap((args) =>
    [1_000, 60_000].flatMap((timeoutMs) =>
      (['cli', 'rest'] as const).map((face) => ({ args, timeoutMs, face })),
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      list('permit'),
      list('forbid'),
      list('forbid'),
      async (permits, forbids, staged) => {
        const text = [
          ...permits,
          ...forbids,
          ...staged.map((p, i) => `@id("s${i}") @stage("ops_lead") ${p}`),
        ].join('\n');
        const policy = await policyFrom(
          t,
          `${text}\npermit (principal, action == Reeve::Action::"see", resource);`,
        );
        for (const principal of [person('ann'), agent('bot', null, 'ops')]) {
          for (const c of commands) {
            const stages = c === migrateDb ? inventory : [];
            const foresight = policy.foresee(principal, c, {
              environment: 'production',
              stages,
              trust: 'gateway',
            });
            for (const { args, timeoutMs, face } of calls) {
              const invocation = invoke(principal, c, {
                environment: 'production',
                timeoutMs,
                arguments: c === cleanTemp ? args : {},
              });
              const decision = policy.decide(principal, invocation, c, { ...here, face, stages });
              const names =
                decision.kind === 'needs-approval' ? decision.stages.map((s) => s.policy) : [];
              switch (foresight.kind) {
                case 'deny':
                case 'permit':
                  assert.equal(decision.kind, foresight.kind, text);
                  break;
                case 'needs-approval':
                  assert.deepEqual(
                    decision.kind === 'needs-approval' && decision.stages,
                    foresight.stages,
                    text,
                  );
                  break;
                case 'depends': {
                  if (decision.kind === 'deny') {
                    assert.ok(foresight.mayDeny, text);
                    break;
                  }
                  const certain = foresight.stages.map((s) => s.policy);
                  const perhaps = foresight.perhaps.map((s) => s.policy);
                  assert.ok(
                    certain.every((p) => names.includes(p)),
                    text,
                  );
                  assert.ok(
                    names.every((p) => [...certain, ...perhaps].includes(p)),
                    text,
                  );
                }
              }
            }
          }
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('a command without arguments that policies can read depends on none', async (t) => {
  const policy = await policyFrom(
    t,
    `${everything} forbid (${runs}) when { resource.risk == "critical" && context.timeoutSeconds > 10 };`,
  );
  assert.deepEqual(policy.foresee(person('ann'), rotateKeys, development), {
    kind: 'depends',
    on: ['timeoutSeconds'],
    stages: [],
    perhaps: [],
    mayDeny: true,
  });
});
