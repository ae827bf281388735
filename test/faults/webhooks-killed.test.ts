/**
 * Webhooks while everything fails at once: a receiver that refuses half of what it gets, and a gateway that is killed
 * (SIGKILL) again and again. What happened is told of, all of it, in the order of the record, and in signed words.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { rest } from '../real/rest.ts';
import { Stage, until } from '../real/stage.ts';
import { type Arrival, Receiver, secret, status } from '../unit/edge/webhooks/receiver.ts';

const execute = (url: string, token: string, command: string, args: object) =>
  rest(
    url,
    token,
    'POST',
    '/v1/commands/execute',
    JSON.stringify({ command, arguments: args }),
  ).catch(() => null);

test('a gateway that is killed while it tells: nothing is lost, and nothing comes out of order', async () => {
  await using receiver = new Receiver();
  const url = await receiver.listen();
  await using stage = new Stage(`webhooks:
  - { name: ops, url: "${url}", secret: { file: hook.key }, events: [approval.requested, approval.closed, execution.finished] }
`);
  writeFileSync(join(stage.folder, 'hook.key'), `${secret}\n`, { mode: 0o600 });
  // Every other answer is a refusal, and some come when the gateway is gone.
  receiver.usual = (response, arrival) =>
    status(receiver.arrivals.length % 2 === 0 ? 200 : 503)(response, arrival);

  for (let round = 0; round < 3; round += 1) {
    const gateway = await stage.serve();
    const token = stage.token();
    await until('the endpoint has its place', () => placeOf(stage) !== null);
    const calls = [
      execute(gateway.url, token, 'say', { text: `a ${round}` }),
      execute(gateway.url, token, 'say', { text: 7 }),
      execute(gateway.url, token, 'guarded', {}),
      execute(gateway.url, token, 'say', { text: `b ${round}` }),
    ];
    const before = receiver.arrivals.length;
    await until('it is telling', () => receiver.arrivals.length > before);
    await gateway.kill();
    await Promise.all(calls);
  }

  receiver.usual = status(204);
  const gateway = await stage.serve();
  const expected = await owed(stage);
  assert.ok(expected.length >= 6, `${expected.length} ends`);
  await until('all of it was told', () => distinct(receiver.taken).length >= expected.length);
  const lines = distinct(receiver.taken).map(({ type, data }) => `${type} ${data.requestId}`);
  assert.deepEqual(lines, expected);
  assert.deepEqual(receiver.problems, []);
  const ready = await rest(gateway.url, stage.token(), 'GET', '/readyz');
  assert.equal(ready.body.status, 'ready');
  const metrics = await rest(gateway.url, stage.token(), 'GET', '/metrics');
  assert.match(String(metrics.body.text), /reeve_webhook_waiting_seconds\{endpoint="ops"\} 0/);
  await gateway.stop();
});

test('a receiver that is away leaves the gateway ready, and health, doctor and metrics say that it is behind', async () => {
  const gone = new Receiver();
  const url = await gone.listen();
  await gone[Symbol.asyncDispose]();
  await using stage = new Stage(`webhooks:
  - { name: ops, url: "${url}", secret: { file: hook.key }, events: [execution.finished] }
`);
  writeFileSync(join(stage.folder, 'hook.key'), secret, { mode: 0o600 });
  const gateway = await stage.serve();
  await until('the endpoint has its place', () => placeOf(stage) !== null);
  const done = await execute(gateway.url, stage.token(), 'say', { text: 'a' });
  assert.equal(done?.body.status, 'ok');
  await until('it is told of', () => gateway.log().includes('the webhook ops gets nothing'));
  const ready = await rest(gateway.url, stage.token(), 'GET', '/readyz');
  assert.deepEqual([ready.status, ready.body.status], [200, 'ready']);
  assert.match(
    JSON.stringify(ready.body.problems),
    /The webhook ops is behind since .*ECONNREFUSED/,
  );
  const stranger = await rest(gateway.url, null, 'GET', '/readyz');
  assert.doesNotMatch(JSON.stringify(stranger.body), /webhook/);
  const metrics = await rest(gateway.url, stage.token(), 'GET', '/metrics');
  assert.match(
    String(metrics.body.text),
    /reeve_webhook_attempts_total\{endpoint="ops",result="failed"\} [1-9]/,
  );
  const doctor = stage.run(['doctor', ...stage.options()]);
  assert.match(doctor.stdout + doctor.stderr, /The webhook ops is behind/);
  await gateway.stop();
});

function placeOf(stage: Stage): string | null {
  const store = openSqliteStore(join(stage.state(), 'reeve.db'));
  try {
    return store.value('webhook:ops');
  } finally {
    store.close();
  }
}

/** What the record owes the endpoint, once nothing happens any more: everything since it had its place. */
async function owed(stage: Stage): Promise<readonly string[]> {
  const store = openSqliteStore(join(stage.state(), 'reeve.db'));
  try {
    await until('nothing is under way', () =>
      store.open().every((execution) => execution.status === 'awaiting_approval'),
    );
    return store.entriesAfter(0, 10_000).flatMap(({ kind, requestId, body }) => {
      if (kind === 'decided' && body.decision === 'needs-approval') {
        return store.approvals.state(requestId!) === null
          ? []
          : [`approval.requested ${requestId}`];
      }
      if (!['refused', 'outcome', 'lost'].includes(kind)) return [];
      const closes = store.approvals.state(requestId!)?.request.startBy === null;
      const finished = `execution.finished ${requestId}`;
      return closes ? [`approval.closed ${requestId}`, finished] : [finished];
    });
  } finally {
    store.close();
  }
}

function distinct(arrivals: readonly Arrival[]): readonly Arrival[] {
  return [...new Map(arrivals.map((arrival) => [arrival.id, arrival])).values()];
}
