/** `reeve freeze`: nothing starts, at once, in every process on this state. */
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const reason =
    typeof input.options.reason === 'string'
      ? input.options.reason
      : 'asked for at the command line';
  const connection = await connect(context);
  try {
    await connection.gateway.freeze(connection.caller(), reason);
    if (options.output === 'json') await screen.printJson({ frozen: true, reason });
    else
      await screen.print(
        'Frozen: nothing starts on this state until reeve unfreeze. What runs goes on (reeve ps, reeve cancel).\n',
      );
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}
