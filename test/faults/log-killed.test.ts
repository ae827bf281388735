/**
 * The verifiable log, whose process is killed: at random, and right before its next step, whichever it is. The next one
 * goes on, the root is that of all entries, and no two checkpoints of one size have different roots.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLog } from '../../src/audit/log/log.ts';
import { verifyLog } from '../../src/audit/verify/log.ts';
import { parseVerifier } from '../../src/audit/verify/note.ts';
import { folderSource } from '../../src/audit/verify/source.ts';
import { entryKinds, entryVersion } from '../../src/core/entry.ts';
import { tryLock } from '../../src/store/exclusive.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { ended, inject } from './strace.ts';

const script = join(import.meta.dirname, 'children/publish.ts');

interface Publisher {
  readonly child: ChildProcess;
  /** What it has said, a line each. */
  readonly lines: string[];
}

class State implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'reeve-log-faults-'));
  /** Every checkpoint that anybody was told of: root by size. */
  readonly acknowledged = new Map<number, string>();
  readonly #children: ChildProcess[] = [];

  /** A publisher; resolves once it is ready. */
  async publisher(entries = 300): Promise<Publisher> {
    const child = spawn(process.execPath, [script, this.dir, String(entries)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    child.stdin!.on('error', () => {});
    const lines: string[] = [];
    let rest = '';
    child.stdout!.on('data', (chunk) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) {
        lines.push(line);
        this.#note(line);
      }
    });
    while (!lines.includes('ready')) {
      if (child.exitCode !== null || child.signalCode !== null)
        assert.fail('it ended before it began');
      await sleep(5);
    }
    return { child, lines };
  }

  #note(line: string): void {
    const [word, size, root] = line.split(' ');
    if (word === 'ok') this.acknowledge(Number(size), root!);
  }

  acknowledge(size: number, root: string): void {
    const before = this.acknowledged.get(size);
    if (before !== undefined) assert.equal(root, before, `two roots for size ${size}`);
    this.acknowledged.set(size, root);
  }

  /** Publishes here, and holds everything that was ever acknowledged against all entries, by RFC 6962. */
  async goesOn(): Promise<void> {
    const store = openSqliteStore(join(this.dir, 'reeve.db'));
    const log = openLog({ store, stateDir: this.dir, lock: tryLock, pollMs: 3_600_000 });
    try {
      const made = await log.publish();
      this.acknowledge(made.size, made.root.toString('base64'));
      const leaves = store
        .entriesAfter(0, 10_000_000)
        .map(({ text }) => sha(Buffer.from([0]), Buffer.from(text)));
      assert.equal(made.size, leaves.length);
      for (const [size, root] of this.acknowledged) {
        assert.ok(size <= leaves.length, `${size} entries were acknowledged, and there are fewer`);
        assert.equal(treeHash(leaves, 0, size).toString('base64'), root, `at ${size}`);
      }
      const report = await verifyLog({
        source: folderSource(join(this.dir, 'log')),
        key: parseVerifier(log.verifier),
        witnesses: [],
        outside: [],
        record: (after, limit) => store.entriesAfter(after, limit),
        knownKinds: entryKinds,
        knownVersion: entryVersion,
      });
      assert.deepEqual(report.problems, []);
    } finally {
      await log.close();
      store.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await ended(child);
      }
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

const sha = (...parts: readonly Buffer[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** RFC 6962, section 2.1, of the leaves from `from` on. */
function treeHash(leaves: readonly Buffer[], from: number, to: number): Buffer {
  if (to === from) return sha();
  if (to - from === 1) return leaves[from]!;
  let k = 1;
  while (k * 2 < to - from) k *= 2;
  return sha(Buffer.from([1]), treeHash(leaves, from, from + k), treeHash(leaves, from + k, to));
}

test('killed 24 times while it publishes: the next goes on, over all entries, with one root for each size', async () => {
  await using state = new State();
  for (let round = 0; round < 12; round += 1) {
    const both = [await state.publisher(), await state.publisher()];
    for (const { child } of both) child.stdin!.write('on\n');
    for (const { child } of both) {
      await sleep(Math.random() * 120);
      child.kill('SIGKILL');
    }
    await Promise.all(both.map(({ child }) => ended(child)));
  }
  assert.ok(state.acknowledged.size > 5, 'hardly anything was published');
  await state.goesOn();
});

test('killed right before each step that changes a file: the next goes on as if nothing had been', async (t) => {
  await using state = new State();
  let killed = 0;
  // Tiles, partial tiles and the checkpoint: each is written, synced, renamed, its folder synced.
  for (const call of ['rename', 'fsync', 'openat']) {
    for (const when of [1, 2, 3, 4, 5, 6, 8, 11, 14]) {
      const { child, lines } = await state.publisher();
      const strace = await inject(t, child.pid!, `${call}:signal=KILL:when=${when}`);
      if (strace === null) return;
      child.stdin!.write('once\n');
      while (child.signalCode === null && lines.length < 2) await sleep(2);
      if (child.signalCode === 'SIGKILL') killed += 1;
      else child.kill('SIGKILL');
      await ended(strace);
    }
    await state.goesOn();
  }
  assert.ok(killed >= 12, `only ${killed} were killed in the midst of it`);
});

test('a disk that is full, read-only or broken fails the publishing alone, and it goes on afterwards', async (t) => {
  await using state = new State();
  const { child, lines } = await state.publisher(7);
  const answer = async (): Promise<string> => {
    const before = lines.length;
    child.stdin!.write('once\n');
    while (lines.length === before) await sleep(2);
    return lines.at(-1)!;
  };
  assert.match(await answer(), /^ok 7 /);
  const checkpoint = () => readFileSync(join(state.dir, 'log/checkpoint'), 'utf8');
  // Renames are the log's alone: the entries themselves reach the disk.
  for (const error of ['ENOSPC', 'EROFS', 'EIO', 'EDQUOT']) {
    const before = checkpoint();
    const strace = await inject(t, child.pid!, `rename:error=${error}`);
    if (strace === null) return;
    assert.equal(await answer(), 'failed AUDIT_UNAVAILABLE', error);
    assert.equal(checkpoint(), before);
    strace.kill('SIGINT');
    await ended(strace);
    assert.match(await answer(), /^ok /, `after ${error}`);
  }
  // Syncs are the database's too: either way nothing is acknowledged that is not on the disk.
  const strace = await inject(t, child.pid!, 'fsync,fdatasync:error=EIO');
  if (strace === null) return;
  assert.equal(await answer(), 'failed AUDIT_UNAVAILABLE');
  strace.kill('SIGINT');
  await ended(strace);
  assert.match(await answer(), /^ok /);
  await state.goesOn();
  const drafts = readdirSync(join(state.dir, 'log'), { recursive: true }).map(String);
  assert.deepEqual(
    drafts.filter((name) => name.endsWith('.new')),
    [],
  );
});
