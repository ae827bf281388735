/**
 * One request's stages as spans, one after the other under the trace that it belongs to: queue, dependencies, secrets, run,
 * record. In: where it has got to. Out: spans that never overlap, the last of which ends with the request. Never: an effect
 * on the request.
 */
import type { Execution } from '../core/execution.ts';
import type { Span, SpanFacts, TraceContext, Tracing } from '../core/tracing.ts';
import { noTracing } from '../core/tracing.ts';

export type RunStage = 'queue' | 'dependencies' | 'secrets' | 'run' | 'record';

export class RunTrace {
  readonly context: TraceContext | null;
  readonly #tracing: Tracing;
  readonly #facts: SpanFacts;
  readonly #requestId: string | null;
  #open: { readonly stage: RunStage; readonly span: Span } | null = null;

  constructor(tracing: Tracing, context: TraceContext | null, execution: Execution | null) {
    this.context = context;
    this.#tracing = tracing;
    this.#requestId = execution?.requestId ?? null;
    this.#facts = execution === null ? {} : factsOf(execution);
    if (execution !== null) tracing.remember(execution.requestId, context);
  }

  /** Ends the stage before, and begins this one unless it is the one that is open. */
  enter(stage: RunStage): void {
    if (this.#open?.stage === stage) return;
    this.#open?.span.end(null);
    const span = this.#tracing.start(`reeve.${stage}`, {
      parent: this.context,
      facts: this.#facts,
    });
    this.#open = { stage, span };
  }

  note(facts: SpanFacts): void {
    this.#open?.span.note(facts);
  }

  event(name: string): void {
    this.#open?.span.event(name);
  }

  /** The stage that is open is over, and no further one begins by itself. */
  leave(errorCode: string | null): void {
    this.#open?.span.end(errorCode);
    this.#open = null;
  }

  /** The request has ended: so has whatever is open. */
  end({ status, errorCode }: Execution): void {
    this.note({ 'reeve.status': status });
    this.leave(this.#open?.stage === 'record' ? null : errorCode);
  }

  /** What `work` begins belongs to the same trace. */
  within<T>(work: () => T): T {
    return this.#tracing.within(this.context, this.#requestId, work);
  }
}

export const untraced = new RunTrace(noTracing, null, null);

/** What every span of a request says: who asked for what, where. Names of the configuration, and ids of ours. */
export function factsOf(execution: Execution): SpanFacts {
  return {
    'reeve.request_id': execution.requestId,
    'reeve.command': execution.risk === null ? null : execution.command,
    'reeve.environment': execution.environment,
    'reeve.face': execution.face,
    'user.id': execution.principal,
  };
}
