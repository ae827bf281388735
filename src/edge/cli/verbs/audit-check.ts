/** `reeve audit check`: whether what is kept of a request is what its entries committed to. Ends in 1 where it is not. */
import type { CommitmentFinding } from '../../../audit/check-commitments.ts';
import { visibleLine } from '../../../core/text.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Paint } from '../screen.ts';
import { table } from '../table.ts';
import { localIso } from '../times.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const connection = await connect(context);
  try {
    const desk = connection.gateway.retention;
    const report = await desk.check(connection.caller(), input.operands[0]!);
    const differs = report.findings.some(
      ({ verdict }) => verdict === 'differs' || verdict === 'missing',
    );
    if (options.output === 'json') {
      const { checkReportOf } = await import('../../rest/convert-retention.ts');
      await screen.printJson(checkReportOf(report));
      return differs ? exitCodes.failed : exitCodes.ok;
    }
    const { findings, outputExpiredAt, payloadsExpiredAt } = report;
    if (findings.length === 0) await screen.say('Its entries commit to nothing.\n');
    else {
      const columns = [
        { title: 'ENTRY', cell: (f: CommitmentFinding) => `#${f.seq}` },
        { title: 'KIND', cell: (f: CommitmentFinding) => visibleLine(f.kind) },
        { title: 'FIELD', cell: (f: CommitmentFinding) => f.field },
        { title: 'FOUND', cell: (f: CommitmentFinding) => said(f, screen.out) },
      ];
      await screen.print(table(columns, findings, screen.out, screen.width));
    }
    if (payloadsExpiredAt !== null) {
      await screen.say(
        `Its payload expired by retention on ${localIso(payloadsExpiredAt)}: what it was can no longer be checked.\n`,
      );
    } else if (outputExpiredAt !== null) {
      await screen.say(`Its output expired by retention on ${localIso(outputExpiredAt)}.\n`);
    }
    if (differs) {
      await screen.say(
        'What differs or is missing was changed in the database after it was put on record. reeve audit verify tells whether the record was, too.\n',
      );
    }
    return differs ? exitCodes.failed : exitCodes.ok;
  } finally {
    await connection.close();
  }
}

function said({ verdict }: CommitmentFinding, paint: Paint): string {
  switch (verdict) {
    case 'holds':
      return paint.good('holds');
    case 'plain':
      return paint.good('holds (a plain hash of version 1)');
    case 'differs':
      return paint.bad('DIFFERS');
    case 'missing':
      return paint.bad('MISSING');
    case 'expired':
      return paint.dim('expired');
  }
}
