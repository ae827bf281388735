/** What is committed without waiting for it reaches the disk: once for many, and told only of what a sync has covered. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { logSync } from '../../../../src/store/sqlite/sync.ts';
import { aDraft, anExecution, anOutcome } from '../../../contract/samples.ts';

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'reeve-sync-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A log whose syncs and mends are counted, and fail while `broken` says so. */
function counted(t: TestContext) {
  const file = join(folder(t), 'log');
  writeFileSync(file, 'x');
  const seen = { syncs: 0, mends: 0, broken: false, mendable: true };
  const sync = logSync(
    file,
    () => {
      if (!seen.mendable) throw new Error('not yet');
      seen.mends += 1;
    },
    (point) => {
      if (point !== 'before sync') return;
      seen.syncs += 1;
      if (seen.broken) throw new Error('EIO');
    },
  );
  t.after(() => sync.close());
  return { sync, seen };
}

test('many that wait share a sync; what is committed while one is under way waits for the next', async (t) => {
  const { sync, seen } = counted(t);
  await sync.durable(false);
  assert.equal(seen.syncs, 0, 'nothing was committed, so there is nothing to bring to the disk');
  for (let i = 0; i < 5; i += 1) sync.committed();
  const first = Promise.all([sync.durable(false), sync.durable(false), sync.durable(false)]);
  sync.committed();
  const later = sync.durable(false);
  await Promise.all([first, later]);
  assert.equal(seen.syncs, 2, 'one for the three that waited, one for what came after');
  await sync.durable(false);
  assert.equal(seen.syncs, 2);
  await sync.durable(true);
  assert.equal(seen.syncs, 3, 'what others committed is not counted here, so it is synced');
});

test('a commit that was waited for covers what came before it', async (t) => {
  const { sync, seen } = counted(t);
  sync.committed();
  sync.synced();
  await sync.durable(false);
  assert.equal(seen.syncs, 0);
});

test('after a sync that failed nothing is called durable until everything was written anew', async (t) => {
  const { sync, seen } = counted(t);
  sync.committed();
  seen.broken = true;
  await assert.rejects(sync.durable(false), /EIO/);
  assert.equal(sync.doubtful, true);
  seen.broken = false;
  seen.mendable = false;
  await assert.rejects(sync.durable(false), /not yet/);
  assert.throws(() => sync.mendIfDoubtful(), /not yet/);
  seen.mendable = true;
  await sync.durable(false);
  assert.deepEqual([seen.mends, sync.doubtful], [1, false]);
});

test('one that is closed makes no promise any more', async (t) => {
  const { sync } = counted(t);
  sync.committed();
  const under = sync.durable(false);
  sync.close();
  await under;
  await assert.rejects(sync.durable(false), /closed/);
});

test('what starts and what ends is on the disk once it is said to be, and a failing disk is AUDIT_UNAVAILABLE', async (t) => {
  const points: string[] = [];
  let broken = false;
  const store = openSqliteStore(join(folder(t), 'reeve.db'), {
    faults: (point) => {
      points.push(point);
      if (broken && point === 'before sync') throw new Error('EIO');
    },
  });
  t.after(() => store.close());
  const syncs = () => points.filter((point) => point === 'after sync').length;
  const execution = anExecution({ status: 'queued' });
  const { requestId, owner, fence } = execution;
  store.accept(execution, [aDraft({ requestId })], null);
  store.start(requestId, owner, fence, 1, null, aDraft({ kind: 'intent', requestId }));
  assert.equal(syncs(), 0);
  await Promise.all([store.durable(), store.durable()]);
  assert.equal(syncs(), 1, 'its acceptance and its intent, together');
  const ended = aDraft({ kind: 'outcome', requestId });
  assert.equal(store.finish(requestId, fence, 2, anOutcome(), ended), true);
  broken = true;
  await assert.rejects(store.durable(), { code: 'AUDIT_UNAVAILABLE' });
  broken = false;
  store.record([aDraft({ kind: 'frozen' })]);
  assert.equal(store.execution(requestId)?.status, 'ok');
  assert.deepEqual(
    store.entriesAfter(0, 10).map(({ seq }) => seq),
    [1, 2, 3, 4],
  );
  await store.durable('anyone');
  assert.equal(syncs(), 2);
});
