/** A drill of a runbook as people read it. In: how it went. Out: lines that end in a newline. Pure. */
import type { RehearsalView } from '../../runbooks/rehearsal-view.ts';
import { paintOf } from './runbook-screen.ts';
import type { Paint } from './screen.ts';
import { table } from './table.ts';
import { briefDuration } from './times.ts';

type Step = RehearsalView['steps'][number];

export function describeRehearsal(view: RehearsalView, paint: Paint, width: number | null): string {
  const heading = `${paint.bold(view.runbook)} in a copy of ${view.environment}: ${paintOf(view.status, paint)(view.status)} in ${briefDuration(view.durationMs)} ${paint.dim('·')} ${view.id}\n`;
  const steps = table<Step>(
    [
      { title: 'STEP', cell: (s) => s.name },
      { title: 'STATUS', cell: statusOf, paint: (s, text) => paintOf(s.status, paint)(text) },
      { title: 'COMMAND', spare: 2, cell: (s) => s.command },
      { title: 'RAN', align: 'right', spare: 1, cell: (s) => String(s.requests.length) },
      {
        title: '',
        cell: (s) => s.problem ?? (s.confirmed ? 'a person confirms the real one' : ''),
      },
    ],
    view.steps,
    paint,
    width,
  );
  return `${heading}${steps}nothing outside of the copy was touched; the copy is gone\n`;
}

function statusOf({ status, skipped, rollback }: Step): string {
  if (rollback !== 'none') return `${status}, rollback ${rollback}`;
  return skipped === null ? status : `${status} (${skipped})`;
}
