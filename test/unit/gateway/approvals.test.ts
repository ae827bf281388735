import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReeveError } from '../../../src/core/errors.ts';
import type { Caller } from '../../../src/core/principal.ts';
import type { AnswerRequest, ApprovalView } from '../../../src/gateway/gateway.ts';
import { ask, entry, type Ground, layGround, type OpenHouse, openHouse } from './fixture.ts';

const settings = (more = '') => `version: 1
inventory: inventory.yaml
policy: policy
people: people.yaml
defaultEnvironment: development
concurrency: { running: 2, waiting: 3 }
grace: 500ms
environments:
  development: { workspace: ./workspace }
approvals: { waitingPerPrincipal: 3, proofs: { default: [token] }${more} }
`;
const people = `version: 1
people:
  olga: { name: Olga, roles: [ops_lead] }
  otto: { name: Otto, roles: [ops_lead] }
  sam: { name: Sam, roles: [security_officer] }
  both: { name: Both, roles: [ops_lead, security_officer] }
  ada: { name: Ada, roles: [ops_lead] }
`;
const mark = '[/bin/sh, -c, "echo ran >> marks"]';
const inventory = (
  run = mark,
  approvals = '[{ role: ops_lead, independent: true }, security_officer]',
) => `version: 1
commands:
${entry('wipe', run, '    parameters: { path: { type: string, maxLength: 9000 } }\n    stdin: "{path}"\n    required: [path]\n').replace('approvals: []', `approvals: ${approvals}\n    inputs: unbound`)}
${entry('plain', '[/bin/true]')}
`;
const policy = `@id("agents") permit (principal, action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("local") permit (principal == Reeve::Principal::"local", action, resource);`;

const bot: Caller = {
  principal: { id: 'bot', kind: 'agent', roles: [], onBehalfOf: 'ada' },
  face: 'rest',
  client: 'a client',
};
let ground: Ground;
let open: OpenHouse;
let ahead = 0;
const marks = () => {
  const file = join(ground.workspace, 'marks');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0;
};

/** A person who comes with a token of his own. */
function holder(id: string): Caller {
  const tokenId = `tok_${id}`;
  const { store } = open.house;
  if (store.credentials.token(tokenId) === null) {
    store.credentials.addToken(
      {
        id: tokenId,
        hash: id.padEnd(64, '0'),
        name: id,
        principal: id,
        kind: 'person',
        roles: [],
        onBehalfOf: null,
        scopes: ['read', 'approve'],
        createdAt: 1,
        createdBy: 'local',
        expiresAt: null,
        revokedAt: null,
      },
      { kind: 'token-created', at: 1, requestId: null, principal: 'local', body: {} },
    );
  }
  const roles = open.house.generations.current.people.persons.get(id)?.roles ?? [];
  return {
    principal: { id, kind: 'person', roles, onBehalfOf: null },
    face: 'rest',
    client: null,
    credential: { kind: 'api-token', tokenId, scopes: ['read', 'approve'] },
  };
}

async function asked(path = 'x', caller = bot): Promise<ApprovalView> {
  const execution = await open.gateway.submit(caller, ask('wipe', { path }));
  assert.equal(execution.status, 'awaiting_approval');
  return open.gateway.approvals.show(caller, execution.requestId);
}

const answer = (view: ApprovalView, id: string, changes: Partial<AnswerRequest> = {}) =>
  open.gateway.approvals.answer(holder(id), view.requestId, {
    verdict: 'approve',
    stage: null,
    digest: view.digest,
    reason: '',
    assertion: null,
    ...changes,
  });
const code = (expected: string) => (error: unknown) =>
  error instanceof ReeveError &&
  (error.code === expected || assert.fail(`${error.code}: ${error.message}`));
const kinds = (requestId: string) => open.house.store.entriesOf(requestId).map((e) => e.kind);
const ended = (view: ApprovalView) => open.gateway.wait(bot, view.requestId, 20_000);

async function reopen(): Promise<void> {
  await open.close();
  open = await openHouse(ground, { ahead: () => ahead });
}

beforeEach(async () => {
  ahead = 0;
  ground = layGround();
  ground.write('reeve.yaml', settings());
  ground.write('people.yaml', people);
  ground.write('inventory.yaml', inventory());
  ground.write('policy/local.cedar', policy);
  open = await openHouse(ground, { ahead: () => ahead });
});
afterEach(async () => {
  await open.close();
  ground.clear();
});

