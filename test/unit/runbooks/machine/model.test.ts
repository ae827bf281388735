/** Laws of the machine, over random graphs and random histories: whatever happens, in whatever order, these hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FinalStatus } from '../../../../src/core/execution.ts';
import {
  type FrozenRunbook,
  failurePolicies,
  isOver,
  type RunbookState,
  runStatuses,
  stepStatuses,
  type Work,
} from '../../../../src/core/runbook.ts';
import type { FoundWork, RunbookEffect, RunbookEvent } from '../../../../src/core/runbook-event.ts';
import { newRun, transition, waitsForPeople } from '../../../../src/runbooks/machine/machine.ts';
import { freeze, lookAt, runbookOf, said, undo } from '../house.ts';

const graph = fc
  .array(
    fc.record({
      needs: fc.array(fc.nat(6), { maxLength: 3 }),
      checks: fc.nat(2),
      verifies: fc.nat(2),
      rollback: fc.nat(3).map((n) => n > 0),
      confirm: fc.boolean(),
      never: fc.boolean(),
      onFailure: fc.constantFrom(...failurePolicies),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .chain((sketches) =>
    fc.tuple(
      fc.constant(sketches),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(...failurePolicies),
    ),
  )
  .map(([sketches, parallel, onFailure]) =>
    freeze(
      runbookOf(
        sketches.map((sketch, index) => ({
          name: `s${index}`,
          needs: [...new Set(sketch.needs.filter((n) => n < index).map((n) => `s${n}`))],
          check: Array.from({ length: sketch.checks }, () => lookAt('look')),
          verify: Array.from({ length: sketch.verifies }, () => lookAt('verify')),
          rollback: sketch.rollback ? undo('undo') : null,
          confirm: sketch.confirm,
          onFailure: sketch.onFailure,
          when:
            sketch.never && index % 3 === 2
              ? {
                  from: { kind: 'parameter' as const, name: 'absent' },
                  is: 'exists' as const,
                  than: null,
                }
              : null,
        })),
        { parallel, onFailure },
      ),
    ),
  );

/** Numbers that choose, at each turn, one of the events that make sense, or one that does not. */
const history = fc.array(fc.nat(10_000), { minLength: 10, maxLength: 80 });

const isOpen = ({ state }: Work) => ['submitting', 'awaiting', 'running'].includes(state);
const bad = ['failed', 'rejected', 'timeout', 'cancelled', 'unknown'] as const;

function eventsFor(state: RunbookState, n: number): RunbookEvent[] {
  const chance = Math.floor(n / 100) % 20;
  const status: FinalStatus = chance < bad.length ? bad[chance]! : 'ok';
  const end = { status, result: null, problem: null };
  const events: RunbookEvent[] = [];
  for (const { key } of state.work) {
    events.push(
      { kind: 'submitted', key, requestId: `id-${key}`, awaiting: n % 2 === 0 },
      { kind: 'begun', key },
      { kind: 'ended', key, requestId: `id-${key}`, ...end },
      { kind: 'ended', key, requestId: null, ...end },
      { kind: 'ended', key, requestId: null, ...end, status: 'ok' },
    );
    if (n % 5 === 0) events.push({ kind: 'lost', key, why: 'gone' });
  }
  for (const { name, confirmation } of state.steps) {
    if (confirmation !== null)
      events.push(
        { kind: 'confirm', step: name, digest: confirmation.digest, ...said },
        { kind: 'confirm', step: name, digest: 'sha256:other', ...said },
      );
    events.push({ kind: 'retry', step: name, ...said });
    if (n % 3 === 0) events.push({ kind: 'skip', step: name, ...said });
    for (const as of ['retry', 'done', 'rollback', 'abort'] as const)
      events.push({ kind: 'resolve', step: name, as, ...said });
  }
  if (n % 7 === 0) events.push({ kind: 'pause', ...said });
  if (state.paused !== null) events.push({ kind: 'resume', ...said });
  events.push({ kind: 'rollback', ...said }, { kind: 'start' });
  if (n % 11 === 0) {
    for (const when of ['now', 'after-step'] as const)
      for (const thenRollback of [true, false])
        events.push({ kind: 'cancel', when, thenRollback, ...said });
    events.push({ kind: 'timeout' });
  }
  if (n % 6 === 0) {
    const work = state.work.filter(isOpen).map(({ key }, index): FoundWork => {
      const all: FoundWork[] = [
        { key, found: 'absent' },
        { key, found: 'awaiting', requestId: `id-${key}` },
        { key, found: 'running', requestId: `id-${key}` },
        { key, found: 'ended', requestId: `id-${key}`, ...end },
        { key, found: 'lost', requestId: null },
      ];
      return all[(n + index) % all.length]!;
    });
    events.push({ kind: 'recovered', work });
  }
  return events;
}

interface Turn {
  readonly before: RunbookState;
  readonly after: RunbookState;
  readonly effects: readonly RunbookEffect[];
  readonly event: RunbookEvent;
}

