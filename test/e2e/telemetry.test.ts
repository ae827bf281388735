/**
 * Traces and the log of a real gateway: one call by each way in, spans at a real receiver of OTLP, parents as they should
 * be and nothing in them that is anybody's secret; a collector that hangs; approval hours later, by another process.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Collector, type ReceivedSpan } from '../real/collector.ts';
import { reeve, Stage, until } from '../real/stage.ts';
import { secret as hookSecret, Receiver } from '../unit/edge/webhooks/receiver.ts';

const secret = 'an argument that nobody else may see';
const traced = (endpoint: string) => `telemetry: { traces: { endpoint: "${endpoint}" } }\n`;

interface Above {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceparent: string;
}

function above(): Above {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
}

const named = (spans: readonly ReceivedSpan[], name: string): ReceivedSpan => {
  const [found, ...more] = spans.filter((span) => span.name === name);
  assert.ok(found, `${name} is not among ${spans.map((s) => s.name).join(', ')}`);
  assert.equal(more.length, 0, `${name} is there more than once`);
  return found;
};
const has =
  (...names: string[]) =>
  (spans: readonly ReceivedSpan[]) =>
    names.every((name) => spans.some((span) => span.name === name));

const stages = ['reeve.decide', 'reeve.queue', 'reeve.run', 'reeve.record'] as const;

/** Each stage under the request, telling of the same request and of no more than it may. */
function assertStages(spans: readonly ReceivedSpan[], request: ReceivedSpan, face: string): void {
  for (const name of stages) {
    const span = named(spans, name);
    assert.equal(span.parentSpanId, request.spanId, name);
    assert.equal(span.attributes['reeve.command'], 'say');
    assert.equal(span.attributes['reeve.environment'], 'development');
    assert.equal(span.attributes['reeve.face'], face);
    assert.equal(span.attributes['user.id'], 'local');
  }
  const run = named(spans, 'reeve.run');
  assert.equal(Number(run.attributes['process.exit.code']), 0);
  assert.equal(typeof run.attributes['reeve.sandbox.tier'], 'string');
  assert.deepEqual(run.events, ['reeve.process_started']);
  const ids = new Set(stages.map((name) => named(spans, name).attributes['reeve.request_id']));
  assert.equal(ids.size, 1);
  const order = stages.slice(1).map((name) => BigInt(named(spans, name).startTimeUnixNano));
  assert.deepEqual(
    order,
    [...order].sort((a, b) => (a < b ? -1 : 1)),
  );
}

function environment(stage: Stage, more: Record<string, string> = {}): Record<string, string> {
  return { PATH: process.env.PATH!, HOME: stage.folder, NO_COLOR: '1', ...more };
}

