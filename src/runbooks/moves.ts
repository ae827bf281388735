/** What can be done next with a run. In: a run and its steps. Out: moves, the most pressing first; each is one that the desk takes. Pure. */
import { isOver } from '../core/runbook.ts';
import type { RunbookRun } from '../core/runbook-ports.ts';
import { type Move, type StepView, whole } from './step-view.ts';

/** A known state and a clear next move: what whoever may steer it can do now, the most pressing first. */
export function movesOf(run: RunbookRun, steps: readonly StepView[]): readonly Move[] {
  const { state, frozen } = run;
  const move = (
    verb: Move['verb'],
    why: string,
    step: string | null = null,
    requestId: string | null = null,
  ): Move => ({ verb, step, requestId, why });
  const moves: Move[] = [];
  if (state.status === 'pending' && frozen.runbook.approvals === 'whole')
    moves.push(move('confirm', 'nothing starts before a person confirms all of it', whole));
  for (const step of steps) {
    const { name, status, phase, problem, rollback, requests } = step;
    const last = requests.at(-1)?.requestId ?? null;
    if (status === 'unknown' || rollback.status === 'unknown')
      moves.push(move('resolve', problem ?? 'it is not known how it ended', name, last));
    if (status === 'running' && phase === 'confirm' && step.confirmation?.by === null)
      moves.push(move('confirm', 'it waits for a person to confirm it', name));
    for (const each of requests)
      if (each.status === 'awaiting_approval')
        moves.push(move('approve', 'it awaits approval', name, each.requestId));
    if (state.status === 'failed' && (status === 'failed' || status === 'cancelled')) {
      if (state.steps.every((s) => s.rollback.status === 'none')) {
        moves.push(move('retry', problem ?? 'it failed', name, last));
        moves.push(move('skip', 'go on without it', name));
      }
    }
    if (state.status === 'failed' && rollback.status === 'failed')
      moves.push(move('retry', rollback.problem ?? 'its rollback failed', name));
  }
  if (state.status === 'failed' && canRollBack(run))
    moves.push(move('rollback', 'undo what it has done'));
  if (state.paused !== null) moves.push(move('resume', state.paused.reason || 'it is paused'));
  else if (state.status === 'running') moves.push(move('pause', 'nothing more is asked for'));
  if (!isOver(state.status)) moves.push(move('cancel', 'end it now, or after what is under way'));
  return moves;
}

function canRollBack({ state, frozen }: RunbookRun): boolean {
  return state.steps.some(
    ({ name, ran, rollback }) =>
      ran !== null &&
      rollback.status === 'none' &&
      frozen.runbook.steps.find((step) => step.name === name)?.rollback !== null,
  );
}
