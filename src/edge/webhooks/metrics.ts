/** How the webhooks fare, for Prometheus. In: each endpoint's state. Out: lines of the text format. Never: an address. */
import type { Clock } from '../../core/ports.ts';
import { family, labels } from '../rest/metrics.ts';
import type { CourierState } from './courier.ts';

export function webhookMetrics(states: readonly CourierState[], clock: Clock): readonly string[] {
  const each = (value: (state: CourierState) => number) =>
    states.map((state) => [labels({ endpoint: state.endpoint }), value(state)] as const);
  return [
    ...family(
      'reeve_webhook_attempts_total',
      'counter',
      'Attempts to deliver an event since this endpoint was taken up.',
      states.flatMap(({ endpoint, delivered, failed }) => [
        [labels({ endpoint, result: 'delivered' }), delivered] as const,
        [labels({ endpoint, result: 'failed' }), failed] as const,
      ]),
    ),
    ...family(
      'reeve_webhook_waiting_seconds',
      'gauge',
      'How long the oldest event that is due has waited; 0 where none is.',
      each(({ waitingSince }) =>
        waitingSince === null ? 0 : Math.max(0, (clock.now() - waitingSince) / 1_000),
      ),
    ),
    ...family(
      'reeve_webhook_gone',
      'gauge',
      '1 where the endpoint answered 410 Gone and is sent nothing until a reload.',
      each(({ gone }) => Number(gone)),
    ),
  ];
}
