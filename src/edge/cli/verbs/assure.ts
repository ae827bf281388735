/**
 * `reeve assure`: tool and command line held to each other, and the records of it. In: a command, or what to do with records.
 * Out: the record; exit code 1 where it counts as a failure.
 */
import { visibleLine } from '../../../core/text.ts';
import { parseDuration } from '../../../core/units.ts';
import type { AssuranceView } from '../../../gateway/assurance.ts';
import { assuranceTable, describeAssurance } from '../assurance-screen.ts';
import { limitOf } from '../audit-filter.ts';
import { type Connection, connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';
import { Progress } from '../progress.ts';
import { completeRequest, draftRequest } from '../request.ts';
import { parseTime } from '../times.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const act = await actOf(context, input);
  const connection = await connect(context);
  try {
    return await act(connection);
  } finally {
    await connection.close();
  }
}

type Act = (connection: Connection) => Promise<number>;

/** What cannot be meant is refused before a gateway is asked. */
async function actOf(context: Context, input: VerbInput): Promise<Act> {
  const [what = '', name] = input.operands;
  switch (what) {
    case 'list': {
      if (name !== undefined)
        throw usageFailure('reeve assure list takes no name.', null, 'use --command and --env');
      const limit = limitOf(input);
      return (connection) => list(context, connection, input, limit);
    }
    case 'show': {
      const id = idOf(name);
      return async ({ gateway, caller }) =>
        show(context, await gateway.assurance.show(caller(), id));
    }
    case 'waive': {
      const id = idOf(name);
      const waiver = { reason: reasonOf(input), until: untilOf(input, Date.now()) };
      return async ({ gateway, caller }) => {
        const record = await gateway.assurance.waive(caller(), id, waiver);
        await show(context, record);
        return exitCodes.ok;
      };
    }
    case 'run':
      if (name === undefined)
        throw usageFailure('Which command?', null, 'for example: reeve assure run migrate-db');
      return assuring(context, input, name);
    default:
      if (name !== undefined)
        throw usageFailure(
          `reeve assure ${visibleLine(what)} ${visibleLine(name)} is nothing that can be done.`,
          'There are list, show ID and waive ID; any other word is the name of a command.',
          'reeve help assure',
        );
      return assuring(context, input, what);
  }
}

async function assuring(context: Context, input: VerbInput, command: string): Promise<Act> {
  const draft = await draftRequest(context, { ...input, operands: [command] });
  return async (connection) => {
    const { environment, arguments: given } = await completeRequest(draft, connection);
    const progress = new Progress(context.screen, `${command}: running both sides`);
    let record: AssuranceView;
    try {
      const request = { command, environment, arguments: given };
      record = await connection.gateway.assurance.run(connection.caller(), request);
    } finally {
      await progress.end();
    }
    return show(context, record);
  };
}

async function list(
  { screen, options }: Context,
  { gateway, caller }: Connection,
  { options: given }: VerbInput,
  limit: number,
): Promise<number> {
  const text = (name: string) => (typeof given[name] === 'string' ? (given[name] as string) : null);
  const page = await gateway.assurance.list(caller(), {
    command: text('command'),
    environment: text('env'),
    limit,
    before: text('cursor'),
  });
  if (options.output === 'json') {
    const { assurancePageOf } = await import('../../rest/convert-assurance.ts');
    await screen.printJson(assurancePageOf(page, Date.now()));
  } else if (page.records.length === 0) {
    await screen.say('There is no record of assurance that you may read.\n');
  } else {
    await screen.print(assuranceTable(page.records, screen));
    if (page.nextCursor !== null)
      await screen.say(`More: reeve assure list --cursor ${visibleLine(page.nextCursor)}\n`);
  }
  return exitCodes.ok;
}

async function show({ screen, options }: Context, record: AssuranceView): Promise<number> {
  if (options.output === 'json') {
    const { assuranceReportOf } = await import('../../rest/convert-assurance.ts');
    await screen.printJson(assuranceReportOf(record));
  } else {
    await screen.print(describeAssurance(record, screen.out));
  }
  return record.status === 'fail' ? exitCodes.failed : exitCodes.ok;
}

function idOf(name: string | undefined): string {
  if (name !== undefined) return name;
  throw usageFailure('Which record?', 'No id was given.', 'reeve assure list shows them');
}

function reasonOf({ options }: VerbInput): string {
  if (typeof options.reason === 'string' && options.reason.trim() !== '') return options.reason;
  throw usageFailure('Why?', 'It goes on record.', 'give --reason "log line differs, ticket 7"');
}

function untilOf({ options }: VerbInput, now: number): number {
  const { until } = options;
  const ahead = typeof until === 'string' ? parseDuration(until) : undefined;
  const at =
    ahead !== undefined
      ? now + ahead
      : typeof until === 'string'
        ? parseTime(until, now, () => undefined)
        : undefined;
  if (at !== undefined) return at;
  throw usageFailure(
    until === undefined ? 'Until when?' : `--until ${visibleLine(String(until))} is not a time.`,
    'A waiver ends at a time that is said when it is given.',
    'for example: --until 30d, --until 2026-12-31',
  );
}
