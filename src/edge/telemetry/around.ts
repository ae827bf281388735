/**
 * What is known of the request that is being served, wherever its work has got to: its trace and its id, for the log and for
 * what is asked of others on its behalf. Never: anything that a decision reads.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { TraceContext } from '../../core/tracing.ts';

interface Around {
  readonly trace: TraceContext | null;
  /** Null until the request has one. */
  readonly requestId: string | null;
}

const around = new AsyncLocalStorage<Around>();

export function currentTrace(): TraceContext | null {
  return around.getStore()?.trace ?? null;
}

export function currentRequest(): string | null {
  return around.getStore()?.requestId ?? null;
}

export function servedUnder<T>(
  trace: TraceContext | null,
  requestId: string | null,
  work: () => T,
): T {
  return around.run({ trace, requestId }, work);
}
