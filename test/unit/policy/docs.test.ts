/** docs/policy.md is true: its schema, its built-in policy and its cookbook are read from it and tried. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { Principal } from '../../../src/core/principal.ts';
import { builtInPolicy } from '../../../src/policy/built-in.ts';
import { policySchemaText } from '../../../src/policy/schema.ts';
import {
  type Asked,
  agent,
  cleanTemp,
  environments,
  folderOf,
  here,
  invoke,
  migrateDb,
  mustLoad,
  person,
  policyFrom,
  rotateKeys,
} from './small-inventory.ts';

const page = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8');
const everything = '@id("all") permit (principal, action, resource);';

/** The first fenced block under a heading. */
function fence(heading: string, language = 'cedar'): string {
  const section = page.split(/^#+ /m).find((s) => s.startsWith(`${heading}\n`));
  assert.ok(section !== undefined, `docs/policy.md has no section "${heading}"`);
  const found = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(section);
  assert.ok(found !== null, `the section "${heading}" has no ${language}`);
  return found[1]!;
}

async function loadWarningFree(t: TestContext, text: string) {
  await mustLoad(folderOf(t, { 'cookbook.cedar': text }));
  return policyFrom(t, `${everything}\n${text}`);
}

test('the page shows the schema as it is made', async () => {
  assert.equal(
    fence('The schema', 'cedarschema'),
    await policySchemaText([cleanTemp], environments),
  );
});

test('the page shows the built-in policy as it is', () => {
  assert.equal(fence('The built-in policy'), builtInPolicy);
});

test('the cookbook has seven recipes', () => {
  assert.equal(page.split(/^## Cookbook$/m)[1]!.match(/^### /gm)!.length, 7);
});

test('recipe: deployers run what is not dangerous, outside production', async (t) => {
  const policy = await policyFrom(
    t,
    fence('Deployers run what is not dangerous, outside production'),
  );
  const deployer = agent('bot', null, 'deployer');
  const run = (who: Principal, what: typeof cleanTemp, asked: Asked = {}) =>
    policy.decide(who, invoke(who, what, asked), what, { ...here, stages: [] }).kind;
  assert.equal(run(deployer, cleanTemp), 'permit');
  assert.equal(run(deployer, cleanTemp, { environment: 'staging' }), 'permit');
  assert.equal(run(deployer, cleanTemp, { environment: 'production' }), 'deny');
  assert.equal(run(deployer, migrateDb), 'deny');
  assert.equal(policy.see(deployer, migrateDb, here).allowed, true);
  assert.equal(run(person('ann'), cleanTemp), 'deny');
  assert.equal(policy.see(person('ann'), cleanTemp, here).allowed, false);
});

test('recipe: agents act in production only for a person, and never in local mode', async (t) => {
  const policy = await loadWarningFree(
    t,
    fence('Agents act in production only for a person, and never in local mode'),
  );
  const run = (who: Principal, environment: string, trust: 'gateway' | 'same-user' = 'gateway') =>
    policy.decide(who, invoke(who, cleanTemp, { environment }), cleanTemp, {
      face: 'mcp-stdio',
      trust,
      stages: [],
    }).kind;
  assert.equal(run(agent('bot', null), 'staging', 'same-user'), 'permit');
  assert.equal(run(agent('bot', null), 'production'), 'deny');
  assert.equal(run(agent('bot', 'ann'), 'production'), 'permit');
  assert.equal(run(agent('bot', 'ann'), 'production', 'same-user'), 'deny');
  assert.equal(run(person('ann'), 'production', 'same-user'), 'permit');
});

test('recipe: a limit on an argument, for all but one role', async (t) => {
  const policy = await loadWarningFree(t, fence('A limit on an argument, for all but one role'));
  const run = (who: Principal, args: NonNullable<Asked['arguments']>) =>
    policy.decide(who, invoke(who, cleanTemp, { arguments: args }), cleanTemp, {
      ...here,
      stages: [],
    });
  assert.equal(run(person('ann'), { hours: 24 }).kind, 'permit');
  assert.deepEqual(run(person('ann'), { hours: 23 }).policies, [
    'only-ops-clean-what-is-younger-than-a-day',
  ]);
  assert.equal(run(person('ben', 'ops'), { hours: 1 }).kind, 'permit');
  assert.deepEqual(run(person('ben', 'ops'), { hours: 1, folders: ['/tmp', '/etc'] }).policies, [
    'nobody-cleans-etc',
  ]);
  const who = person('ann');
  assert.equal(
    policy.decide(who, invoke(who, rotateKeys), rotateKeys, { ...here, stages: [] }).kind,
    'permit',
  );
});

test('recipe: nothing of high risk in production without an approval', async (t) => {
  const policy = await loadWarningFree(
    t,
    fence('Nothing of high risk in production without an approval'),
  );
  const run = (what: typeof cleanTemp, environment: string, stages = migrateDb.approvals) =>
    policy.decide(person('ann'), invoke(person('ann'), what, { environment }), what, {
      ...here,
      stages,
    }).kind;
  assert.equal(run(migrateDb, 'production'), 'needs-approval');
  assert.equal(run(migrateDb, 'production', []), 'deny');
  assert.equal(run(rotateKeys, 'production', []), 'deny');
  assert.equal(run(migrateDb, 'staging', []), 'permit');
  assert.equal(run(cleanTemp, 'production', []), 'permit');
});

test('recipe: on call freezes, administrators do the rest, auditors read', async (t) => {
  const policy = await policyFrom(
    t,
    fence('On call freezes, administrators do the rest, auditors read'),
  );
  const may = (who: Principal) =>
    (['freeze', 'unfreeze', 'reload', 'readAudit'] as const).filter(
      (a) => policy.administer(who, a).allowed,
    );
  assert.deepEqual(may(person('ann', 'on-call')), ['freeze']);
  assert.deepEqual(may(person('ann', 'on-call', 'auditor')), ['freeze', 'readAudit']);
  assert.deepEqual(may(person('ann', 'administrator')), [
    'freeze',
    'unfreeze',
    'reload',
    'readAudit',
  ]);
  assert.deepEqual(may(agent('bot', 'ann', 'administrator')), []);
  assert.deepEqual(may(person('local')), []);
});

/** Roles of the stages that stand before a run, or how it is decided without any. */
async function stagesUnder(t: TestContext, text: string) {
  const policy = await loadWarningFree(t, text);
  return (who: Principal, what: typeof cleanTemp, asked: Asked = {}) => {
    const decision = policy.decide(who, invoke(who, what, asked), what, { ...here, stages: [] });
    return decision.kind === 'needs-approval'
      ? decision.stages.map((s) => `${s.count} ${s.role}`)
      : decision.kind;
  };
}

test('the example of a stage demands two officers for what is dangerous in production', async (t) => {
  const run = await stagesUnder(t, fence('Stages'));
  const production = { environment: 'production' };
  assert.deepEqual(run(person('ann'), rotateKeys, production), ['2 security_officer']);
  assert.equal(run(person('ann'), rotateKeys), 'permit');
  assert.equal(run(person('ann'), cleanTemp, production), 'permit');
});

test('recipe: two people for what is dangerous in production', async (t) => {
  const run = await stagesUnder(t, fence('Two people for what is dangerous in production'));
  const production = { environment: 'production' };
  assert.deepEqual(run(person('ann'), migrateDb, production), ['1 on_call', '1 ops_lead']);
  assert.deepEqual(run(agent('bot', 'ann'), migrateDb, production), [
    '1 on_call',
    '1 ops_lead',
    '1 security_officer',
  ]);
  assert.equal(run(agent('bot', 'ann'), migrateDb), 'permit');
});

test('recipe: an approval only for some arguments', async (t) => {
  const run = await stagesUnder(t, fence('An approval only for some arguments'));
  assert.equal(run(person('ann'), cleanTemp, { arguments: { hours: 168 } }), 'permit');
  assert.deepEqual(run(person('ann'), cleanTemp, { arguments: { hours: 167 } }), ['1 ops_lead']);
  assert.equal(run(person('ann'), rotateKeys), 'permit');
});
