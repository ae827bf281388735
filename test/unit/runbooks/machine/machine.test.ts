/** Runs, told one by one: what each event does, and what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitsForPeople } from '../../../../src/runbooks/machine/machine.ts';
import { freeze, lookAt, Play, runbookOf, type Sketch, said, undo } from '../house.ts';

const play = (sketches: readonly Sketch[], more = {}) =>
  new Play(freeze(runbookOf(sketches, more)));
const abc: readonly Sketch[] = [
  { name: 'a', rollback: undo('undo-a') },
  { name: 'b', rollback: undo('undo-b') },
  { name: 'c' },
];
const cancel = { kind: 'cancel', when: 'now', thenRollback: false, ...said } as const;

test('steps run in their order, each through checks, confirmation, command and verifications', () => {
  const run = play([
    { name: 'a', check: [lookAt('x'), lookAt('y')], verify: [lookAt('z')], confirm: true },
    { name: 'b' },
  ]);
  run.ends('a:check:0:1');
  run.ends('a:check:1:1');
  assert.deepEqual(run.submitted, ['a:check:0:1', 'a:check:1:1']);
  assert.ok(waitsForPeople(run.state));
  run.confirm('a');
  run.ends('a:run:1');
  assert.equal(run.step('a').status, 'running');
  run.ends('a:verify:0:1');
  run.ends('b:run:1');
  assert.equal(run.state.status, 'completed');
  assert.deepEqual(run.submitted.slice(2), ['a:run:1', 'a:verify:0:1', 'b:run:1']);
});

test('a confirmation is for what was shown: another attempt, or another argument, is not confirmed by it', () => {
  const run = play([{ name: 'a', confirm: true }]);
  const { digest } = run.step('a').confirmation!;
  assert.match(
    run.refused({ kind: 'confirm', step: 'a', digest: 'sha256:0', ...said }),
    /is not what the step a would do now/,
  );
  run.send({ kind: 'confirm', step: 'a', digest, ...said });
  run.ends('a:run:1', 'failed');
  run.send({ kind: 'retry', step: 'a', ...said });
  assert.match(run.refused({ kind: 'confirm', step: 'a', digest, ...said }), /is not what/);
});

test('arguments come whole from parameters and from results; what is absent is left out', () => {
  const runbook = runbookOf([
    { name: 'a' },
    {
      name: 'b',
      with: {
        count: { kind: 'result', step: 'a', path: ['inner', 'count'] },
        gone: { kind: 'result', step: 'a', path: ['toString'] },
        label: { kind: 'parameter', name: 'label' },
      },
    },
  ]);
  const run = new Play(freeze(runbook, { label: '{a}' }));
  run.ends('a:run:1', 'ok', { inner: { count: 3, more: 'not kept' } });
  const last = run.effects.findLast((effect) => effect.kind === 'submit')!;
  assert.deepEqual(last.kind === 'submit' && last.arguments, { count: 3, label: '{a}' });
  assert.deepEqual(run.step('a').values, [{ path: 'inner.count', value: 3 }]);
});

test('a step whose result others refer to fails where that cannot be used; its command stays done', () => {
  const run = play([
    { name: 'a' },
    { name: 'b', with: { n: { kind: 'result', step: 'a', path: ['n'] } } },
  ]);
  run.ends('a:run:1', 'ok', null);
  assert.equal(run.state.status, 'failed');
  assert.equal(run.step('a').ran, 1);
  assert.match(run.step('a').problem!, /its result, which other steps refer to/);
});

test('a condition that does not hold skips its step, and those that need it go on', () => {
  const when = {
    from: { kind: 'result', step: 'a', path: ['pending'] },
    is: 'greaterThan',
    than: { kind: 'literal', value: 0 },
  } as const;
  const run = play([{ name: 'a' }, { name: 'b', when }, { name: 'c' }]);
  run.ends('a:run:1', 'ok', { pending: 0 });
  assert.deepEqual(run.statuses, ['a: completed', 'b: skipped (condition)', 'c: running']);
  assert.match(run.step('b').problem!, /steps\.a\.result\.pending is greater than 0/);
});

test('a check that ends well and is not as expected fails the step before its command', () => {
  const expect = [
    {
      from: { kind: 'own', path: ['free'] },
      is: 'greaterThan',
      than: { kind: 'literal', value: 10 },
    },
  ] as const;
  const run = play([{ name: 'a', check: [lookAt('space', { expect })] }]);
  run.ends('a:check:0:1', 'ok', { free: 10 });
  assert.equal(run.state.status, 'failed');
  assert.match(
    run.step('a').problem!,
    /check:0 \(space\): it expected that result\.free is greater than 10/,
  );
  assert.deepEqual(run.submitted, ['a:check:0:1']);
});

test('stop: nothing else begins, and the run can be taken up again by another attempt', () => {
  const run = play(abc);
  run.ends('a:run:1');
  run.ends('b:run:1', 'timeout');
  assert.deepEqual(run.statuses, ['a: completed', 'b: failed', 'c: skipped (stopped)']);
  assert.equal(run.state.status, 'failed');
  run.send({ kind: 'retry', step: 'b', ...said });
  run.ends('b:run:2');
  run.ends('c:run:1');
  assert.equal(run.state.status, 'completed');
  assert.match(run.refused({ kind: 'retry', step: 'b', ...said }), /The run is over: completed/);
});

test('continue: what does not need the failed step goes on, what needs it is blocked', () => {
  const run = play([
    { name: 'a', onFailure: 'continue' },
    { name: 'b' },
    { name: 'c' },
    { name: 'd', needs: [] },
  ]);
  run.ends('a:run:1', 'failed');
  run.ends('d:run:1');
  assert.deepEqual(run.statuses, [
    'a: failed',
    'b: skipped (blocked)',
    'c: skipped (blocked)',
    'd: completed',
  ]);
  assert.equal(run.state.status, 'failed');
  run.send({ kind: 'skip', step: 'a', ...said });
  assert.deepEqual(run.statuses, [
    'a: skipped (person)',
    'b: running',
    'c: pending',
    'd: completed',
  ]);
});

test('rollback: backwards, of what ended well, and it stops where one fails', () => {
  const run = play([...abc, { name: 'd', onFailure: 'rollback' }]);
  for (const key of ['a:run:1', 'b:run:1', 'c:run:1']) run.ends(key);
  run.ends('d:run:1', 'failed');
  assert.equal(run.submitted.at(-1), 'b:rollback:1');
  run.ends('b:rollback:1', 'failed');
  assert.equal(run.state.status, 'failed');
  assert.match(run.state.ending!.why, /the rollback of b failed, and a stand as they are/);
  assert.match(run.refused({ kind: 'retry', step: 'd', ...said }), /rolled back/);
  run.send({ kind: 'retry', step: 'b', ...said });
  run.ends('b:rollback:2');
  run.ends('a:rollback:1');
  assert.equal(run.state.status, 'failed');
  assert.deepEqual(
    run.state.steps.map(({ rollback }) => rollback.status),
    ['completed', 'completed', 'none', 'none'],
  );
});

test('what was done and could not be verified is rolled back as well', () => {
  const run = play([
    { name: 'a', verify: [lookAt('x')], rollback: undo('undo-a'), onFailure: 'rollback' },
  ]);
  run.ends('a:run:1');
  run.ends('a:verify:0:1', 'failed');
  assert.equal(run.submitted.at(-1), 'a:rollback:1');
});

test('what an attempt has done is rolled back although another attempt after it failed', () => {
  const run = play([{ name: 'a', verify: [lookAt('x')], rollback: undo('undo-a') }, { name: 'b' }]);
  run.ends('a:run:1');
  run.ends('a:verify:0:1', 'failed');
  run.send({ kind: 'retry', step: 'a', ...said });
  run.ends('a:run:2', 'failed');
  run.send({ kind: 'rollback', ...said });
  assert.equal(run.submitted.at(-1), 'a:rollback:1');
});

test('paused, nothing is asked for; what is under way ends, and is taken on from there', () => {
  const run = play(abc);
  run.send({ kind: 'pause', ...said });
  run.ends('a:run:1');
  assert.deepEqual(run.submitted, ['a:run:1']);
  assert.equal(run.state.status, 'paused');
  assert.ok(waitsForPeople(run.state));
  run.send({ kind: 'resume', ...said });
  assert.deepEqual(run.submitted, ['a:run:1', 'b:run:1']);
  assert.match(run.refused({ kind: 'resume', ...said }), /not paused/);
});

test('cancelled now: what is open is cancelled, what ended well meanwhile is told so', () => {
  const run = play([{ name: 'a', verify: [lookAt('x')] }, { name: 'b' }]);
  const effects = run.send(cancel);
  assert.deepEqual(
    effects.filter(({ kind }) => kind === 'cancel'),
    [{ kind: 'cancel', key: 'a:run:1', requestId: null }],
  );
  const late = run.send({ kind: 'submitted', key: 'a:run:1', requestId: 'r', awaiting: false });
  assert.deepEqual(late, [{ kind: 'cancel', key: 'a:run:1', requestId: 'r' }]);
  run.ends('a:run:1');
  assert.deepEqual(run.statuses, ['a: cancelled', 'b: cancelled']);
  assert.match(run.step('a').problem!, /ended well, and was not verified/);
  assert.equal(run.state.status, 'cancelled');
  assert.match(run.refused(cancel), /over/);
});

test('cancelled after this step: it ends and is verified, and nothing begins', () => {
  const run = play([{ name: 'a', verify: [lookAt('x')], rollback: undo('undo-a') }, { name: 'b' }]);
  run.send({ ...cancel, when: 'after-step', thenRollback: true });
  run.ends('a:run:1');
  run.ends('a:verify:0:1');
  assert.deepEqual(run.submitted, ['a:run:1', 'a:verify:0:1', 'a:rollback:1']);
  run.ends('a:rollback:1');
  assert.equal(run.state.status, 'cancelled');
  assert.deepEqual(run.statuses, ['a: completed', 'b: cancelled']);
});

test('a run that has not started is cancelled at once', () => {
  const run = new Play(freeze(runbookOf(abc)), false);
  run.send(cancel);
  assert.equal(run.state.status, 'cancelled');
  assert.deepEqual(run.submitted, []);
});

const lost = (sketches: readonly Sketch[]) => {
  const run = play(sketches);
  run.ends('a:run:1');
  run.send({ kind: 'submitted', key: 'b:run:1', requestId: 'r', awaiting: false });
  run.send({ kind: 'recovered', work: [{ key: 'b:run:1', found: 'lost', requestId: 'r' }] });
  assert.equal(run.state.status, 'unknown');
  assert.equal(run.step('b').status, 'unknown');
  return run;
};

test('after a crash what had started without an outcome waits for a person, and nothing goes on without one', () => {
  const run = lost(abc);
  assert.match(run.refused({ kind: 'retry', step: 'b', ...said }), /not known how/);
  assert.match(run.refused({ kind: 'skip', step: 'b', ...said }), /not known how/);
  assert.match(
    run.refused({ kind: 'resolve', step: 'b', as: 'done', by: 'ada', reason: ' ' }),
    /reason/,
  );
  assert.deepEqual(run.submitted, ['a:run:1', 'b:run:1']);
});

test('a step that was lost at a check is not undone: its command never ran', () => {
  const run = play([
    { name: 'a', rollback: undo('undo-a') },
    { name: 'b', check: [lookAt('x')], rollback: undo('undo-b') },
  ]);
  run.ends('a:run:1');
  run.ends('b:check:0:1', 'unknown');
  assert.equal(run.state.status, 'unknown');
  run.send({ kind: 'resolve', step: 'b', as: 'rollback', ...said });
  run.ends('a:rollback:1');
  assert.ok(!run.submitted.includes('b:rollback:1'));
  assert.equal(run.step('b').ran, null);
  assert.deepEqual([run.state.status, run.step('b').status], ['failed', 'failed']);
});

test('the four ways out of the unknown', () => {
  const as = (how: 'retry' | 'done' | 'rollback' | 'abort') => {
    const run = lost(abc);
    run.send({ kind: 'resolve', step: 'b', as: how, ...said });
    return [run.submitted.at(-1), run.state.status, ...run.statuses.slice(1)];
  };
  assert.deepEqual(as('retry'), ['b:run:2', 'running', 'b: running', 'c: pending']);
  assert.deepEqual(as('done'), ['c:run:1', 'running', 'b: completed', 'c: running']);
  assert.deepEqual(as('rollback'), ['b:rollback:1', 'running', 'b: failed', 'c: pending']);
  assert.deepEqual(as('abort'), ['b:run:1', 'failed', 'b: failed', 'c: skipped (stopped)']);
});

test('after a crash: what never arrived is asked for again under its key, what ended is taken as it ended', () => {
  const run = play(abc);
  const again = run.send({ kind: 'recovered', work: [{ key: 'a:run:1', found: 'absent' }] });
  assert.deepEqual(
    again.map((effect) => effect.kind === 'submit' && [effect.key, effect.again]),
    [['a:run:1', true]],
  );
  run.send({
    kind: 'recovered',
    work: [
      { key: 'a:run:1', found: 'ended', requestId: 'r', status: 'ok', result: null, problem: null },
    ],
  });
  assert.equal(run.submitted.at(-1), 'b:run:1');
  run.send({ kind: 'recovered', work: [{ key: 'b:run:1', found: 'awaiting', requestId: 'r' }] });
  assert.ok(waitsForPeople(run.state));
});

test('a rollback that was lost waits for a person as well', () => {
  const run = play([...abc.slice(0, 2), { name: 'c', onFailure: 'rollback' }]);
  for (const key of ['a:run:1', 'b:run:1']) run.ends(key);
  run.ends('c:run:1', 'failed');
  run.send({ kind: 'lost', key: 'b:rollback:1', why: 'gone' });
  assert.equal(run.state.status, 'unknown');
  assert.match(
    run.refused({ kind: 'resolve', step: 'b', as: 'rollback', ...said }),
    /rollback of the step b/,
  );
  run.send({ kind: 'resolve', step: 'b', as: 'done', ...said });
  assert.equal(run.submitted.at(-1), 'a:rollback:1');
});

test('too long: everything open is cancelled, and the run failed', () => {
  const run = play(abc, { onFailure: 'rollback' });
  run.ends('a:run:1');
  run.send({ kind: 'timeout' });
  run.ends('b:run:1', 'cancelled');
  assert.equal(run.submitted.at(-1), 'a:rollback:1');
  run.send({ kind: 'timeout' });
  run.ends('a:rollback:1');
  assert.equal(run.state.status, 'failed');
  assert.match(run.state.ending!.why, /longer than the runbook allows/);
});

test('as many steps at once as the runbook allows, where the graph does', () => {
  const run = play(
    [
      { name: 'a' },
      { name: 'b', needs: [] },
      { name: 'c', needs: [] },
      { name: 'd', needs: ['a', 'b'] },
    ],
    { parallel: 2 },
  );
  assert.deepEqual(run.submitted, ['a:run:1', 'b:run:1']);
  run.ends('b:run:1');
  assert.deepEqual(run.submitted, ['a:run:1', 'b:run:1', 'c:run:1']);
  run.ends('a:run:1');
  assert.equal(run.submitted.at(-1), 'd:run:1');
});

test('what is no step and what was never asked for is refused in words', () => {
  const run = play(abc);
  assert.match(run.refused({ kind: 'retry', step: '__proto__', ...said }), /no step of that name/);
  assert.match(run.refused({ kind: 'begun', key: 'c:run:1' }), /never asked for that/);
  assert.match(
    run.refused({ kind: 'skip', step: 'a', ...said }),
    /is running, and cannot be skipped/,
  );
  assert.match(run.refused({ kind: 'rollback', ...said }), /only a failed one/);
});
