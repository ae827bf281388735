/** `reeve audit key`: the verifier key of the log, as Go's note.NewVerifier takes it. Never: the private key. */
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

export async function run(context: Context): Promise<number> {
  const { screen, options } = context;
  const connection = await connect(context);
  try {
    const { origin, verifier } = await connection.gateway.log.key(connection.caller());
    if (options.output === 'json') await screen.printJson({ origin, key: verifier });
    else await screen.print(`${verifier}\n`);
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}
