/** Runs of runbooks on SQLite: the lock, one change at a time, one execution of each step, and what expires. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { EntryDraft } from '../../../../src/core/entry.ts';
import type { Execution } from '../../../../src/core/execution.ts';
import type { Store } from '../../../../src/core/ports.ts';
import type { RunbookState } from '../../../../src/core/runbook.ts';
import type { RunbookRun, RunChange } from '../../../../src/core/runbook-ports.ts';
import { newRun } from '../../../../src/runbooks/machine/machine.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { aDraft, anExecution, anOutcome } from '../../../contract/samples.ts';
import { freeze, runbookOf } from '../../runbooks/house.ts';
import { temporaryFolder } from '../temporary.ts';

let made = 0;
function aRun(parts: Partial<RunbookRun> = {}): RunbookRun {
  made += 1;
  const frozen = freeze(runbookOf([{ name: 'a' }, { name: 'b' }]), { label: 'v2' });
  return {
    id: `run_${made}`,
    frozen,
    caller: {
      principal: { id: 'bot', kind: 'agent', roles: ['deployer'], onBehalfOf: 'ann' },
      face: 'rest',
      client: 'x',
    },
    trust: 'gateway',
    state: newRun(frozen),
    revision: 1,
    owner: 'owner-1',
    fence: 1,
    startedAt: 1_000 + made,
    updatedAt: 1_000 + made,
    finishedAt: null,
    activeMs: 0,
    activeSince: null,
    salt: Buffer.alloc(32, 7).toString('base64url'),
    payloadsExpiredAt: null,
    ...parts,
  };
}
const note = (id: string): EntryDraft => aDraft({ kind: 'runbook-step', requestId: id });
const to = (run: RunbookRun, status: RunbookState['status'], at = 5_000): RunChange => ({
  state: { ...run.state, sequence: run.state.sequence + 1, status },
  at,
  finishedAt: ['completed', 'failed', 'cancelled'].includes(status) ? at : null,
  activeMs: 7,
  activeSince: null,
  entries: [note(run.id)],
});

async function staged(scene: (store: Store, file: string) => void | Promise<void>): Promise<void> {
  const file = join(temporaryFolder(), 'reeve.db');
  const store = openSqliteStore(file);
  try {
    await scene(store, file);
  } finally {
    store.close();
  }
}

test('a run comes back field for field, frozen, with its entry', () =>
  staged((store) => {
    const run = aRun();
    store.runbooks.start(run, [note(run.id)]);
    const found = store.runbooks.run(run.id);
    assert.deepEqual(found, run);
    assert.ok(Object.isFrozen(found?.state.steps));
    assert.equal(store.entriesOf(run.id).length, 1);
    assert.equal(store.runbooks.run('unheard-of'), null);
    assert.equal(store.runbooks.revision(run.id), 1);
  }));

test('one run of a runbook is open in an environment; the database itself says so', () =>
  staged((store, file) => {
    const first = aRun();
    store.runbooks.start(first, []);
    const before = store.entriesAfter(0, 100).length;
    assert.throws(() => store.runbooks.start(aRun(), [note('x')]), { code: 'CONFLICT' });
    assert.equal(store.entriesAfter(0, 100).length, before);
    const elsewhere = aRun();
    store.runbooks.start(
      { ...elsewhere, frozen: { ...elsewhere.frozen, environment: 'staging' } },
      [],
    );
    const raw = new DatabaseSync(file);
    assert.throws(
      () => raw.exec("update runbook_runs set environment = 'development'"),
      /UNIQUE constraint failed/,
    );
    raw.close();
    store.runbooks.change(first.id, (run) => to(run, 'failed'));
    const second = aRun();
    store.runbooks.start(second, []);
    // Taken up again beside another one: refused, and nothing is written.
    assert.throws(() => store.runbooks.change(first.id, (run) => to(run, 'running')), {
      code: 'CONFLICT',
    });
    assert.equal(store.runbooks.run(first.id)?.state.status, 'failed');
    assert.equal(store.runbooks.openRun('it', 'development')?.id, second.id);
  }));

test('the key of a run leads to it while it is open, whatever its age, and is forgotten with its time afterwards', () =>
  staged((store) => {
    const run = aRun();
    const key = (since: number, bodyHash = 'sha256:body') => ({ key: 'k', bodyHash, since });
    assert.deepEqual(store.runbooks.start(run, [note(run.id)], key(0)), { kind: 'begun' });
    const before = store.entriesAfter(0, 100).length;
    const again = store.runbooks.start(aRun(), [note('x')], key(0));
    assert.deepEqual([again.kind, again.kind === 'replayed' && again.run.id], ['replayed', run.id]);
    assert.equal(store.entriesAfter(0, 100).length, before, 'nothing is written');
    const other = { kind: 'conflict', requestId: run.id };
    assert.deepEqual(store.runbooks.replay('bot', key(0, 'sha256:other')), other);
    assert.equal(store.runbooks.replay('somebody', key(0)), null);
    assert.equal(store.runbooks.replay('bot', key(9_000_000))?.kind, 'replayed');
    store.runbooks.change(run.id, (found) => to(found, 'completed'));
    assert.equal(store.runbooks.replay('bot', key(9_000_000)), null);
  }));

test('two writers of one run: each judges what the other left, and nobody is written over', () =>
  staged((store, file) => {
    const other = openSqliteStore(file);
    const run = aRun();
    store.runbooks.start(run, []);
    const seen: number[] = [];
    for (const each of [store, other, store, other]) {
      each.runbooks.change(run.id, (now) => {
        seen.push(now.revision);
        return to(now, 'running');
      });
    }
    other.close();
    assert.deepEqual(seen, [1, 2, 3, 4]);
    assert.equal(store.runbooks.revision(run.id), 5);
    assert.equal(store.entriesOf(run.id).length, 4);
  }));

test('what the judge throws is thrown as it is, and what it leaves alone stays', () =>
  staged((store) => {
    const run = aRun();
    store.runbooks.start(run, []);
    const error = new RangeError('mine');
    const thrown = () =>
      store.runbooks.change(run.id, () => {
        throw error;
      });
    assert.throws(thrown, (caught) => caught === error);
    assert.equal(store.runbooks.change(run.id, () => null).revision, 1);
    assert.throws(() => store.runbooks.change('unheard-of', () => null), {
      code: 'REQUEST_NOT_FOUND',
    });
  }));

test('a run passes on once, and not when it is over', () =>
  staged((store) => {
    const run = aRun({ activeMs: 50, activeSince: 1_000, updatedAt: 1_000 });
    store.runbooks.start(run, []);
    const from = { owner: 'owner-1', fence: 1 };
    const taken = store.runbooks.takeOver(run.id, from, 'owner-2', 9_000);
    // While nobody drove it no time passed for it.
    assert.deepEqual([taken?.fence, taken?.activeMs, taken?.activeSince], [2, 50, 9_000]);
    assert.equal(store.runbooks.takeOver(run.id, from, 'owner-3', 9_000), null);
    assert.deepEqual(store.runbooks.open(), [{ id: run.id, owner: 'owner-2', fence: 2 }]);
    store.runbooks.change(run.id, (now) => to(now, 'completed'));
    assert.equal(store.runbooks.takeOver(run.id, { owner: 'owner-2', fence: 2 }, 'x', 9_000), null);
    assert.deepEqual(store.runbooks.open(), []);
  }));

const step = { run: 'run_x', step: 'a', phase: 'run', attempt: 1 } as const;

test('of each step, phase and attempt there is one execution: the second is answered with the first', () =>
  staged((store, file) => {
    const first = anExecution({ step });
    store.accept(first, [aDraft({ requestId: first.requestId })], null);
    const entries = store.entriesAfter(0, 100).length;
    const again = store.accept(anExecution({ step, principal: 'other' }), [aDraft()], null);
    assert.deepEqual(again, { kind: 'replayed', execution: first });
    assert.equal(store.entriesAfter(0, 100).length, entries);
    for (const other of [
      { ...step, attempt: 2 },
      { ...step, phase: 'check:0' },
      { ...step, step: 'b' },
      { ...step, run: 'run_y' },
    ] as const)
      assert.equal(store.accept(anExecution({ step: other }), [], null).kind, 'accepted');
    // Whoever comes past the store meets the index.
    const raw = new DatabaseSync(file);
    assert.throws(
      () =>
        raw.exec(
          `update executions set step = json_set(step, '$.attempt', 1) where step ->> '$.attempt' = 2`,
        ),
      /UNIQUE constraint failed/,
    );
    raw.close();
    assert.equal(store.runbooks.execution(step)?.requestId, first.requestId);
    assert.equal(store.runbooks.executions('run_x').length, 4);
  }));

test('what never started, through no fault of its own, leaves the step to be asked for once more', () =>
  staged((store) => {
    const settle = (execution: Execution, code: Execution['errorCode']) =>
      store.settle(execution.requestId, 'queued', 'cancelled', 9, code, 'm', aDraft());
    for (const code of ['HOST_LOST', 'SHUTTING_DOWN', 'FROZEN'] as const) {
      const lost = anExecution({ step });
      assert.equal(store.accept(lost, [], null).kind, 'accepted', code);
      settle(lost, code);
    }
    const ran = anExecution({ step });
    store.accept(ran, [], null);
    store.start(ran.requestId, 'owner-1', 1, 5, null, aDraft());
    assert.equal(store.runbooks.execution(step)?.requestId, ran.requestId);
    store.settle(ran.requestId, 'running', 'unknown', 9, 'HOST_LOST', 'm', aDraft());
    // It had started: whatever became of it, it is the one.
    assert.equal(store.accept(anExecution({ step }), [], null).kind, 'replayed');
    const refused = { ...step, attempt: 7 };
    const cancelled = anExecution({ step: refused });
    store.accept(cancelled, [], null);
    settle(cancelled, 'COMMAND_CANCELLED');
    assert.equal(store.accept(anExecution({ step: refused }), [], null).kind, 'replayed');
  }));

test('pages of runs go by who started them, newest first', () =>
  staged((store) => {
    const ids = ['one', 'two', 'three'].map((environment) => {
      const run = aRun();
      store.runbooks.start({ ...run, frozen: { ...run.frozen, environment } }, []);
      return run.id;
    });
    const any = { runbook: null, environment: null, status: null, principal: null, before: null };
    const page = store.runbooks.runs({ ...any, limit: 2 });
    assert.deepEqual(
      page.runs.map(({ id }) => id),
      [ids[2], ids[1]],
    );
    const rest = store.runbooks.runs({ ...any, limit: 2, before: page.nextCursor });
    assert.deepEqual(
      rest.runs.map(({ id }) => id),
      [ids[0]],
    );
    assert.equal(rest.nextCursor, null);
    assert.equal(store.runbooks.runs({ ...any, limit: 9, principal: 'ann' }).runs.length, 3);
    assert.equal(store.runbooks.runs({ ...any, limit: 9, principal: 'eve' }).runs.length, 0);
    assert.throws(() => store.runbooks.runs({ ...any, limit: 9, before: 'zzz' }), {
      code: 'INVALID_REQUEST',
    });
  }));

test('what a run worked with expires after what its executions did, and its story stays', () =>
  staged((store, file) => {
    const run = aRun();
    store.runbooks.start(run, [note(run.id)]);
    const execution = anExecution({ step: { ...step, run: run.id }, risk: 'low', requestedAt: 10 });
    store.accept(execution, [], null);
    store.start(execution.requestId, 'owner-1', 1, 20, null, aDraft());
    store.finish(execution.requestId, 1, 6_000, anOutcome(), aDraft());
    const steps = run.state.steps.map((each) => ({ ...each, arguments: { label: 'secret-v2' } }));
    store.runbooks.change(run.id, (now) => {
      const end = to(now, 'completed');
      return { ...end, state: { ...end.state, steps } };
    });
    const rule = { name: 'default', risks: null, environments: null, keepMs: 100, outputMs: null };
    const entry = () => aDraft({ kind: 'payloads-expired' });
    // Its end is long ago, but that of its execution is not.
    store.retention.expire([rule], 6_050, 10, entry);
    assert.deepEqual(store.runbooks.run(run.id)?.frozen.arguments, { label: 'v2' });
    const { expired } = store.retention.expire([rule], 7_000, 10, entry);
    assert.equal(
      expired.reduce((sum, { count }) => sum + count, 0),
      2,
    );
    const bare = store.runbooks.run(run.id)!;
    assert.deepEqual([bare.frozen.arguments, bare.salt, bare.payloadsExpiredAt], [{}, null, 7_000]);
    assert.equal(bare.state.status, 'completed');
    assert.ok(bare.state.steps.every((each) => each.arguments === null));
    const raw = new DatabaseSync(file);
    assert.equal(
      Number(
        raw.prepare("select count(*) as n from runbook_runs where state like '%secret%'").get()?.n,
      ),
      0,
    );
    raw.close();
    assert.equal(store.entriesOf(run.id).length, 2);
    assert.deepEqual(store.retention.due([rule], 8_000), []);
  }));
