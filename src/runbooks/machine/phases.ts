/**
 * A step on its way: checks, confirmation, command, verifications. In: how one of them ended. Out: the next, or the end of
 * the step. Never: the command before all of its checks passed and whoever has to confirm it did.
 */
import { canonicalJson, digestJson, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Phase, StepState, Work, WorkPhase } from '../../core/runbook.ts';
import type { WorkEnd } from '../../core/runbook-event.ts';
import {
  change,
  type Draft,
  declared,
  nextRan,
  setEnding,
  stepOf,
  submit,
  wasSubmitted,
} from './draft.ts';
import { argumentsOf, describeCondition, holds, pick, referredTo, writeSource } from './values.ts';

/** Characters of JSON that the results handed on between steps may have, for each step. */
const mostHandedOn = 256 * 1024;

/** A step whose needs are over begins, or is skipped because its condition does not hold. */
export function begin(draft: Draft, name: string): void {
  const step = declared(draft, name);
  const known = { frozen: draft.frozen, steps: draft.steps, own: null };
  if (step.when !== null && !holds(step.when, known)) {
    const problem = `its condition does not hold: ${describeCondition(step.when, writeSource)}`;
    change(draft, name, { status: 'skipped', skipped: 'condition', problem });
    return;
  }
  change(draft, name, { status: 'running', phase: step.check.length > 0 ? 'check:0' : 'run' });
  if (step.check.length === 0) prepare(draft, name);
}

/** Its arguments are known now: what is confirmed, and what its command gets. */
function prepare(draft: Draft, name: string): void {
  const step = declared(draft, name);
  const { attempt } = stepOf(draft, name);
  const known = { frozen: draft.frozen, steps: draft.steps, own: null };
  const args = argumentsOf(step.with, known);
  if (step.confirm[draft.frozen.environment] !== true) {
    change(draft, name, { phase: 'run', arguments: args });
    return;
  }
  const digest = confirmationDigest(draft, name, attempt, args);
  change(draft, name, { phase: 'confirm', arguments: args, confirmation: { digest, by: null } });
}

/** What a confirmation is bound to: this very step of this very runbook, attempt and arguments included. */
function confirmationDigest(draft: Draft, name: string, attempt: number, args: JsonObject): string {
  const { runbook, environment } = draft.frozen;
  const { command, hash } = declared(draft, name);
  return digestJson({
    runbook: runbook.name,
    hash: runbook.hash,
    commands: runbook.commandsHash,
    environment,
    step: name,
    attempt,
    command,
    commandHash: hash,
    arguments: args,
  });
}

/** Asks for what the step is at, where that was not asked for. */
export function proceed(draft: Draft, name: string): void {
  const state = stepOf(draft, name);
  const step = declared(draft, name);
  const { phase, attempt } = state;
  if (phase === null) return;
  if (phase === 'confirm') {
    if (state.confirmation?.by == null) return;
    change(draft, name, { phase: 'run' });
    proceed(draft, name);
    return;
  }
  if (wasSubmitted(draft, name, phase, attempt)) return;
  if (phase === 'run') {
    submit(draft, name, phase, attempt, step, state.arguments ?? {}, step.timeoutMs);
    return;
  }
  const call = checkAt(draft, name, phase);
  if (call === undefined) return;
  const known = { frozen: draft.frozen, steps: draft.steps, own: null };
  submit(draft, name, phase, attempt, call, argumentsOf(call.with, known), null);
}

function checkAt(draft: Draft, name: string, phase: Phase) {
  const [kind, index] = phase.split(':');
  const step = declared(draft, name);
  if (kind === 'check') return step.check[Number(index)];
  return kind === 'verify' ? step.verify[Number(index)] : undefined;
}

/** Why what ended well did not pass all the same; null where it did. */
export function judge(draft: Draft, work: Work, end: WorkEnd): string | null {
  if (work.phase === 'run') {
    const paths = referredTo(draft.frozen.runbook, work.step);
    if (paths.length === 0) return null;
    if (end.result === null)
      return `its result, which other steps refer to, cannot be used: ${end.problem ?? 'there is none'}`;
    if (canonicalJson(pick(end.result, paths) as unknown as JsonValue).length > mostHandedOn)
      return `what other steps refer to in its result is larger than ${mostHandedOn} characters`;
    return null;
  }
  const check = checkAt(draft, work.step, work.phase);
  const known = { frozen: draft.frozen, steps: draft.steps, own: end.result };
  const failed = (check?.expect ?? []).find((condition) => !holds(condition, known));
  if (failed === undefined) return null;
  const reason = end.result === null && end.problem !== null ? ` (${end.problem})` : '';
  return `it expected that ${describeCondition(failed, writeSource)}${reason}`;
}

/** The command of a step ended well: whatever comes later, this was done, and can be rolled back. */
export function noteRun(draft: Draft, name: string, result: JsonValue | null): void {
  const picked = pick(result, referredTo(draft.frozen.runbook, name));
  const fits = canonicalJson(picked as unknown as JsonValue).length <= mostHandedOn;
  change(draft, name, { ran: nextRan(draft), values: fits ? picked : [] });
}

/** On to what comes after a phase that passed. */
export function pass(draft: Draft, name: string, phase: Phase): void {
  const step = declared(draft, name);
  const [kind, index] = phase.split(':');
  const next = Number(index ?? -1) + 1;
  if (kind === 'check') {
    if (next < step.check.length) change(draft, name, { phase: `check:${next}` });
    else prepare(draft, name);
  } else if (next < step.verify.length) change(draft, name, { phase: `verify:${next}` });
  else change(draft, name, { status: 'completed' });
}

/** True where nothing comes after this phase of a step. */
export function isLast(draft: Draft, name: string, phase: WorkPhase): boolean {
  const { verify } = declared(draft, name);
  return phase === (verify.length === 0 ? 'run' : `verify:${verify.length - 1}`);
}

/** A step failed or was cancelled: its policy says what becomes of the run. */
export function fail(
  draft: Draft,
  name: string,
  status: 'failed' | 'cancelled',
  problem: string,
): void {
  change(draft, name, { status, problem });
  const { onFailure } = declared(draft, name);
  const { ending } = draft;
  if (onFailure === 'continue') return;
  const thenRollback = onFailure === 'rollback';
  const why = `the step ${name} ${status === 'failed' ? 'failed' : 'was cancelled'}: ${problem}`;
  if (ending === null) setEnding(draft, { as: 'failed', how: 'finish', thenRollback, why });
  else if (
    thenRollback &&
    ending.as === 'failed' &&
    ending.how === 'finish' &&
    !ending.thenRollback
  )
    setEnding(draft, { ...ending, thenRollback });
}

/**
 * A step as it was before it was begun, for another attempt where anything was asked for in this one. What an attempt before
 * has done (`ran`, with its values) stays done, and is rolled back unless another attempt does it anew.
 */
export function anew(draft: Draft, { name, attempt }: StepState): Partial<StepState> {
  const used = draft.work.some((work) => work.step === name && work.attempt === attempt);
  return {
    status: 'pending',
    phase: null,
    attempt: used ? attempt + 1 : attempt,
    arguments: null,
    confirmation: null,
    skipped: null,
    problem: null,
  };
}
