/** `reeve people revoke`: ends a passkey, named by as much of its id as tells it from others. */
import { visibleLine } from '../../../core/text.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const named = input.operands[0]!;
  const connection = await connect(context);
  try {
    const desk = connection.gateway.credentials;
    const all = await desk.passkeys(connection.caller(), null);
    const found = all.filter((p) => p.credentialId.startsWith(named));
    const exact = found.find((p) => p.credentialId === named) ?? found[0];
    if (exact === undefined || (found.length > 1 && exact.credentialId !== named)) {
      throw usageFailure(
        `${found.length === 0 ? 'No' : 'More than one'} passkey begins with ${named}.`,
        null,
        'reeve people passkeys lists them',
      );
    }
    await desk.revokePasskey(connection.caller(), exact.credentialId);
    const { credentialId, person } = exact;
    if (options.output === 'json') await screen.printJson({ credentialId, person, revoked: true });
    else await screen.print(`${credentialId} of ${visibleLine(person)} is revoked.\n`);
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}
