/** Where spans go, who decides which are sent, and what happens to those that cannot be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Execution } from '../../../../src/core/execution.ts';
import type { TraceContext } from '../../../../src/core/tracing.ts';
import {
  destinationOf,
  openTelemetry,
  passingOn,
} from '../../../../src/edge/telemetry/open-telemetry.ts';
import { Outbox } from '../../../../src/edge/telemetry/outbox.ts';
import { originKey, ReeveSampler } from '../../../../src/edge/telemetry/sampling.ts';
import { Tally } from '../../../../src/edge/telemetry/tally.ts';

const settings = {
  endpoint: 'http://collector/x',
  service: 's',
  sample: 0.5,
  followCallers: false,
};
const said: string[] = [];
const at = (env: Record<string, string>, from: typeof settings | null = null) =>
  destinationOf({ settings: from, env, report: (message) => said.push(message) });

test('nothing is sent unless somebody says where to', () => {
  assert.equal(at({}), null);
  assert.equal(at({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }), null);
  assert.equal(at({ OTEL_SERVICE_NAME: 'x' }), null);
  assert.equal(at({}, settings)?.url, 'http://collector/x');
  assert.equal(
    at({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/' })?.url,
    'http://c:4318/v1/traces',
  );
  assert.equal(
    at({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b/c',
    })?.url,
    'http://b/c',
  );
  const over = at({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SERVICE_NAME: 'n' }, settings);
  assert.deepEqual([over?.url, over?.service, over?.sample], ['http://c/v1/traces', 'n', 0.5]);
  assert.equal(at({ OTEL_SDK_DISABLED: 'true' }, settings), null);
  assert.equal(at({ OTEL_TRACES_EXPORTER: 'none' }, settings), null);
});

test('an address that cannot be used is told of, without the password in it', () => {
  said.length = 0;
  for (const bad of ['nonsense', 'file:///etc', 'http://me:hunter2@c/'])
    assert.equal(at({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: bad }), null);
  assert.equal(said.length, 3);
  assert.ok(!said.join().includes('hunter2'));
});

test("without a collector a caller's context is passed on as it came", async () => {
  const caller: TraceContext = {
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    tracestate: null,
    origin: 'caller',
  };
  const telemetry = await openTelemetry({
    settings: null,
    env: {},
    version: '0',
    stays: 'passing',
    report: assert.fail,
  });
  const span = telemetry.start('x', { parent: caller });
  assert.equal(span.context, caller);
  await telemetry.within(span.context, 'req_1', async () => {
    await new Promise(setImmediate);
    assert.equal(telemetry.current(), caller);
  });
  assert.equal(telemetry.current(), null);
  telemetry.remember('req_1', caller);
  assert.equal(telemetry.of('req_1'), caller);
  assert.equal(telemetry.spans(), null);
  await telemetry.close();
});

test('what is remembered of requests is bounded: the oldest go first', () => {
  const telemetry = passingOn();
  const context: TraceContext = { traceparent: 'x', tracestate: null, origin: 'own' };
  for (let i = 0; i < 5_000; i++) telemetry.remember(`req_${i}`, context);
  assert.equal(telemetry.of('req_0'), null);
  assert.equal(telemetry.of('req_4999'), context);
});

const sampled = (flags: number, origin: 'caller' | 'own', sampler: ReeveSampler) => {
  const spanContext = {
    traceId: '0'.repeat(31).concat('1'),
    spanId: 'b'.repeat(16),
    traceFlags: flags,
  };
  const context = trace.setSpanContext(ROOT_CONTEXT, spanContext).setValue(originKey, origin);
  return sampler.shouldSample(context).decision === 2;
};
const rows: readonly [
  flags: number,
  origin: 'caller' | 'own',
  follow: boolean,
  drawn: number,
  taken: boolean,
  why: string,
][] = [
  [1, 'caller', false, 0.9, false, 'a caller cannot force it, with whatever trace id'],
  [0, 'caller', false, 0.05, true, 'nor keep it from being traced'],
  [1, 'caller', true, 0.9, true, 'unless callers are followed'],
  [0, 'caller', true, 0.05, false, 'in both ways'],
  [1, 'own', false, 0.9, true, 'what began here is traced whole'],
  [0, 'own', false, 0.05, false, 'or not at all'],
];
for (const [flags, origin, follow, drawn, taken, why] of rows) {
  test(`sampling at 0.1: ${why}`, () => {
    assert.equal(sampled(flags, origin, new ReeveSampler(0.1, follow, () => drawn)), taken);
  });
}

const span = {} as ReadableSpan;

test('spans beyond the queue are dropped and counted; a batch that is not taken is counted too', async () => {
  const answers: ((result: { code: number }) => void)[] = [];
  const sizes: number[] = [];
  const outbox = new Outbox({
    exporter: {
      export: (spans, answer) => {
        sizes.push(spans.length);
        answers.push(answer);
      },
    },
    places: 10,
    batch: 4,
  });
  // The first batch is under way and hangs: everything else waits, up to the places.
  for (let i = 0; i < 20; i++) outbox.onEnd(span);
  assert.deepEqual(outbox.counts(), {
    sent: 0,
    dropped: { queue_full: 6, export_failed: 0 },
    queued: 10,
  });
  const flushed = outbox.forceFlush();
  for (const code of [0, 1, 0, 0]) {
    while (answers.length === 0) await new Promise(setImmediate);
    answers.shift()!({ code });
  }
  await flushed;
  assert.deepEqual(sizes, [4, 4, 4, 2]);
  assert.deepEqual(outbox.counts(), {
    sent: 10,
    dropped: { queue_full: 6, export_failed: 4 },
    queued: 0,
  });
  await outbox.shutdown();
  outbox.onEnd(span);
  assert.equal(outbox.counts().dropped.queue_full, 7);
});

test('a batch that takes too long is given up, and one that throws is lost, not thrown', async () => {
  let cut = 0;
  const hanging = new Outbox({
    exporter: { export() {} },
    patienceMs: 5,
    onGivenUp: () => (cut += 1),
  });
  hanging.onEnd(span);
  const alive = setInterval(() => {}, 1_000);
  await hanging.forceFlush();
  clearInterval(alive);
  assert.deepEqual([hanging.counts().dropped.export_failed, cut], [1, 1]);
  const throwing = new Outbox({
    exporter: {
      export() {
        throw new Error('no');
      },
    },
  });
  throwing.onEnd(span);
  await throwing.forceFlush();
  assert.equal(throwing.counts().dropped.export_failed, 1);
});

test('ends are counted by status and code, and how long runs took; what never ran has no duration', () => {
  const tally = new Tally();
  const ended = (facts: Partial<Execution>) => tally.ended(facts as Execution);
  ended({ status: 'ok', errorCode: null, startedAt: 1_000, finishedAt: 1_200 });
  ended({ status: 'ok', errorCode: null, startedAt: 1_000, finishedAt: 900 });
  ended({ status: 'rejected', errorCode: 'FROZEN', startedAt: null, finishedAt: 5 });
  const lines = tally.lines();
  for (const line of [
    'reeve_executions_ended_total{status="ok",error_code=""} 2',
    'reeve_executions_ended_total{status="rejected",error_code="FROZEN"} 1',
    'reeve_run_duration_seconds_bucket{status="ok",le="0.1"} 1',
    'reeve_run_duration_seconds_bucket{status="ok",le="0.25"} 2',
    'reeve_run_duration_seconds_bucket{status="ok",le="+Inf"} 2',
    'reeve_run_duration_seconds_sum{status="ok"} 0.2',
    'reeve_run_duration_seconds_count{status="ok"} 2',
  ])
    assert.ok(lines.includes(line), line);
  assert.ok(
    !lines.some((line) => line.startsWith('reeve_run_duration_seconds_count{status="rejected"')),
  );
});
