/**
 * A gateway whose disk fills up, turns read-only or breaks, and comes back; and one whose clock goes back. Full disks are
 * real ones, small, in memory; other failures are the kernel's answers, changed by strace. Nothing runs unrecorded, nothing acknowledged is lost, and it goes on by itself.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTailer } from '../../src/audit/tailer.ts';
import { tryLock } from '../../src/store/exclusive.ts';
import {
  ask,
  type Ground,
  layGround,
  local,
  type OpenHouse,
  openHouse,
} from '../unit/gateway/fixture.ts';
import { ended, inject } from './strace.ts';

/** A ground whose state lies on a disk of its own of so many bytes; null where this user cannot have one. */
function smallDisk(t: TestContext, ground: Ground, size: string): Disposable | null {
  const options = `size=${size},mode=0700`;
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', ground.stateDir]).status !== 0) {
    t.skip('only root can mount a small file system here');
    return null;
  }
  return { [Symbol.dispose]: () => void spawnSync('umount', ['-l', ground.stateDir]) };
}

/** Writes until nothing more fits. */
function fill(ground: Ground): string {
  const file = join(ground.stateDir, 'filler');
  for (const size of [65_536, 4_096, 512]) {
    const block = Buffer.alloc(size, 1);
    try {
      for (;;) writeFileSync(file, block, { flag: 'a' });
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
    }
  }
  return file;
}

const marks = (ground: Ground): string => {
  const file = join(ground.workspace, 'marks');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};

/** A call, from asking to its end. */
async function say(open: OpenHouse): Promise<string> {
  const { requestId } = await open.gateway.submit(local, ask('say', { text: 'hi' }));
  return (await open.gateway.wait(local, requestId, null)).status;
}

async function kindsOf(open: OpenHouse, requestId: string): Promise<string[]> {
  return (await open.gateway.entries(local, requestId)).map(({ kind }) => kind);
}

/** Health asks the disk once a second. */
async function untilReady(open: OpenHouse): Promise<void> {
  while (!(await open.gateway.health()).ready) await sleep(100);
}

test('on a full disk nothing is taken and nothing runs; with room again it goes on, and the log with it', async (t) => {
  const ground = layGround();
  using disk = smallDisk(t, ground, '3m');
  if (disk === null) return ground.clear();
  const open = await openHouse(ground);
  const file = join(ground.stateDir, 'audit.log');
  const tailer = startTailer({ store: open.house.store, file, lock: tryLock, pollMs: 3_600_000 });
  try {
    assert.equal(await say(open), 'ok');
    const signed = await open.house.log.publish();
    // Something to sign, and to write into the audit file.
    assert.equal(await say(open), 'ok');
    const filler = fill(ground);
    await assert.rejects(open.gateway.submit(local, ask('mark')), { code: 'AUDIT_UNAVAILABLE' });
    await assert.rejects(open.house.log.publish(), { code: 'AUDIT_UNAVAILABLE' });
    await assert.rejects(tailer.flush());
    const health = await open.gateway.health();
    assert.equal(health.ready, false);
    assert.match(health.problems.join('\n'), /verifiable log cannot be written|disk is full/);
    assert.equal(open.house.log.checkpoint()?.note, signed.note);
    assert.equal(marks(ground), '');
    rmSync(filler);
    assert.ok((await open.house.log.publish()).size >= signed.size);
    await untilReady(open);
    assert.equal(await say(open), 'ok');
    assert.equal(open.house.log.trouble(), null);
    await tailer.flush();
    const seqs = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).seq);
    assert.deepEqual(
      seqs,
      [...new Set(seqs)].toSorted((a, b) => a - b),
    );
  } finally {
    await tailer.close();
    await open.close();
    disk[Symbol.dispose]();
    ground.clear();
  }
});

test('when the disk fills up under a run, its answer waits until there is room for its outcome', async (t) => {
  const ground = layGround();
  using disk = smallDisk(t, ground, '3m');
  if (disk === null) return ground.clear();
  const open = await openHouse(ground);
  try {
    const { requestId } = await open.gateway.submit(local, ask('nap', { seconds: 1 }));
    while ((await open.gateway.execution(local, requestId)).status !== 'running') await sleep(10);
    const filler = fill(ground);
    let answered = false;
    const end = open.gateway.wait(local, requestId, null).finally(() => {
      answered = true;
    });
    while (open.house.state.unrecorded === 0 && !answered) await sleep(20);
    // Room that the write-ahead log had left may take one outcome more; then there is nothing to wait for.
    if (!answered) {
      await sleep(300);
      assert.equal(answered, false);
      await assert.rejects(open.gateway.submit(local, ask('mark')), { code: 'AUDIT_UNAVAILABLE' });
    }
    truncateSync(filler);
    assert.equal((await end).status, 'ok');
    assert.deepEqual(await kindsOf(open, requestId), ['asked', 'decided', 'intent', 'outcome']);
    assert.equal(marks(ground), '');
  } finally {
    await open.close();
    disk[Symbol.dispose]();
    ground.clear();
  }
});

