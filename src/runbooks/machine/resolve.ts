/** A person says what became of a step whose outcome is not known. In: the step, and what is to be done. Out: the draft after it, or why not. Never: a guess. */
import type { StepState } from '../../core/runbook.ts';
import type { Resolution } from '../../core/runbook-event.ts';
import { change, type Draft, declared, nextRan, setEnding, stepOf } from './draft.ts';
import { anew, isLast, pass } from './phases.ts';
import { mostAttempts, type Refusal, tooOften } from './refusal.ts';

export function resolve(
  draft: Draft,
  step: StepState,
  as: Resolution,
  reason: string,
): Refusal | null {
  if (step.status !== 'unknown' && step.rollback.status !== 'unknown')
    return {
      why: `It is known how the step ${step.name} ended: ${step.status}.`,
      remedy: 'Retry or skip it if it failed.',
    };
  if (reason.trim() === '')
    return {
      why: 'What became of a step is said with a reason, and none was given.',
      remedy: 'Say how you know.',
    };
  return step.rollback.status === 'unknown'
    ? resolveRollback(draft, step, as, reason)
    : resolveStep(draft, step, as, reason);
}

function resolveStep(
  draft: Draft,
  step: StepState,
  as: Resolution,
  reason: string,
): Refusal | null {
  const { name } = step;
  const { ending } = draft;
  switch (as) {
    case 'retry':
      if (ending !== null)
        return {
          why: `The run is ending: ${ending.why}.`,
          remedy: 'Say that the step is done, roll it back, or abort.',
        };
      if (step.attempt >= mostAttempts) return tooOften(name);
      change(draft, name, anew(draft, step));
      return null;
    case 'done': {
      const phase = step.phase!;
      const problem = `said to be done: ${reason}`;
      change(draft, name, { status: 'running', problem });
      if (phase === 'run') change(draft, name, { ran: nextRan(draft) });
      if (phase === 'confirm' || phase === 'rollback') return null;
      if (draft.ending?.how !== 'drain' || isLast(draft, name, phase)) pass(draft, name, phase);
      else if (phase === 'run') change(draft, name, { phase: 'verify:0' });
      return null;
    }
    case 'rollback': {
      if (declared(draft, name).rollback === null)
        return {
          why: `The step ${name} does not say how to roll it back.`,
          remedy: 'Undo it by hand and abort, or say that it is done.',
        };
      // What may have happened is undone as if it had. A command that waited for a check has not happened: to undo it would
      // be to undo something else, such as the migration before it.
      const before = step.phase?.startsWith('check:') === true;
      const ran = stepOf(draft, name).ran ?? (before ? null : nextRan(draft));
      const problem = `not known how it ended, and rolled back: ${reason}`;
      change(draft, name, { status: 'failed', ran, problem });
      setEnding(draft, {
        as: ending?.as ?? 'failed',
        how: 'finish',
        thenRollback: true,
        why: problemOf(name, reason),
      });
      return null;
    }
    case 'abort':
      change(draft, name, { status: 'failed', problem: `not known how it ended: ${reason}` });
      setEnding(draft, {
        as: ending?.as ?? 'failed',
        how: ending?.how ?? 'finish',
        thenRollback: false,
        why: problemOf(name, reason),
      });
      return null;
  }
}

function problemOf(name: string, reason: string): string {
  return `it is not known how the step ${name} ended: ${reason}`;
}

function resolveRollback(
  draft: Draft,
  { name, rollback }: StepState,
  as: Resolution,
  reason: string,
): Refusal | null {
  switch (as) {
    case 'retry': {
      if (draft.ending?.how !== 'rollback')
        return {
          why: 'The rollback is being cancelled.',
          remedy: 'Say that it is done, or abort.',
        };
      if (rollback.attempt >= mostAttempts) return tooOften(name);
      const attempt = rollback.attempt + 1;
      change(draft, name, { rollback: { status: 'pending', attempt, problem: null } });
      return null;
    }
    case 'done':
      change(draft, name, {
        rollback: { ...rollback, status: 'completed', problem: `said to be done: ${reason}` },
      });
      return null;
    case 'abort':
      change(draft, name, {
        rollback: { ...rollback, status: 'failed', problem: `not known how it ended: ${reason}` },
      });
      return null;
    case 'rollback':
      return {
        why: `It is the rollback of the step ${name} whose end is not known.`,
        remedy: 'Retry it, say that it is done, or abort.',
      };
  }
}
