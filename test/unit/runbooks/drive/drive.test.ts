/** Runs of runbooks on a real gateway, with real sandboxes: what ran is counted by what it left behind. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { JsonObject } from '../../../../src/core/json.ts';
import type { Ground } from '../../gateway/fixture.ts';
import {
  atRest,
  lay,
  local,
  marks,
  type Play,
  play,
  runbook,
  step,
  stepOf,
  until,
} from '../ground.ts';

const ask = (name: string, args: JsonObject = {}) => ({
  runbook: name,
  arguments: args,
  environment: null,
});

async function staged(
  runbooks: readonly JsonObject[],
  scene: (play: Play, ground: Ground) => Promise<void>,
): Promise<void> {
  const ground = lay(...runbooks);
  try {
    const on = await play(ground);
    try {
      await scene(on, ground);
    } finally {
      await on.end();
    }
  } finally {
    ground.clear();
  }
}

test('steps run in their order, each an execution of its own, and the record tells the story', async () => {
  const three = runbook('three', [
    step('a'),
    step('b', { check: [{ command: 'look' }] }),
    step('c'),
  ]);
  await staged([three], async ({ desk, open }, ground) => {
    const { runId } = await desk.start(local, ask('three'));
    const end = await atRest(desk, runId);
    assert.equal(end.status, 'completed');
    assert.deepEqual(marks(ground), ['a', 'b', 'c']);
    const entries = await desk.entries(local, runId);
    assert.deepEqual(
      entries.map(({ kind, body }) => (kind === 'runbook-step' ? `${body.step} ${body.to}` : kind)),
      [
        'runbook-started',
        'a running',
        'a completed',
        'b running',
        'b completed',
        'c running',
        'c completed',
        'runbook-ended',
      ],
    );
    const requests = end.steps.flatMap((each) => each.requests);
    assert.deepEqual(
      requests.map(({ phase, status }) => `${phase} ${status}`),
      ['run ok', 'check:0 ok', 'run ok', 'run ok'],
    );
    const kinds = open.house.store.entriesOf(requests[0]!.requestId).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['asked', 'decided', 'intent', 'outcome']);
    const execution = open.house.store.execution(requests[0]!.requestId);
    assert.deepEqual(execution?.step, { run: runId, step: 'a', phase: 'run', attempt: 1 });
  });
});

test('one run of a runbook in an environment at a time', async () => {
  await staged([runbook('long', [step('a', { command: 'nap-mark' })])], async ({ desk }) => {
    const first = await desk.start(local, ask('long'));
    await assert.rejects(desk.start(local, ask('long')), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'CONFLICT');
      assert.match(error.message, new RegExp(first.runId));
      return true;
    });
    await desk.cancel(local, first.runId, { when: 'now', thenRollback: false, reason: 'enough' });
    const end = await atRest(desk, first.runId);
    assert.equal(end.status, 'cancelled');
    const second = await desk.start(local, ask('long'));
    await desk.cancel(local, second.runId, { when: 'now', thenRollback: false, reason: '' });
    assert.equal((await atRest(desk, second.runId)).status, 'cancelled');
  });
});

test('a failed step stops the run; retried once it is healed, what was done is not done again', async () => {
  const book = runbook('heal', [step('a'), step('b', { command: 'flaky' }), step('c')]);
  await staged([book], async ({ desk }, ground) => {
    const { runId } = await desk.start(local, ask('heal'));
    const failed = await atRest(desk, runId);
    assert.equal(failed.status, 'failed');
    assert.match(stepOf(failed, 'b').problem ?? '', /COMMAND_EXIT_NON_ZERO/);
    assert.deepEqual(
      failed.next.map(({ verb, step: name }) => `${verb} ${name}`),
      ['retry b', 'skip b'],
    );
    writeFileSync(join(ground.workspace, 'healed'), '');
    await desk.retry(local, runId, { step: 'b', reason: 'healed' });
    const end = await atRest(desk, runId);
    assert.equal(end.status, 'completed');
    assert.deepEqual(marks(ground), ['a', 'b', 'b', 'c']);
  });
});

test('a failed step is skipped with a reason, and not without one', async () => {
  const book = runbook('pass', [step('a', { command: 'flaky' }), step('b')]);
  await staged([book], async ({ desk }, ground) => {
    const { runId } = await desk.start(local, ask('pass'));
    await atRest(desk, runId);
    await assert.rejects(desk.skip(local, runId, { step: 'a', reason: ' ' }), { code: 'CONFLICT' });
    await desk.skip(local, runId, { step: 'a', reason: 'done by hand' });
    const end = await atRest(desk, runId);
    assert.equal(end.status, 'completed');
    assert.equal(stepOf(end, 'a').skipped, 'person');
    assert.deepEqual(marks(ground), ['a', 'b']);
  });
});

test('paused, nothing more is asked for; resumed, it goes on', async () => {
  const book = runbook('wait', [step('a', { command: 'slow-mark' }), step('b')]);
  await staged([book], async ({ desk }, ground) => {
    const { runId } = await desk.start(local, ask('wait'));
    await until(desk, runId, () => marks(ground).length === 1);
    const paused = await desk.pause(local, runId, { reason: 'lunch' });
    assert.equal(paused.paused?.by, 'local');
    await until(desk, runId, (view) => stepOf(view, 'a').status === 'completed');
    assert.equal((await atRest(desk, runId)).status, 'paused');
    assert.deepEqual(marks(ground), ['a']);
    await desk.resume(local, runId, { reason: '' });
    assert.equal((await atRest(desk, runId)).status, 'completed');
    assert.deepEqual(marks(ground), ['a', 'b']);
  });
});

test('cancelled after this step: what runs ends, what comes after does not begin; what was done is rolled back', async () => {
  const undo = { rollback: { command: 'mark', with: { as: 'undo' } } };
  const book = runbook('halt', [step('a', undo), step('b', { command: 'slow-mark' }), step('c')]);
  await staged([book], async ({ desk }, ground) => {
    const { runId } = await desk.start(local, ask('halt'));
    await until(desk, runId, () => marks(ground).length === 2);
    await desk.cancel(local, runId, {
      when: 'after-step',
      thenRollback: true,
      reason: 'wrong day',
    });
    const end = await atRest(desk, runId);
    assert.equal(end.status, 'cancelled');
    assert.deepEqual(marks(ground), ['a', 'b', 'undo']);
    assert.equal(stepOf(end, 'b').status, 'completed');
    assert.equal(stepOf(end, 'c').status, 'cancelled');
  });
});

test('a step waits for its confirmation, which is bound to what was shown', async () => {
  const book = runbook('ask', [step('a', { confirm: true }), step('b')]);
  await staged([book], async ({ desk }, ground) => {
    const { runId } = await desk.start(local, ask('ask'));
    const waits = await atRest(desk, runId);
    assert.deepEqual(marks(ground), []);
    const { digest } = stepOf(waits, 'a').confirmation!;
    const wrong = { step: 'a', digest: 'sha256:0', reason: '' };
    await assert.rejects(desk.confirm(local, runId, wrong), { code: 'CONFLICT' });
    await desk.confirm(local, runId, { step: 'a', digest, reason: 'looked at it' });
    assert.equal((await atRest(desk, runId)).status, 'completed');
    assert.deepEqual(marks(ground), ['a', 'b']);
  });
});

test('approved as a whole: nothing begins before a person confirmed all of it', async () => {
  const book = runbook('once', [step('a'), step('b')], { approvals: 'whole' });
  await staged([book], async ({ desk }, ground) => {
    const { runId } = await desk.start(local, ask('once'));
    const waits = await atRest(desk, runId);
    assert.equal(waits.status, 'pending');
    const digest = waits.confirmation!.digest;
    await assert.rejects(desk.confirm(local, runId, { step: 'whole', digest: 'x', reason: '' }), {
      code: 'CONFLICT',
    });
    await desk.confirm(local, runId, { step: 'whole', digest, reason: 'all of it' });
    assert.equal((await atRest(desk, runId)).status, 'completed');
    assert.deepEqual(marks(ground), ['a', 'b']);
    const steered = (await desk.entries(local, runId)).find((e) => e.kind === 'runbook-steered');
    assert.deepEqual(
      [steered?.principal, steered?.body.action, steered?.body.step],
      ['local', 'confirm', 'whole'],
    );
  });
});

test('frozen, a run waits and says so; unfrozen, it goes on', async () => {
  const book = runbook('cold', [step('a', { command: 'slow-mark' }), step('b')]);
  await staged([book], async ({ desk, open }, ground) => {
    const { runId } = await desk.start(local, ask('cold'));
    await until(desk, runId, () => marks(ground).length === 1);
    await open.gateway.freeze(local, 'incident');
    const held = await until(desk, runId, (view) => view.held !== null);
    assert.match(held.held ?? '', /incident/);
    assert.deepEqual(marks(ground), ['a']);
    await open.gateway.unfreeze(local);
    assert.equal((await atRest(desk, runId)).status, 'completed');
    assert.deepEqual(marks(ground), ['a', 'b']);
  });
});