function play(frozen: FrozenRunbook, choices: readonly number[]): Turn[] {
  const turns: Turn[] = [];
  let state = newRun(frozen);
  for (const n of [0, ...choices]) {
    const possible: RunbookEvent[] =
      state.status === 'pending' && n % 13 !== 1 ? [{ kind: 'start' }] : eventsFor(state, n);
    // Mostly one that does something, beginning at a place by chance; sometimes whatever it is.
    const turned = possible.map((_, index) => possible[(n + index) % possible.length]!);
    const moves = (each: RunbookEvent) => {
      const tried = transition(frozen, state, each);
      return tried.ok && tried.state !== state;
    };
    const event = (n % 4 === 0 ? undefined : turned.find(moves)) ?? turned[0]!;
    const next = transition(frozen, state, event);
    if (!next.ok) {
      assert.ok(next.why.length > 0 && next.remedy.length > 0);
      continue;
    }
    turns.push({ before: state, after: next.state, effects: next.effects, event });
    state = next.state;
  }
  return turns;
}

function law(sentence: string, holds: (turns: readonly Turn[], frozen: FrozenRunbook) => void) {
  test(sentence, () => {
    fc.assert(
      fc.property(graph, history, (frozen, choices) => holds(play(frozen, choices), frozen)),
      { numRuns: 300 },
    );
  });
}

const submits = ({ effects }: Turn) => effects.filter((effect) => effect.kind === 'submit');

law(
  'no step, phase and attempt is submitted twice, unless it is known never to have arrived',
  (turns) => {
    const seen = new Set<string>();
    for (const turn of turns) {
      if (turn.event.kind === 'recovered')
        for (const each of turn.event.work) {
          const open = turn.before.work.some((work) => work.key === each.key && isOpen(work));
          if (each.found === 'absent' && open) seen.delete(each.key);
        }
      for (const { key, again } of submits(turn)) {
        assert.ok(!seen.has(key), `${key} twice`);
        seen.add(key);
        const before = turn.before.work.find((work) => work.key === key);
        if (!again) assert.equal(before, undefined);
      }
    }
  },
);

law('nothing of a step is asked for before all that it needs is over well', (turns, frozen) => {
  for (const turn of turns)
    for (const { step, phase } of submits(turn)) {
      if (phase === 'rollback') continue;
      for (const need of frozen.runbook.steps.find(({ name }) => name === step)!.needs) {
        const { status, skipped } = turn.after.steps.find(({ name }) => name === need)!;
        const well =
          status === 'completed' ||
          (status === 'skipped' && (skipped === 'condition' || skipped === 'person'));
        assert.ok(well, `${step} went before ${need}, which is ${status}`);
      }
    }
});

law(
  'a command is asked for only once its checks passed and its confirmation was given, in this attempt',
  (turns, frozen) => {
    const done = new Set<string>();
    for (const turn of turns) {
      if (turn.event.kind === 'resolve' && turn.event.as === 'done') {
        const { step } = turn.event;
        const { phase, attempt } = turn.before.steps.find(({ name }) => name === step)!;
        done.add(`${step}:${phase}:${attempt}`);
      }
      for (const { step, phase, attempt } of submits(turn)) {
        if (phase !== 'run') continue;
        const declared = frozen.runbook.steps.find(({ name }) => name === step)!;
        declared.check.forEach((_, index) => {
          const key = `${step}:check:${index}:${attempt}`;
          const work = turn.after.work.find((each) => each.key === key);
          assert.ok((work?.status === 'ok' && work.problem === null) || done.has(key), key);
        });
        const { confirmation } = turn.after.steps.find(({ name }) => name === step)!;
        if (declared.confirm.development) assert.equal(confirmation?.by, said.by);
      }
    }
  },
);

law('nothing is asked for while the run is paused, unknown, being cancelled or over', (turns) => {
  for (const turn of turns) {
    if (submits(turn).length === 0) continue;
    assert.equal(turn.after.paused, null);
    assert.ok(turn.after.status === 'running', turn.after.status);
    assert.notEqual(turn.after.ending?.how, 'drain');
  }
});

law('a run that is over has no open work and no step under way', (turns) => {
  for (const { after } of turns) {
    if (!isOver(after.status)) continue;
    assert.deepEqual(after.work.filter(isOpen), []);
    for (const { status, rollback, name } of after.steps) {
      assert.ok(!['pending', 'running', 'unknown'].includes(status), `${name} is ${status}`);
      assert.ok(!['running', 'unknown'].includes(rollback.status), `${name}: ${rollback.status}`);
    }
    if (after.status === 'completed')
      assert.ok(after.steps.every(({ status }) => status === 'completed' || status === 'skipped'));
  }
});

law(
  'a completed step stays completed, and what is completed or cancelled as a whole changes no more',
  (turns) => {
    for (const { before, after } of turns) {
      if (before.status === 'completed' || before.status === 'cancelled')
        assert.deepEqual(after, before);
      for (const [index, step] of before.steps.entries())
        if (step.status === 'completed') assert.equal(after.steps[index]!.status, 'completed');
    }
  },
);

