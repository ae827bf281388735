/** Several processes on one state, and processes that are killed: real ones. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { Store } from '../../../../src/core/ports.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { temporaryFolder } from '../temporary.ts';
import { everything, operations } from './operations.ts';

const child = (script: string, ...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [join(import.meta.dirname, '..', 'children', script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

test('two processes that open, make and write one state at once leave no gap', async () => {
  const file = join(temporaryFolder(), 'state', 'reeve.db');
  const writers = [child('write.ts', file, '50'), child('write.ts', file, '50')];
  for (const writer of writers) writer.stdout?.resume();
  const codes = await Promise.all(writers.map(async (writer) => (await once(writer, 'close'))[0]));
  assert.deepEqual(codes, [0, 0]);
  const store = openSqliteStore(file);
  assert.equal(checked(store), 400);
  assert.equal(store.executions({ limit: 200, statuses: ['ok'] }).executions.length, 100);
  store.close();
});

test('what a process said was durable is there after kill -9, and nothing is half done', async () => {
  const file = join(temporaryFolder(), 'reeve.db');
  for (const lines of [3, 10, 17]) {
    const writer = child('write.ts', file, '1000');
    const said: string[] = [];
    for await (const line of createInterface({ input: writer.stdout! })) {
      said.push(line);
      if (said.length === lines) writer.kill('SIGKILL');
    }
    const store = openSqliteStore(file);
    checked(store);
    for (const line of said) {
      const [what, requestId] = line.split(' ');
      const execution = store.execution(requestId!);
      assert.ok(execution !== null, line);
      if (what === 'finished') assert.equal(execution.status, 'ok');
    }
    for (const execution of store.executions({ limit: 200 }).executions) {
      const kinds = store.entriesOf(execution.requestId).map(({ kind }) => kind);
      const expected = {
        queued: ['asked', 'decided'],
        running: ['asked', 'decided', 'intent'],
        ok: ['asked', 'decided', 'intent', 'outcome'],
      }[execution.status as 'queued' | 'running' | 'ok'];
      assert.deepEqual(kinds, expected);
    }
    store.close();
  }
});

for (const [name, point] of [
  ['accept', 'after execution'],
  ['accept', 'before commit'],
  ['accept', 'after commit'],
  ['start', 'after start'],
  ['start', 'after commit'],
  ['finish', 'after output'],
  ['finish', 'after commit'],
] as const) {
  test(`a process killed in ${name}, ${point}, leaves the state of before or of after`, async () => {
    const file = join(temporaryFolder(), 'reeve.db');
    const [, signal] = await once(child('die-at.ts', file, name, point), 'close');
    assert.equal(signal, 'SIGKILL');
    const store = openSqliteStore(file);
    const reference = openSqliteStore(join(temporaryFolder(), 'reeve.db'));
    operations[name]!.before(reference);
    if (point === 'after commit') operations[name]!.change(reference);
    assert.deepEqual(everything(store), everything(reference));
    checked(store);
    if (point !== 'after commit') operations[name]!.change(store);
    store.close();
    reference.close();
  });
}

test('the database and its companions can be read by their owner alone', () => {
  const folder = join(temporaryFolder(), 'deep', 'state');
  const file = join(folder, 'reeve.db');
  const mask = process.umask(0);
  try {
    const store = openSqliteStore(file);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const suffix of ['', '-wal', '-shm']) {
      assert.equal(statSync(file + suffix).mode & 0o777, 0o600, suffix);
    }
    store.close();
  } finally {
    process.umask(mask);
  }
});

function checked(store: Store): number {
  const entries = store.entriesAfter(0, 100_000);
  entries.forEach(({ seq }, i) => {
    assert.equal(seq, i + 1);
  });
  return entries.length;
}
