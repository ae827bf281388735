/** Runbooks made by hand for the machine: steps with what matters in them, everything else filled in. And a hand that plays the driver. */
import assert from 'node:assert/strict';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import type {
  FrozenRunbook,
  Runbook,
  RunbookCheck,
  RunbookState,
  RunbookStep,
  StepState,
} from '../../../src/core/runbook.ts';
import type { RunbookEffect, RunbookEvent, WorkEnd } from '../../../src/core/runbook-event.ts';
import { newRun, transition } from '../../../src/runbooks/machine/machine.ts';

export type Sketch = Partial<Omit<RunbookStep, 'name' | 'confirm'>> & {
  readonly name: string;
  readonly confirm?: boolean;
};

export const lookAt = (command: string, more: Partial<RunbookCheck> = {}): RunbookCheck => ({
  command,
  hash: 'sha256:0',
  with: {},
  expect: [],
  ...more,
});

export const undo = (command: string) => ({ command, hash: 'sha256:0', with: {} });

/** Steps without `needs` need the one above. */
export function runbookOf(sketches: readonly Sketch[], more: Partial<Runbook> = {}): Runbook {
  const steps = sketches.map(
    ({ confirm = false, ...sketch }, index): RunbookStep => ({
      title: sketch.name,
      command: `do-${sketch.name}`,
      hash: 'sha256:0',
      with: {},
      risk: 'low',
      needs: index === 0 ? [] : [sketches[index - 1]!.name],
      when: null,
      check: [],
      verify: [],
      rollback: null,
      timeoutMs: null,
      onFailure: 'stop',
      ...sketch,
      confirm: { development: confirm },
    }),
  );
  return {
    name: 'it',
    tool: 'it',
    title: 'it',
    description: 'it',
    owner: 'tests',
    risk: 'low',
    parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
    environments: ['development'],
    defaultEnvironment: null,
    timeoutMs: 60_000,
    onFailure: 'stop',
    approvals: 'per-step',
    parallel: 1,
    guardrails: [],
    steps,
    hash: 'sha256:1',
    commands: {},
    commandsHash: 'sha256:2',
    ...more,
  };
}

export function freeze(runbook: Runbook, args: JsonObject = {}): FrozenRunbook {
  return { runbook, environment: 'development', arguments: args };
}

/** A run, and everything that was asked for. */
export class Play {
  readonly frozen: FrozenRunbook;
  state: RunbookState;
  readonly effects: RunbookEffect[] = [];

  constructor(frozen: FrozenRunbook, start = true) {
    this.frozen = frozen;
    this.state = newRun(frozen);
    if (start) this.send({ kind: 'start' });
  }

  send(event: RunbookEvent): readonly RunbookEffect[] {
    const next = transition(this.frozen, this.state, event);
    if (!next.ok) assert.fail(`${event.kind} was refused: ${next.why} ${next.remedy}`);
    this.state = next.state;
    this.effects.push(...next.effects);
    return next.effects;
  }

  /** Why an event is refused. */
  refused(event: RunbookEvent): string {
    const next = transition(this.frozen, this.state, event);
    assert.ok(!next.ok, `${event.kind} was not refused`);
    assert.ok(next.remedy.length > 0);
    return next.why;
  }

  /** One execution from its submission to its end. */
  ends(key: string, status: WorkEnd['status'] = 'ok', result: JsonValue | null = null): void {
    this.send({ kind: 'submitted', key, requestId: `id-${key}`, awaiting: false });
    this.send({ kind: 'ended', key, requestId: `id-${key}`, status, result, problem: null });
  }

  step(name: string): StepState {
    return this.state.steps.find((step) => step.name === name)!;
  }

  /** Keys in the order in which they were submitted. */
  get submitted(): string[] {
    return this.effects.flatMap((effect) => (effect.kind === 'submit' ? [effect.key] : []));
  }

  /** `name: status` of each step. */
  get statuses(): string[] {
    return this.state.steps.map(({ name, status, skipped }) =>
      skipped === null ? `${name}: ${status}` : `${name}: ${status} (${skipped})`,
    );
  }

  confirm(step: string): void {
    const { digest } = this.step(step).confirmation!;
    this.send({ kind: 'confirm', step, digest, ...said });
  }
}

export const said = { by: 'ada', reason: 'because' };
