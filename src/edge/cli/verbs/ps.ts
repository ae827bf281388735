/** `reeve ps`: what waits and what runs. */
import { openStatuses } from '../../../core/execution.ts';
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { executionsTable } from '../executions-table.ts';
import { exitCodes } from '../exit-codes.ts';

export async function run(context: Context): Promise<number> {
  const { screen, options } = context;
  const connection = await connect(context);
  try {
    const page = await connection.gateway.audit(connection.caller(), {
      limit: 200,
      statuses: openStatuses,
    });
    if (options.output === 'json') {
      const { recordOf } = await import('../../rest/convert.ts');
      await screen.printJson(page.executions.map(recordOf));
    } else if (page.executions.length === 0) await screen.say('Nothing waits and nothing runs.\n');
    else await screen.print(executionsTable(page.executions, screen, Date.now()));
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}
