/**
 * Counts for Prometheus (text format 0.0.4). In: requests as they are answered, and the gateway's open executions.
 * Never: a number that is only an estimate; what is counted since the start of this process says so.
 */
import { openStatuses } from '../../core/execution.ts';
import type { Caller } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';

const pageSize = 200;

export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #calls = new Map<string, number>();

  /** One HTTP request answered. `operation` is an id of the contract, so the labels are bounded. */
  answered(operation: string, status: number): void {
    increment(this.#requests, labels({ operation, code: String(status) }));
  }

  /** One call of execute answered: with an execution's status, or refused with a code. */
  call(status: string, errorCode: string | null): void {
    increment(this.#calls, labels({ status, error_code: errorCode ?? '' }));
  }

  /** The whole text. The open executions are those that the caller may see; `more` are lines of their own. */
  async text(
    gateway: Gateway,
    caller: Caller,
    version: string,
    more: readonly string[],
  ): Promise<string> {
    const health = await gateway.health();
    const open = await countOpen(gateway, caller);
    return [
      ...family('reeve_build_info', 'gauge', 'Version of this gateway.', [
        [labels({ version }), 1],
      ]),
      ...family('reeve_ready', 'gauge', '1 where /readyz answers 200.', [
        ['', Number(health.ready)],
      ]),
      ...family('reeve_frozen', 'gauge', '1 while an operator has frozen the gateway.', [
        ['', Number(health.frozen)],
      ]),
      ...family(
        'reeve_executions_open',
        'gauge',
        'Executions that are not finished, of all processes on this state.',
        open,
      ),
      ...family(
        'reeve_rest_requests_total',
        'counter',
        'HTTP requests answered since this process started.',
        [...this.#requests],
      ),
      ...family(
        'reeve_rest_calls_total',
        'counter',
        'Answers of POST /v1/commands/execute since this process started; other faces are not in it.',
        [...this.#calls],
      ),
      ...family('process_resident_memory_bytes', 'gauge', 'Resident memory of this process.', [
        ['', process.memoryUsage.rss()],
      ]),
      ...family('process_start_time_seconds', 'gauge', 'When this process started.', [
        ['', Math.round(Date.now() / 1_000 - process.uptime())],
      ]),
      ...more,
      '',
    ].join('\n');
  }
}

async function countOpen(gateway: Gateway, caller: Caller): Promise<[string, number][]> {
  const counts = new Map<string, number>(openStatuses.map((status) => [status, 0]));
  let before: string | null = null;
  do {
    const page = await gateway.audit(caller, {
      limit: pageSize,
      statuses: openStatuses,
      ...(before === null ? {} : { before }),
    });
    for (const { status } of page.executions) increment(counts, status);
    before = page.nextCursor;
  } while (before !== null);
  return [...counts].map(([status, count]) => [labels({ status }), count]);
}

export function family(
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  samples: readonly (readonly [string, number])[],
): string[] {
  if (samples.length === 0) return [];
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([l, value]) => `${name}${l} ${value}`),
  ];
}

/** The values are ours: ids, statuses, codes. */
export function labels(values: Readonly<Record<string, string>>): string {
  return `{${Object.entries(values)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}}`;
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
