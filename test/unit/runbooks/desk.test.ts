/** Who may see, start and steer runs of runbooks, and what happens when two do at once, or when the world changes under a run. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Caller } from '../../../src/core/principal.ts';
import type { Ground } from '../gateway/fixture.ts';
import {
  agent,
  atRest,
  declared,
  inventory,
  lay,
  local,
  marks,
  type Play,
  person,
  play,
  runbook,
  step,
  stepOf,
  until,
} from './ground.ts';

const books = [
  runbook('short', [step('a'), step('b')]),
  runbook('heals', [step('a', { command: 'flaky' }), step('b')]),
  runbook('slow', [step('a', { command: 'slow-mark' }), step('b')]),
  runbook('asks', [step('a', { confirm: true }), step('b')]),
  runbook('approved', [step('a', { command: 'guarded' }), step('b')]),
  runbook('typed', [{ name: 'a', command: 'mark', with: { as: { from: 'parameters.label' } } }], {
    parameters: { label: { type: 'string', maxLength: 8 } },
    required: ['label'],
  }),
];
const start = (name: string, args = {}) => ({ runbook: name, arguments: args, environment: null });
const why = { reason: 'because' };
const now = { when: 'now', thenRollback: false, reason: 'enough' } as const;

let ground: Ground;
let on: Play;
beforeEach(async () => {
  ground = lay(...books);
  on = await play(ground);
});
afterEach(async () => {
  await on.end();
  ground.clear();
});

const bot = agent('bot');
const refusedWith = (code: string) => ({ code });

test('a runbook is visible where all of its commands are, and to nobody else', async () => {
  assert.deepEqual(
    (await on.desk.list(bot)).map(({ name }) => name),
    ['approved', 'asks', 'heals', 'short', 'slow', 'typed'],
  );
  assert.deepEqual(await on.desk.list(agent('stranger')), []);
  const notFound = refusedWith('REQUEST_NOT_FOUND');
  await assert.rejects(on.desk.start(agent('stranger'), start('short')), notFound);
  await assert.rejects(on.desk.start(bot, start('unheard-of')), notFound);
  await assert.rejects(on.desk.plan(agent('stranger'), start('short')), notFound);
});

test('a run is visible to who started it, the person behind an agent, and those whom policy names', async () => {
  const own = agent('bot', 'ann');
  const { runId } = await on.desk.start(own, start('short'));
  for (const sees of [own, person('ann'), local, person('op')])
    assert.equal((await on.desk.show(sees, runId)).runId, runId);
  const notFound = refusedWith('REQUEST_NOT_FOUND');
  for (const blind of [agent('other'), person('eve')]) {
    await assert.rejects(on.desk.show(blind, runId), notFound);
    await assert.rejects(on.desk.cancel(blind, runId, now), notFound);
    assert.deepEqual((await on.desk.runs(blind, { limit: 10 })).runs, []);
  }
  const mine = await on.desk.runs(person('ann'), { limit: 10 });
  assert.deepEqual(
    mine.runs.map((run) => run.runId),
    [runId],
  );
});

test('arguments are held to their schema, the environment to what it runs in, before anything is on record', async () => {
  const invalid = refusedWith('INVALID_REQUEST');
  await assert.rejects(on.desk.start(bot, start('typed')), invalid);
  await assert.rejects(on.desk.start(bot, start('typed', { label: 7 })), invalid);
  await assert.rejects(on.desk.start(bot, start('typed', { label: 'x', more: 1 })), invalid);
  const elsewhere = { ...start('typed', { label: 'x' }), environment: 'moon' };
  await assert.rejects(on.desk.start(bot, elsewhere), invalid);
  const { runId } = await on.desk.start(bot, start('typed', { label: '$(id)' }));
  await atRest(on.desk, runId);
  assert.deepEqual(marks(ground), ['$(id)']);
  const all = await on.desk.runs(local, { limit: 10 });
  assert.equal(all.runs.length, 1);
});

test('an agent pauses, resumes and cancels runs of its own; what answers for a step is for people', async () => {
  const { runId } = await on.desk.start(bot, start('asks'));
  const waits = await atRest(on.desk, runId);
  const { digest } = stepOf(waits, 'a').confirmation!;
  const no = refusedWith('COMMAND_NOT_ALLOWED');
  await assert.rejects(on.desk.confirm(bot, runId, { step: 'a', digest, ...why }), no);
  await assert.rejects(on.desk.skip(bot, runId, { step: 'a', ...why }), no);
  await assert.rejects(on.desk.retry(bot, runId, { step: 'a', ...why }), no);
  await assert.rejects(on.desk.resolve(bot, runId, { step: 'a', as: 'done', ...why }), no);
  await assert.rejects(on.desk.rollback(bot, runId, why), no);
  assert.equal((await on.desk.pause(bot, runId, why)).status, 'paused');
  assert.equal((await on.desk.resume(bot, runId, why)).status, 'running');
  await assert.rejects(on.desk.cancel(bot, runId, { ...now, thenRollback: true }), no);
  await on.desk.pause(person('op'), runId, why);
  await assert.rejects(on.desk.resume(bot, runId, why), no);
  for (const goesOn of [{ when: 'after-step' }, { thenRollback: true }] as const)
    await assert.rejects(on.desk.cancel(bot, runId, { ...now, ...goesOn }), no);
  assert.equal((await on.desk.show(bot, runId)).status, 'paused');
  await on.desk.cancel(bot, runId, now);
  assert.equal((await atRest(on.desk, runId)).status, 'cancelled');
  assert.deepEqual(marks(ground), []);
});

test('a person whose credential may only read or run does not answer for a step', async () => {
  const { runId } = await on.desk.start(bot, start('asks'));
  const waits = await atRest(on.desk, runId);
  const { digest } = stepOf(waits, 'a').confirmation!;
  const token = (scopes: readonly ('read' | 'run' | 'approve')[]): Caller => ({
    ...person('op'),
    credential: { kind: 'api-token', tokenId: 't', scopes },
  });
  const no = refusedWith('COMMAND_NOT_ALLOWED');
  const say = { step: 'a', digest, ...why };
  await assert.rejects(on.desk.confirm(token(['read', 'run']), runId, say), no);
  await assert.rejects(on.desk.pause(token(['read']), runId, why), no);
  await assert.rejects(on.desk.start(token(['read']), start('short')), no);
  await on.desk.confirm(token(['approve']), runId, say);
  assert.equal((await atRest(on.desk, runId)).status, 'completed');
});

test('two operators at once: one is done, the other is told what happened', async () => {
  const { runId } = await on.desk.start(local, start('heals'));
  await atRest(on.desk, runId);
  writeFileSync(join(ground.workspace, 'healed'), '');
  const both = await Promise.allSettled([
    on.desk.retry(person('op'), runId, { step: 'a', reason: 'first' }),
    on.desk.skip(local, runId, { step: 'a', reason: 'second' }),
  ]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  const { reason } = both[1] as PromiseRejectedResult;
  assert.equal(reason.code, 'CONFLICT');
  assert.match(reason.message, /steered last by op .*\(retry a\)/);
  assert.equal((await atRest(on.desk, runId)).status, 'completed');
  assert.deepEqual(marks(ground), ['a', 'a', 'b']);
});

test('who says which revision was seen is refused once it is another one', async () => {
  const { runId } = await on.desk.start(local, start('heals'));
  const failed = await atRest(on.desk, runId);
  const { revision } = failed;
  const stale = { step: 'a', reason: '', revision: revision - 1 };
  await assert.rejects(on.desk.retry(local, runId, stale), refusedWith('CONFLICT'));
  await on.desk.retry(local, runId, { ...stale, revision });
  await atRest(on.desk, runId);
  assert.deepEqual(marks(ground), ['a', 'a']);
});

test('two starts at once: one run, one refusal that names it or its starter', async () => {
  const both = await Promise.allSettled([
    on.desk.start(local, start('slow')),
    on.desk.start(bot, start('slow')),
  ]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const [page] = (await on.desk.runs(local, { limit: 10 })).runs;
  await atRest(on.desk, page!.runId);
  assert.deepEqual(marks(ground), ['a', 'b']);
});

test('the same key and request lead to the same run, open or over; another request with it is refused', async () => {
  const keyed = (name: string, idempotencyKey: string, args = {}) => ({
    ...start(name, args),
    idempotencyKey,
  });
  const first = await on.desk.start(bot, keyed('short', 'k1'));
  const again = await on.desk.start(bot, keyed('short', 'k1'));
  assert.equal(again.runId, first.runId);
  await atRest(on.desk, first.runId);
  assert.equal((await on.desk.start(bot, keyed('short', 'k1'))).runId, first.runId);
  assert.deepEqual(marks(ground), ['a', 'b'], 'it ran once');
  const conflict = refusedWith('CONFLICT');
  await assert.rejects(on.desk.start(bot, keyed('slow', 'k1')), conflict);
  await assert.rejects(
    on.desk.start(bot, { ...keyed('short', 'k1'), environment: 'development' }),
    conflict,
  );
  await assert.rejects(
    on.desk.start(bot, keyed('short', 'with a blank')),
    refusedWith('INVALID_REQUEST'),
  );
  const others = await on.desk.start(local, keyed('short', 'k1'));
  assert.notEqual(others.runId, first.runId, 'a key is its principal’s own');
  await atRest(on.desk, others.runId);
  const purposes = (await on.desk.entries(bot, first.runId))
    .filter(({ kind }) => kind === 'runbook-started')
    .map(({ body }) => body.purpose);
  assert.deepEqual(purposes, ['run', 'replay', 'replay']);
});

test('a key that led to a run leads to no execution, and the other way round', async () => {
  const call = {
    command: 'mark',
    arguments: { as: 'x' },
    args: null,
    environment: null,
    workingDirectory: null,
    timeoutSeconds: null,
  };
  const { runId } = await on.desk.start(bot, { ...start('short'), idempotencyKey: 'both' });
  await atRest(on.desk, runId);
  const conflict = refusedWith('CONFLICT');
  await assert.rejects(on.open.gateway.submit(bot, { ...call, idempotencyKey: 'both' }), conflict);
  const { requestId } = await on.open.gateway.submit(bot, { ...call, idempotencyKey: 'other' });
  await on.open.gateway.wait(bot, requestId, null);
  await assert.rejects(
    on.desk.start(bot, { ...start('short'), idempotencyKey: 'other' }),
    conflict,
  );
});

test('a failed run is not taken up again beside another one of its runbook', async () => {
  const first = await on.desk.start(local, start('heals'));
  await atRest(on.desk, first.runId);
  const second = await on.desk.start(local, start('heals'));
  await atRest(on.desk, second.runId);
  writeFileSync(join(ground.workspace, 'healed'), '');
  await on.desk.retry(local, second.runId, { step: 'a', ...why });
  const third = on.desk.retry(local, first.runId, { step: 'a', ...why });
  const outcome = await third.then(
    () => 'taken up',
    (error) => error.code,
  );
  await atRest(on.desk, second.runId);
  // The second may have been over by then: both orders are right, two at once never.
  assert.ok(['CONFLICT', 'taken up'].includes(outcome));
});

test('a command that changed since the start pauses the run; the definition itself is frozen', async () => {
  const { runId } = await on.desk.start(local, start('slow'));
  await until(on.desk, runId, () => marks(ground).length === 1);
  ground.write('runbooks.yaml', declared(runbook('slow', [step('x')])));
  await on.open.gateway.reload(local);
  ground.write('inventory.yaml', inventory.replace('A command of the tests.', 'Another one.'));
  assert.equal((await on.open.gateway.reload(local)).loaded, true);
  const paused = await until(on.desk, runId, ({ paused: by }) => by !== null);
  assert.equal(paused.paused?.by, 'gateway');
  assert.match(paused.paused?.reason ?? '', /CONFLICT: the command mark changed/);
  assert.deepEqual(paused.changed, ['mark']);
  assert.deepEqual(marks(ground), ['a']);
  ground.write('inventory.yaml', inventory);
  await on.open.gateway.reload(local);
  await on.desk.resume(local, runId, { reason: 'put back' });
  assert.equal((await atRest(on.desk, runId)).status, 'completed');
  assert.deepEqual(marks(ground), ['a', 'b']);
});

test('whoever started it may not ask any more: the run pauses and says so', async () => {
  const { desk, open } = on;
  const at = open.house.clock.now();
  const id = 'tok_1';
  const bare = { id, hash: 'h', name: 'n', principal: 'bot', kind: 'agent', roles: [] } as const;
  const token = {
    ...bare,
    onBehalfOf: null,
    scopes: ['run'],
    createdAt: at,
    createdBy: 'local',
  } as const;
  const entry = {
    kind: 'token-created',
    at,
    requestId: null,
    principal: 'local',
    body: {},
  } as const;
  open.house.store.credentials.addToken({ ...token, expiresAt: null, revokedAt: null }, entry);
  const credential = { kind: 'api-token', tokenId: id, scopes: ['run'] } as const;
  const { runId } = await desk.start({ ...bot, credential }, start('slow'));
  await until(desk, runId, () => marks(ground).length === 1);
  open.house.store.credentials.revokeToken(id, at, { ...entry, kind: 'token-revoked' });
  const paused = await until(desk, runId, ({ paused: by }) => by !== null);
  assert.match(paused.paused?.reason ?? '', /credential of bot/);
  await until(desk, runId, (view) => stepOf(view, 'a').status === 'completed');
  assert.deepEqual(marks(ground), ['a']);
});

test('a step that awaits approval is a request like any other; withdrawn, the step is cancelled', async () => {
  const { runId } = await on.desk.start(bot, start('approved'));
  const waits = await atRest(on.desk, runId);
  const [move] = waits.next;
  assert.equal(move?.verb, 'approve');
  const asked = await on.open.gateway.approvals.show(bot, move!.requestId!);
  assert.equal(asked.command, 'guarded');
  await on.open.gateway.approvals.withdraw(bot, move!.requestId!, 'not today');
  const failed = await until(on.desk, runId, ({ status }) => status === 'failed');
  assert.equal(stepOf(failed, 'a').status, 'cancelled');
  assert.deepEqual(marks(ground), []);
});

test('a plan shows each argv and decision, and runs nothing', async () => {
  const plan = await on.desk.plan(bot, start('short'));
  assert.deepEqual(
    plan.calls.map(({ step: name, decision }) => `${name} ${decision}`),
    ['a permit', 'b permit'],
  );
  assert.equal(plan.calls[0]?.argv.at(-1), 'a');
  assert.match(plan.graph, /flowchart/);
  assert.equal(plan.openRun, null);
  assert.deepEqual(marks(ground), []);
});

test('whoever watches sees it to its end', async () => {
  const { runId } = await on.desk.start(local, start('slow'));
  const seen: string[] = [];
  for await (const view of on.desk.watch(local, runId)) seen.push(view.status);
  assert.equal(seen.at(-1), 'completed');
});
