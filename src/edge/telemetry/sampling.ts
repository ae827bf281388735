/**
 * Which requests are traced. In: where a request comes from. Out: whether its spans are sent. Never: a caller's flag, or a
 * trace id that a caller chose, as the reason, unless the configuration says to follow callers.
 */
import { type Context, createContextKey, trace } from '@opentelemetry/api';
import { type Sampler, SamplingDecision, type SamplingResult } from '@opentelemetry/sdk-trace';
import type { TraceContext } from '../../core/tracing.ts';

/** Under which the origin of the parent rides in OpenTelemetry's own context. */
export const originKey = createContextKey('reeve trace origin');

export class ReeveSampler implements Sampler {
  readonly #sample: number;
  readonly #followCallers: boolean;
  readonly #random: () => number;

  /** `random` gives numbers from 0 to below 1. */
  constructor(sample: number, followCallers: boolean, random: () => number = Math.random) {
    this.#sample = sample;
    this.#followCallers = followCallers;
    this.#random = random;
  }

  shouldSample(context: Context): SamplingResult {
    return {
      decision: this.#isTaken(context)
        ? SamplingDecision.RECORD_AND_SAMPLED
        : SamplingDecision.NOT_RECORD,
    };
  }

  toString(): string {
    return `ReeveSampler{${this.#sample}${this.#followCallers ? ', following callers' : ''}}`;
  }

  #isTaken(context: Context): boolean {
    const parent = trace.getSpanContext(context);
    const origin = context.getValue(originKey) as TraceContext['origin'] | undefined;
    // What began here is traced whole or not at all.
    if (parent !== undefined && (origin === 'own' || this.#followCallers))
      return (parent.traceFlags & 1) === 1;
    return this.#random() < this.#sample;
  }
}
