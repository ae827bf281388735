/** Records of assurance as people read them. In: records. Out: text that ends in a newline, without control characters. */
import { visibleLine } from '../../core/text.ts';
import type { AssuranceView } from '../../gateway/assurance.ts';
import type { Context } from './context.ts';
import type { Paint } from './screen.ts';
import { facts, table } from './table.ts';
import { briefDuration, localIso } from './times.ts';

export function assuranceTable(
  records: readonly AssuranceView[],
  screen: Context['screen'],
): string {
  const columns = [
    { title: 'RECORD', cell: (r: AssuranceView) => r.id },
    { title: 'COMMAND', cell: (r: AssuranceView) => r.command },
    { title: 'ENVIRONMENT', cell: (r: AssuranceView) => r.environment },
    {
      title: 'STATUS',
      cell: standing,
      paint: (r: AssuranceView, text: string) => painted(r, text, screen.out),
    },
    { title: 'STARTED', cell: (r: AssuranceView) => localIso(r.startedAt) },
    { title: 'TESTER', spare: 1, cell: (r: AssuranceView) => r.tester },
    { title: 'DIFFERENCES', cell: (r: AssuranceView) => String(countOf(r)) },
  ];
  return table(columns, records, screen.out, screen.width);
}

export function describeAssurance(record: AssuranceView, paint: Paint): string {
  const { waiver } = record;
  const heading = `${paint.bold(visibleLine(record.command))} in ${visibleLine(record.environment)}: ${painted(record, standing(record), paint)}\n`;
  const body = facts(
    [
      ['record', record.id],
      ['command line', visibleLine(record.cli.join(' '))],
      ['tool', visibleLine(record.tool)],
      ['arguments', visibleLine(JSON.stringify(record.arguments))],
      ['expected', record.expectedChecksum],
      ['actual', record.actualChecksum],
      [
        'approvals',
        [
          record.approvalsVerified ? 'verified' : paint.warn('not verified'),
          ...record.approvals.map(
            (s, i) =>
              `${i + 1}. ${visibleLine(s.role)}${s.count > 1 ? ` × ${s.count}` : ''} ${paint.dim(s.policy === null ? 'by the inventory' : `added by ${visibleLine(s.policy)}`)}`,
          ),
        ],
      ],
      [
        'tested',
        `${localIso(record.startedAt)} by ${visibleLine(record.tester)}, ${briefDuration(record.durationMs)}`,
      ],
      ['runs', `command line ${record.runs.cli}, tool ${record.runs.tool ?? 'none'}`],
      ['entry', `${record.auditEntry} (reeve audit prove ${record.auditEntry})`],
      [
        'variance',
        record.varianceNotes.length === 0 ? null : record.varianceNotes.map(visibleLine),
      ],
      ['stale', record.stale ? record.why.map(visibleLine) : null],
      [
        'waiver',
        waiver === null
          ? null
          : `by ${visibleLine(waiver.author)} until ${localIso(waiver.until)}: ${visibleLine(waiver.reason)}`,
      ],
    ],
    paint,
  );
  return `${heading}${body}${differencesOf(record, paint)}`;
}

/** Where, and under it what the command line did (-) and what the tool did (+). */
function differencesOf(record: AssuranceView, paint: Paint): string {
  if (countOf(record) === 0) return '';
  const told = record.differences.map(({ where, expected, actual }) =>
    [
      `  ${visibleLine(where)}`,
      ...(expected === null ? [] : [paint.bad(`    - ${visibleLine(expected)}`)]),
      ...(actual === null ? [] : [paint.good(`    + ${visibleLine(actual)}`)]),
    ].join('\n'),
  );
  const more = record.differencesLeftOut === 0 ? '' : `  and ${record.differencesLeftOut} more\n`;
  return `\ndifferences (- command line, + tool)\n${told.join('\n')}\n${more}`;
}

function countOf({ differences, differencesLeftOut }: AssuranceView): number {
  return differences.length + differencesLeftOut;
}

function standing({ status, stale }: AssuranceView): string {
  return stale ? `${status}, stale` : status;
}

function painted({ status, stale }: AssuranceView, text: string, paint: Paint): string {
  if (status === 'fail') return paint.bad(text);
  return status === 'waived' || stale ? paint.warn(text) : paint.good(text);
}
