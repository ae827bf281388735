/** How far the verifiable log is behind the record, for Prometheus. In: the log. Out: lines. Never: a failure of the scrape. */
import { family } from './metrics.ts';

export interface LogState {
  lag(): number;
  trouble(): string | null;
}

export function logMetrics(log: LogState): readonly string[] {
  return [
    ...family('reeve_log_signed', 'gauge', '0 while the verifiable log cannot be signed.', [
      ['', log.trouble() === null ? 1 : 0],
    ]),
    ...family(
      'reeve_log_lag_entries',
      'gauge',
      'Entries on record that no signed checkpoint covers yet, counted to 100,000.',
      lagOf(log),
    ),
  ];
}

/** Nothing where the checkpoint cannot be read: then reeve_log_signed tells. */
function lagOf(log: LogState): readonly (readonly [string, number])[] {
  try {
    return [['', log.lag()]];
  } catch {
    return [];
  }
}
