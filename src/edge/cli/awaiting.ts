/**
 * A run that awaits approval, for whoever asked: what is open, where people answer, and how to go on.
 * Never: standard output used for it, and never the run's own exit code before there is one.
 */
import type { Execution } from '../../core/execution.ts';
import { visibleLine } from '../../core/text.ts';
import type { ApprovalNote } from '../answer.ts';
import { noteIfWaiting, openStageText } from '../approval-note.ts';
import type { Connection } from './connect.ts';
import type { Progress } from './progress.ts';
import type { Paint } from './screen.ts';
import { facts } from './table.ts';
import { localIso } from './times.ts';

/** Lines for standard error, ending in a newline. */
export function awaitingStory(
  execution: Execution,
  note: ApprovalNote | null,
  mode: Connection['mode'],
  paint: Paint,
): string {
  const id = visibleLine(execution.requestId);
  const open = note === null ? null : openStageText(note);
  const heading = `${paint.dim('reeve:')} ${paint.bold('awaiting_approval')} ${paint.dim('·')} ${id}: it has not run\n`;
  return `${heading}${facts(
    [
      ['needs', open === null ? null : visibleLine(open)],
      ['until', note === null ? null : localIso(Date.parse(note.expiresAt))],
      ['page', note === null || note.page === null ? null : visibleLine(note.page)],
      [
        'next',
        mode === 'local'
          ? [
              'people answer at a gateway: start one on this state with reeve serve',
              `reeve show ${id} tells how it stands; reeve withdraw ${id} takes it back`,
            ]
          : `reeve show ${id} tells how it stands; reeve withdraw ${id} takes it back`,
      ],
    ],
    paint,
  )}`;
}

/** The execution once it awaits approval no more. */
export async function waitForPeople(
  { gateway, caller }: Connection,
  execution: Execution,
  progress: Progress,
): Promise<Execution> {
  const { requestId } = execution;
  const tell = async () => {
    const note = await noteIfWaiting(gateway, caller(), execution);
    const open = note === null ? null : openStageText(note);
    const what = open === null ? 'awaiting approval' : `awaiting ${visibleLine(open)}`;
    progress.text = `${visibleLine(execution.command ?? '')}: ${what} · ${requestId}`;
  };
  await tell();
  const timer = setInterval(() => void tell().catch(() => undefined), 5_000);
  try {
    for await (const event of gateway.watch(caller(), requestId)) {
      if (event.kind !== 'output' && event.execution.status !== 'awaiting_approval')
        return event.execution;
    }
  } finally {
    clearInterval(timer);
  }
  return gateway.execution(caller(), requestId);
}
