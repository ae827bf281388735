/** Runs that pass from one gateway to the next, values that pass from one step to the next, and time that runs out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../../../src/core/json.ts';
import { entry, type Ground } from '../../gateway/fixture.ts';
import {
  atRest,
  inventory,
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

const ask = (name: string) => ({ runbook: name, arguments: {}, environment: null });

async function staged(
  books: readonly JsonObject[],
  scene: (ground: Ground, open: () => Promise<Play>) => Promise<void>,
): Promise<void> {
  const ground = lay(...books);
  const opened: Play[] = [];
  try {
    await scene(ground, async () => {
      const on = await play(ground);
      opened.push(on);
      return on;
    });
  } finally {
    for (const on of opened) await on.end();
    ground.clear();
  }
}

test('a gateway that is stopped leaves its runs to the next one', async () => {
  const book = runbook('passed', [step('a'), step('b', { confirm: true }), step('c')]);
  await staged([book], async (ground, open) => {
    const first = await open();
    const { runId } = await first.desk.start(local, ask('passed'));
    const waits = await atRest(first.desk, runId);
    await first.end();
    const second = await open();
    const found = await atRest(second.desk, runId);
    assert.deepEqual([found.status, found.driver], ['running', 'here']);
    assert.deepEqual(marks(ground), ['a']);
    const { digest } = stepOf(waits, 'b').confirmation!;
    // What was shown by the one is confirmed with the other.
    await second.desk.confirm(local, runId, { step: 'b', digest, reason: '' });
    assert.equal((await atRest(second.desk, runId)).status, 'completed');
    assert.deepEqual(marks(ground), ['a', 'b', 'c']);
  });
});

test('a step that the stopping gateway cut off is cancelled, not unknown, and is tried again by a person', async () => {
  const book = runbook('cut', [step('a', { command: 'nap-mark' }), step('b')]);
  await staged([book], async (ground, open) => {
    const first = await open();
    const { runId } = await first.desk.start(local, ask('cut'));
    await until(first.desk, runId, () => marks(ground).length === 1);
    await first.end();
    const second = await open();
    const found = await until(second.desk, runId, ({ status }) => status === 'failed');
    assert.equal(stepOf(found, 'a').status, 'cancelled');
    await second.desk.skip(local, runId, { step: 'a', reason: 'did its work' });
    assert.equal((await atRest(second.desk, runId)).status, 'completed');
    assert.deepEqual(marks(ground), ['a', 'b']);
  });
});

test('what awaits approval goes on waiting under the next gateway', async () => {
  const book = runbook('patient', [step('a', { command: 'guarded' })]);
  await staged([book], async (ground, open) => {
    const first = await open();
    const { runId } = await first.desk.start(local, ask('patient'));
    const [asked] = stepOf(await atRest(first.desk, runId), 'a').requests;
    await first.end();
    const second = await open();
    const found = await atRest(second.desk, runId);
    assert.deepEqual(
      stepOf(found, 'a').requests.map(({ requestId, status }) => [requestId, status]),
      [[asked?.requestId, 'awaiting_approval']],
    );
    await second.desk.cancel(local, runId, { when: 'now', thenRollback: false, reason: '' });
    const end = await until(second.desk, runId, ({ status }) => status === 'cancelled');
    assert.equal(stepOf(end, 'a').requests[0]?.status, 'cancelled');
    assert.deepEqual(marks(ground), []);
  });
});

test('a second gateway on the state leaves a run to the one that drives it, and steers it all the same', async () => {
  const book = runbook('shared', [step('a', { command: 'slow-mark' }), step('b'), step('c')]);
  await staged([book], async (ground, open) => {
    const first = await open();
    const second = await open();
    const { runId } = await first.desk.start(local, ask('shared'));
    await until(first.desk, runId, () => marks(ground).length === 1);
    assert.equal((await second.desk.show(local, runId)).driver, 'elsewhere');
    await second.desk.pause(local, runId, { reason: 'from beside' });
    await until(first.desk, runId, (view) => stepOf(view, 'a').status === 'completed');
    assert.deepEqual(marks(ground), ['a']);
    await second.desk.resume(local, runId, { reason: '' });
    const end = await until(second.desk, runId, ({ status }) => status === 'completed');
    assert.equal(end.status, 'completed');
    assert.deepEqual(marks(ground), ['a', 'b', 'c']);
  });
});

test('the whole takes too long: what runs is cancelled, and the run has failed', async () => {
  const nap = step('a', { command: 'nap-mark', timeout: '1s' });
  const book = runbook('late', [nap, step('b')], { timeout: '1s' });
  await staged([book], async (ground, open) => {
    const { desk } = await open();
    const { runId } = await desk.start(local, ask('late'));
    const end = await until(desk, runId, ({ status }) => status === 'failed');
    assert.deepEqual(marks(ground), ['a']);
    assert.ok(end.ending !== null);
    assert.notEqual(stepOf(end, 'b').status, 'completed');
  });
});

test('a value goes from the result of a step to the arguments of the next, whole and typed', async () => {
  const from = { from: 'steps.count.result.name' };
  const book = runbook('values', [
    { name: 'count', command: 'report' },
    {
      name: 'mark',
      command: 'mark',
      with: { as: from },
      when: { from: 'steps.count.result.pending', is: 'greaterThan', than: 0 },
    },
    {
      name: 'never',
      command: 'mark',
      with: { as: from },
      when: { from: 'steps.count.result.pending', is: 'lessThan', than: 0 },
    },
  ]);
  const report = entry(
    'report',
    `[/bin/echo, '{"name":"$(id); v2","pending":3}']`,
    `    result:
      from: json
      schema: { type: object, properties: { name: { type: string, maxLength: 64 }, pending: { type: integer } }, required: [name, pending], additionalProperties: false }
`,
  )
    .replace('workspace: read-write', 'workspace: read-only')
    .replace('risk: low', 'risk: low');
  const ground = lay();
  ground.write(
    'inventory.yaml',
    `${inventory}${report}`.replaceAll(`'{"name"`, `'{{"name"`).replaceAll(`3}'`, `3}}'`),
  );
  ground.write('runbooks.yaml', JSON.stringify({ version: 1, runbooks: book }));
  const on = await play(ground);
  try {
    const { runId } = await on.desk.start(local, ask('values'));
    const end = await atRest(on.desk, runId);
    assert.equal(end.status, 'completed', JSON.stringify(end, null, 1));
    assert.deepEqual(marks(ground), ['$(id); v2']);
    assert.equal(stepOf(end, 'never').skipped, 'condition');
  } finally {
    await on.end();
    ground.clear();
  }
});
