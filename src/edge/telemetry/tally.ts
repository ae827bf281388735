/**
 * What has ended in this process, over every face, for Prometheus. In: executions at their end. Out: lines. The labels are
 * statuses, codes and tiers of ours: their number is bounded, whoever asks for what.
 */
import type { Execution } from '../../core/execution.ts';
import { family, labels } from '../rest/metrics.ts';

/** Seconds: from what is over at once to the longest that commands usually may take. */
const bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];

interface Durations {
  readonly buckets: number[];
  sum: number;
  count: number;
}

export class Tally {
  readonly #ended = new Map<string, number>();
  readonly #durations = new Map<string, Durations>();

  ended({ status, errorCode, startedAt, finishedAt }: Execution): void {
    const key = labels({ status, error_code: errorCode ?? '' });
    this.#ended.set(key, (this.#ended.get(key) ?? 0) + 1);
    if (startedAt === null || finishedAt === null) return;
    // The clock may have been put back.
    this.#took(status, Math.max(0, finishedAt - startedAt) / 1_000);
  }

  lines(): readonly string[] {
    return [
      ...family(
        'reeve_executions_ended_total',
        'counter',
        'Requests that ended in this process since it started, over every face, refusals among them.',
        [...this.#ended],
      ),
      ...this.#histogram(),
    ];
  }

  #took(status: string, seconds: number): void {
    const found = this.#durations.get(status) ?? {
      buckets: bounds.map(() => 0),
      sum: 0,
      count: 0,
    };
    for (const [i, bound] of bounds.entries()) if (seconds <= bound) found.buckets[i]! += 1;
    found.sum += seconds;
    found.count += 1;
    this.#durations.set(status, found);
  }

  #histogram(): readonly string[] {
    if (this.#durations.size === 0) return [];
    const name = 'reeve_run_duration_seconds';
    return [
      `# HELP ${name} Runs that ended in this process since it started, from their intent to their outcome.`,
      `# TYPE ${name} histogram`,
      ...[...this.#durations].flatMap(([status, { buckets, sum, count }]) => [
        ...bounds.map(
          (bound, i) => `${name}_bucket${labels({ status, le: String(bound) })} ${buckets[i]}`,
        ),
        `${name}_bucket${labels({ status, le: '+Inf' })} ${count}`,
        `${name}_sum${labels({ status })} ${sum}`,
        `${name}_count${labels({ status })} ${count}`,
      ]),
    ];
  }
}