test('what demands approval waits, and runs once when it is granted in order', async () => {
  const view = await asked();
  assert.equal(marks(), 0);
  assert.deepEqual(
    view.stages.map((s) => s.state),
    ['open', 'waiting'],
  );
  await assert.rejects(answer(view, 'sam'), code('APPROVAL_OUT_OF_ORDER'));
  const first = await answer(view, 'olga');
  assert.deepEqual(
    first.stages.map((s) => s.state),
    ['granted', 'open'],
  );
  await answer(view, 'sam');
  const execution = await ended(view);
  assert.equal(execution.status, 'ok', execution.errorMessage ?? '');
  assert.equal(marks(), 1);
  assert.deepEqual(kinds(view.requestId), [
    'asked',
    'decided',
    'approval-refused',
    'approval-answered',
    'approval-answered',
    'approval-granted',
    'intent',
    'outcome',
  ]);
});

test('nobody else decides: the agent, the person behind it, a second vote, a stranger', async () => {
  const view = await asked();
  const give = (caller: Caller) =>
    open.gateway.approvals.answer(caller, view.requestId, {
      verdict: 'approve',
      stage: null,
      digest: view.digest,
      reason: '',
      assertion: null,
    });
  await assert.rejects(give(bot), code('APPROVAL_NOT_ALLOWED'));
  await assert.rejects(
    give({ ...bot, credential: { kind: 'local-token' } }),
    code('APPROVAL_NOT_ALLOWED'),
  );
  await assert.rejects(answer(view, 'ada'), code('APPROVAL_NOT_ALLOWED'));
  await answer(view, 'both');
  await assert.rejects(answer(view, 'both'), code('CONFLICT'));
  await assert.rejects(answer(view, 'eve'), code('REQUEST_NOT_FOUND'));
  await assert.rejects(answer(view, 'sam', { digest: 'sha256:other' }), code('CONFLICT'));
  assert.equal(open.house.store.execution(view.requestId)?.status, 'awaiting_approval');
  assert.equal(marks(), 0);
});

test('two who answer at the same instant: both count, and it runs once', async () => {
  ground.write('inventory.yaml', inventory(mark, '[{ role: ops_lead, count: 2 }]'));
  await reopen();
  const view = await asked();
  const results = await Promise.allSettled([
    answer(view, 'olga'),
    answer(view, 'otto'),
    answer(view, 'olga'),
    answer(view, 'both'),
  ]);
  assert.equal(results.filter((r) => r.status === 'fulfilled').length, 2);
  assert.equal((await ended(view)).status, 'ok');
  assert.equal(marks(), 1);
});

test('a rejection ends it, with the reason for whoever asked', async () => {
  const view = await asked();
  await answer(view, 'olga', { verdict: 'reject', reason: 'not today' });
  const execution = await ended(view);
  assert.equal(execution.status, 'rejected');
  assert.equal(execution.errorCode, 'APPROVAL_REJECTED');
  assert.match(execution.errorMessage ?? '', /not today/);
  await assert.rejects(answer(view, 'otto'), code('CONFLICT'));
  const why = await open.gateway.why(bot, view.requestId);
  assert.match(why.headline, /olga rejected it as \w+ \(stage 1 of \d\): not today/);
  assert.ok(
    why.timeline.some(({ text }) => /olga rejected stage 1 of \d as .*not today/.test(text)),
  );
});

test('who asked withdraws it, and so does the person behind the agent; nobody else', async () => {
  const [one, two] = [await asked('1'), await asked('2')];
  await assert.rejects(
    open.gateway.approvals.withdraw(holder('olga'), one.requestId, ''),
    code('APPROVAL_NOT_ALLOWED'),
  );
  const gone = await open.gateway.approvals.withdraw(bot, one.requestId, 'no longer needed');
  assert.deepEqual([gone.status, gone.errorCode], ['cancelled', 'APPROVAL_WITHDRAWN']);
  await open.gateway.approvals.withdraw(holder('ada'), two.requestId, 'mine');
  await assert.rejects(open.gateway.approvals.withdraw(bot, one.requestId, ''), code('CONFLICT'));
  await assert.rejects(answer(one, 'olga'), code('CONFLICT'));
});

test('cancelled while it waits, it takes no more answers', async () => {
  const view = await asked();
  const execution = await open.gateway.cancel(bot, view.requestId, 'changed my mind');
  assert.deepEqual([execution.status, execution.errorCode], ['cancelled', 'COMMAND_CANCELLED']);
  await assert.rejects(answer(view, 'olga'), code('CONFLICT'));
});

