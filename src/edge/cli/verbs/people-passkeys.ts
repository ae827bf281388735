/** `reeve people passkeys`: passkeys, newest first, revoked ones too. */
import { passkeyReportOf } from '../../rest/convert-credentials.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../table.ts';
import { localIso } from '../times.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const connection = await connect(context);
  try {
    const desk = connection.gateway.credentials;
    const passkeys = await desk.passkeys(connection.caller(), input.operands[0] ?? null);
    if (options.output === 'json') await screen.printJson(passkeys.map(passkeyReportOf));
    else if (passkeys.length === 0) {
      await screen.say('There is no passkey. reeve people enrol makes a code for one.\n');
    } else {
      const columns = [
        { title: 'PERSON', cell: (p: (typeof passkeys)[number]) => p.person },
        { title: 'NAME', cell: (p: (typeof passkeys)[number]) => p.name },
        { title: 'ENROLLED', cell: (p: (typeof passkeys)[number]) => localIso(p.createdAt) },
        { title: 'BY', spare: 1, cell: (p: (typeof passkeys)[number]) => p.enrolledBy },
        {
          title: 'STATE',
          cell: (p: (typeof passkeys)[number]) => (p.revokedAt === null ? 'good' : 'revoked'),
        },
        { title: 'PASSKEY', cell: (p: (typeof passkeys)[number]) => p.credentialId },
      ];
      await screen.print(table(columns, passkeys, screen.out, screen.width));
    }
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}