test('one call by REST, by MCP and by a command line that forwards: one trace each', async () => {
  await using collector = await Collector.start();
  await using stage = new Stage(traced(collector.endpoint));
  const gateway = await stage.serve();
  const headers = { authorization: `Bearer ${stage.token()}` };

  const rest = above();
  const answer = await fetch(new URL('/v1/commands/execute', gateway.url), {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', traceparent: rest.traceparent },
    body: JSON.stringify({ command: 'say', arguments: { text: secret } }),
  });
  const requestId = answer.headers.get('reeve-request-id');
  assert.equal(answer.status, 200);
  await answer.text();
  const byRest = await collector.of(rest.traceId, has('POST /v1/commands/execute', ...stages));
  const request = named(byRest, 'POST /v1/commands/execute');
  assert.equal(request.parentSpanId, rest.spanId);
  assert.equal(request.kind, 2);
  assert.equal(Number(request.attributes['http.response.status_code']), 200);
  assert.equal(request.attributes['reeve.request_id'], requestId);
  assertStages(byRest, request, 'rest');

  const http = above();
  const carrier = above();
  const client = new Client({ name: 'tester', version: '1' });
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', gateway.url), {
      requestInit: { headers: { ...headers, traceparent: carrier.traceparent } },
    }),
  );
  await client.callTool({
    name: 'say',
    arguments: { text: secret },
    _meta: { traceparent: http.traceparent },
  });
  await client.close();
  const byMcp = await collector.of(http.traceId, has('tools/call', ...stages));
  const call = named(byMcp, 'tools/call');
  assert.equal(call.parentSpanId, http.spanId);
  assert.equal(call.links[0]?.traceId, carrier.traceId, 'the HTTP request is linked');
  assertStages(byMcp, call, 'mcp-http');

  const stdio = above();
  const piped = new Client({ name: 'tester', version: '1' });
  const own = environment(stage, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.base,
    OTEL_SERVICE_NAME: 'client',
  });
  await piped.connect(
    new StdioClientTransport({
      command: reeve,
      args: ['mcp', ...stage.options()],
      env: own,
      cwd: stage.folder,
      stderr: 'ignore',
    }),
  );
  await piped.callTool({
    name: 'say',
    arguments: { text: secret },
    _meta: { traceparent: stdio.traceparent },
  });
  await piped.close();
  const byPipe = await collector.of(stdio.traceId, has('tools/call', ...stages));
  const forwarded = byPipe.filter((span) => span.name === 'POST /v1/commands/execute');
  assert.equal(forwarded.length, 1);
  assert.equal(named(byPipe, 'tools/call').service, 'client');
  assert.equal(named(byPipe, 'tools/call').parentSpanId, stdio.spanId);
  assert.equal(forwarded[0]!.parentSpanId, named(byPipe, 'tools/call').spanId);
  assert.equal(forwarded[0]!.service, 'reeve');
  assertStages(byPipe, forwarded[0]!, 'rest');

  const line = above();
  const variables = { ...own, TRACEPARENT: line.traceparent, TRACESTATE: 'vendor=1' };
  const args = ['run', 'say', '--param', `text=${secret}`, ...stage.options()];
  const ran = spawnSync(reeve, args, { env: variables, cwd: stage.folder, encoding: 'utf8' });
  assert.equal(ran.status, 0, ran.stderr);
  const byLine = await collector.of(line.traceId, has('reeve run', ...stages));
  const verb = named(byLine, 'reeve run');
  assert.equal(verb.parentSpanId, line.spanId);
  assert.equal(verb.service, 'client');
  const execute = named(byLine, 'POST /v1/commands/execute');
  assert.equal(execute.parentSpanId, verb.spanId);
  assertStages(byLine, execute, 'rest');

  await gateway.stop();
  for (const hidden of [secret, stage.token(), 'digest', 'authorization', 'Bearer'])
    assert.ok(!collector.text.includes(hidden), `${hidden.slice(0, 12)}… was sent`);
});

