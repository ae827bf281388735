/** `reeve audit list`: requests from the record, newest first, a page at a time. */

import { type ExecutionStatus, executionStatuses } from '../../../core/execution.ts';
import type { ExecutionFilter } from '../../../core/ports.ts';
import { parseDuration } from '../../../core/units.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { executionsTable } from '../executions-table.ts';
import { exitCodes } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';
import { parseTime } from '../times.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const now = Date.now();
  const filter = filterOf(input, now);
  const connection = await connect(context);
  try {
    const page = await connection.gateway.audit(connection.caller(), filter);
    if (options.output === 'json') {
      const { pageMeta, recordOf } = await import('../../rest/convert.ts');
      const records = page.executions.map(recordOf);
      await screen.printJson({ status: 'ok', records, meta: pageMeta(page, now) });
      return exitCodes.ok;
    }
    if (page.executions.length === 0) await screen.say('No request on record fits.\n');
    else await screen.print(executionsTable(page.executions, screen, now));
    if (page.nextCursor !== null)
      await screen.say(`more: the same with --cursor ${page.nextCursor}\n`);
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

function filterOf(input: VerbInput, now: number): ExecutionFilter {
  const { options } = input;
  const text = (name: string) =>
    typeof options[name] === 'string' ? (options[name] as string) : undefined;
  const limit = text('limit') ?? '50';
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 200) {
    throw usageFailure(
      `--limit ${limit} is out of range.`,
      'A page holds 1 to 200 requests.',
      'give a number from 1 to 200',
    );
  }
  const statuses = (options.status as string[] | undefined)?.map(asStatus);
  const [since, until] = [timeOf('since', text('since'), now), timeOf('until', text('until'), now)];
  const [before, command, principal, environment] = [
    text('cursor'),
    text('command'),
    text('principal'),
    text('env'),
  ];
  return {
    limit: Number(limit),
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
