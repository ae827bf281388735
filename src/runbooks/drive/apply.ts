/**
 * One event on one run, in one transaction. In: what was seen, or what somebody asked for. Out: the run after it, on record
 * with its entries. Must never: apply what the machine refuses, or what a driver saw that does not drive the run any more.
 * A crash before the commit leaves the run as it was; what was seen is seen again by whoever takes it up.
 */
import { runbookEnded, runbookSteered, runbookStepped } from '../../audit/entries.ts';
import type { EntryDraft } from '../../core/entry.ts';
import { ReeveError } from '../../core/errors.ts';
import { isOver, type RunbookState } from '../../core/runbook.ts';
import type { RunbookEvent, RunbookRecord } from '../../core/runbook-event.ts';
import type { RunbookRun, RunChange } from '../../core/runbook-ports.ts';
import { visibleLine } from '../../core/text.ts';
import type { House } from '../../gateway/house.ts';
import { transition, waitsForPeople } from '../machine/machine.ts';

export interface Condition {
  /** Throws where the event is not to be applied any more. */
  readonly holds?: (run: RunbookRun) => void;
  /** Put on record with it. */
  readonly besides?: (run: RunbookRun, at: number) => readonly EntryDraft[];
}

/** Throws CONFLICT where the event does not fit what the run has become, in words that say what that is. */
export function applyEvent(
  house: Pick<House, 'store' | 'clock'>,
  id: string,
  event: RunbookEvent,
  { holds, besides }: Condition = {},
): RunbookRun {
  return house.store.runbooks.change(id, (run) => {
    holds?.(run);
    const at = house.clock.now();
    const moved = transition(run.frozen, run.state, event);
    if (!moved.ok) throw refused(house, run, moved);
    const more = besides?.(run, at) ?? [];
    if (moved.state === run.state && moved.effects.length === 0 && more.length === 0) return null;
    const records = moved.effects.flatMap((e) => (e.kind === 'record' ? [e.record] : []));
    const told = records.flatMap((record) => entryOf(run, at, moved.state, record));
    return changeOf(run, moved.state, at, [...more, ...told]);
  });
}

/** The clock of the whole stops while nothing but people keeps the run waiting, and begins anew where it is taken up again. */
function changeOf(
  run: RunbookRun,
  state: RunbookState,
  at: number,
  entries: readonly EntryDraft[],
): RunChange {
  const over = isOver(state.status);
  const takenUp = isOver(run.state.status) && !over;
  const active = !over && !waitsForPeople(state);
  return {
    state,
    at,
    finishedAt: over ? at : null,
    activeMs: takenUp ? 0 : activeMs(run, at),
    activeSince: active ? at : null,
    entries,
  };
}

/** Milliseconds that the run has worked, and not waited for people, by now. */
export function activeMs(run: RunbookRun, now: number): number {
  return run.activeMs + (run.activeSince === null ? 0 : Math.max(0, now - run.activeSince));
}

function entryOf(
  run: RunbookRun,
  at: number,
  state: RunbookState,
  record: RunbookRecord,
): readonly EntryDraft[] {
  switch (record.about) {
    case 'person':
      return [runbookSteered(run, at, record)];
    case 'step':
    case 'rollback': {
      const work = state.work.findLast(({ step, requestId }) => {
        return step === record.step && requestId !== null;
      });
      return [runbookStepped(run, at, record, work?.requestId ?? null)];
    }
    case 'run':
      return isOver(record.to) ? [runbookEnded(run, at, state, record.why)] : [];
  }
}

/** Of two who act at once the second is told what the first did. */
function refused(
  house: Pick<House, 'store'>,
  run: RunbookRun,
  { why, remedy }: { readonly why: string; readonly remedy: string },
): ReeveError {
  const last = house.store.entriesOf(run.id).findLast(({ kind }) => kind === 'runbook-steered');
  const { action, step, how } = last?.body ?? {};
  const what = [action, how, step].filter((each) => typeof each === 'string').join(' ');
  const steered =
    last === undefined
      ? ''
      : ` It was steered last by ${last.principal} at ${new Date(last.at).toISOString()} (${what}).`;
  return new ReeveError(
    'CONFLICT',
    visibleLine(`${why} Nothing was changed: the run is ${run.state.status}.${steered} ${remedy}`),
    [{ field: 'run', problem: `is ${run.state.status}` }],
  );
}
