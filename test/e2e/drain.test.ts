/** How a gateway goes away: readiness, connections, streams, what runs; and at once when told twice. With the real program. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { rest } from '../real/rest.ts';
import { type RunningGateway, Stage } from '../real/stage.ts';

const execute = (
  { url }: RunningGateway,
  stage: Stage,
  command: string,
  args: object,
  headers: Record<string, string> = {},
) => {
  const body = JSON.stringify({ command, arguments: args });
  return rest(url, stage.token(), 'POST', '/v1/commands/execute', body, headers);
};
const idOf = (body: Record<string, unknown>) => (body.result as { requestId: string }).requestId;

async function events(gateway: RunningGateway, stage: Stage, requestId: string): Promise<Response> {
  const path = `/v1/commands/executions/${requestId}/events`;
  const headers = { authorization: `Bearer ${stage.token()}` };
  const response = await fetch(`${gateway.url}${path}`, { headers });
  assert.equal(response.status, 200);
  return response;
}

test('asked to stop: not ready at once, nothing new, every answer and stream comes to its end, all on record', async () => {
  await using stage = new Stage();
  const gateway = await stage.serve();
  const asked = await execute(gateway, stage, 'guarded', {});
  assert.equal(asked.body.status, 'awaiting_approval');
  const waiting = await events(gateway, stage, idOf(asked.body));
  const slow = execute(gateway, stage, 'slow', { seconds: 300 });
  while (stage.begun() === 0) await sleep(50);
  const path = '/v1/commands/executions?status=open';
  const { executions } = (await rest(gateway.url, stage.token(), 'GET', path)).body as {
    executions: { status: string; result: { requestId: string } }[];
  };
  const running = executions.find(({ status }) => status === 'running')!.result.requestId;
  const watching = await events(gateway, stage, running);

  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ready = async () => {
    const got = request(`${gateway.url}/readyz`, { agent });
    got.end();
    const [response] = (await once(got, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    return { status: response.statusCode, connection: response.headers.connection };
  };
  assert.deepEqual(await ready(), { status: 200, connection: 'keep-alive' });
  const stopped = gateway.stop();
  // The command goes on for a moment: there is somebody to ask.
  let seen = await ready();
  while (seen.status === 200) seen = await ready();
  assert.deepEqual(seen, { status: 503, connection: 'close' });
  const late = await execute(gateway, stage, 'say', { text: 'late' });
  assert.equal(late.status, 503);
  assert.equal(late.body.errorCode, 'SHUTTING_DOWN');

  assert.match(await watching.text(), /event: end\ndata: \{"status":"cancelled".*\n\n$/);
  const answer = await slow;
  assert.equal(answer.status, 200);
  assert.equal(answer.body.status, 'cancelled');
  const last = /event: closed\ndata: (.*)\n\n$/.exec(await waiting.text());
  assert.equal((JSON.parse(last![1]!) as { errorCode: string }).errorCode, 'SHUTTING_DOWN');
  await stopped;
  agent.destroy();
  assert.deepEqual(stage.processes(), []);

  const next = await stage.serve();
  const read = async (requestId: string) =>
    (await rest(next.url, stage.token(), 'GET', `/v1/commands/executions/${requestId}`)).body;
  assert.equal((await read(running)).status, 'cancelled');
  assert.match(JSON.stringify(await read(running)), /the gateway is stopping/);
  assert.equal((await read(idOf(asked.body))).status, 'awaiting_approval', 'it waits on record');
  await next.stop();
});

test('told twice it leaves at once, and the next one settles what it left', async () => {
  await using stage = new Stage();
  const child = stage.start(['serve', '--port', '0', ...stage.options()]);
  const gateway = await stage.found(child);
  const begun = await execute(gateway, stage, 'slow', { seconds: 300 }, { prefer: 'wait=0' });
  while (stage.begun() === 0) await sleep(50);
  const gone = once(child, 'exit') as Promise<[number | null, string | null]>;
  child.kill('SIGTERM');
  while (!gateway.log().includes('again to leave at once')) await sleep(20);
  child.kill('SIGTERM');
  assert.deepEqual(await gone, [7, null]);

  const next = await stage.serve();
  const path = `/v1/commands/executions/${idOf(begun.body)}`;
  const wait = { prefer: 'wait=60' };
  const { body } = await rest(next.url, stage.token(), 'GET', path, undefined, wait);
  assert.equal(body.status, 'unknown');
  assert.deepEqual(stage.processes(), []);
  await next.stop();
});

test('a call over MCP that awaits people is answered as it stands, and goes on awaiting them', async () => {
  await using stage = new Stage('publicUrl: http://localhost:8080\n');
  const gateway = await stage.serve();
  const post = async (message: object, session?: string) => {
    const headers = {
      authorization: `Bearer ${stage.token()}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    };
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    return fetch(`${gateway.url}/mcp`, { method: 'POST', headers, body });
  };
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: { url: {} } },
    clientInfo: { name: 'tester', version: '1' },
  };
  const begun = await post({ id: 1, method: 'initialize', params });
  const session = begun.headers.get('mcp-session-id')!;
  await begun.text();
  await (await post({ method: 'notifications/initialized' }, session)).text();
  const called = { name: 'guarded', arguments: {} };
  const answer = await post({ id: 2, method: 'tools/call', params: called }, session);
  const reading = answer.text();
  const path = '/v1/commands/executions?status=open';
  const open = async (url: string) =>
    (await rest(url, stage.token(), 'GET', path)).body.executions as { status: string }[];
  while ((await open(gateway.url)).length === 0) await sleep(50);
  await gateway.stop();

  assert.match(await reading, /awaiting_approval: guarded in development has NOT run/);
  const next = await stage.serve();
  assert.deepEqual(
    (await open(next.url)).map(({ status }) => status),
    ['awaiting_approval'],
  );
  await next.stop();
});
