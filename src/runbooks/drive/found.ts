/**
 * What became of open work. In: an execution as it is on record. Out: what the machine is told of it. Must never: take an end
 * that nobody knows for one that is known, or what never started for something that ran.
 */
import { type Execution, isFinal, neverStarted } from '../../core/execution.ts';
import type { Work } from '../../core/runbook.ts';
import type { FoundWork, WorkEnd } from '../../core/runbook-event.ts';
import type { RunbookRun } from '../../core/runbook-ports.ts';
import type { House } from '../../gateway/house.ts';
import { originOf } from './ask.ts';

/** Of everything that is open in a run which passed to another gateway. */
export function findWork(house: House, run: RunbookRun): readonly FoundWork[] {
  return run.state.work
    .filter(({ state }) => state !== 'ended' && state !== 'absent')
    .map((work) => foundOf(house, run, work));
}

export function foundOf(house: House, run: RunbookRun, work: Work): FoundWork {
  const { key } = work;
  const execution = house.store.runbooks.execution(originOf(run, work));
  if (execution === null || neverStarted(execution)) return { key, found: 'absent' };
  const { requestId, status } = execution;
  if (status === 'awaiting_approval') return { key, found: 'awaiting', requestId };
  if (!isFinal(status)) return { key, found: 'running', requestId };
  if (status === 'unknown') return { key, found: 'lost', requestId };
  return { key, found: 'ended', requestId, ...endOf(house, execution) };
}

/** How an execution that is over ended, with its structured result. */
export function endOf(house: House, execution: Execution): WorkEnd {
  const { requestId, status, errorCode, errorMessage } = execution;
  if (!isFinal(status)) throw new Error(`${requestId} is not over`);
  if (status !== 'ok') {
    const why = errorMessage ?? `it ended as ${status}`;
    return { status, result: null, problem: errorCode === null ? why : `${errorCode}: ${why}` };
  }
  const output = house.store.output(requestId);
  return {
    status,
    result: output?.structured ?? null,
    problem: output?.structuredProblem ?? null,
  };
}
