/** A drill goes the way of a real run, in a copy of the workspace: what it does there stays there. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Ground } from '../gateway/fixture.ts';
import { agent, lay, local, marks, type Play, play, runbook, step } from './ground.ts';

const books = [
  runbook('approved', [step('a', { command: 'guarded' }), step('b', { confirm: true })]),
  runbook('undone', [
    step('a', { rollback: { command: 'mark', with: { as: 'undo-a' } } }),
    step('b', { command: 'flaky', onFailure: 'rollback' }),
    step('c'),
  ]),
  runbook('late', [step('a', { command: 'nap-mark', timeout: '1s' })]),
];
const request = (name: string) => ({ runbook: name, arguments: {}, environment: null });

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

test('nobody is asked, every step runs once in the copy, and the workspace is as it was', async (t) => {
  const { capabilities } = on.open.house.runner;
  if (capabilities.tier === 'none') return t.skip('there is no sandbox here');
  writeFileSync(join(ground.workspace, 'kept'), 'as it was');
  const before = readdirSync(ground.workspace);
  const view = await on.desk.rehearse(local, request('approved'));
  assert.equal(view.status, 'completed', JSON.stringify(view));
  assert.deepEqual(
    view.steps.map(({ name, status, confirmed, requests }) => [
      name,
      status,
      confirmed,
      requests.map((r) => r.status),
    ]),
    [
      ['a', 'completed', false, ['ok']],
      ['b', 'completed', true, ['ok']],
    ],
  );
  assert.deepEqual(marks(ground), []);
  assert.deepEqual(readdirSync(ground.workspace), before);
  const [ran] = view.steps[0]!.requests;
  const execution = await on.open.gateway.execution(local, ran!.requestId);
  assert.deepEqual(execution.rehearsal, { for: 'runbook', of: view.id });
  assert.equal(execution.step, null, 'it is the step of no run');
  const { runs } = await on.desk.runs(local, { limit: 10 });
  assert.deepEqual(runs, [], 'and no run is on record');
});

test('a step that fails is undone as it would be, and both are told', async (t) => {
  if (on.open.house.runner.capabilities.tier === 'none') return t.skip('there is no sandbox here');
  const view = await on.desk.rehearse(local, request('undone'));
  assert.equal(view.status, 'failed', JSON.stringify(view));
  const [a, b, c] = view.steps;
  assert.equal(a!.rollback, 'completed');
  assert.deepEqual(
    a!.requests.map(({ phase, status }) => [phase, status]),
    [
      ['run', 'ok'],
      ['rollback', 'ok'],
    ],
  );
  assert.equal(b!.status, 'failed');
  assert.match(b!.problem ?? '', /COMMAND_EXIT_NON_ZERO/);
  assert.deepEqual(c!.requests, []);
  // What a person heals in the workspace is healed in the next copy of it.
  writeFileSync(join(ground.workspace, 'healed'), '');
  assert.equal((await on.desk.rehearse(local, request('undone'))).status, 'completed');
  assert.deepEqual(marks(ground), []);
});

test('a step has the time there that it has in a run', async (t) => {
  if (on.open.house.runner.capabilities.tier === 'none') return t.skip('there is no sandbox here');
  const view = await on.desk.rehearse(local, request('late'));
  assert.equal(view.status, 'failed');
  assert.match(view.steps[0]!.problem ?? '', /COMMAND_TIMEOUT/);
});

test('who may not rehearse its commands, or see it, rehearses none of it', async () => {
  await assert.rejects(on.desk.rehearse(agent('bot'), request('approved')), {
    code: 'COMMAND_NOT_ALLOWED',
  });
  await assert.rejects(on.desk.rehearse(agent('stranger'), request('approved')), {
    code: 'REQUEST_NOT_FOUND',
  });
  await assert.rejects(
    on.desk.rehearse(local, { ...request('approved'), arguments: { more: 1 } }),
    {
      code: 'INVALID_REQUEST',
    },
  );
});
