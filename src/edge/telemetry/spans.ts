/**
 * Spans by OpenTelemetry, sent to a collector by OTLP over HTTP. In: a destination. Out: tracing. Loaded only where spans are
 * sent. Never: a word of a caller's in a span, an exception for whoever is traced, a process that stays for a collector.
 */

import { readFileSync } from 'node:fs';
import { type AgentOptions, Agent as PlainAgent } from 'node:http';
import { Agent as EncryptedAgent } from 'node:https';
import {
  type Attributes,
  type Context,
  createTraceState,
  type Link,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { TracerProvider, type TracerProviderOptions } from '@opentelemetry/sdk-trace';
import type { Span, SpanFacts, TraceContext } from '../../core/tracing.ts';
import { currentTrace, servedUnder } from './around.ts';
import { Outbox } from './outbox.ts';
import { Remembered } from './remembered.ts';
import { originKey, ReeveSampler } from './sampling.ts';
import type { Destination, Telemetry, TelemetryOptions } from './telemetry.ts';
import { idsOf, traceparentOf } from './trace-context.ts';

/** Milliseconds: for one batch, and for what is left at the end. */
const patienceMs = { serving: 10_000, passing: 1_000 };
const lastMs = { serving: 2_000, passing: 500 };
const longestValue = 256;

export function sendingSpans(
  destination: Destination,
  { env, version, stays }: Pick<TelemetryOptions, 'env' | 'version' | 'stays'>,
): Telemetry {
  const agent = agentOf(destination.url, env);
  const exporter = new OTLPTraceExporter({
    url: destination.url,
    timeoutMillis: patienceMs[stays],
    concurrencyLimit: 2,
    httpAgentOptions: () => agent,
  });
  const outbox = new Outbox({
    exporter,
    patienceMs: patienceMs[stays] * 1.5,
    // A collector that sends its answer a byte at a time is cut off, too.
    onGivenUp: () => agent.destroy(),
  });
  const provider = new TracerProvider({
    sampler: new ReeveSampler(destination.sample, destination.followCallers),
    spanProcessors: [outbox],
    resource: resourceOf({ 'service.name': destination.service, 'service.version': version }),
    spanLimits: { attributeValueLengthLimit: longestValue },
  });
  const tracer = provider.getTracer('reeve', version);
  const remembered = new Remembered();
  return {
    start(name, { kind = 'internal', parent, facts = {}, startedAt, link = null }) {
      const spanKind = kind === 'server' ? SpanKind.SERVER : SpanKind.INTERNAL;
      const linked = link === null ? null : spanContextOf(link);
      const links: Link[] = linked === null ? [] : [{ context: linked }];
      const attributes = attributesOf(facts);
      const options = { kind: spanKind, attributes, links };
      return spanOf(
        tracer.startSpan(
          name,
          startedAt === undefined ? options : { ...options, startTime: startedAt },
          underneath(parent),
        ),
      );
    },
    current: currentTrace,
    within: servedUnder,
    remember: (requestId, context) => remembered.add(requestId, context),
    of: (requestId) => remembered.of(requestId),
    spans: () => outbox.counts(),
    async close() {
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, lastMs[stays]);
      await Promise.race([outbox.forceFlush().catch(() => {}), patience.promise]);
      clearTimeout(timer);
      await outbox.shutdown();
      agent.close();
    },
  };
}

function spanOf(span: OtelSpan): Span {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const sampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
  const context: TraceContext = Object.freeze({
    traceparent: traceparentOf({ traceId, spanId, sampled }),
    tracestate: traceState?.serialize() || null,
    origin: 'own',
  });
  let ended = false;
  return {
    context,
    note: (facts) => void span.setAttributes(attributesOf(facts)),
    event: (name) => void span.addEvent(name),
    end(errorCode) {
      if (ended) return;
      ended = true;
      if (errorCode !== null) {
        span.setAttribute('error.type', errorCode);
        span.setStatus({ code: SpanStatusCode.ERROR, message: errorCode });
      }
      span.end();
    },
  };
}

function underneath(parent: TraceContext | null): Context {
  const spanContext = parent === null ? null : spanContextOf(parent);
  if (parent === null || spanContext === null) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, spanContext).setValue(originKey, parent.origin);
}

function spanContextOf({ traceparent, tracestate, origin }: TraceContext): SpanContext | null {
  const ids = idsOf(traceparent);
  if (ids === null) return null;
  return {
    traceId: ids.traceId,
    spanId: ids.spanId,
    traceFlags: ids.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: origin === 'caller',
    ...(tracestate === null ? {} : { traceState: createTraceState(tracestate) }),
  };
}

function attributesOf(facts: SpanFacts): Attributes {
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== null),
  ) as Attributes;
}

type Resource = NonNullable<TracerProviderOptions['resource']>;

/** Only what is said here: nothing is found out about the host or the process. */
function resourceOf(attributes: Attributes): Resource {
  const resource: Resource = {
    attributes: {
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.name': 'opentelemetry',
      ...attributes,
    },
    merge: () => resource,
    getRawAttributes: () => Object.entries(resource.attributes),
  };
  return resource;
}

interface OwnAgent extends PlainAgent {
  /** Nothing is under way any more, and nothing more goes out. */
  close(): void;
}

/** Its connections are ours to cut: neither a collector that hangs nor one that trickles keeps this process. */
function agentOf(url: string, env: TelemetryOptions['env']): OwnAgent {
  const encrypted = url.startsWith('https:');
  const options: AgentOptions = { keepAlive: true, maxSockets: 2, ...certificates(env) };
  const agent = (encrypted ? new EncryptedAgent(options) : new PlainAgent(options)) as OwnAgent;
  const connect = agent.createConnection.bind(agent);
  let closed = false;
  agent.createConnection = (...given) => {
    if (closed) throw new Error('closed');
    return connect(...given);
  };
  agent.close = () => {
    closed = true;
    agent.destroy();
  };
  return agent;
}

/** Of the standard variables: the collector's authority, and what this gateway shows to it. */
function certificates(env: TelemetryOptions['env']): AgentOptions & Record<string, unknown> {
  const read = (name: string) => {
    const file = env[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`];
    return file === undefined || file === '' ? undefined : readFileSync(file);
  };
  const [ca, cert, key] = [read('CERTIFICATE'), read('CLIENT_CERTIFICATE'), read('CLIENT_KEY')];
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
