/** A run as people and programs see it: plain JSON, all of it. In: what is on record. Out: the view, and what can be done next. Never: a salt, a credential, or an owner's name. */

import type { Command, Risk } from '../core/command.ts';
import { type Execution, isFinal } from '../core/execution.ts';
import { deepFreeze, digestJson, type JsonObject } from '../core/json.ts';
import type { PrincipalKind, Trust } from '../core/principal.ts';
import { isOver, type RunbookState, type RunStatus, type StepState } from '../core/runbook.ts';
import type { RunbookRun } from '../core/runbook-ports.ts';
import { activeMs } from './drive/apply.ts';
import type { Driver } from './drive/driver.ts';
import { movesOf } from './moves.ts';
import type { Move, StepView } from './step-view.ts';

export { type AskedView, type Move, type StepView, whole } from './step-view.ts';

/** Times in milliseconds since 1970. */
export interface RunView {
  readonly runId: string;
  readonly runbook: string;
  readonly title: string;
  readonly owner: string;
  readonly environment: string;
  readonly risk: Risk;
  readonly status: RunStatus;
  readonly arguments: JsonObject;
  readonly startedBy: {
    readonly principal: string;
    readonly kind: PrincipalKind;
    readonly onBehalfOf: string | null;
    readonly face: string;
    readonly client: string | null;
  };
  readonly trust: Trust;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly finishedAt: number | null;
  /** How long it worked and did not wait for people, and how long it may. */
  readonly activeMs: number;
  readonly timeoutMs: number;
  /** Counts its changes: whoever steers it may say which one was seen. */
  readonly revision: number;
  readonly hash: string;
  readonly commandsHash: string;
  /** Commands whose declaration is another one since it started: a step of theirs is not asked for. */
  readonly changed: readonly string[];
  readonly driver: 'here' | 'elsewhere' | 'nobody';
  /** Why nothing is asked for although something is wanted; null where that is not so. */
  readonly held: string | null;
  readonly paused: RunbookState['paused'];
  readonly ending: { readonly as: string; readonly how: string; readonly why: string } | null;
  /** What the whole waits to be confirmed by; null where it does not. */
  readonly confirmation: { readonly digest: string; readonly by: string | null } | null;
  readonly steps: readonly StepView[];
  readonly next: readonly Move[];
  readonly payloadsExpiredAt: number | null;
}

/** What the confirmation of a whole run is bound to. */
export function wholeDigest({ id, frozen }: Pick<RunbookRun, 'id' | 'frozen'>): string {
  const { runbook, environment } = frozen;
  return digestJson({
    run: id,
    runbook: runbook.name,
    hash: runbook.hash,
    commands: runbook.commandsHash,
    environment,
    arguments: frozen.arguments,
  });
}

export function viewOf(
  run: RunbookRun,
  executions: readonly Execution[],
  driven: ReturnType<Driver['where']>,
  commands: ReadonlyMap<string, Command>,
  now: number,
): RunView {
  const { frozen, caller, state } = run;
  const { runbook, environment } = frozen;
  const { principal } = caller;
  const steps = state.steps.map((step) => stepView(run, step, executions));
  const waitsWhole = state.status === 'pending' && runbook.approvals === 'whole';
  return deepFreeze<RunView>({
    runId: run.id,
    runbook: runbook.name,
    title: runbook.title,
    owner: runbook.owner,
    environment,
    risk: runbook.risk,
    status: state.status,
    arguments: frozen.arguments,
    startedBy: {
      principal: principal.id,
      kind: principal.kind,
      onBehalfOf: principal.onBehalfOf,
      face: caller.face,
      client: caller.client,
    },
    trust: run.trust,
    startedAt: run.startedAt,
    updatedAt: run.updatedAt,
    finishedAt: run.finishedAt,
    activeMs: activeMs(run, now),
    timeoutMs: runbook.timeoutMs,
    revision: run.revision,
    hash: runbook.hash,
    commandsHash: runbook.commandsHash,
    changed: Object.keys(runbook.commands).filter(
      (name) => commands.get(name)?.hash !== runbook.commands[name],
    ),
    driver: driven.driver,
    held: driven.held,
    paused: state.paused,
    ending:
      state.ending === null
        ? null
        : { as: state.ending.as, how: state.ending.how, why: state.ending.why },
    confirmation: waitsWhole ? { digest: wholeDigest(run), by: null } : null,
    steps,
    next: movesOf(run, steps),
    payloadsExpiredAt: run.payloadsExpiredAt,
  });
}

function stepView(
  { frozen }: RunbookRun,
  state: StepState,
  executions: readonly Execution[],
): StepView {
  const { runbook } = frozen;
  const step = runbook.steps.find(({ name }) => name === state.name)!;
  return {
    name: step.name,
    title: step.title,
    command: step.command,
    risk: step.risk,
    needs: step.needs,
    status: state.status,
    phase: state.phase,
    attempt: state.attempt,
    arguments: state.arguments,
    confirmation: state.confirmation,
    skipped: state.skipped,
    problem: state.problem,
    rollback: { ...state.rollback, command: step.rollback?.command ?? null },
    requests: executions
      .filter((each) => each.step?.step === step.name)
      .map((each) => ({
        requestId: each.requestId,
        phase: each.step!.phase,
        attempt: each.step!.attempt,
        command: each.command ?? '',
        status: each.status,
        errorCode: each.errorCode,
      })),
  };
}

/** True where it goes no further without somebody: it is over, or waits for people alone. */
export function rests(view: RunView): boolean {
  if (isOver(view.status) || view.status === 'unknown' || view.status === 'pending') return true;
  const open = view.steps.flatMap(({ requests }) => requests.filter((r) => !isFinal(r.status)));
  if (open.length > 0) return open.every(({ status }) => status === 'awaiting_approval');
  if (view.paused !== null) return true;
  const under = view.steps.filter(({ status }) => status === 'running');
  return under.length > 0 && under.every((step) => step.confirmation?.by === null);
}
