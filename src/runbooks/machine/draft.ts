/**
 * One transition in the making. In: a state. Out: its successor and the effects, in order. A draft lives inside of one
 * transition alone: nothing outside ever sees it change.
 */
import type { JsonObject } from '../../core/json.ts';
import {
  type Ending,
  type FrozenRunbook,
  type RunbookCall,
  type RunbookState,
  type RunbookStep,
  type RunStatus,
  type StepState,
  type Work,
  type WorkPhase,
  workKey,
} from '../../core/runbook.ts';
import type { RunbookEffect } from '../../core/runbook-event.ts';

export interface Draft {
  readonly frozen: FrozenRunbook;
  status: RunStatus;
  paused: RunbookState['paused'];
  ending: Ending | null;
  steps: StepState[];
  work: Work[];
  readonly effects: RunbookEffect[];
  changed: boolean;
}

export function draftOf(frozen: FrozenRunbook, state: RunbookState): Draft {
  return {
    frozen,
    status: state.status,
    paused: state.paused,
    ending: state.ending,
    steps: [...state.steps],
    work: [...state.work],
    effects: [],
    changed: false,
  };
}

export function declared(draft: Draft, name: string): RunbookStep {
  return draft.frozen.runbook.steps.find((step) => step.name === name)!;
}

export function stepOf(draft: Draft, name: string): StepState {
  return draft.steps.find((step) => step.name === name)!;
}

/** Changes a step, and records where its status or that of its rollback changed. */
export function change(draft: Draft, name: string, patch: Partial<StepState>): void {
  const index = draft.steps.findIndex((step) => step.name === name);
  const from = draft.steps[index]!;
  const to = { ...from, ...patch };
  draft.steps[index] = to;
  draft.changed = true;
  if (to.status !== from.status || to.attempt !== from.attempt) {
    const { phase, attempt, problem: why } = to;
    draft.effects.push({
      kind: 'record',
      record: { about: 'step', step: name, from: from.status, to: to.status, phase, attempt, why },
    });
  }
  if (to.rollback.status !== from.rollback.status) {
    draft.effects.push({
      kind: 'record',
      record: {
        about: 'rollback',
        step: name,
        from: from.rollback.status,
        to: to.rollback.status,
        why: to.rollback.problem,
      },
    });
  }
}

export function changeRun(draft: Draft, status: RunStatus, why: string | null): void {
  if (status === draft.status) return;
  draft.effects.push({
    kind: 'record',
    record: { about: 'run', from: draft.status, to: status, why },
  });
  draft.status = status;
  draft.changed = true;
}

export function setEnding(draft: Draft, ending: Ending | null): void {
  draft.ending = ending;
  draft.changed = true;
}

export function isOpen(work: Work): boolean {
  return work.state === 'submitting' || work.state === 'awaiting' || work.state === 'running';
}

export function openWork(draft: Draft, step?: string): readonly Work[] {
  return draft.work.filter((work) => isOpen(work) && (step === undefined || work.step === step));
}

export function workOf(draft: Draft, key: string): Work | undefined {
  return draft.work.find((work) => work.key === key);
}

export function changeWork(draft: Draft, key: string, patch: Partial<Work>): void {
  draft.work = draft.work.map((work) => (work.key === key ? { ...work, ...patch } : work));
  draft.changed = true;
}

/** True where this was asked for and need not, or must not, be asked for again. */
export function wasSubmitted(draft: Draft, step: string, phase: WorkPhase, attempt: number) {
  const work = workOf(draft, workKey(step, phase, attempt));
  return work !== undefined && work.state !== 'absent';
}

/** Asks for an execution: the one place that does. Throws where it was asked for already; the machine itself would be wrong. */
export function submit(
  draft: Draft,
  step: string,
  phase: WorkPhase,
  attempt: number,
  call: Pick<RunbookCall, 'command'>,
  args: JsonObject,
  timeoutMs: number | null,
): void {
  const key = workKey(step, phase, attempt);
  if (wasSubmitted(draft, step, phase, attempt))
    throw new Error(`${key} was submitted before; nothing is submitted twice`);
  const again = workOf(draft, key) !== undefined;
  const work: Work = {
    key,
    step,
    phase,
    attempt,
    command: call.command,
    arguments: args,
    state: 'submitting',
    cancelling: false,
    requestId: null,
    status: null,
    problem: null,
  };
  draft.work = [...draft.work.filter((each) => each.key !== key), work];
  draft.changed = true;
  const { command } = call;
  draft.effects.push({
    kind: 'submit',
    key,
    step,
    phase,
    attempt,
    command,
    arguments: args,
    timeoutMs,
    again,
  });
}

/** Asks for the end of everything that is open. */
export function cancelOpen(draft: Draft): void {
  for (const { key, requestId, cancelling } of openWork(draft)) {
    if (cancelling) continue;
    changeWork(draft, key, { cancelling: true });
    draft.effects.push({ kind: 'cancel', key, requestId });
  }
}

/** The place in the order of steps whose command ended well that comes next. */
export function nextRan(draft: Draft): number {
  return 1 + Math.max(0, ...draft.steps.map(({ ran }) => ran ?? 0));
}
