/** `reeve people`: who is who, with roles and passkeys. */
import type { PersonReport } from '../../rest/convert-credentials.ts';
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Column, table } from '../table.ts';

export async function run(context: Context): Promise<number> {
  const { screen, options } = context;
  const connection = await connect(context);
  try {
    const people = await connection.gateway.credentials.people(connection.caller());
    if (options.output === 'json') await screen.printJson(people);
    else if (people.length === 0) {
      await screen.say('Nobody is known: reeve.yaml names no people file (people: people.yaml).\n');
    } else await screen.print(table(columns, people, screen.out, screen.width));
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

const columns: readonly Column<PersonReport>[] = [
  { title: 'PERSON', cell: (p) => p.id },
  { title: 'ROLES', cell: (p) => p.roles.join(',') },
  { title: 'PASSKEYS', align: 'right', cell: (p) => String(p.passkeys) },
  { title: 'SIGNS IN AT', spare: 2, cell: (p) => p.subjects.map((s) => s.issuer).join(',') },
  { title: 'MAIL', spare: 1, cell: (p) => p.email ?? '' },
  { title: 'NAME', cell: (p) => p.name },
];
