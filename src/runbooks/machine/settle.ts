/**
 * What follows from a state by itself. In: a draft after an event. Out: the same, with everything asked for that may be, and
 * the run's status. Never: anything asked for while the run is paused, halted by an unknown step, or over.
 */
import { isOver } from '../../core/runbook.ts';
import {
  change,
  changeRun,
  type Draft,
  declared,
  openWork,
  setEnding,
  stepOf,
  submit,
} from './draft.ts';
import { begin, proceed } from './phases.ts';
import { argumentsOf } from './values.ts';

export function settle(draft: Draft): void {
  if (draft.status === 'pending' || isOver(draft.status)) return;
  // Each turn moves at least one step on or ends; the bound only guards against a fault of this very loop.
  for (let turns = 0; turns < 1000; turns++) {
    const before = draft.effects.length + draft.work.length;
    const { ending } = draft;
    if (ending === null) goForward(draft);
    else if (ending.how === 'rollback') rollBack(draft);
    else wind(draft, ending.how);
    if (isOver(draft.status)) return;
    if (draft.effects.length + draft.work.length === before && draft.ending === ending) break;
  }
  changeRun(draft, resting(draft), null);
}

export function hasUnknown(draft: Draft): boolean {
  return draft.steps.some((s) => s.status === 'unknown' || s.rollback.status === 'unknown');
}

function resting(draft: Draft): 'unknown' | 'paused' | 'running' {
  if (hasUnknown(draft) && openWork(draft).length === 0) return 'unknown';
  return draft.paused !== null ? 'paused' : 'running';
}

function goForward(draft: Draft): void {
  const halted = hasUnknown(draft);
  if (draft.paused === null) {
    for (const { name, status, phase } of draft.steps) {
      // Beside an unknown step only what has been done is still verified.
      if (status === 'running' && (!halted || phase?.startsWith('verify'))) proceed(draft, name);
    }
    if (!halted) beginSome(draft);
  }
  const rest = draft.steps.filter(({ status }) => status === 'pending' || status === 'running');
  if (rest.length > 0 || halted || openWork(draft).length > 0 || draft.ending !== null) return;
  const bad = draft.steps.filter(({ status }) => status === 'failed' || status === 'cancelled');
  if (bad.length === 0) {
    draft.paused = null;
    changeRun(draft, 'completed', null);
    return;
  }
  const why = `these steps failed: ${bad.map(({ name }) => name).join(', ')}`;
  setEnding(draft, { as: 'failed', how: 'finish', thenRollback: false, why });
  end(draft, 'failed', why);
}

function beginSome(draft: Draft): void {
  for (const { name } of draft.steps) {
    if (stepOf(draft, name).status !== 'pending') continue;
    const needs = declared(draft, name).needs.map((need) => stepOf(draft, need));
    const wall = needs.find(
      ({ status, skipped }) =>
        status === 'failed' ||
        status === 'cancelled' ||
        skipped === 'blocked' ||
        skipped === 'stopped',
    );
    if (wall !== undefined) {
      const problem = `it needs the step ${wall.name}, which ${wall.status === 'skipped' ? 'did not run' : wall.status === 'failed' ? 'failed' : 'was cancelled'}`;
      change(draft, name, { status: 'skipped', skipped: 'blocked', problem });
      continue;
    }
    const under = draft.steps.filter(({ status }) => status === 'running').length;
    const ready = needs.every(({ status }) => status === 'completed' || status === 'skipped');
    if (ready && under < draft.frozen.runbook.parallel) {
      begin(draft, name);
      if (stepOf(draft, name).status === 'running') proceed(draft, name);
    }
  }
}

/** Towards an end: what is under way ends or is verified, what has not asked for its command never will. */
function wind(draft: Draft, how: 'finish' | 'drain'): void {
  const ending = draft.ending!;
  for (const { name, status, phase } of draft.steps) {
    if (status !== 'running' || openWork(draft, name).length > 0) continue;
    const verifying = phase?.startsWith('verify') === true;
    if (verifying && how === 'finish') {
      if (draft.paused === null) proceed(draft, name);
      continue;
    }
    const problem = verifying
      ? 'its command ended well, and was not verified'
      : 'its command was not asked for';
    if (ending.as === 'cancelled' || verifying || how === 'drain')
      change(draft, name, { status: 'cancelled', problem });
    else change(draft, name, { status: 'skipped', skipped: 'stopped', problem });
  }
  const under = draft.steps.some(({ status }) => status === 'running');
  if (under || openWork(draft).length > 0 || hasUnknown(draft)) return;
  const able = draft.steps.filter((step) => canRollBack(draft, step.name));
  if (ending.thenRollback && able.length > 0) {
    for (const { name } of able) {
      const { rollback } = stepOf(draft, name);
      change(draft, name, { rollback: { ...rollback, status: 'pending', problem: null } });
    }
    setEnding(draft, { ...ending, how: 'rollback' });
  } else end(draft, ending.as, ending.why);
}

/** True where its command ended well, it says how to undo that, and nobody has begun to. */
export function canRollBack(draft: Draft, name: string): boolean {
  const { ran, rollback } = stepOf(draft, name);
  return ran !== null && rollback.status === 'none' && declared(draft, name).rollback !== null;
}

/** One at a time, the last that ended well first. */
function rollBack(draft: Draft): void {
  const ending = draft.ending!;
  if (openWork(draft).length > 0 || hasUnknown(draft)) return;
  const byOrder = [...draft.steps].sort((a, b) => (b.ran ?? 0) - (a.ran ?? 0));
  const failed = byOrder.find(({ rollback }) => rollback.status === 'failed');
  const waiting = byOrder.filter(({ rollback }) => rollback.status === 'pending');
  if (failed !== undefined) {
    const rest = waiting.map(({ name }) => name).join(', ');
    const why = `the rollback of ${failed.name} failed${rest === '' ? '' : `, and ${rest} stand as they are`}`;
    end(draft, 'failed', `${ending.why}; ${why}`);
    return;
  }
  const [next] = waiting;
  if (next === undefined) {
    end(draft, ending.as, `${ending.why}; what was done is rolled back`);
    return;
  }
  if (draft.paused !== null) return;
  const call = declared(draft, next.name).rollback!;
  const known = { frozen: draft.frozen, steps: draft.steps, own: null };
  const { attempt } = next.rollback;
  change(draft, next.name, { rollback: { ...next.rollback, status: 'running' } });
  submit(draft, next.name, 'rollback', attempt, call, argumentsOf(call.with, known), null);
}

function end(draft: Draft, as: 'failed' | 'cancelled', why: string): void {
  for (const { name, status } of draft.steps) {
    if (status !== 'pending') continue;
    if (as === 'cancelled') change(draft, name, { status: 'cancelled', problem: why });
    else change(draft, name, { status: 'skipped', skipped: 'stopped', problem: why });
  }
  setEnding(draft, { ...draft.ending!, as, why });
  draft.paused = null;
  changeRun(draft, as, why);
}
