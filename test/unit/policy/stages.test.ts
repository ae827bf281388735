import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { ApprovalStage } from '../../../src/core/command.ts';
import type { Decision } from '../../../src/core/decision.ts';
import type { Principal } from '../../../src/core/principal.ts';
import { loadPolicy, type Policy } from '../../../src/policy/load.ts';
import {
  type Asked,
  agent,
  cleanTemp,
  command,
  commands,
  decide,
  environments,
  folderOf,
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
const runs = 'principal, action in Reeve::Action::"run", resource';
const inProduction = 'when { context.environment == Reeve::Environment::"production" }';
const twoOfficers = `@id("two-officers") @stage("security_officer") @count("2") forbid (${runs}) ${inProduction};`;

test('a staged forbid adds its stage where it holds, and nothing where it does not', async (t) => {
  const policy = await policyFrom(t, `${everything}\n${twoOfficers}`);
  assert.equal(decide(policy, person('ann'), rotateKeys).kind, 'permit');
  const invocation = invoke(person('ann'), rotateKeys, { environment: 'production' });
  assert.deepEqual(policy.decide(person('ann'), invocation, rotateKeys, { ...here, stages: [] }), {
    kind: 'needs-approval',
    digest: invocation.digest,
    policies: ['all', 'two-officers'],
    stages: [{ role: 'security_officer', count: 2, independent: true, policy: 'two-officers' }],
  });
});

test("the inventory's stages come first and unchanged, then the added ones by the ids of their policies", async (t) => {
  const policy = await policyFrom(
    t,
    `@id("b") @stage("ops_lead") forbid (${runs});
     @id("Z") @stage("auditor") @independent("false") forbid (${runs});
     @id("a") @stage("ops_lead") @count("1") @independent("true") @description("seen twice") forbid (${runs});
     ${everything}`,
  );
  const inventory: ApprovalStage[] = [
    { role: 'ops_lead', count: 1, independent: true },
    { role: 'security_officer', count: 3, independent: false },
  ];
  const found = policy.decide(person('ann'), invoke(person('ann'), migrateDb), migrateDb, {
    ...here,
    stages: inventory,
  });
  assert.deepEqual(found.kind === 'needs-approval' && found.stages, [
    ...inventory.map((stage) => ({ ...stage, policy: null })),
    { role: 'auditor', count: 1, independent: false, policy: 'Z' },
    { role: 'ops_lead', count: 1, independent: true, policy: 'a' },
    { role: 'ops_lead', count: 1, independent: true, policy: 'b' },
  ]);
  assert.deepEqual(found.policies, ['Z', 'a', 'all', 'b']);
  assert.ok(found.kind === 'needs-approval' && Object.isFrozen(found.stages[0]));
});

test('an approval permits nothing: without a permit, or under a forbid without a stage, it stays denied', async (t) => {
  const unpermitted = await policyFrom(t, twoOfficers);
  const there = { environment: 'production' };
  const denied = decide(unpermitted, person('ann'), rotateKeys, there);
  assert.deepEqual([denied.kind, denied.policies], ['deny', ['two-officers']]);
  assert.deepEqual(decide(unpermitted, person('ann'), rotateKeys).policies, []);
  const forbidden = await policyFrom(
    t,
    `${everything} ${twoOfficers} @id("never") forbid (${runs}) when { resource.risk == "critical" };`,
  );
  const never = decide(forbidden, person('ann'), rotateKeys, there);
  assert.deepEqual([never.kind, never.policies], ['deny', ['never']]);
  assert.equal(decide(forbidden, person('ann'), cleanTemp, there).kind, 'needs-approval');
});

test('a policy that fails denies, whether stages are granted or not', async (t) => {
  const overflow = 'when { context.arguments.hours * 9223372036854775807 > 10 }';
  const only = 'principal, action == Reeve::Action::"run:clean-temp", resource';
  const table = [
    `@id("x") @stage("ops_lead") forbid (${only}) ${overflow};`,
    `@id("x") forbid (${only}) ${overflow}; @id("s") @stage("ops_lead") forbid (${only});`,
    `@id("x") permit (${only}) ${overflow}; @id("s") @stage("ops_lead") forbid (${only});`,
  ];
  for (const text of table) {
    const policy = await policyFrom(t, `${everything} ${text}`);
    const decision = decide(policy, person('ann'), cleanTemp, { arguments: { hours: 2 } });
    assert.equal(decision.kind, 'deny', text);
    assert.match(decision.kind === 'deny' ? decision.errors.join() : '', /policy x: /, text);
  }
});

test('a mistake in a staged policy is an error with its file, line and column', async (t) => {
  const stage = '@id("s") @stage("ops_lead")';
  const table: [string, RegExp][] = [
    [`${stage} permit (${runs});`, /stands on a permit/],
    [`${stage} forbid (principal, action, resource);`, /more than runs/],
    [`${stage} forbid (principal, action == Reeve::Action::"see", resource);`, /more than runs/],
    [
      `${stage} forbid (principal, action in [Reeve::Action::"run", Reeve::Action::"see"], resource);`,
      /more than runs/,
    ],
    [
      `${stage} forbid (principal, action in Reeve::Action::"administer", resource);`,
      /more than runs/,
    ],
    [`@stage("ops_lead") forbid (${runs});`, /has no @id/],
    [`@id("s") @stage forbid (${runs});`, /@stage\(""\) names no role/],
    [`@id("s") @stage("Ops Lead") forbid (${runs});`, /names no role/],
    [`${stage} @count("0") forbid (${runs});`, /no number of people/],
    [`${stage} @count("21") forbid (${runs});`, /no number of people/],
    [`${stage} @count("two") forbid (${runs});`, /no number of people/],
    [`${stage} @count("2.0") forbid (${runs});`, /no number of people/],
    [`${stage} @count forbid (${runs});`, /no number of people/],
    [`@id @stage("ops_lead") forbid (${runs});`, /has no @id/],
    [`${stage} @independent("no") forbid (${runs});`, /neither "true" nor "false"/],
    [`${stage} @cuont("2") forbid (${runs});`, /@cuont means nothing/],
    [`@id("s") @count("2") forbid (${runs});`, /@count says something of an approval stage/],
    [`@id("s") @independent("false") permit (${runs});`, /@independent says something/],
  ];
  for (const [text, message] of table) {
    const folder = folderOf(t, { 'ops.cedar': `${everything}\n\n  ${text}` });
    const loaded = await loadPolicy(folder, commands, environments);
    const found = loaded.ok ? [] : loaded.diagnostics.filter((d) => d.severity === 'error');
    assert.equal(found.length, 1, text);
    const { file, line, column, rule } = found[0]!;
    assert.deepEqual(
      { file: file.slice(-9), line, column, rule },
      { file: 'ops.cedar', line: 3, column: 3, rule: 'policy-stage' },
      text,
    );
    assert.match(found[0]!.message, message, text);
    assert.ok(found[0]!.remedy, text);
  }
});

test('no policy reads what is granted: Reeve adds the condition that lifts a stage, and authors cannot', async (t) => {
  const whole = (more: string) =>
    `context == { face: "rest", trust: "gateway", environment: Reeve::Environment::"staging", timeoutSeconds: 1, arguments: {}${more} }`;
  const only = 'principal, action == Reeve::Action::"run:rotate-keys", resource';
  const table = [
    `@id("s") @stage("ops_lead") forbid (${runs}) unless { context.granted.contains("s") };`,
    `forbid (${runs}) unless { context.granted.contains("two-officers") };`,
    `permit (${runs}) when { context has granted };`,
    `@id("s") @stage("ops_lead") forbid (${runs}) unless { context has granted && context.granted.contains("p1") };`,
    `forbid (${runs}) unless { context has granted.x };`,
    `forbid (${runs}) unless { (if true then context else context) has "granted" };`,
    `forbid (${runs}) unless { [context].contains(${whole('')}) };`,
    `permit (${runs}) when { context["granted"].isEmpty() };`,
    `permit (${only}) when { ${whole('')} };`,
    `permit (${only}) when { ${whole(', granted: []')} };`,
    `forbid (${only}) unless { ${whole(', granted: ["two-officers"]')} };`,
  ];
  for (const text of table) {
    const folder = folderOf(t, { 'a.cedar': `${everything}\n${twoOfficers}\n${text}` });
    const loaded = await loadPolicy(folder, commands, environments);
    assert.equal(loaded.ok, false, text);
    const found = loaded.ok ? [] : loaded.diagnostics.filter((d) => d.severity === 'error');
    assert.ok(
      found.length > 0 && found.every((d) => d.line === 3),
      `${text}\n${JSON.stringify(found)}`,
    );
  }
});

test('an id that means something to Cedar or to JavaScript lifts its own stage and no other', async (t) => {
  const ids = ['*', '\\" ]) || true || (\\"', '__proto__', 'constructor', 'größer 😀', 'a"b'];
  for (const id of ids) {
    const policy = await policyFrom(
      t,
      `${everything} @id(${JSON.stringify(id)}) @stage("ops_lead") forbid (${runs}); @id("other") @stage("auditor") forbid (${runs}) ${inProduction};`,
    );
    const one = decide(policy, person('ann'), rotateKeys);
    assert.deepEqual(one.kind === 'needs-approval' && one.stages.map((s) => s.policy), [id]);
    const two = decide(policy, person('ann'), rotateKeys, { environment: 'production' });
    assert.deepEqual(
      two.kind === 'needs-approval' && two.stages.map((s) => s.policy),
      [id, 'other'].sort(),
    );
  }
});

test('a staged policy as deep as policies may be is lifted too, and a comment behind it harms nothing', async (t) => {
  const deep = `${'('.repeat(28)}context.timeoutSeconds > 0${')'.repeat(28)}`;
  const policy = await policyFrom(
    t,
    `${everything} @id("s") @stage("ops_lead") forbid (${runs}) when { ${deep} } // ;\n ; // unless { true }`,
  );
  assert.equal(decide(policy, person('ann'), rotateKeys).kind, 'needs-approval');
});

test('under the built-in policy a token is denied everything, whatever kind, roles and scopes it has', async () => {
  const policy = await mustLoad(null);
  const roles = ['administrator', 'auditor', 'local', 'ops_lead'];
  const tokens = [
    person('ann', ...roles),
    agent('bot', null, ...roles),
    agent('bot', 'local', ...roles),
    agent('token:local', 'local'),
  ];
  for (const principal of tokens) {
    for (const c of commands) {
      assert.equal(policy.see(principal, c, here).allowed, false);
      for (const environment of environments) {
        const decision = decide(policy, principal, c, { environment });
        assert.deepEqual([decision.kind, decision.policies], ['deny', []]);
      }
    }
    for (const action of ['freeze', 'reload', 'readAudit', 'manageCredentials'] as const)
      assert.equal(policy.administer(principal, action).allowed, false);
  }
});

// Laws, over random policies that may also fail: onBehalfOf.kind does for an agent that acts for somebody.
const scope = fc.constantFrom(
  'action in Reeve::Action::"run"',
  'action == Reeve::Action::"run:clean-temp"',
  'action in [Reeve::Action::"run:migrate-db", Reeve::Action::"run:rotate-keys"]',
);
const condition = fc.constantFrom(
  'principal.kind == "agent"',
  'principal in Reeve::Role::"ops"',
  'principal has onBehalfOf && principal.onBehalfOf.kind == "person"',
  'context.environment == Reeve::Environment::"production"',
  'resource.approvals == 0',
  'resource.risk == "low"',
  'context.timeoutSeconds > 30',
  'true',
);
const rule = (effect: string) =>
  fc
    .tuple(scope, fc.constantFrom('when', 'unless'), condition)
    .map(([s, w, c]) => `${effect} (principal, ${s}, resource) ${w} { ${c} };`);
const annotation = fc
  .tuple(fc.constantFrom('ops_lead', 'auditor'), fc.integer({ min: 1, max: 3 }))
  .map(([role, count]) => `@stage("${role}") @count("${count}")`);
const policies = (effect: string, staged: boolean) =>
  fc.array(staged ? fc.tuple(annotation, rule(effect)).map((p) => p.join(' ')) : rule(effect), {
    maxLength: 3,
  });
const asked: readonly [Principal, (typeof commands)[number], Asked][] = [
  person('ann'),
  person('ben', 'ops'),
  agent('bot', 'ann'),
  agent('job', null, 'ops'),
].flatMap((principal) =>
  commands.flatMap((c) =>
    ['development', 'production'].map(
      (environment) => [principal, c, { environment, timeoutMs: 60_000 }] as const,
    ),
  ),
);
const inventoryStages: readonly ApprovalStage[] = [
  { role: 'ops_lead', count: 1, independent: true },
];

/** Ids are given by place and kind, so that a policy keeps its own whatever is added. */
async function decisions(
  t: TestContext,
  parts: Readonly<Record<string, readonly string[]>>,
): Promise<readonly Decision[]> {
  const text = Object.entries(parts)
    .flatMap(([kind, list]) => list.map((p, i) => `@id("${kind}-${i}") ${p}`))
    .join('\n');
  const policy: Policy = await policyFrom(
    t,
    `${text}\n@id("see") permit (principal, action == Reeve::Action::"see", resource);`,
  );
  return asked.map(([principal, c, how]) =>
    policy.decide(principal, invoke(principal, c, how), c, {
      ...here,
      stages: c === migrateDb ? inventoryStages : [],
    }),
  );
}
const stagesOf = (decision: Decision) =>
  decision.kind === 'needs-approval' ? decision.stages : [];

test('adding a forbid, staged or not, never turns a denial into anything else and never drops a stage', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      policies('permit', false),
      policies('forbid', true),
      policies('forbid', true),
      policies('forbid', false),
      async (permits, staged, moreStaged, more) => {
        const before = await decisions(t, { permits, staged });
        const after = await decisions(t, { permits, staged, 'a-more': moreStaged, more });
        before.forEach((decision, i) => {
          if (decision.kind === 'deny') assert.equal(after[i]!.kind, 'deny');
          if (after[i]!.kind === 'deny') return;
          for (const stage of stagesOf(decision))
            assert.ok(stagesOf(after[i]!).some((s) => s.policy === stage.policy));
        });
      },
    ),
    { numRuns: 25 },
  );
});

