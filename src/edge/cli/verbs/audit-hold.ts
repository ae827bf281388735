/** `reeve audit hold`: legal holds, placed, listed and released. */
import type { Hold, HoldCriteria } from '../../../core/retention.ts';
import { visibleLine } from '../../../core/text.ts';
import type { RetentionDesk } from '../../../gateway/retention.ts';
import { filterOf } from '../audit-filter.ts';
import { type Connection, connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';
import { table } from '../table.ts';
import { localIso } from '../times.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const act = actOf(input);
  const connection = await connect(context);
  try {
    const holds = await act(connection.gateway.retention, connection);
    await show(context, holds, input.operands[0]!);
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

type Act = (desk: RetentionDesk, connection: Connection) => Promise<readonly Hold[]>;

/** What cannot be meant is refused before a gateway is asked. */
function actOf(input: VerbInput): Act {
  const [action, id] = input.operands;
  switch (action) {
    case 'list':
      if (id !== undefined) throw noHold('list');
      return (desk, connection) => desk.holds(connection.caller());
    case 'add': {
      if (id !== undefined) throw noHold('add');
      const holds = criteriaOf(input);
      const reason = reasonOf(input);
      return async (desk, connection) => [
        await desk.placeHold(connection.caller(), { holds, reason }),
      ];
    }
    case 'release': {
      if (id === undefined) {
        throw usageFailure('Which hold?', 'No id was given.', 'reeve audit hold list shows them');
      }
      const reason = reasonOf(input);
      return async (desk, connection) => [await desk.releaseHold(connection.caller(), id, reason)];
    }
    default:
      throw usageFailure(
        `reeve audit hold ${visibleLine(action ?? '')} is nothing that can be done.`,
        'There are add, list and release.',
        'reeve help audit hold',
      );
  }
}

function criteriaOf(input: VerbInput): HoldCriteria {
  const { command, principal, environment, since, until } = filterOf(input, Date.now(), 1);
  const { request } = input.options;
  const holds = {
    requestId: typeof request === 'string' ? request : null,
    command: command ?? null,
    principal: principal ?? null,
    environment: environment ?? null,
    since: since ?? null,
    until: until ?? null,
  };
  if (Object.values(holds).some((value) => value !== null)) return holds;
  throw usageFailure(
    'What is to be held?',
    'Nothing was named, and a hold on everything would be for ever.',
    'name a request, command, principal, environment or time: --request ID',
  );
}

function reasonOf({ options }: VerbInput): string {
  if (typeof options.reason === 'string' && options.reason.trim() !== '') return options.reason;
  throw usageFailure('Why?', 'It goes on record.', 'give --reason "case 7"');
}

function noHold(action: string): Error {
  return usageFailure(
    `reeve audit hold ${action} takes no hold.`,
    null,
    'only release takes the id of one',
  );
}

async function show(
  { screen, options }: Context,
  holds: readonly Hold[],
  action: string,
): Promise<void> {
  if (options.output === 'json') {
    const { holdReportOf } = await import('../../rest/convert-retention.ts');
    const reports = holds.map(holdReportOf);
    await screen.printJson(action === 'list' ? { status: 'ok', holds: reports } : reports[0]!);
    return;
  }
  if (holds.length === 0) {
    await screen.say('Nothing is held. reeve audit hold add places a hold.\n');
    return;
  }
  if (action === 'add') {
    await screen.say('Held: what fits does not expire until reeve audit hold release.\n');
  }
  if (action === 'release') {
    await screen.say('Released: what it held expires when it is due, unless another holds it.\n');
  }
  const columns = [
    { title: 'HOLD', cell: (h: Hold) => visibleLine(h.id) },
    { title: 'HOLDS', spare: 1, cell: (h: Hold) => fitsOf(h.holds) },
    { title: 'PLACED', cell: (h: Hold) => `${localIso(h.placedAt)} by ${visibleLine(h.placedBy)}` },
    {
      title: 'STATE',
      cell: (h: Hold) =>
        h.releasedAt === null
          ? 'holds'
          : `released ${localIso(h.releasedAt)} by ${visibleLine(h.releasedBy ?? '')}`,
    },
    { title: 'REASON', spare: 1, cell: (h: Hold) => visibleLine(h.reason) },
  ];
  await screen.print(table(columns, holds, screen.out, screen.width));
}

function fitsOf(holds: HoldCriteria): string {
  const parts = [
    ['request', holds.requestId],
    ['command', holds.command],
    ['principal', holds.principal],
    ['environment', holds.environment],
    ['since', holds.since === null ? null : localIso(holds.since)],
    ['until', holds.until === null ? null : localIso(holds.until)],
  ] as const;
  return parts
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${visibleLine(value!)}`)
    .join(', ');
}
