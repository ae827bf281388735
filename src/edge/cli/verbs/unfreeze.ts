/** `reeve unfreeze`: starts happen again. */
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

export async function run(context: Context): Promise<number> {
  const { screen, options } = context;
  const connection = await connect(context);
  try {
    await connection.gateway.unfreeze(connection.caller());
    if (options.output === 'json') await screen.printJson({ frozen: false });
    else await screen.print('No longer frozen: commands start again.\n');
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}
