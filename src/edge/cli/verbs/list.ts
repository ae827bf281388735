/** `reeve list`: the commands that whoever asks may run. */
import { formatDuration } from '../../../core/units.ts';
import type { Listing } from '../../../gateway/gateway.ts';
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Column, table } from '../table.ts';

export async function run(context: Context): Promise<number> {
  const { screen, options } = context;
  const connection = await connect(context);
  try {
    const listings = await connection.gateway.inventory(connection.caller());
    if (options.output === 'json') await screen.printJson(listings);
    else if (listings.length === 0)
      await screen.say('There is no command that you may run here.\n');
    else await screen.print(table(columns(screen.out), listings, screen.out, screen.width));
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

function columns(paint: Context['screen']['out']): readonly Column<Listing>[] {
  return [
    { title: 'COMMAND', cell: (l) => l.name, paint: (_l, text) => paint.bold(text) },
    { title: 'TOOL', spare: 3, cell: (l) => l.tool },
    {
      title: 'RISK',
      cell: (l) => l.risk,
      paint: (l, text) =>
        l.risk === 'critical' ? paint.bad(text) : l.risk === 'high' ? paint.warn(text) : text,
    },
    {
      title: 'ENVIRONMENTS',
      spare: 2,
      cell: (l) =>
        l.environments
          .map((e) => (e === l.defaultEnvironment && l.environments.length > 1 ? `${e}*` : e))
          .join(','),
    },
    {
      title: 'TIMEOUT',
      cell: (l) =>
        l.timeout.defaultMs === l.timeout.maxMs
          ? formatDuration(l.timeout.maxMs)
          : `${formatDuration(l.timeout.defaultMs)}..${formatDuration(l.timeout.maxMs)}`,
    },
    {
      title: 'APPROVALS',
      spare: 1,
      cell: (l) =>
        l.approvals.map((s) => (s.count > 1 ? `${s.role}×${s.count}` : s.role)).join(' → '),
    },
    { title: 'VERIFIED', spare: 2, cell: verified, paint: paintVerified(paint) },
    { title: 'OWNER', spare: 4, cell: (l) => l.owner },
    { title: 'DESCRIPTION', cell: (l) => l.description || l.title },
  ];
}

/** The newest record of assurance, and whether it still says anything; when the next review is due where that is known. */
function verified({ lastVerified, reviewDueAt, assuranceRequired }: Listing): string {
  if (lastVerified === null) return assuranceRequired.length > 0 ? 'never' : '';
  const { status, at, stale, environment } = lastVerified;
  const due = reviewDueAt === null ? '' : `, review by ${reviewDueAt.slice(0, 10)}`;
  return `${status}${stale ? ' (stale)' : ''} ${at.slice(0, 10)} in ${environment}${due}`;
}

function paintVerified(paint: Context['screen']['out']) {
  return ({ lastVerified, assuranceRequired }: Listing, text: string): string => {
    if (lastVerified === null) return assuranceRequired.length > 0 ? paint.warn(text) : text;
    if (lastVerified.status === 'fail') return paint.bad(text);
    return lastVerified.stale || lastVerified.status === 'waived' ? paint.warn(text) : text;
  };
}
