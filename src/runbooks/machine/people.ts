/**
 * What people ask of a run. In: a request, and by whom. Out: the draft after it, or why it cannot be. Never: an unknown
 * outcome passed over without a reason, or a step taken back that was rolled back already.
 */
import { isOver, type StepState } from '../../core/runbook.ts';
import type { RunbookEvent, RunbookRecord } from '../../core/runbook-event.ts';
import {
  cancelOpen,
  change,
  changeRun,
  type Draft,
  declared,
  openWork,
  setEnding,
  stepOf,
} from './draft.ts';
import { anew } from './phases.ts';
import { mostAttempts, type Refusal, tooOften } from './refusal.ts';
import { resolve } from './resolve.ts';
import { canRollBack } from './settle.ts';

export type Asked = Extract<RunbookEvent, { by: string }>;
/** Null where it was done. Nothing of the draft may be used after a refusal. */
export function ask(draft: Draft, event: Asked): Refusal | null {
  if ('step' in event && !draft.steps.some(({ name }) => name === event.step))
    return {
      why: `This run has no step of that name.`,
      remedy: `Its steps are ${draft.steps.map(({ name }) => name).join(', ')}.`,
    };
  note(draft, event);
  switch (event.kind) {
    case 'confirm':
      return confirm(draft, stepOf(draft, event.step), event.digest, event.by);
    case 'pause':
      return pause(draft, event.by, event.reason);
    case 'resume':
      if (draft.paused === null)
        return { why: 'The run is not paused.', remedy: 'Look at its status.' };
      draft.paused = null;
      draft.changed = true;
      return null;
    case 'cancel':
      return cancel(draft, event);
    case 'retry':
      return retry(draft, stepOf(draft, event.step));
    case 'skip':
      return skip(draft, stepOf(draft, event.step), event.reason);
    case 'resolve':
      return resolve(draft, stepOf(draft, event.step), event.as, event.reason);
    case 'rollback':
      return rollBackAll(draft);
  }
}

function note(draft: Draft, event: Asked): void {
  const record: RunbookRecord = {
    about: 'person',
    action: event.kind,
    how: event.kind === 'cancel' ? event.when : event.kind === 'resolve' ? event.as : null,
    step: 'step' in event ? event.step : null,
    by: event.by,
    reason: event.reason,
  };
  draft.effects.push({ kind: 'record', record });
}

function confirm(draft: Draft, step: StepState, digest: string, by: string): Refusal | null {
  const { confirmation, name } = step;
  if (step.status !== 'running' || step.phase !== 'confirm' || confirmation === null)
    return {
      why: `The step ${name} does not wait for a confirmation.`,
      remedy: 'Look at the status of the run.',
    };
  if (draft.ending !== null)
    return { why: `The run is ending: ${draft.ending.why}.`, remedy: 'Start a new one.' };
  if (confirmation.by !== null)
    return { why: `The step ${name} is confirmed already.`, remedy: 'Nothing is to be done.' };
  if (confirmation.digest !== digest)
    return {
      why: `What was confirmed is not what the step ${name} would do now.`,
      remedy: 'Look at the step again, and confirm what it shows.',
    };
  change(draft, name, { confirmation: { digest, by } });
  return null;
}

function pause(draft: Draft, by: string, reason: string): Refusal | null {
  if (draft.paused !== null)
    return { why: 'The run is paused already.', remedy: 'Resume it when it is time.' };
  if (draft.status !== 'running')
    return {
      why: `The run is ${draft.status}, and only a running one can be paused.`,
      remedy: 'Look at its status.',
    };
  if (draft.ending?.how === 'drain')
    return { why: 'The run is being cancelled.', remedy: 'Wait for its end.' };
  draft.paused = { by, reason };
  draft.changed = true;
  return null;
}

function cancel(draft: Draft, event: Extract<Asked, { kind: 'cancel' }>): Refusal | null {
  if (isOver(draft.status))
    return { why: `The run is over: ${draft.status}.`, remedy: 'Nothing is to be cancelled.' };
  const { ending } = draft;
  const now = event.when === 'now';
  if (ending?.how === 'drain')
    return { why: 'The run is being cancelled already.', remedy: 'Wait for its end.' };
  if (ending?.how === 'rollback' && !now)
    return { why: 'The run is being rolled back.', remedy: 'Pause it, or cancel it now.' };
  if (ending?.how === 'finish' && ending.as === 'cancelled' && !now)
    return { why: 'The run ends after this step already.', remedy: 'Wait, or cancel it now.' };
  const why = `cancelled by ${event.by}${event.reason === '' ? '' : `: ${event.reason}`}`;
  const { thenRollback } = event;
  for (const { name, rollback } of draft.steps) {
    if (rollback.status !== 'pending') continue;
    const problem = `not rolled back: ${why}`;
    change(draft, name, { rollback: { ...rollback, status: 'none', problem } });
  }
  const wasRollingBack = ending?.how === 'rollback';
  setEnding(draft, {
    as: 'cancelled',
    how: now ? 'drain' : 'finish',
    thenRollback: thenRollback && !wasRollingBack,
    why,
  });
  draft.paused = null;
  // Where it never began there is nothing to wait for.
  if (draft.status === 'pending') changeRun(draft, 'running', null);
  if (now) cancelOpen(draft);
  return null;
}

