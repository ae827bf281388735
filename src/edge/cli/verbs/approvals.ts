/** `reeve approvals`: requests for approval, a page at a time. */
import type { ApprovalFilter } from '../../../gateway/gateway.ts';
import { approvalsTable } from '../approvals-table.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const filter = filterOf(input);
  const connection = await connect(context);
  try {
    const page = await connection.gateway.approvals.list(connection.caller(), filter);
    const { approvals, nextCursor } = page;
    if (options.output === 'json') {
      const { approvalReportOf } = await import('../../rest/convert-approvals.ts');
      const meta = { count: approvals.length, nextCursor };
      await screen.printJson({ status: 'ok', approvals: approvals.map(approvalReportOf), meta });
      return exitCodes.ok;
    }
    if (approvals.length === 0) await screen.say(nothing[filter.state]);
    else await screen.print(approvalsTable(approvals, screen, Date.now()));
    if (nextCursor !== null) await screen.say(`more: the same with --cursor ${nextCursor}\n`);
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

const nothing = {
  mine: 'Nothing awaits your approval; --waiting lists what awaits that of others.\n',
  waiting: 'Nothing that you may see awaits approval.\n',
  all: 'No request for approval that you may see is on record.\n',
} as const;

function filterOf({ options }: VerbInput): ApprovalFilter {
  if (options.all === true && options.waiting === true) {
    throw usageFailure('--all and --waiting exclude each other.', null, 'give one of them');
  }
  const limit = typeof options.limit === 'string' ? options.limit : '50';
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 200) {
    throw usageFailure(
      `--limit ${limit} is out of range.`,
      'A page holds 1 to 200 requests.',
      'give a number from 1 to 200',
    );
  }
  const state = options.all === true ? 'all' : options.waiting === true ? 'waiting' : 'mine';
  return {
    state,
    limit: Number(limit),
    ...(typeof options.cursor === 'string' ? { before: options.cursor } : {}),
  };
}
