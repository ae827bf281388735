/**
 * The entries of runs of runbooks: begun, each step's way, what people said, and the end. In: a run and what became of it.
 * Out: drafts for the store. Pure. Must never: hold an argument or anything of a result; the run's salt commits to them.
 */
import { commitmentTo } from '../core/commitment.ts';
import type { EntryDraft, EntryKind } from '../core/entry.ts';
import { deepFreeze, digestJson, type JsonObject } from '../core/json.ts';
import { type RunbookState, stepStatuses } from '../core/runbook.ts';
import type { RunbookRecord } from '../core/runbook-event.ts';
import type { RunbookRun } from '../core/runbook-ports.ts';
import type {
  RunbookCall,
  RunbookEndedBody,
  RunbookStartedBody,
  RunbookSteeredBody,
  RunbookStepBody,
} from './bodies.ts';
import { bounded, bounds } from './bounds.ts';

type Told = Pick<RunbookRun, 'id' | 'frozen' | 'caller' | 'trust' | 'salt' | 'startedAt'>;

/** `again`: when an idempotency key led to this run, which had begun before. */
export function runbookStarted(run: Told, again: number | null = null): EntryDraft {
  const { frozen, caller } = run;
  const { runbook } = frozen;
  const body: RunbookStartedBody = {
    ...callOf(run),
    purpose: again === null ? 'run' : 'replay',
    tool: name(runbook.tool),
    risk: runbook.risk,
    runbookHash: name(runbook.hash),
    commandsHash: name(runbook.commandsHash),
    steps: runbook.steps.length,
    approvals: runbook.approvals,
    parametersCommitment: commitmentTo(run.salt, 'parameters', digestJson(frozen.arguments)),
    onBehalfOf: nameOrNull(caller.principal.onBehalfOf),
    face: caller.face,
    client: nameOrNull(caller.client),
    trust: run.trust,
  };
  return draft('runbook-started', run, again ?? run.startedAt, caller.principal.id, body);
}

/** `requestId` is the execution that the step is at, where it is known. */
export function runbookStepped(
  run: Told,
  at: number,
  record: Extract<RunbookRecord, { about: 'step' | 'rollback' }>,
  requestId: string | null,
): EntryDraft {
  const of = record.about === 'step' ? record : { phase: 'rollback' as const, attempt: null };
  const body: RunbookStepBody = {
    ...callOf(run),
    step: name(record.step),
    about: record.about,
    from: record.from,
    to: record.to,
    phase: of.phase,
    attempt: of.attempt,
    why: messageOrNull(record.why),
    execution: nameOrNull(requestId),
  };
  return draft('runbook-step', run, at, run.caller.principal.id, body);
}

/** Somebody paused, resumed, cancelled, confirmed, retried, skipped, resolved or rolled back; or the gateway paused it. */
export function runbookSteered(
  run: Told,
  at: number,
  record: Extract<RunbookRecord, { about: 'person' }>,
): EntryDraft {
  const body: RunbookSteeredBody = {
    ...callOf(run),
    action: record.action,
    how: record.how,
    step: nameOrNull(record.step),
    reason: message(record.reason),
  };
  return draft('runbook-steered', run, at, record.by, body);
}

/** It is over: `completed`, `failed` or `cancelled`. A failed one that is taken up again ends once more. */
export function runbookEnded(
  run: Told,
  at: number,
  state: RunbookState,
  why: string | null,
): EntryDraft {
  const count = (status: (typeof stepStatuses)[number]) =>
    state.steps.filter((step) => step.status === status).length;
  const body: RunbookEndedBody = {
    ...callOf(run),
    status: state.status,
    why: messageOrNull(why),
    durationMs: Math.max(0, at - run.startedAt),
    steps: Object.fromEntries(stepStatuses.map((status) => [status, count(status)])),
    rolledBack: state.steps.filter(({ rollback }) => rollback.status === 'completed').length,
  };
  return draft('runbook-ended', run, at, run.caller.principal.id, body);
}

function callOf({ id, frozen }: Told): RunbookCall {
  return {
    run: name(id),
    runbook: name(frozen.runbook.name),
    environment: name(frozen.environment),
  };
}

const name = (text: string): string => bounded(text, bounds.name);
const nameOrNull = (text: string | null): string | null => (text === null ? null : name(text));
const message = (text: string): string => bounded(text, bounds.message);
const messageOrNull = (text: string | null): string | null =>
  text === null ? null : message(text);

/** They belong to the run as those of a call belong to its request: a receipt of the run's id proves them. */
function draft(kind: EntryKind, run: Told, at: number, by: string, body: JsonObject): EntryDraft {
  return deepFreeze({ kind, at, requestId: name(run.id), principal: name(by), body });
}