/** Refused where a run that ended, or is ending, cannot be taken up again. */
export function cannotGoOn(draft: Draft): Refusal | null {
  const { status, ending, steps } = draft;
  if (status === 'pending')
    return { why: 'The run has not started.', remedy: 'Start it, or cancel it.' };
  if (status === 'completed' || status === 'cancelled')
    return { why: `The run is over: ${status}.`, remedy: 'Start a new one.' };
  if (steps.some(({ rollback }) => rollback.status !== 'none'))
    return {
      why: 'What the run has done is being, or was, rolled back.',
      remedy: 'Start a new one.',
    };
  if (ending !== null && status !== 'failed')
    return { why: `The run is ending: ${ending.why}.`, remedy: 'Wait for its end.' };
  return null;
}

/** What was held back by a failure that is dealt with now may go on. */
export function takeUp(draft: Draft): void {
  for (const step of draft.steps) {
    const held = step.skipped === 'blocked' || step.skipped === 'stopped';
    if (held) change(draft, step.name, anew(draft, step));
  }
  setEnding(draft, null);
  if (draft.status === 'failed') changeRun(draft, 'running', null);
}

function retry(draft: Draft, step: StepState): Refusal | null {
  const { name, rollback } = step;
  if (rollback.status === 'failed') return retryRollback(draft, step);
  const refusal = cannotGoOn(draft);
  if (refusal !== null) return refusal;
  if (step.status === 'unknown')
    return {
      why: `It is not known how the step ${name} ended.`,
      remedy: 'Find out, and resolve it: retry, done, rollback or abort.',
    };
  if (step.status !== 'failed' && step.status !== 'cancelled')
    return {
      why: `The step ${name} is ${step.status}, and only a failed or cancelled one is tried again.`,
      remedy: 'Look at the status of the run.',
    };
  if (step.attempt >= mostAttempts) return tooOften(name);
  change(draft, name, anew(draft, step));
  takeUp(draft);
  return null;
}

function retryRollback(draft: Draft, { name, rollback }: StepState): Refusal | null {
  if (draft.status !== 'failed' || draft.ending === null)
    return { why: `The run is ${draft.status}.`, remedy: 'Wait until it is over.' };
  if (rollback.attempt >= mostAttempts) return tooOften(name);
  const attempt = rollback.attempt + 1;
  change(draft, name, { rollback: { status: 'pending', attempt, problem: null } });
  setEnding(draft, { ...draft.ending, how: 'rollback' });
  changeRun(draft, 'running', null);
  return null;
}

function skip(draft: Draft, step: StepState, reason: string): Refusal | null {
  const { name, status, phase } = step;
  const refusal = cannotGoOn(draft);
  if (refusal !== null) return refusal;
  if (reason.trim() === '')
    return { why: 'A step is skipped for a reason, and none was given.', remedy: 'Give one.' };
  if (status === 'unknown')
    return {
      why: `It is not known how the step ${name} ended.`,
      remedy: 'Find out, and resolve it: retry, done, rollback or abort.',
    };
  const waits = status === 'running' && phase === 'confirm' && openWork(draft, name).length === 0;
  const held = step.skipped === 'blocked' || step.skipped === 'stopped';
  if (!waits && !held && status !== 'pending' && status !== 'failed' && status !== 'cancelled')
    return {
      why: `The step ${name} is ${status}, and cannot be skipped.`,
      remedy:
        status === 'running' ? 'Cancel it, or wait for its end.' : 'Look at the status of the run.',
    };
  change(draft, name, {
    status: 'skipped',
    skipped: 'person',
    problem: reason,
    confirmation: null,
  });
  takeUp(draft);
  return null;
}

function rollBackAll(draft: Draft): Refusal | null {
  if (draft.status !== 'failed' || draft.ending === null)
    return {
      why: `The run is ${draft.status}, and only a failed one is rolled back by itself.`,
      remedy: isOver(draft.status)
        ? 'Start a runbook that undoes it.'
        : 'Cancel it with a rollback after that.',
    };
  if (!draft.steps.some(({ name }) => canRollBack(draft, name))) {
    const none = draft.steps.every(({ name }) => declared(draft, name).rollback === null);
    return {
      why: none ? 'No step says how to roll it back.' : 'Nothing is left to roll back.',
      remedy: 'See what each step has done.',
    };
  }
  setEnding(draft, { ...draft.ending, how: 'finish', thenRollback: true });
  changeRun(draft, 'running', null);
  return null;
}
