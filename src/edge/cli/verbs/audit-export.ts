/**
 * `reeve audit export`: every request on record that fits, as JSON Lines or CSV, newest first. In: filters. Out: a stream
 * of any length. Never: more than a page in memory, a cell that a spreadsheet would take for a formula.
 */
import type { AuditRecord } from '../../rest/schemas.ts';
import { filterOf } from '../audit-filter.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { csvColumns, csvHead, csvLine } from '../csv.ts';
import { exitCodes } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';

const pageSize = 200;

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen } = context;
  const lineOf = formatOf(input.options.format);
  const filter = filterOf(input, Date.now(), pageSize);
  const connection = await connect(context);
  try {
    const { recordOf } = await import('../../rest/convert.ts');
    const caller = connection.caller();
    if (lineOf === csvLine) await screen.print(csvHead);
    let before = filter.before;
    let count = 0;
    do {
      const page = await connection.gateway.audit(caller, {
        ...filter,
        ...(before === undefined ? {} : { before }),
      });
      // Printing waits for the reader: a slow one holds up the next page, and nothing piles up.
      await screen.print(page.executions.map((e) => lineOf(recordOf(e))).join(''));
      count += page.executions.length;
      before = page.nextCursor ?? undefined;
    } while (before !== undefined);
    await screen.say(`${count} ${count === 1 ? 'request' : 'requests'}\n`);
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

function formatOf(format: unknown): (record: AuditRecord) => string {
  switch (format ?? 'jsonl') {
    case 'jsonl':
      return (record) => `${JSON.stringify(record)}\n`;
    case 'csv':
      return csvLine;
    default:
      throw usageFailure(
        `--format ${String(format)} is not a format.`,
        `There are jsonl (JSON Lines) and csv (${csvColumns.length} columns, RFC 4180).`,
        'give --format jsonl or --format csv',
      );
  }
}
