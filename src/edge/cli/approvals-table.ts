/** Requests for approval as rows: what, where, how risky, who for whom, what is open, and for how long. */
import type { ApprovalView } from '../../gateway/gateway.ts';
import { noteOf, openStageText } from '../approval-note.ts';
import type { Screen } from './screen.ts';
import { type Column, table } from './table.ts';
import { briefDuration } from './times.ts';

/** `now` is milliseconds since 1970. */
export function approvalsTable(
  views: readonly ApprovalView[],
  screen: Screen,
  now: number,
): string {
  const paint = screen.out;
  const columns: readonly Column<ApprovalView>[] = [
    { title: 'REQUEST', cell: (v) => v.requestId },
    { title: 'COMMAND', cell: (v) => v.command },
    { title: 'ENVIRONMENT', cell: (v) => v.environment },
    {
      title: 'RISK',
      cell: (v) => v.risk,
      paint: (v, text) => (v.risk === 'high' || v.risk === 'critical' ? paint.bad(text) : text),
    },
    {
      title: 'ASKED BY',
      spare: 1,
      cell: ({ requester: { principal, onBehalfOf } }) =>
        onBehalfOf === null ? principal : `${principal} for ${onBehalfOf}`,
    },
    {
      title: 'EXPIRES IN',
      align: 'right',
      cell: (v) =>
        v.status !== 'awaiting_approval' ? '' : briefDuration(Math.max(0, v.expiresAt - now)),
    },
    { title: 'OPEN', cell: (v) => openStageText(noteOf(v)) ?? v.status },
  ];
  return table(columns, views, paint, screen.width);
}
