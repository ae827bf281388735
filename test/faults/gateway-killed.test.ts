/**
 * The gateway killed with SIGKILL at each stage of a request, and what the next one finds: nothing stays open, nothing
 * runs twice, no process is left, and the record says what is known and what isn't.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mcpStdioFace } from '../faces/mcp-face.ts';
import { entryKinds, rest } from '../real/rest.ts';
import { type RunningGateway, Stage, until } from '../real/stage.ts';

const slow = (seconds: number) => JSON.stringify({ command: 'slow', arguments: { seconds } });
const say = JSON.stringify({ command: 'say', arguments: { text: 'hello' } });

/** A request that isn't waited for: its id. */
async function submit(stage: Stage, gateway: RunningGateway, body: string, key?: string) {
  const headers = { prefer: 'wait=0', ...(key === undefined ? {} : { 'idempotency-key': key }) };
  const reply = await rest(
    gateway.url,
    stage.token(),
    'POST',
    '/v1/commands/execute',
    body,
    headers,
  );
  const result = reply.body.result as { requestId?: string } | undefined;
  assert.ok(result?.requestId, JSON.stringify(reply.body));
  return result.requestId;
}

async function look(stage: Stage, gateway: RunningGateway, requestId: string) {
  const path = `/v1/commands/executions/${requestId}`;
  const { body } = await rest(gateway.url, stage.token(), 'GET', path);
  const result = body.result as { errorCode: string | null };
  const kinds = await entryKinds(gateway.url, stage.token(), requestId);
  return { status: String(body.status), errorCode: result.errorCode, kinds };
}

/** The ids of what waits or runs. */
async function openRequests(stage: Stage, gateway: RunningGateway): Promise<string[]> {
  const path = '/v1/commands/executions?status=open';
  const { body } = await rest(gateway.url, stage.token(), 'GET', path);
  return (body.executions as { result: { requestId: string } }[]).map((e) => e.result.requestId);
}

/** Once it has begun, the sandbox dies with its gateway; a moment earlier it takes the next gateway's recovery. */
const commandRuns = (stage: Stage) => until('the command runs', () => stage.begun() > 0);

test('killed while a command runs: it is unknown with HOST_LOST, and its processes are gone', async () => {
  await using stage = new Stage();
  const first = await stage.serve();
  const requestId = await submit(stage, first, slow(120));
  await commandRuns(stage);
  await first.kill();
  await until('its processes are gone', () => stage.processes().length === 0);

  const second = await stage.serve();
  await until('it is settled', async () => (await openRequests(stage, second)).length === 0);
  assert.deepEqual(await look(stage, second, requestId), {
    status: 'unknown',
    errorCode: 'HOST_LOST',
    kinds: ['asked', 'decided', 'intent', 'lost'],
  });
  await second.stop();
});

test('killed while a request waits: it never ran, is cancelled with HOST_LOST, and the same key tells so', async () => {
  await using stage = new Stage('concurrency: { running: 1, waiting: 10 }\n');
  const first = await stage.serve();
  await submit(stage, first, slow(120));
  await commandRuns(stage);
  const requestId = await submit(stage, first, slow(119), 'only-once');
  assert.equal((await look(stage, first, requestId)).status, 'queued');
  await first.kill();

  const second = await stage.serve();
  await until('all is settled', async () => (await openRequests(stage, second)).length === 0);
  assert.deepEqual(await look(stage, second, requestId), {
    status: 'cancelled',
    errorCode: 'HOST_LOST',
    kinds: ['asked', 'decided', 'outcome'],
  });
  assert.equal(await submit(stage, second, slow(119), 'only-once'), requestId);
  assert.equal((await look(stage, second, requestId)).status, 'cancelled');
  assert.deepEqual(stage.processes(), []);
  await second.stop();
});

