/** `reeve cancel`: ends what waits or runs. */
import { visibleLine } from '../../../core/text.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { Progress } from '../progress.ts';
import { paintStatus } from '../run-line.ts';

/** Fine (0) also where it was finished before: the answer says how it stands. */
export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const reason =
    typeof input.options.reason === 'string'
      ? input.options.reason
      : 'asked for at the command line';
  const connection = await connect(context);
  const progress = new Progress(screen, 'waiting for its end');
  try {
    const execution = await connection.gateway.cancel(
      connection.caller(),
      input.operands[0]!,
      reason,
    );
    await progress.end();
    if (options.output === 'json') {
      const { answerOf } = await import('../../answer.ts');
      await screen.printJson(answerOf(execution, null));
    } else {
      const already = execution.status === 'cancelled' ? '' : ', so there was nothing to cancel';
      const open = execution.finishedAt === null ? ': it has been asked to end' : already;
      await screen.print(
        `${visibleLine(execution.requestId)} is ${paintStatus(execution, screen.out)}${open}\n`,
      );
    }
    return exitCodes.ok;
  } finally {
    await progress.end();
    await connection.close();
  }
}
