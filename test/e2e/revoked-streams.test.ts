/** What is under way for a token when it is revoked: streams over REST and MCP, waiting calls. With the real program. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { rest } from '../real/rest.ts';
import { type RunningGateway, Stage } from '../real/stage.ts';

async function staged() {
  const stage = new Stage('policy: policy\n');
  mkdirSync(join(stage.folder, 'policy'));
  const everybody = '@id("all") permit (principal, action, resource);\n';
  writeFileSync(join(stage.folder, 'policy/all.cedar'), everybody);
  const gateway = await stage.serve();
  return { stage, gateway };
}

async function tokenFor(stage: Stage, { url }: RunningGateway, principal: string) {
  const body = { name: principal, principal, kind: 'agent', scopes: ['read', 'run'] };
  const made = await rest(url, stage.token(), 'POST', '/v1/tokens', JSON.stringify(body));
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const { token, secret } = made.body as { token: { id: string }; secret: string };
  const revoke = async () => {
    const path = `/v1/tokens/${token.id}/revoke`;
    assert.equal((await rest(url, stage.token(), 'POST', path, '{}')).status, 200);
  };
  return { secret, revoke };
}

async function slowRun(gateway: RunningGateway, secret: string): Promise<string> {
  const body = JSON.stringify({ command: 'slow', arguments: { seconds: 300 } });
  const wait = { prefer: 'respond-async' };
  const asked = await rest(gateway.url, secret, 'POST', '/v1/commands/execute', body, wait);
  assert.equal(asked.status, 202, JSON.stringify(asked.body));
  return (asked.body.result as { requestId: string }).requestId;
}

const mcpHeaders = (secret: string, session?: string) => ({
  authorization: `Bearer ${secret}`,
  accept: 'application/json, text/event-stream',
  'content-type': 'application/json',
  ...(session === undefined ? {} : { 'mcp-session-id': session }),
});

async function mcpSession({ url }: RunningGateway, secret: string): Promise<string> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'tester', version: '1' },
  };
  const answer = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: mcpHeaders(secret),
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  });
  assert.equal(answer.status, 200);
  await answer.text();
  const session = answer.headers.get('mcp-session-id')!;
  const told = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: mcpHeaders(secret, session),
    body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
  });
  await told.text();
  return session;
}

/** Everything that came until the stream ended, whether it ended well or broke off. */
async function readAll(response: Response): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response.body!) text += Buffer.from(chunk).toString('utf8');
  } catch {
    // Cut: what came before counts.
  }
  return text;
}

test('streams and waiting calls of a revoked token end, each with why; those of others go on', async () => {
  const { stage, gateway } = await staged();
  await using _ = stage;
  const bad = await tokenFor(stage, gateway, 'bad');
  const good = await tokenFor(stage, gateway, 'good');
  const requestId = await slowRun(gateway, bad.secret);
  const run = `/v1/commands/executions/${requestId}`;
  const stream = (secret: string, path: string) =>
    fetch(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${secret}` } });
  const events = await stream(bad.secret, `${run}/events`);
  assert.equal(events.status, 200);
  const waiting = rest(gateway.url, bad.secret, 'GET', run, undefined, { prefer: 'wait=300' });
  const goodRun = await slowRun(gateway, good.secret);
  const others = await stream(good.secret, `/v1/commands/executions/${goodRun}/events`);

  await bad.revoke();
  const text = await readAll(events);
  assert.match(text, /event: status\n/);
  assert.doesNotMatch(text, /event: end\n/);
  const last = /event: closed\ndata: (.*)\n\n$/.exec(text);
  assert.ok(last !== null, text);
  assert.equal((JSON.parse(last[1]!) as { errorCode: string }).errorCode, 'UNAUTHENTICATED');
  const told = await waiting;
  assert.equal(told.status, 401);
  assert.equal(told.body.errorCode, 'UNAUTHENTICATED');
  assert.match(told.headers.get('www-authenticate')!, /invalid_token/);

  // Over REST a client that is gone does not end its run, and neither does one that may not look on any more.
  const seen = await rest(gateway.url, stage.token(), 'GET', run);
  assert.equal(seen.body.status, 'running');
  await rest(gateway.url, stage.token(), 'POST', `${run}/cancel`, '{}');
  await rest(gateway.url, good.secret, 'POST', `/v1/commands/executions/${goodRun}/cancel`, '{}');
  assert.match(await readAll(others), /event: end\n/);
  await gateway.stop();
});

test('MCP: the standing stream of a revoked token ends, and so does its call, whose run is cancelled for it', async () => {
  const { stage, gateway } = await staged();
  await using _ = stage;
  const bad = await tokenFor(stage, gateway, 'bad');
  const session = await mcpSession(gateway, bad.secret);
  const standing = await fetch(`${gateway.url}/mcp`, {
    headers: mcpHeaders(bad.secret, session),
  });
  assert.equal(standing.status, 200);
  const call = await fetch(`${gateway.url}/mcp`, {
    method: 'POST',
    headers: mcpHeaders(bad.secret, session),
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'call-1',
      method: 'tools/call',
      params: { name: 'slow', arguments: { seconds: 300 } },
    }),
  });
  assert.equal(call.status, 200);
  const open = async () => {
    const path = '/v1/commands/executions?status=open';
    const { executions } = (await rest(gateway.url, stage.token(), 'GET', path)).body;
    return executions as { status: string; result: { requestId: string } }[];
  };
  while (stage.begun() === 0) await sleep(50);
  const { result } = (await open())[0]!;

  await bad.revoke();
  assert.match(await readAll(standing), /\n?: The credential .* was revoked/);
  const answer = /data: (.*)\n\n$/.exec(await readAll(call));
  const { id, error } = JSON.parse(answer![1]!) as {
    id: string;
    error: { data: { errorCode: string } };
  };
  assert.deepEqual([id, error.data.errorCode], ['call-1', 'UNAUTHENTICATED']);
  const path = `/v1/commands/executions/${result.requestId}`;
  const wait = { prefer: 'wait=60' };
  const ended = await rest(gateway.url, stage.token(), 'GET', path, undefined, wait);
  assert.equal(ended.body.status, 'cancelled');
  const { entries } = (await rest(gateway.url, stage.token(), 'GET', `${path}/entries`)).body;
  assert.match(JSON.stringify(entries), /The credential that the call came with was revoked\./);
  assert.equal(
    (await fetch(`${gateway.url}/mcp`, { headers: mcpHeaders(bad.secret) })).status,
    401,
  );
  await gateway.stop();
});
