/**
 * A drill: the whole of a runbook in a copy of the workspace, moved by the same machine as a real run, with nobody asked for
 * approval or confirmation. In: what a run would be bound to. Out: how each step ended there. Never: anything outside of the
 * copy touched, or a run that counts as one: what is on record says that it was a rehearsal.
 */
import { Refusal } from '../core/errors.ts';
import type { Caller } from '../core/principal.ts';
import { type FrozenRunbook, isOver, type RunbookState } from '../core/runbook.ts';
import type { RunbookEffect, RunbookEvent, WorkEnd } from '../core/runbook-event.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { House } from '../gateway/house.ts';
import type { StartRequest } from './desk.ts';
import { endOf } from './drive/found.ts';
import { newRun, transition } from './machine/machine.ts';
import type { RehearsalView } from './rehearsal-view.ts';
import { freezeRunbook } from './start.ts';

type Submit = Extract<RunbookEffect, { kind: 'submit' }>;

/** Throws as `start` does, and as rehearsals of the commands do: where one of them may not be rehearsed, none is. */
export async function rehearseRunbook(
  house: House,
  { rehearsals }: Pick<Gateway, 'rehearsals'>,
  caller: Caller,
  request: StartRequest,
): Promise<RehearsalView> {
  const frozen = freezeRunbook(house, caller, request);
  const { runbook, environment } = frozen;
  const id = house.ids.requestId().replace(/^req_/, 'drill_');
  const [copy] = await rehearsals.prepare(caller, {
    commands: Object.keys(runbook.commands),
    environment,
    copies: 1,
    for: 'runbook',
    of: id,
  });
  const began = house.clock.monotonic();
  const drill = new Drill(frozen, caller.principal.id);
  try {
    drill.apply({ kind: 'start' });
    for (let next = drill.next(); next !== null; next = drill.next()) {
      const overdue = house.clock.monotonic() - began > runbook.timeoutMs;
      if (overdue && !drill.late) drill.timeout();
      const end = await run(next);
      drill.ended(next, end);
    }
  } finally {
    await copy!.release();
  }
  return drill.view(id, Math.round(house.clock.monotonic() - began));

  async function run(work: Submit): Promise<Ended> {
    const { timeoutMs } = runbook.steps.find(({ name }) => name === work.step)!;
    try {
      const { execution } = await rehearsals.run(caller, {
        command: work.command,
        arguments: work.arguments,
        copy: copy!.id,
        cli: false,
        timeoutSeconds: work.phase === 'run' && timeoutMs !== null ? timeoutMs / 1_000 : null,
        for: 'runbook',
        of: id,
      });
      const { requestId, status } = execution;
      if (status === 'unknown')
        return { requestId, status: 'failed', result: null, problem: 'how it ended is not known' };
      return { requestId, ...endOf(house, execution) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const problem = `${error.code}: ${error.message}`;
      return { requestId: error.requestId, status: 'rejected', result: null, problem };
    }
  }
}

type Ended = WorkEnd & { readonly requestId: string };

/** The state of one drill, and what is to be run next in it. */
class Drill {
  readonly #frozen: FrozenRunbook;
  readonly #by: string;
  #state: RunbookState;
  readonly #todo: Submit[] = [];
  readonly #ran: (Pick<Submit, 'step' | 'phase' | 'command'> & Ended)[] = [];
  readonly #confirmed = new Set<string>();
  late = false;

  constructor(frozen: FrozenRunbook, by: string) {
    this.#frozen = frozen;
    this.#by = by;
    this.#state = newRun(frozen);
  }

  apply(event: RunbookEvent): void {
    const moved = transition(this.#frozen, this.#state, event);
    if (!moved.ok) throw new Error(`a rehearsal met what no run could: ${moved.why}`);
    this.#state = moved.state;
    this.#todo.push(...moved.effects.filter((effect) => effect.kind === 'submit'));
  }

  timeout(): void {
    this.late = true;
    this.apply({ kind: 'timeout' });
  }

  /** Whatever waits for a person is confirmed: nothing real depends on it. */
  next(): Submit | null {
    for (;;) {
      const work = this.#todo.shift();
      if (work !== undefined) return work;
      const waits = this.#state.steps.find(
        ({ phase, confirmation }) => phase === 'confirm' && confirmation?.by === null,
      );
      if (waits === undefined || isOver(this.#state.status)) return null;
      this.#confirmed.add(waits.name);
      const digest = waits.confirmation!.digest;
      this.apply({ kind: 'confirm', step: waits.name, digest, by: this.#by, reason: 'rehearsal' });
    }
  }

  ended(work: Submit, end: Ended): void {
    const { requestId } = end;
    this.#ran.push({ ...work, ...end });
    this.apply({ kind: 'submitted', key: work.key, requestId, awaiting: false });
    this.apply({ kind: 'ended', key: work.key, ...end });
  }

  view(id: string, durationMs: number): RehearsalView {
    const { runbook, environment } = this.#frozen;
    return {
      id,
      runbook: runbook.name,
      environment,
      status: this.#state.status,
      durationMs,
      steps: this.#state.steps.map(({ name, status, skipped, problem, rollback }) => ({
        name,
        command: runbook.steps.find((step) => step.name === name)?.command ?? '',
        status,
        skipped,
        problem: rollback.problem ?? problem,
        rollback: rollback.status,
        confirmed: this.#confirmed.has(name),
        requests: this.#ran
          .filter(({ step }) => step === name)
          .map(({ requestId, phase, command, status: ended }) => ({
            requestId,
            phase,
            command,
            status: ended,
          })),
      })),
    };
  }
}
