/**
 * Traces, as the inner rooms see them: spans that begin and end, and the context that a request belongs to. In: names and
 * facts. Out: nothing that a decision could depend on. Never: an argument, output, a secret or a digest as an attribute; an
 * error or a delay for whoever is traced.
 */

/**
 * Where a request stands in a trace, in W3C's form. `caller`: it came from outside, so its sampling flag is only a wish.
 * `own`: this gateway made it.
 */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate: string | null;
  readonly origin: 'caller' | 'own';
}

/** Ids, names, codes and numbers of ours. Null is left out. */
export type SpanFacts = Readonly<Record<string, string | number | boolean | null>>;

export interface SpanOptions {
  /** `server` for what a caller asked over a protocol; `internal` for everything else. */
  readonly kind?: 'server' | 'internal';
  readonly parent: TraceContext | null;
  readonly facts?: SpanFacts;
  /** Milliseconds since 1970, where it began earlier than it is told of. */
  readonly startedAt?: number;
  /** Another place in another trace that has to do with it. */
  readonly link?: TraceContext | null;
}

export interface Span {
  /** What is begun under it belongs to; null where nothing is traced and no caller gave a context. */
  readonly context: TraceContext | null;
  note(facts: SpanFacts): void;
  event(name: string): void;
  /** `errorCode` is null where it went well. A second end changes nothing. */
  end(errorCode: string | null): void;
}

export interface Tracing {
  start(name: string, options: SpanOptions): Span;
  /** Of the request that is being served here; null outside of any. */
  current(): TraceContext | null;
  /** Whatever `work` begins is served under this context. */
  within<T>(context: TraceContext | null, requestId: string | null, work: () => T): T;
  /** Remembers, for a while and for this process alone, which trace a request belongs to. */
  remember(requestId: string, context: TraceContext | null): void;
}

const noSpan: Span = Object.freeze({ context: null, note() {}, event() {}, end() {} });

/** Nothing is traced, and nothing passed on. */
export const noTracing: Tracing = Object.freeze({
  start: () => noSpan,
  current: () => null,
  within: <T>(_context: TraceContext | null, _requestId: string | null, work: () => T) => work(),
  remember() {},
});
