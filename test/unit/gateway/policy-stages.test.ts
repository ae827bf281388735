/** Stages that policies add, in a real house: they are waited for, they are on record, and they hold at the start too. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ReeveError } from '../../../src/core/errors.ts';
import type { Caller } from '../../../src/core/principal.ts';
import { ask, entry, type Ground, layGround, type OpenHouse, openHouse } from './fixture.ts';

const permits = `@id("all") permit (principal, action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("local") permit (principal == Reeve::Principal::"local", action, resource);
`;
const eyes = (id: string, role: string) =>
  `@id("${id}") @stage("${role}") forbid (principal, action == Reeve::Action::"run:touch", resource);\n`;

const person = (id: string, ...roles: string[]): Caller => ({
  principal: { id, kind: 'person', roles, onBehalfOf: null },
  face: 'rest',
  client: null,
  credential: { kind: 'api-token', tokenId: `tok_${id}`, scopes: ['read', 'run', 'approve'] },
});
const bot: Caller = {
  principal: { id: 'bot', kind: 'agent', roles: [], onBehalfOf: null },
  face: 'rest',
  client: null,
};
const olga = person('olga', 'ops_lead');
let ground: Ground;
let open: OpenHouse;
const ran = () => existsSync(join(ground.workspace, 'ran'));

beforeEach(async () => {
  ground = layGround();
  ground.write(
    'reeve.yaml',
    `version: 1
inventory: inventory.yaml
policy: policy
people: people.yaml
defaultEnvironment: development
environments: { development: { workspace: ./workspace } }
approvals: { proofs: { default: [token] } }
`,
  );
  ground.write('people.yaml', 'version: 1\npeople: { olga: { name: Olga, roles: [ops_lead] } }\n');
  ground.write(
    'inventory.yaml',
    `version: 1\ncommands:\n${entry('touch', '[/bin/sh, -c, "echo ran > ran"]')}`,
  );
  ground.write('policy/local.cedar', permits + eyes('two-eyes', 'ops_lead'));
  open = await openHouse(ground);
  open.house.store.credentials.addToken(
    {
      id: 'tok_olga',
      hash: '0'.repeat(64),
      name: 'olga',
      principal: 'olga',
      kind: 'person',
      roles: [],
      onBehalfOf: null,
      scopes: ['read', 'run', 'approve'],
      createdAt: 1,
      createdBy: 'local',
      expiresAt: null,
      revokedAt: null,
    },
    { kind: 'token-created', at: 1, requestId: null, principal: 'local', body: {} },
  );
});
afterEach(async () => {
  await open.close();
  ground.clear();
});

async function asked() {
  const execution = await open.gateway.submit(bot, ask('touch'));
  assert.equal(execution.status, 'awaiting_approval');
  return open.gateway.approvals.show(bot, execution.requestId);
}
const approve = (view: { requestId: string; digest: string }) =>
  open.gateway.approvals.answer(olga, view.requestId, {
    verdict: 'approve',
    stage: null,
    digest: view.digest,
    reason: '',
    assertion: null,
  });

test('a command that demands nothing by itself waits for the stage of a policy, and runs when it is granted', async () => {
  const view = await asked();
  assert.deepEqual(
    view.stages.map(({ role, policy }) => [role, policy]),
    [['ops_lead', 'two-eyes']],
  );
  const decided = open.house.store.entriesOf(view.requestId).find((e) => e.kind === 'decided');
  assert.deepEqual(
    [decided?.body.policies, decided?.body.stages],
    [['all', 'two-eyes'], [{ role: 'ops_lead', count: 1, independent: true, policy: 'two-eyes' }]],
  );
  assert.equal(ran(), false);
  await approve(view);
  const ended = await open.gateway.wait(bot, view.requestId, 20_000);
  assert.deepEqual([ended.status, ran()], ['ok', true]);
});

test('whoever asked cannot grant the stage of a policy', async () => {
  const execution = await open.gateway.submit(olga, ask('touch'));
  const view = await open.gateway.approvals.show(olga, execution.requestId);
  await assert.rejects(
    approve(view),
    (error) => error instanceof ReeveError && error.code === 'APPROVAL_NOT_ALLOWED',
  );
  assert.equal(ran(), false);
});

test('a stage that a policy has added meanwhile keeps what was approved before from running', async () => {
  const view = await asked();
  ground.write(
    'policy/local.cedar',
    permits + eyes('two-eyes', 'ops_lead') + eyes('more-eyes', 'security_officer'),
  );
  const local: Caller = {
    principal: { id: 'local', kind: 'person', roles: [], onBehalfOf: null },
    face: 'cli',
    client: null,
  };
  assert.equal((await open.gateway.reload(local)).loaded, true);
  await approve(view).catch((error: unknown) => assert.ok(error instanceof ReeveError));
  const ended = await open.gateway.wait(bot, view.requestId, 5_000);
  assert.notEqual(ended.status, 'ok');
  assert.equal(ran(), false);
});
