/**
 * What a gateway that serves knows of itself, for Prometheus: who waits, how runs are held, whether spans get away. In: the
 * state, read anew at each scrape. Out: lines. Never: a failure of the scrape.
 */
import type { Clock, Store } from '../../core/ports.ts';
import { type LogState, logMetrics } from '../rest/log-metrics.ts';
import { family, labels } from '../rest/metrics.ts';
import type { Telemetry } from './telemetry.ts';

export interface GatewayState {
  readonly store: {
    readonly open: Store['open'];
  };
  readonly clock: Pick<Clock, 'now'>;
  readonly runner: { readonly capabilities: { readonly tier: string } };
  readonly log: LogState;
  readonly place: { writtenAt(path: 'checkpoint'): number | null };
  readonly telemetry: Pick<Telemetry, 'spans'>;
}

export function gatewayMetrics(state: GatewayState): readonly string[] {
  return [
    ...waiting(state),
    ...sandbox(state),
    ...logMetrics(state.log),
    ...checkpoint(state),
    ...spans(state),
  ];
}

function waiting({ store, clock }: GatewayState): readonly string[] {
  const oldest = new Map<string, number>([
    ['awaiting_approval', 0],
    ['queued', 0],
  ]);
  for (const { status, requestedAt } of store.open()) {
    const age = oldest.get(status);
    if (age !== undefined) {
      oldest.set(status, Math.max(age, (clock.now() - requestedAt) / 1_000));
    }
  }
  return family(
    'reeve_oldest_waiting_seconds',
    'gauge',
    'How long ago the oldest request was asked that still awaits approval, or its turn; 0 where none does.',
    [...oldest].map(([status, age]) => [labels({ status }), age] as const),
  );
}

function sandbox({ runner }: GatewayState): readonly string[] {
  const { tier } = runner.capabilities;
  return family(
    'reeve_sandbox_tier',
    'gauge',
    '1 for the tier of sandbox that this host gives to runs.',
    ['bubblewrap+cgroup', 'bubblewrap', 'none'].map(
      (one) => [labels({ tier: one }), Number(one === tier)] as const,
    ),
  );
}

function checkpoint({ place }: GatewayState): readonly string[] {
  const at = place.writtenAt('checkpoint');
  return family(
    'reeve_log_checkpoint_timestamp_seconds',
    'gauge',
    'When the newest checkpoint of the verifiable log was signed. Nothing new on record, no new checkpoint.',
    at === null ? [] : [['', Math.round(at / 1_000)]],
  );
}

function spans({ telemetry }: GatewayState): readonly string[] {
  const counts = telemetry.spans();
  if (counts === null) return [];
  return [
    ...family('reeve_trace_spans_sent_total', 'counter', 'Spans that the collector took.', [
      ['', counts.sent],
    ]),
    ...family(
      'reeve_trace_spans_dropped_total',
      'counter',
      'Spans that were lost: no place in the queue, or the collector did not take them.',
      Object.entries(counts.dropped).map(([reason, n]) => [labels({ reason }), n] as const),
    ),
    ...family('reeve_trace_spans_queued', 'gauge', 'Spans that wait to be sent.', [
      ['', counts.queued],
    ]),
  ];
}