test('a malformed context is none; a caller decides neither that it is traced nor by its trace id', async () => {
  await using collector = await Collector.start();
  await using stage = new Stage(
    `telemetry: { traces: { endpoint: "${collector.endpoint}", sample: 0 } }\n`,
  );
  const gateway = await stage.serve();
  const forced = above();
  for (const traceparent of [
    forced.traceparent,
    `00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-01`,
    'x'.repeat(3_000),
    '00-ZZ-1-1',
  ]) {
    const answer = await fetch(new URL('/v1/commands/execute', gateway.url), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stage.token()}`,
        'content-type': 'application/json',
        traceparent,
      },
      body: JSON.stringify({ command: 'say', arguments: { text: 'x' } }),
    });
    assert.equal(answer.status, 200);
  }
  await gateway.stop();
  assert.deepEqual(collector.spans, []);
});

test('a collector that hangs fails nothing, and keeps no process', async () => {
  await using collector = await Collector.start('hangs');
  await using stage = new Stage(traced(collector.endpoint));
  const gateway = await stage.serve();
  const own = environment(stage, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.base });
  for (let i = 0; i < 3; i++) {
    const args = ['run', 'say', '--param', 'text=hello', ...stage.options()];
    const ran = spawnSync(reeve, args, {
      env: own,
      cwd: stage.folder,
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(ran.stdout, 'hello\n');
  }
  const metrics = await fetch(new URL('/metrics', gateway.url), {
    headers: { authorization: `Bearer ${stage.token()}` },
  });
  const text = await metrics.text();
  assert.match(text, /^reeve_trace_spans_sent_total 0$/m);
  assert.match(text, /^reeve_trace_spans_dropped_total\{reason="queue_full"\} \d+$/m);
  await gateway.stop();
  assert.match(collector.text, /reeve\.run/);
});

test('what waits for people belongs to its trace hours later, whoever runs it then', async () => {
  await using collector = await Collector.start();
  await using receiver = new Receiver();
  const hook = await receiver.listen();
  await using stage = new Stage(
    `webhooks: [{ name: chat, url: "${hook}", secret: { file: ./hook.key }, events: [approval.requested, execution.finished] }]
${traced(collector.endpoint)}policy: policy\npeople: people.yaml\napprovals: { proofs: { default: [token] } }\n`,
  );
  mkdirSync(join(stage.folder, 'policy'));
  writeFileSync(join(stage.folder, 'policy/all.cedar'), 'permit (principal, action, resource);\n');
  writeFileSync(
    join(stage.folder, 'people.yaml'),
    'version: 1\npeople:\n  ola: { name: Ola, roles: [ops_lead] }\n  sam: { name: Sam, roles: [security_officer] }\n',
  );
  writeFileSync(join(stage.folder, 'hook.key'), hookSecret, { mode: 0o600 });
  const first = await stage.serve();
  const asked = above();
  const post = (url: string, token: string, path: string, body: unknown, more = {}) =>
    fetch(new URL(path, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...more },
      body: JSON.stringify(body),
    });
  const waiting = await post(
    first.url,
    stage.token(),
    '/v1/commands/execute',
    { command: 'guarded', arguments: {} },
    { traceparent: asked.traceparent },
  );
  assert.equal(waiting.status, 202);
  const requestId = waiting.headers.get('reeve-request-id')!;
  const before = await collector.of(
    asked.traceId,
    has('POST /v1/commands/execute', 'reeve.decide'),
  );
  const request = named(before, 'POST /v1/commands/execute');
  await first.kill();

  const second = await stage.serve();
  const tokens = ['ola', 'sam'].map((name) => {
    const made = stage.run([
      'token',
      'create',
      name,
      '--for',
      name,
      '--kind',
      'person',
      '--scope',
      'read',
      '--scope',
      'approve',
      ...stage.options(),
    ]);
    assert.equal(made.exitCode, 0, made.stderr);
    return made.stdout.trim();
  });
  for (const token of tokens) {
    const path = `/v1/approvals/${requestId}`;
    const view = await fetch(new URL(path, second.url), {
      headers: { authorization: `Bearer ${token}` },
    });
    const { digest } = (await view.json()) as { digest: string };
    const answered = await post(second.url, token, `${path}/answer`, {
      verdict: 'approve',
      digest,
    });
    assert.equal(answered.status, 200, await answered.text());
  }
  const spans = await collector.of(
    asked.traceId,
    has('reeve.approval', 'reeve.run', 'reeve.record'),
  );
  const approval = named(spans, 'reeve.approval');
  assert.equal(approval.parentSpanId, request.spanId);
  assert.equal(approval.attributes['reeve.approval.outcome'], 'granted');
  assert.equal(approval.links.length, 1, 'the request that answered is linked');
  assert.notEqual(approval.links[0]!.traceId, asked.traceId);
  assert.ok(BigInt(approval.startTimeUnixNano) <= BigInt(request.endTimeUnixNano));
  for (const name of ['reeve.run', 'reeve.record', 'reeve.queue'])
    assert.equal(named(spans, name).parentSpanId, request.spanId, name);
  // Told of in the same trace, by a process that never saw the request come in.
  await until('both are told of', () => receiver.taken.length >= 2);
  for (const { type, headers } of receiver.taken)
    assert.equal(String(headers.traceparent).split('-')[1], asked.traceId, type);
  await second.stop();
});

test('every line of the log that a request leaves names it, and holds nothing of it', async () => {
  await using stage = new Stage();
  const gateway = await stage.serve();
  const asked = above();
  const execute = (body: unknown) =>
    fetch(new URL('/v1/commands/execute', gateway.url), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stage.token()}`,
        'content-type': 'application/json',
        traceparent: asked.traceparent,
      },
      body: JSON.stringify(body),
    });
  const ids: string[] = [];
  for (const body of [
    { command: 'say', arguments: { text: secret } },
    { command: 'fail', arguments: {} },
    { command: 'say', arguments: { wrong: secret } },
    { command: secret, arguments: {} },
  ]) {
    const answer = await execute(body);
    ids.push(answer.headers.get('reeve-request-id')!);
    await answer.text();
  }
  await gateway.stop();
  const lines = gateway
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const id of ids) {
    const mine = lines.filter((line) => line.requestId === id);
    assert.deepEqual(mine.map((line) => line.msg).sort(), ['answered', 'ended']);
    for (const line of mine) assert.equal(line.traceId, asked.traceId, JSON.stringify(line));
  }
  assert.deepEqual(
    lines.filter((line) => line.requestId === undefined),
    [],
  );
  assert.equal(
    lines.find((line) => line.requestId === ids[1] && line.msg === 'ended')?.errorCode,
    'COMMAND_EXIT_NON_ZERO',
  );
  for (const hidden of [secret, stage.token(), 'the reason', 'useful output'])
    assert.ok(!gateway.log().includes(hidden), hidden.slice(0, 12));
});
