/**
 * What was seen of executions. In: that one was submitted, begun, ended or lost. Out: the draft after it. What is told
 * twice changes nothing; what was never asked for is none of this run's business.
 */
import type { Work } from '../../core/runbook.ts';
import type { FoundWork, WorkEnd } from '../../core/runbook-event.ts';
import { change, changeWork, type Draft, isOpen, stepOf, workOf } from './draft.ts';
import { fail, isLast, judge, noteRun, pass } from './phases.ts';

export function arrived(draft: Draft, work: Work, requestId: string, awaiting: boolean): void {
  if (work.state === 'submitting')
    changeWork(draft, work.key, { state: awaiting ? 'awaiting' : 'running', requestId });
  else if (work.state === 'awaiting' && !awaiting)
    changeWork(draft, work.key, { state: 'running' });
  else return;
  // It was to be cancelled before anybody knew what to cancel.
  if (work.cancelling && work.requestId === null)
    draft.effects.push({ kind: 'cancel', key: work.key, requestId });
}

export function ended(draft: Draft, work: Work, end: WorkEnd, requestId: string | null): void {
  if (!isOpen(work)) return;
  const judged = end.status === 'ok' && work.phase !== 'rollback' ? judge(draft, work, end) : null;
  const problem = end.status === 'ok' ? judged : problemOf(end);
  const known = requestId ?? work.requestId;
  changeWork(draft, work.key, { state: 'ended', status: end.status, problem, requestId: known });
  if (work.phase === 'rollback') rolledBack(draft, work, end, problem);
  else stepOn(draft, work, end, problem);
}

function problemOf(end: WorkEnd): string {
  return end.problem ?? `it ended as ${end.status}`;
}

function stepOn(draft: Draft, work: Work, end: WorkEnd, problem: string | null): void {
  const { step, phase } = work;
  const place = phase === 'run' ? '' : `${phase} (${work.command}): `;
  if (end.status === 'unknown') {
    change(draft, step, { status: 'unknown', problem: `${place}${problem}` });
    return;
  }
  if (end.status === 'ok' && phase === 'run') noteRun(draft, step, end.result);
  if (problem !== null) {
    const cancelled = end.status === 'cancelled';
    fail(draft, step, cancelled ? 'cancelled' : 'failed', `${place}${problem}`);
    return;
  }
  // Where the run is being cancelled, the next phase never comes: `settle` says what that leaves.
  if (draft.ending?.how !== 'drain' || isLast(draft, step, phase)) pass(draft, step, phase);
  else if (phase === 'run') change(draft, step, { phase: 'verify:0' });
}

function rolledBack(draft: Draft, work: Work, end: WorkEnd, problem: string | null): void {
  const { rollback } = stepOf(draft, work.step);
  const status =
    end.status === 'ok' ? 'completed' : end.status === 'unknown' ? 'unknown' : 'failed';
  change(draft, work.step, { rollback: { ...rollback, status, problem } });
}

/** What became of open work, as it was found after a crash. */
export function found(draft: Draft, each: FoundWork): void {
  const work = workOf(draft, each.key);
  if (work === undefined || !isOpen(work)) return;
  switch (each.found) {
    case 'absent':
      // Nothing was ever started under this key, and nothing is: cancelled, or asked for once more when it may be.
      if (work.cancelling)
        ended(
          draft,
          work,
          {
            status: 'cancelled',
            result: null,
            problem: 'it was cancelled before it was submitted',
          },
          null,
        );
      else changeWork(draft, each.key, { state: 'absent' });
      if (work.phase === 'rollback' && !work.cancelling) {
        const { rollback } = stepOf(draft, work.step);
        change(draft, work.step, { rollback: { ...rollback, status: 'pending' } });
      }
      return;
    case 'awaiting':
    case 'running':
      arrived(draft, work, each.requestId, each.found === 'awaiting');
      // The cancelling itself may have been lost in the crash.
      if (work.cancelling && work.requestId !== null)
        draft.effects.push({ kind: 'cancel', key: work.key, requestId: each.requestId });
      return;
    case 'ended':
      ended(draft, work, each, each.requestId);
      return;
    case 'lost': {
      const problem = 'the gateway stopped while it was under way, and how it ended is not known';
      ended(draft, work, { status: 'unknown', result: null, problem }, each.requestId);
      return;
    }
  }
}
