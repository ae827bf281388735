/** The filters of `reeve audit list` and `reeve audit export`. In: options as they were typed. Out: a filter of the record. */
import { type ExecutionStatus, executionStatuses } from '../../core/execution.ts';
import type { ExecutionFilter } from '../../core/ports.ts';
import { parseDuration } from '../../core/units.ts';
import type { VerbInput } from './context.ts';
import { usageFailure } from './failure.ts';
import { parseTime } from './times.ts';

/** How many a page holds. Throws CliFailure. */
export function limitOf({ options }: VerbInput): number {
  const limit = typeof options.limit === 'string' ? options.limit : '50';
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 200) {
    throw usageFailure(
      `--limit ${limit} is out of range.`,
      'A page holds 1 to 200 requests.',
      'give a number from 1 to 200',
    );
  }
  return Number(limit);
}

/** `now` in milliseconds since 1970, for durations back from it. Throws CliFailure for what is no filter. */
export function filterOf(input: VerbInput, now: number, limit: number): ExecutionFilter {
  const { options } = input;
  const text = (name: string) =>
    typeof options[name] === 'string' ? (options[name] as string) : undefined;
  const statuses = (options.status as string[] | undefined)?.map(asStatus);
  const [since, until] = [timeOf('since', text('since'), now), timeOf('until', text('until'), now)];
  const [before, command, principal, environment] = [
    text('cursor'),
    text('command'),
    text('principal'),
    text('env'),
  ];
  return {
    limit,
    ...(before === undefined ? {} : { before }),
    ...(statuses === undefined ? {} : { statuses }),
    ...(command === undefined ? {} : { command }),
    ...(principal === undefined ? {} : { principal }),
    ...(environment === undefined ? {} : { environment }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

function asStatus(text: string): ExecutionStatus {
  const status = executionStatuses.find((s) => s === text);
  if (status !== undefined) return status;
  throw usageFailure(
    `--status ${text} is not a status.`,
    `There are: ${executionStatuses.join(', ')}.`,
    'name one of them',
  );
}

function timeOf(name: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const at = parseTime(text, now, parseDuration);
  if (at !== undefined) return at;
  throw usageFailure(
    `--${name} ${text} is not a time.`,
    'It is ISO 8601, a date, or a duration back from now.',
    `for example: --${name} 2h, --${name} 2026-11-22, --${name} 2026-11-22T15:00:00Z`,
  );
}
