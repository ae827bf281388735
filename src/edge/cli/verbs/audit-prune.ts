/** `reeve audit prune`: payloads that retention no longer keeps, or with --dry-run what they are. */
import type { Expired } from '../../../core/retention.ts';
import { visibleLine } from '../../../core/text.ts';
import { formatDuration } from '../../../core/units.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Column, table } from '../table.ts';
import { localIso } from '../times.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const connection = await connect(context);
  try {
    const desk = connection.gateway.retention;
    if (input.options.dryRun === true) {
      const due = await desk.due(connection.caller());
      if (options.output === 'json') {
        const { dueReportOf } = await import('../../rest/convert-retention.ts');
        await screen.printJson(dueReportOf(due));
      } else if (due.length === 0) {
        await screen.say('Nothing is due: nothing would expire now.\n');
      } else {
        const held = { title: 'ON HOLD', cell: (each: (typeof due)[number]) => String(each.held) };
        await screen.print(table([...columns, held], due, screen.out, screen.width));
        await screen.say('Nothing was taken. reeve audit prune takes it, for good.\n');
      }
      return exitCodes.ok;
    }
    const report = await desk.prune(connection.caller());
    if (options.output === 'json') {
      const { prunedReportOf } = await import('../../rest/convert-retention.ts');
      await screen.printJson(prunedReportOf(report));
      return exitCodes.ok;
    }
    if (report.expired.length === 0) await screen.say('Nothing was due: nothing expired.\n');
    else await screen.print(table(columns, report.expired, screen.out, screen.width));
    if (!report.purged) {
      await screen.say(
        'Another process reads the database, so that traces stay in its write-ahead log until that is done; ask again then.\n',
      );
    }
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

const columns: readonly Column<Expired>[] = [
  { title: 'RULE', cell: (each) => visibleLine(each.rule) },
  { title: 'WHAT', cell: (each) => (each.what === 'output' ? 'output' : 'everything') },
  { title: 'KEPT FOR', cell: (each) => formatDuration(each.keepMs) },
  { title: 'ENDED BEFORE', cell: (each) => localIso(each.until) },
  { title: 'REQUESTS', cell: (each) => String(each.count) },
];