for (const [call, error] of [
  ['pwrite64', 'EROFS'],
  ['pwrite64', 'EIO'],
  ['pwrite64', 'ENOSPC'],
  ['fsync,fdatasync', 'EIO'],
] as const) {
  test(`while ${call} fails with ${error} nothing runs, and it goes on as soon as it does not`, async (t) => {
    const ground = layGround();
    const open = await openHouse(ground);
    try {
      assert.equal(await say(open), 'ok');
      const strace = await inject(t, process.pid, `${call}:error=${error}`);
      if (strace === null) return;
      try {
        const refusal = { code: 'AUDIT_UNAVAILABLE' };
        await assert.rejects(open.gateway.submit(local, ask('mark')), refusal);
        assert.equal((await open.gateway.health()).ready, false);
      } finally {
        strace.kill('SIGINT');
        await ended(strace);
      }
      assert.equal(marks(ground), '');
      await untilReady(open);
      assert.equal(await say(open), 'ok');
      const seqs = open.house.store.entriesAfter(0, 1_000).map(({ seq }) => seq);
      assert.deepEqual(
        seqs,
        seqs.map((_, i) => i + 1),
      );
      assert.equal((await open.house.log.publish()).size, seqs.length);
    } finally {
      await open.close();
      ground.clear();
    }
  });
}

for (const [from, times, held] of [
  ['after execution', 1, false],
  ['after start', 1, false],
  ['after finish', 2, true],
] as const) {
  test(`a disk that fails to sync ${times} × ${from}: ${held ? 'the answer waits until it does' : 'nothing runs'}, and it goes on`, async () => {
    const ground = layGround();
    let failures = 0;
    let watched = false;
    const open = await openHouse(ground, {
      faults: (point) => {
        if (watched && point === from) failures = times;
        if (point !== 'before sync' || failures === 0) return;
        watched = false;
        failures -= 1;
        throw new Error('EIO');
      },
    });
    try {
      assert.equal(await say(open), 'ok');
      watched = true;
      const status = await open.gateway
        .submit(local, ask('mark'))
        .then(({ requestId }) => open.gateway.wait(local, requestId, null))
        .then(
          ({ status, errorCode }) => [status, errorCode],
          ({ code }) => [null, code],
        );
      assert.equal(watched, false, 'a sync failed');
      if (held) assert.deepEqual(status, ['ok', null]);
      else assert.equal(status[1], 'AUDIT_UNAVAILABLE');
      assert.equal(marks(ground) !== '', held);
      await untilReady(open);
      assert.equal(await say(open), 'ok');
      const entries = open.house.store.entriesAfter(0, 1_000);
      assert.deepEqual(
        entries.map(({ seq }) => seq),
        entries.map((_, i) => i + 1),
      );
      assert.deepEqual(open.house.store.open(), []);
      assert.equal((await open.house.log.publish()).size, entries.length);
    } finally {
      await open.close();
      ground.clear();
    }
  });
}

test('a command of high risk does not start while the log cannot be signed, and others do', async () => {
  const ground = layGround();
  const inventory = readFileSync(join(ground.folder, 'inventory.yaml'), 'utf8');
  // The one that leaves a mark is dangerous now.
  const mark = inventory.indexOf('  mark:');
  ground.write(
    'inventory.yaml',
    inventory.slice(0, mark) + inventory.slice(mark).replace('risk: low', 'risk: high'),
  );
  const open = await openHouse(ground);
  const checkpoint = join(ground.stateDir, 'log/checkpoint');
  try {
    await open.house.log.publish();
    const note = readFileSync(checkpoint);
    writeFileSync(checkpoint, note.toString().replace(/\n— .*/, '\n— forged AAAA'));
    const { requestId } = await open.gateway.submit(local, ask('mark'));
    const ended = await open.gateway.wait(local, requestId, null);
    assert.equal(ended.errorCode, 'AUDIT_UNAVAILABLE');
    assert.equal(marks(ground), '');
    const health = await open.gateway.health();
    assert.equal(health.ready, false);
    assert.match(health.problems.join('\n'), /verifiable log cannot go on/);
    assert.equal(await say(open), 'ok');
    writeFileSync(checkpoint, note);
    await open.house.log.publish();
    assert.equal((await open.gateway.health()).ready, true);
    const again = await open.gateway.submit(local, ask('mark'));
    assert.equal((await open.gateway.wait(local, again.requestId, null)).status, 'ok');
  } finally {
    await open.close();
    ground.clear();
  }
});

test('a clock that goes back changes no order: entries are numbered on, pages and the log hold', async () => {
  const ground = layGround();
  let ahead = 3_600_000;
  const open = await openHouse(ground, { ahead: () => ahead });
  try {
    const ids: string[] = [];
    for (const offset of [3_600_000, 0, -3_600_000, 60_000]) {
      ahead = offset;
      const { requestId } = await open.gateway.submit(local, ask('say', { text: 'hi' }));
      assert.equal((await open.gateway.wait(local, requestId, null)).status, 'ok');
      assert.deepEqual(await kindsOf(open, requestId), ['asked', 'decided', 'intent', 'outcome']);
      ids.push(requestId);
      await open.house.log.publish();
    }
    const seqs = open.house.store.entriesAfter(0, 1_000).map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.map((_, i) => i + 1),
    );
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = await open.gateway.audit(local, {
        limit: 1,
        ...(before === undefined ? {} : { before }),
      });
      seen.push(...page.executions.map((e) => e.requestId));
      before = page.nextCursor ?? undefined;
    } while (before !== undefined);
    assert.deepEqual(seen.toSorted(), ids.toSorted());
    assert.equal((await open.house.log.publish()).size, seqs.length);
  } finally {
    await open.close();
    ground.clear();
  }
});
