/** `reeve withdraw`: takes back what awaits approval, by whoever asked or the person behind the agent that asked. */
import { visibleLine } from '../../../core/text.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const reason = typeof input.options.reason === 'string' ? input.options.reason : '';
  const connection = await connect(context);
  try {
    const caller = connection.caller();
    const { approvals } = connection.gateway;
    const execution = await approvals.withdraw(caller, input.operands[0]!, reason);
    if (options.output === 'json') {
      const { answerOf } = await import('../../answer.ts');
      await screen.printJson(answerOf(execution, null));
    } else await screen.print(`${visibleLine(execution.requestId)} is withdrawn; nothing ran\n`);
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}
