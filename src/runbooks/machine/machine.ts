/**
 * The state machine of runbooks. In: what a run is bound to, its state, and one event. Out: the state after it and what has
 * to be done, or why the event does not fit. Pure: no clock, no ids, no chance; the same events give the same state.
 * Never: a (step, phase, attempt) asked for twice, or anything asked for while paused or after the end.
 */
import { deepFreeze } from '../../core/json.ts';
import { type FrozenRunbook, isOver, type RunbookState } from '../../core/runbook.ts';
import type { RunbookEvent, Transition } from '../../core/runbook-event.ts';
import { orderOf } from '../../core/runbook-graph.ts';
import {
  cancelOpen,
  changeRun,
  type Draft,
  draftOf,
  openWork,
  setEnding,
  workOf,
} from './draft.ts';
import { ask } from './people.ts';
import { settle } from './settle.ts';
import { arrived, ended, found } from './work.ts';

/** The state of a run that has not started. Throws where the needs of its steps make a circle, which loading refuses. */
export function newRun(frozen: FrozenRunbook): RunbookState {
  const order = orderOf(frozen.runbook.steps);
  if (!order.ok) throw new Error(`the steps wait for one another: ${order.circle.join(', ')}`);
  return deepFreeze<RunbookState>({
    version: 1,
    sequence: 0,
    status: 'pending',
    paused: null,
    ending: null,
    steps: order.order.map((name) => ({
      name,
      status: 'pending',
      phase: null,
      attempt: 1,
      arguments: null,
      confirmation: null,
      skipped: null,
      problem: null,
      ran: null,
      values: [],
      rollback: { status: 'none', attempt: 1, problem: null },
    })),
    work: [],
  });
}

/** One transition. What was seen twice gives the very same state and no effects. */
export function transition(
  frozen: FrozenRunbook,
  state: RunbookState,
  event: RunbookEvent,
): Transition {
  const draft = draftOf(frozen, state);
  const refusal = apply(draft, event);
  if (refusal !== null) return { ok: false, ...refusal };
  settle(draft);
  if (!draft.changed && draft.effects.length === 0) return { ok: true, state, effects: [] };
  const after: RunbookState = {
    version: 1,
    sequence: state.sequence + 1,
    status: draft.status,
    paused: draft.paused,
    ending: draft.ending,
    steps: draft.steps,
    work: draft.work,
  };
  return { ok: true, state: deepFreeze(after), effects: deepFreeze(draft.effects) };
}

function apply(draft: Draft, event: RunbookEvent): { why: string; remedy: string } | null {
  switch (event.kind) {
    case 'start':
      if (draft.status === 'pending') changeRun(draft, 'running', null);
      return null;
    case 'submitted':
    case 'begun':
    case 'ended':
    case 'lost':
      return seen(draft, event);
    case 'timeout':
      timeout(draft);
      return null;
    case 'recovered':
      for (const each of event.work) found(draft, each);
      return null;
    default:
      return ask(draft, event);
  }
}

function seen(
  draft: Draft,
  event: Extract<RunbookEvent, { key: string }>,
): { why: string; remedy: string } | null {
  const work = workOf(draft, event.key);
  if (work === undefined)
    return { why: 'This run never asked for that.', remedy: 'Look at what it did ask for.' };
  switch (event.kind) {
    case 'submitted':
      arrived(draft, work, event.requestId, event.awaiting);
      return null;
    case 'begun':
      if (work.requestId !== null) arrived(draft, work, work.requestId, false);
      return null;
    case 'ended':
      ended(draft, work, event, event.requestId);
      return null;
    case 'lost':
      ended(draft, work, { status: 'unknown', result: null, problem: event.why }, null);
      return null;
  }
}

/** The whole took too long. A rollback is not stopped by that: half of one would be worse than a late one. */
function timeout(draft: Draft): void {
  const { ending, frozen, status } = draft;
  if (status === 'pending' || isOver(status)) return;
  if (ending?.how === 'drain' || ending?.how === 'rollback') return;
  setEnding(draft, {
    as: ending?.as ?? 'failed',
    how: 'drain',
    thenRollback: (ending?.thenRollback ?? false) || frozen.runbook.onFailure === 'rollback',
    why: 'it took longer than the runbook allows',
  });
  cancelOpen(draft);
}

/** True while nothing but people keeps the run waiting: this time does not count against its timeout. */
export function waitsForPeople(state: RunbookState): boolean {
  if (state.status === 'pending' || state.status === 'unknown') return true;
  if (isOver(state.status)) return false;
  const draft = { work: state.work } as Draft;
  const open = openWork(draft);
  if (open.length > 0) return open.every((work) => work.state === 'awaiting');
  return (
    state.status === 'paused' ||
    state.steps.some(({ phase, status }) => status === 'running' && phase === 'confirm')
  );
}