law(
  'rollback goes backwards, one at a time, only where a command ended well, and not on after a failed one',
  (turns) => {
    for (const turn of turns)
      for (const { step, phase } of submits(turn)) {
        if (phase !== 'rollback') continue;
        assert.equal(turn.after.work.filter(isOpen).length, 1);
        const order = turn.after.steps.find(({ name }) => name === step)!.ran;
        assert.notEqual(order, null);
        for (const other of turn.after.steps) {
          assert.notEqual(other.rollback.status, 'failed');
          if (other.rollback.status === 'pending')
            assert.ok(other.ran! < order!, `${other.name} after ${step}`);
        }
      }
  },
);

law(
  'beside a step whose end is not known nothing begins: what was done is verified, and that is all',
  (turns) => {
    for (const turn of turns) {
      const halted = turn.after.steps.some(({ status }) => status === 'unknown');
      if (halted) for (const { phase } of submits(turn)) assert.match(phase, /^verify:/);
    }
  },
);

law('a new attempt is only ever made by a person', (turns) => {
  for (const { before, after, event } of turns)
    for (const [index, step] of after.steps.entries()) {
      const more =
        step.attempt > before.steps[index]!.attempt ||
        step.rollback.attempt > before.steps[index]!.rollback.attempt;
      if (more) assert.ok(['retry', 'skip', 'resolve'].includes(event.kind), event.kind);
    }
});

law('no more steps are under way at once than the runbook allows', (turns, frozen) => {
  for (const { before, after, event } of turns) {
    const under = (state: RunbookState) =>
      state.steps.filter(({ status }) => status === 'running').length;
    // Said to be done, a step goes on beside others that began meanwhile.
    if (event.kind !== 'resolve')
      assert.ok(under(after) <= Math.max(frozen.runbook.parallel, under(before)));
  }
});

law('what is running can go on: something is open, or a person is waited for', (turns) => {
  for (const { after } of turns)
    if (after.status === 'running') assert.ok(after.work.some(isOpen) || waitsForPeople(after));
});

law(
  'the same events give the same states, also when each state has been through JSON',
  (turns, frozen) => {
    let plain = newRun(frozen);
    for (const { event, after } of turns) {
      const next = transition(
        JSON.parse(JSON.stringify(frozen)),
        JSON.parse(JSON.stringify(plain)),
        event,
      );
      assert.ok(next.ok);
      assert.deepEqual(next.state, after);
      plain = next.state;
    }
  },
);

law(
  'seen twice is seen once: an event of an execution told again changes nothing',
  (turns, frozen) => {
    for (const { event, after } of turns) {
      if (!['submitted', 'begun', 'ended', 'lost', 'start'].includes(event.kind)) continue;
      const next = transition(frozen, after, event);
      assert.ok(next.ok);
      // A step said to be lost, and taken up again by its end, is another attempt with another key.
      assert.equal(next.state, after);
      assert.deepEqual(next.effects, []);
    }
  },
);

law('every change of a step or of the run is recorded, and every request of a person', (turns) => {
  for (const { before, after, event, effects } of turns) {
    const records = effects.flatMap((effect) => (effect.kind === 'record' ? [effect.record] : []));
    if (before.status !== after.status) assert.ok(records.some(({ about }) => about === 'run'));
    if ('by' in event)
      assert.ok(records.some((record) => record.about === 'person' && record.by === said.by));
    for (const [index, step] of after.steps.entries())
      if (step.status !== before.steps[index]!.status)
        assert.ok(records.some((record) => record.about === 'step' && record.step === step.name));
  }
});

test('these histories come to every status of runs, steps and rollbacks, and have every event', () => {
  const seen = new Set<string>(['run pending']);
  for (const [frozen, choices] of fc.sample(fc.tuple(graph, history), { numRuns: 500, seed: 7 }))
    for (const { after, event, effects } of play(frozen, choices)) {
      seen.add(`run ${after.status}`);
      seen.add(`event ${event.kind}`);
      for (const effect of effects)
        if (effect.kind === 'submit') seen.add(`submit ${effect.phase.split(':')[0]}`);
      for (const { status, skipped, rollback } of after.steps) {
        seen.add(`step ${status}`);
        if (skipped !== null) seen.add(`skipped ${skipped}`);
        seen.add(`rollback ${rollback.status}`);
      }
    }
  const words = (kind: string, all: readonly string[]) => all.map((each) => `${kind} ${each}`);
  const wanted = [
    ...words('run', runStatuses),
    ...words('step', stepStatuses),
    ...words('skipped', ['condition', 'person', 'blocked', 'stopped']),
    ...words('rollback', ['none', 'pending', 'running', 'completed', 'failed', 'unknown']),
    ...words('submit', ['check', 'run', 'verify', 'rollback']),
    ...words('event', [
      'confirm',
      'pause',
      'resume',
      'cancel',
      'retry',
      'skip',
      'resolve',
      'rollback',
      'timeout',
      'recovered',
      'lost',
    ]),
  ];
  assert.deepEqual(
    wanted.filter((each) => !seen.has(each)),
    [],
  );
});
