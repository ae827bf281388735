/** Executions as rows, for `ps` and `audit list`; `needs` says what those wait for that await approval. */
import type { Execution } from '../../core/execution.ts';
import { isFinal } from '../../core/execution.ts';
import { paintStatus } from './run-line.ts';
import type { Screen } from './screen.ts';
import { type Column, table } from './table.ts';
import { briefDuration, localIso } from './times.ts';

export function executionsTable(
  executions: readonly Execution[],
  screen: Screen,
  now: number,
  needs: ReadonlyMap<string, string> = new Map(),
): string {
  const paint = screen.out;
  const columns: readonly Column<Execution>[] = [
    { title: 'ASKED', cell: (e) => localIso(e.requestedAt) },
    // The padding is reckoned without colour; the paint only colours what is there.
    {
      title: 'STATUS',
      cell: (e) => e.status,
      paint: (e, text) =>
        paintStatus({ ...e, exitCode: null, signal: null }, paint).replace(e.status, text),
    },
    { title: 'COMMAND', cell: nameOf },
    { title: 'ENVIRONMENT', spare: 3, cell: (e) => e.environment ?? '' },
    {
      title: 'PRINCIPAL',
      spare: 2,
      cell: (e) => (e.onBehalfOf === null ? e.principal : `${e.principal} for ${e.onBehalfOf}`),
    },
    { title: 'TOOK', spare: 1, align: 'right', cell: (e) => took(e, now) },
    { title: 'REQUEST', cell: (e) => e.requestId },
    {
      title: 'ERROR',
      cell: (e) =>
        e.exitCode !== null && e.exitCode !== 0
          ? `${e.errorCode ?? ''} ${e.exitCode}`.trim()
          : (e.errorCode ?? ''),
    },
  ];
  const waiting: Column<Execution> = {
    title: 'NEEDS',
    cell: (e) => needs.get(e.requestId) ?? '',
  };
  const all = needs.size === 0 ? columns : [...columns, waiting];
  return table(all, executions, paint, screen.width);
}

/** A rehearsal is not to be taken for a real run at a glance. */
function nameOf({ command, rehearsal }: Execution): string {
  return rehearsal === null ? (command ?? '') : `${command ?? ''} (rehearsal)`;
}

function took(execution: Execution, now: number): string {
  if (execution.startedAt === null) return '';
  if (!isFinal(execution.status)) return `${briefDuration(now - execution.startedAt)}…`;
  return execution.finishedAt === null
    ? ''
    : briefDuration(execution.finishedAt - execution.startedAt);
}
