/** `reeve audit list`: requests from the record, newest first, a page at a time. */
import { filterOf, limitOf } from '../audit-filter.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { executionsTable } from '../executions-table.ts';
import { exitCodes } from '../exit-codes.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const now = Date.now();
  const filter = filterOf(input, now, limitOf(input));
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
