/** `reeve ps`: what waits and what runs. */
import type { Execution } from '../../../core/execution.ts';
import { openStatuses } from '../../../core/execution.ts';
import { noteOf, openStageText } from '../../approval-note.ts';
import { type Connection, connect } from '../connect.ts';
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
      return exitCodes.ok;
    }
    if (page.executions.length === 0) await screen.say('Nothing waits and nothing runs.\n');
    else {
      const needs = await needsOf(connection, page.executions);
      await screen.print(executionsTable(page.executions, screen, Date.now(), needs));
    }
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

/** What those need that await approval, by request id. */
async function needsOf(
  { gateway, caller }: Connection,
  executions: readonly Execution[],
): Promise<ReadonlyMap<string, string>> {
  if (!executions.some((e) => e.status === 'awaiting_approval')) return new Map();
  const { approvals } = await gateway.approvals.list(caller(), { state: 'waiting', limit: 200 });
  return new Map(approvals.map((v) => [v.requestId, openStageText(noteOf(v)) ?? '']));
}
