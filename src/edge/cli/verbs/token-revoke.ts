/** `reeve token revoke`: ends an API token. Fine (0) also where it had ended before. */
import { visibleLine } from '../../../core/text.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const { reason } = input.options;
  const why = typeof reason === 'string' ? reason : 'asked for at the command line';
  const connection = await connect(context);
  try {
    const desk = connection.gateway.credentials;
    const token = await desk.revokeToken(connection.caller(), input.operands[0]!, why);
    if (options.output === 'json') {
      const { tokenReportOf } = await import('../../rest/convert-credentials.ts');
      await screen.printJson(tokenReportOf(token));
    } else {
      const whose = `${visibleLine(token.name)}, for ${visibleLine(token.principal)}`;
      await screen.print(`${token.id} (${whose}) is revoked: it opens nothing any more.\n`);
    }
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}