test('killed around the intent, the start and the end: nothing stays open, nothing ran twice', async () => {
  await using stage = new Stage();
  const seen: string[] = [];
  let expectedRuns = 0;
  // From right after it was taken to around its end after one second, where the outcome is being written.
  for (const delay of [0, 4, 9, 18, 30, 60, 1000, 1040, 1080]) {
    const first = await stage.serve();
    const requestId = await submit(stage, first, slow(1));
    await sleep(delay);
    await first.kill();

    const second = await stage.serve();
    await until('all is settled', async () => (await openRequests(stage, second)).length === 0);
    const found = await look(stage, second, requestId);
    seen.push(found.status);
    const message = `killed after ${delay} ms: ${JSON.stringify(found)}`;
    switch (found.status) {
      case 'cancelled':
        assert.deepEqual(found.kinds, ['asked', 'decided', 'outcome'], message);
        break;
      case 'unknown':
        assert.equal(found.errorCode, 'HOST_LOST', message);
        assert.deepEqual(found.kinds, ['asked', 'decided', 'intent', 'lost'], message);
        expectedRuns += 1;
        break;
      case 'ok':
        assert.deepEqual(found.kinds, ['asked', 'decided', 'intent', 'outcome'], message);
        expectedRuns += 1;
        break;
      default:
        assert.fail(message);
    }
    assert.deepEqual(stage.processes(), [], message);
    await second.stop();
  }
  // Each run leaves a file of its own: with an intent at most one, without one none.
  const runs = stage.begun();
  assert.ok(runs <= expectedRuns, `${runs} runs for ${expectedRuns} intents (${seen.join(' ')})`);
  assert.ok(seen.includes('unknown'), `no kill met a run under way: ${seen.join(' ')}`);
});

test('a stdio server beside a gateway keeps its run through the recovery of the other', async () => {
  await using stage = new Stage();
  // Started first, so that no gateway is there yet to forward to: it works on the state itself.
  const stdio = await mcpStdioFace(stage, 'state');
  const cancelled = Promise.withResolvers<void>();
  const call = stdio.call(
    {
      title: '',
      command: 'slow',
      arguments: '{"seconds":120}',
      cancel: true,
      expected: { status: 'cancelled', errorCode: 'COMMAND_CANCELLED', kinds: [] },
    },
    () => cancelled.promise,
  );
  await commandRuns(stage);

  const first = await stage.serve();
  const [mine] = await openRequests(stage, first);
  assert.ok(mine, 'the gateway sees the run of the stdio server');
  const own = await submit(stage, first, slow(118));
  await until('both run', () => stage.begun() === 2);
  await first.kill();
  const second = await stage.serve();
  await until('the lost run is settled', async () => {
    return (await look(stage, second, own)).status === 'unknown';
  });
  assert.equal((await look(stage, second, mine)).status, 'running');

  cancelled.resolve();
  await call;
  await until('the other run is cancelled by its own server', async () => {
    return (await look(stage, second, mine)).status === 'cancelled';
  });
  assert.deepEqual((await look(stage, second, mine)).kinds, [
    'asked',
    'decided',
    'intent',
    'cancel-asked',
    'outcome',
  ]);
  await stdio.close();
  await second.stop();
});

test('a stdio server killed: the gateway beside it settles its run without a restart', async () => {
  await using stage = new Stage();
  const child = stage.start(['mcp', ...stage.options()]);
  const messages = [
    '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"faults","version":"1"}}}',
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","arguments":{"seconds":120}}}',
  ];
  child.stdin!.write(`${messages.join('\n')}\n`);
  await commandRuns(stage);
  const gateway = await stage.serve();
  const [lost] = await openRequests(stage, gateway);
  assert.ok(lost);
  child.kill('SIGKILL');
  await until('it is settled', async () => {
    return (await look(stage, gateway, lost)).status === 'unknown';
  });
  assert.deepEqual(stage.processes(), []);
  // And the gateway goes on as before.
  const reply = await rest(gateway.url, stage.token(), 'POST', '/v1/commands/execute', say);
  assert.equal(reply.body.status, 'ok');
  await gateway.stop();
});

test('stopped with SIGTERM while a command runs: its end is on record before the gateway is gone', async () => {
  await using stage = new Stage();
  const first = await stage.serve();
  const requestId = await submit(stage, first, slow(120));
  await commandRuns(stage);
  await first.stop();
  assert.deepEqual(stage.processes(), []);

  const second = await stage.serve();
  const found = await look(stage, second, requestId);
  assert.equal(found.status, 'cancelled');
  assert.equal(found.kinds.at(-1), 'outcome');
  await second.stop();
});
