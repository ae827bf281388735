/**
 * Signed webhooks (Standard Webhooks): people are told, wherever they are. In: the record, the endpoints of the settings.
 * Out: each event at least once, in order, at each endpoint. There is no second list of what is due: the record is it, and
 * one number an endpoint says how far it came. Must never: send from two processes on one state at once.
 */
import type { ApprovalStore } from '../../core/people-ports.ts';
import type { Clock, Store } from '../../core/ports.ts';
import type { WebhookSettings } from '../../core/settings.ts';
import type { TraceContext } from '../../core/tracing.ts';
import { type Courier, type CourierState, type Pace, startCourier } from './courier.ts';
import { webhookMetrics } from './metrics.ts';

export interface WebhookOptions {
  readonly store: Pick<Store, 'entriesAfter' | 'value' | 'setValue' | 'execution' | 'durable'> & {
    readonly approvals: Pick<ApprovalStore, 'state'>;
  };
  /** As the settings have them now: another list after a reload. */
  readonly endpoints: () => readonly WebhookSettings[];
  readonly secretOf: (endpoint: WebhookSettings) => string;
  /** Takes the lock that all processes on this state share, or answers null at once. */
  readonly lock: () => { release(): void } | null;
  readonly page: (path: string) => string | null;
  /** The trace that a request belongs to, where that is known: its traceparent goes with what is told of it. */
  readonly traceOf?: (requestId: string) => TraceContext | null;
  readonly clock: Clock;
  readonly report: (message: string, error?: unknown) => void;
  readonly pace?: Partial<Pace>;
  readonly random?: () => number;
}

export interface Webhooks {
  states(): readonly CourierState[];
  /** Lines for Prometheus. */
  metrics(): readonly string[];
  /** What is behind, in words, one a line. */
  troubles(): readonly string[];
  /** Resolves when nothing is sent any more. What is due stays in the record for the next one. */
  close(): Promise<void>;
}

export const usualPace: Pace = Object.freeze({
  poll: 500,
  first: 1_000,
  longest: 10 * 60_000,
  timeout: 10_000,
  grace: 2_000,
});

export function startWebhooks(options: WebhookOptions): Webhooks {
  const { store, endpoints, secretOf, lock, page, clock, report } = options;
  const pace: Pace = { ...usualPace, ...options.pace };
  let served: readonly WebhookSettings[] | null = null;
  let couriers: readonly Courier[] = [];
  let held: { release(): void } | null = null;
  let complaint: string | null = null;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let inTurn: Promise<void> = Promise.resolve();

  const take = async (wanted: readonly WebhookSettings[]): Promise<void> => {
    await Promise.all(couriers.map((courier) => courier.stop()));
    couriers = [];
    if (stopped) return;
    const tools = {
      store,
      around: {
        state: store.value('state-id') ?? '',
        execution: store.execution,
        approval: store.approvals.state,
        page,
      },
      secretOf,
      ...(options.traceOf === undefined ? {} : { traceOf: options.traceOf }),
      clock,
      pace,
      random: options.random ?? Math.random,
      report,
    };
    couriers = wanted.map((endpoint) => startCourier(endpoint, tools));
    served = wanted;
  };

  const look = async (): Promise<void> => {
    try {
      const wanted = endpoints();
      if (wanted !== served) {
        // The system drops the lock of a process that ends, however it ends: the next one goes on from the record.
        if (held === null && wanted.length > 0) held = lock();
        if (held !== null || wanted.length === 0) await take(wanted);
      }
      complaint = null;
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      if (said !== complaint) report('the webhooks cannot be served; it is tried again', error);
      complaint = said;
    }
    if (!stopped) timer = setTimeout(next, pace.poll).unref();
  };
  const next = (): void => {
    inTurn = look();
  };
  next();

  return {
    states: () => couriers.map((courier) => courier.state()),
    metrics: () =>
      webhookMetrics(
        couriers.map((courier) => courier.state()),
        clock,
      ),
    troubles: () =>
      couriers
        .map((courier) => courier.state())
        .filter(({ trouble }) => trouble !== null)
        .map(({ endpoint, trouble, waitingSince }) => {
          const since =
            waitingSince === null ? '' : ` since ${new Date(waitingSince).toISOString()}`;
          return `The webhook ${endpoint} is behind${since}: ${trouble}. Nothing is lost: what is due follows.`;
        }),
    async close() {
      if (stopped) return;
      stopped = true;
      clearTimeout(timer);
      await inTurn;
      await Promise.all(couriers.map((courier) => courier.stop()));
      couriers = [];
      held?.release();
      held = null;
    },
  };
}
