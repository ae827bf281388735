/** `reeve token list`: API tokens by what they may do. */
import type { TokenView } from '../../../gateway/gateway.ts';
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Column, table } from '../table.ts';
import { localIso } from '../times.ts';

export async function run(context: Context): Promise<number> {
  const { screen, options } = context;
  const connection = await connect(context);
  try {
    const tokens = await connection.gateway.credentials.tokens(connection.caller());
    if (options.output === 'json') {
      const { tokenReportOf } = await import('../../rest/convert-credentials.ts');
      await screen.printJson(tokens.map(tokenReportOf));
    } else if (tokens.length === 0) {
      await screen.say('There is no API token. reeve token create makes one.\n');
    } else {
      await screen.print(table(columns(Date.now()), tokens, screen.out, screen.width));
    }
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

function columns(now: number): readonly Column<TokenView>[] {
  return [
    { title: 'TOKEN', cell: (t) => t.id },
    {
      title: 'PRINCIPAL',
      cell: (t) => (t.onBehalfOf === null ? t.principal : `${t.principal} for ${t.onBehalfOf}`),
    },
    { title: 'KIND', spare: 2, cell: (t) => t.kind },
    { title: 'SCOPES', cell: (t) => t.scopes.join(',') },
    { title: 'ROLES', spare: 1, cell: (t) => t.roles.join(',') },
    { title: 'MADE BY', spare: 3, cell: (t) => t.createdBy },
    { title: 'HOLDS', cell: (t) => standing(t, now) },
    { title: 'NAME', cell: (t) => t.name },
  ];
}

function standing({ revokedAt, expiresAt }: TokenView, now: number): string {
  if (revokedAt !== null) return 'revoked';
  if (expiresAt === null) return 'without end';
  return expiresAt <= now ? 'expired' : `until ${localIso(expiresAt)}`;
}
