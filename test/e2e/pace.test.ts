/** A principal that floods the gateway, over REST and MCP: what it is answered, and what that leaves on record. Real program. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { rest } from '../real/rest.ts';
import { Stage } from '../real/stage.ts';

interface Line {
  readonly event: string;
  readonly operator: string | null;
  readonly errorCode: string | null;
  readonly detail: { readonly count?: number; readonly codes?: readonly object[] } | null;
}

test('every refused call is answered, and each is on record or counted there', async () => {
  await using stage = new Stage('rate: { perPrincipal: { perSecond: 1, burst: 1200 } }\n');
  const gateway = await stage.serve();
  const token = stage.token();
  const body = JSON.stringify({ command: 'nothing', arguments: {} });
  const total = 1_500;
  const codes = new Map<string, number>();
  let recorded = 0;
  for (let i = 0; i < total; i += 50) {
    const replies = await Promise.all(
      Array.from({ length: 50 }, () =>
        rest(gateway.url, token, 'POST', '/v1/commands/execute', body),
      ),
    );
    for (const { status, headers, body: answer } of replies) {
      const code = String(answer.errorCode);
      codes.set(code, (codes.get(code) ?? 0) + 1);
      assert.equal(status, code === 'RATE_LIMITED' ? 429 : 403);
      assert.equal(headers.has('retry-after'), code === 'RATE_LIMITED');
      if (answer.requestId !== undefined) recorded += 1;
    }
  }
  assert.deepEqual([...codes.keys()].sort(), ['COMMAND_NOT_ALLOWED', 'RATE_LIMITED']);
  assert.ok(codes.get('COMMAND_NOT_ALLOWED')! >= 1_200);
  assert.ok(recorded >= 1_000 && recorded < total, `${recorded} on record`);
  await gateway.stop();

  const lines = readFileSync(join(stage.folder, 'audit.log'), 'utf8').trimEnd().split('\n');
  const audit = lines.map((line) => JSON.parse(line) as Line);
  assert.equal(audit.filter(({ event }) => event === 'refused').length, recorded);
  const told = audit.filter(({ event }) => event === 'refusals-left-out');
  assert.ok(told.length >= 1 && told.every(({ operator }) => operator === 'local'));
  assert.equal(
    told.reduce((sum, { detail }) => sum + detail!.count!, 0),
    total - recorded,
  );
  const verified = stage.run(['audit', 'verify', ...stage.options()]);
  assert.equal(verified.exitCode, 0, verified.stdout + verified.stderr);
});

test('MCP and REST draw on one pace, and MCP says so with 429, Retry-After and the id', async () => {
  await using stage = new Stage('rate: { perPrincipal: { perSecond: 0.01, burst: 2 } }\n');
  const gateway = await stage.serve();
  const post = (message: object) =>
    fetch(`${gateway.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stage.token()}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'say',
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'tester', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const call = (id: number) => {
    const params = { name: 'say', arguments: { text: 'hello' }, _meta: meta };
    return post({ id, method: 'tools/call', params });
  };
  const first = await call(1);
  assert.equal(first.status, 200);
  assert.match(await first.text(), /hello/);
  const body = JSON.stringify({ command: 'say', arguments: { text: 'x' } });
  const execute = () => rest(gateway.url, stage.token(), 'POST', '/v1/commands/execute', body);
  assert.equal((await execute()).status, 200);
  assert.equal((await execute()).status, 429);
  const refused = await call(3);
  assert.equal(refused.status, 429);
  assert.match(refused.headers.get('retry-after')!, /^[1-9]\d*$/);
  const { id, error } = (await refused.json()) as {
    id: number;
    error: { message: string; data: { errorCode: string; requestId: string } };
  };
  assert.deepEqual([id, error.data.errorCode], [3, 'RATE_LIMITED']);
  const path = `/v1/commands/executions/${error.data.requestId}`;
  const seen = await rest(gateway.url, stage.token(), 'GET', path);
  assert.equal(seen.body.status, 'rejected');
  await gateway.stop();
});

test('starting a run of a runbook draws on the same pace, over REST and MCP, and its refusals are on record', async () => {
  await using stage = new Stage(
    'rate: { perPrincipal: { perSecond: 0.01, burst: 2 } }\nrunbooks: runbooks.yaml\n',
  );
  writeFileSync(
    join(stage.folder, 'runbooks.yaml'),
    `version: 1
runbooks:
  greet:
    description: Says hello.
    owner: tests
    environments: [development]
    steps: [{ name: a, command: say, with: { text: hello } }]
`,
  );
  const gateway = await stage.serve();
  const post = (path: string, body: object) =>
    rest(gateway.url, stage.token(), 'POST', path, JSON.stringify(body));
  const start = () => post('/v1/runbooks/greet/start', {});
  const first = await rest(gateway.url, stage.token(), 'POST', '/v1/runbooks/greet/start', '{}', {
    Prefer: 'wait=60',
  });
  assert.equal(first.status, 200, JSON.stringify(first.body));
  const call = { command: 'say', arguments: { text: 'x' } };
  assert.equal((await post('/v1/commands/execute', call)).status, 200);
  const refused = await start();
  assert.deepEqual([refused.status, refused.body.errorCode], [429, 'RATE_LIMITED']);
  assert.match(refused.headers.get('retry-after')!, /^[1-9]\d*$/);
  const path = `/v1/commands/executions/${String(refused.body.requestId)}`;
  const seen = await rest(gateway.url, stage.token(), 'GET', path);
  assert.equal(seen.body.status, 'rejected');
  const client = new Client(
    { name: 'agent', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  const headers = { authorization: `Bearer ${stage.token()}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', gateway.url), { requestInit: { headers } }),
  );
  await assert.rejects(client.callTool({ name: 'greet', arguments: {} }), /RATE_LIMITED|faster/);
  await client.close();
  await gateway.stop();
});