test('a request outlives the gateway, and an answer at the next one runs it once', async () => {
  const view = await asked();
  await answer(view, 'olga');
  await reopen();
  await answer(view, 'sam');
  assert.equal((await ended(view)).status, 'ok');
  await reopen();
  assert.equal(marks(), 1);
});

test('granted, and its gateway lost before the start: the next one takes it over, once', async () => {
  const view = await asked();
  await answer(view, 'olga');
  // As if the process had died between the commit of the last answer and the start.
  const { store } = open.house;
  const given = {
    requestId: view.requestId,
    stage: 1,
    role: 'security_officer',
    approver: 'sam',
    verdict: 'approve' as const,
    reason: '',
    digest: view.digest,
    at: Date.now(),
    proof: {
      kind: 'token' as const,
      tokenId: holder('sam').credential!.kind === 'api-token' ? 'tok_sam' : '',
    },
  };
  store.approvals.answer(view.requestId, () => ({
    answer: given,
    entries: [],
    next: { kind: 'queue', owner: 'gateway-that-died', startBy: Date.now() + 60_000 },
  }));
  await reopen();
  assert.equal((await ended(view)).status, 'ok');
  await reopen();
  assert.equal(marks(), 1);
});

test('what changed between grant and start is asked anew', async (t) => {
  const cases: [string, () => void][] = [
    [
      'the declaration',
      () => ground.write('inventory.yaml', inventory('[/bin/sh, -c, "echo other >> marks"]')),
    ],
    [
      'the stages',
      () => ground.write('inventory.yaml', inventory(mark, '[ops_lead, security_officer, cto]')),
    ],
    ['the policy that permits', () => ground.write('policy/local.cedar', policy.split('\n')[1]!)],
  ];
  for (const [what, change] of cases) {
    await t.test(what, async () => {
      const view = await asked();
      await answer(view, 'olga');
      change();
      await open.gateway.reload({
        ...bot,
        principal: { ...bot.principal, id: 'local', kind: 'person', onBehalfOf: null },
      });
      await answer(view, 'sam');
      const end = open.house.store.execution(view.requestId)!;
      for (
        let i = 0;
        i < 400 && open.house.store.execution(view.requestId)!.status === 'queued';
        i++
      )
        await sleep(25);
      const { status, errorCode } = open.house.store.execution(view.requestId)!;
      assert.equal(status, 'rejected', end.requestId);
      assert.ok(['CONFLICT', 'COMMAND_NOT_ALLOWED'].includes(errorCode!), errorCode!);
      assert.equal(marks(), 0);
      ground.write('inventory.yaml', inventory());
      ground.write('policy/local.cedar', policy);
      await open.gateway.reload({
        ...bot,
        principal: { ...bot.principal, id: 'local', kind: 'person', onBehalfOf: null },
      });
    });
  }
});

test('a role taken away between grant and start takes the grant with it', async () => {
  const view = await asked();
  await answer(view, 'olga');
  ground.write(
    'people.yaml',
    people.replace(
      'olga: { name: Olga, roles: [ops_lead] }',
      'olga: { name: Olga, roles: [cook] }',
    ),
  );
  await reopen();
  await answer(view, 'sam');
  const execution = await ended(view);
  assert.deepEqual([execution.status, execution.errorCode], ['rejected', 'APPROVAL_NOT_ALLOWED']);
  assert.match(execution.errorMessage ?? '', /olga/);
  assert.equal(marks(), 0);
});

test('the time for answers ends, by the clock and by the one that never goes back', async () => {
  ground.write('reeve.yaml', settings(', expireAfter: 1h'));
  await reopen();
  const view = await asked();
  ahead = 2 * 3_600_000;
  const execution = await ended(view);
  assert.deepEqual([execution.status, execution.errorCode], ['rejected', 'APPROVAL_EXPIRED']);
  await assert.rejects(answer(view, 'olga'), code('CONFLICT'));
  assert.ok(kinds(view.requestId).includes('refused'));
});

test('granted but not started in time, it does not start', async () => {
  ground.write('reeve.yaml', settings(', startWithin: 10s').replace('running: 2', 'running: 1'));
  ground.write('inventory.yaml', `${inventory()}${entry('nap', '[/bin/sleep, "2"]')}`);
  await reopen();
  const view = await asked();
  await answer(view, 'olga');
  const nap = await open.gateway.submit(bot, ask('nap'));
  await answer(view, 'sam');
  ahead = 60_000;
  const execution = await ended(view);
  assert.deepEqual([execution.status, execution.errorCode], ['rejected', 'APPROVAL_EXPIRED']);
  await open.gateway.wait(bot, nap.requestId, 20_000);
  assert.equal(marks(), 0);
});