test('adding a permit never removes a stage, and no set of policies removes or moves one of the inventory', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      policies('permit', false),
      policies('forbid', true),
      policies('forbid', false),
      policies('permit', false),
      async (permits, staged, forbids, more) => {
        const before = await decisions(t, { permits, staged, forbids });
        const after = await decisions(t, { permits, staged, forbids, more });
        after.forEach((decision, i) => {
          if (before[i]!.kind === 'needs-approval' && decision.kind !== 'deny')
            assert.deepEqual(stagesOf(decision), stagesOf(before[i]!));
          if (decision.kind === 'deny' || asked[i]![1] !== migrateDb) return;
          assert.deepEqual(stagesOf(decision)[0], { ...inventoryStages[0], policy: null });
        });
      },
    ),
    { numRuns: 25 },
  );
});

test('an argument may be called granted', async (t) => {
  const odd = command('odd', { parameters: parameters({ granted: { type: 'string' } }) });
  const policy = await policyFrom(
    t,
    `permit (principal, action == Reeve::Action::"run:odd", resource) when { context.arguments has granted && context.arguments.granted == "x" };
     permit (principal, action == Reeve::Action::"run:odd", resource) when { context has arguments.granted && context.arguments.granted == "y" };`,
    [odd],
  );
  const run = (granted: string) =>
    decide(policy, person('a'), odd, { arguments: { granted } }).kind;
  assert.deepEqual(['x', 'y', 'z'].map(run), ['permit', 'permit', 'deny']);
});

test('a large number in a staged policy stays what it is', async (t) => {
  const policy = await policyFrom(
    t,
    `${everything} @id("s") @stage("ops_lead") forbid (principal, action == Reeve::Action::"run:clean-temp", resource) when { context.arguments.hours + 9007199254740000 >= 9007199254740993 };`,
  );
  const run = (hours: number) =>
    decide(policy, person('a'), cleanTemp, { arguments: { hours } }).kind;
  assert.deepEqual([992, 993].map(run), ['permit', 'needs-approval']);
});

test('a policy that names many commands is lifted for each', async (t) => {
  const odd = command('see', { parameters: parameters({ hours: { type: 'integer' } }, ['hours']) });
  const policy = await policyFrom(
    t,
    `${everything} @id("s") @stage("ops_lead") forbid (principal, action in [Reeve::Action::"run:see", Reeve::Action::"run:clean-temp"], resource) when { context.arguments.hours > 3 };`,
    [odd, cleanTemp],
  );
  for (const c of [odd, cleanTemp]) {
    const run = (hours: number) => decide(policy, person('a'), c, { arguments: { hours } }).kind;
    assert.deepEqual([run(3), run(4)], ['permit', 'needs-approval']);
  }
});