test('of one principal only so many wait, and others are not held up by it', async () => {
  for (const path of ['1', '2', '3']) await asked(path);
  await assert.rejects(asked('4'), code('CONCURRENCY_LIMIT'));
  const other: Caller = { ...bot, principal: { ...bot.principal, id: 'other-bot' } };
  await asked('5', other);
});

test('identical requests are shown apart, and joined by an idempotency key', async () => {
  const [one, two] = [await asked('same'), await asked('same')];
  assert.notEqual(one.requestId, two.requestId);
  assert.deepEqual((await open.gateway.approvals.show(bot, two.requestId)).identical, [
    one.requestId,
  ]);
  const again = await open.gateway.submit(
    bot,
    ask('wipe', { path: 'k' }, { idempotencyKey: 'k1' }),
  );
  const same = await open.gateway.submit(bot, ask('wipe', { path: 'k' }, { idempotencyKey: 'k1' }));
  assert.equal(again.requestId, same.requestId);
});

test('approvers see all of it: the whole argument, and what differs from the last approved run', async () => {
  const tail = `${'a'.repeat(4_000)}/etc`;
  const long = await asked(tail);
  assert.equal((long.dossier.arguments as { path: string }).path, tail);
  assert.equal(long.differences, null);
  await answer(long, 'olga');
  await answer(long, 'sam');
  assert.equal((await ended(long)).status, 'ok');
  const next = await open.gateway.approvals.show(holder('olga'), (await asked('short')).requestId);
  assert.equal(next.differences?.requestId, long.requestId);
  assert.deepEqual(
    next.differences?.fields.map((f) => f.field),
    ['arguments.path', 'stdin.bytes', 'stdin.sha256'],
  );
  assert.equal(next.dossier.inputs, 'unbound');
});

test('only who has to do with a request sees it', async () => {
  const view = await asked();
  const stranger: Caller = {
    ...bot,
    principal: { ...bot.principal, id: 'other-bot', onBehalfOf: null },
  };
  await assert.rejects(
    open.gateway.approvals.show(stranger, view.requestId),
    code('REQUEST_NOT_FOUND'),
  );
  assert.deepEqual(
    (await open.gateway.approvals.list(stranger, { state: 'waiting', limit: 50 })).approvals,
    [],
  );
  const mine = async (id: string) =>
    (await open.gateway.approvals.list(holder(id), { state: 'mine', limit: 50 })).approvals.length;
  assert.deepEqual([await mine('olga'), await mine('sam'), await mine('ada')], [1, 0, 0]);
});

test('a list of all tells nobody of requests that are not theirs, not even by its cursor', async () => {
  const [one, two] = [await asked('1'), await asked('2')];
  const all = (caller: Caller, limit: number, before?: string) =>
    open.gateway.approvals.list(caller, {
      state: 'all',
      limit,
      ...(before === undefined ? {} : { before }),
    });
  const stranger: Caller = {
    ...bot,
    principal: { ...bot.principal, id: 'other-bot', onBehalfOf: null },
  };
  assert.deepEqual(await all(stranger, 1), { approvals: [], nextCursor: null });
  const first = await all(bot, 1);
  assert.deepEqual(
    [first.approvals[0]?.requestId, first.nextCursor],
    [two.requestId, two.requestId],
  );
  const second = await all(bot, 1, first.nextCursor!);
  assert.deepEqual([second.approvals[0]?.requestId, second.nextCursor], [one.requestId, null]);
});

test('putting the clock back makes nothing that was granted start later', async () => {
  ground.write('reeve.yaml', settings(', startWithin: 10s').replace('running: 2', 'running: 1'));
  ground.write('inventory.yaml', `${inventory()}${entry('nap', '[/bin/sleep, "2"]')}`);
  await reopen();
  const view = await asked();
  await answer(view, 'olga');
  const nap = await open.gateway.submit(bot, ask('nap'));
  await answer(view, 'sam');
  const live = open.house.live.get(view.requestId)!;
  assert.ok(live.mustStartBy !== null && live.mustStartBy <= performance.now() + 10_000);
  // As if ten seconds had passed, and the clock had been put back by as much.
  live.mustStartBy = performance.now();
  ahead = -3_600_000;
  const execution = await ended(view);
  assert.deepEqual([execution.status, execution.errorCode], ['rejected', 'APPROVAL_EXPIRED']);
  await open.gateway.wait(bot, nap.requestId, 20_000);
  assert.equal(marks(), 0);
});
