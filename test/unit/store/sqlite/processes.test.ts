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
import { anAnswer, anApproval, anExecution } from '../../../contract/samples.ts';
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
  ['ask', 'after approval request'],
  ['ask', 'after commit'],
  ['answer', 'after answer'],
  ['answer', 'after commit'],
  ['grant', 'after queue'],
  ['grant', 'before commit'],
  ['grant', 'after commit'],
  ['takeOver', 'after takeover'],
  ['addPasskey', 'after code used'],
  ['addPasskey', 'after commit'],
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

test('two processes that answer at once: each sees the answers before its own, and one grants', async () => {
  const file = join(temporaryFolder(), 'reeve.db');
  const store = openSqliteStore(file);
  const requests = Array.from({ length: 20 }, () => {
    const execution = anExecution({ status: 'awaiting_approval' });
    store.accept(execution, [], null, anApproval(execution));
    return execution.requestId;
  });
  // Three answers grant. Each process gives two to each request: one of the four comes too late.
  const answerers = ['ann', 'bob'].map((name) => child('answer.ts', file, name, ...requests));
  const said = answerers.map(async (answerer) => {
    const lines: string[] = [];
    for await (const line of createInterface({ input: answerer.stdout! })) lines.push(line);
    return lines;
  });
  const codes = await Promise.all(answerers.map(async (each) => (await once(each, 'close'))[0]));
  assert.deepEqual(codes, [0, 0]);
  const lines = (await Promise.all(said)).flat();
  for (const requestId of requests) {
    const results = lines.filter((line) => line.startsWith(`${requestId} `));
    assert.deepEqual(results.map((line) => line.split(' ')[1]).toSorted(), [
      '0',
      '1',
      '2',
      'CONFLICT',
    ]);
    const state = store.approvals.state(requestId);
    assert.equal(state?.answers.length, 3);
    assert.deepEqual([state?.execution.status, state?.execution.fence], ['queued', 2]);
    assert.deepEqual(
      store.entriesOf(requestId).map(({ kind }) => kind),
      ['approval-answered', 'approval-answered', 'approval-answered'],
    );
  }
  checked(store);
  store.close();
});

test('of two processes that take a claim over at once, one has it', async () => {
  const file = join(temporaryFolder(), 'reeve.db');
  const store = openSqliteStore(file);
  const requests = Array.from({ length: 20 }, () => {
    const execution = anExecution({ status: 'awaiting_approval' });
    const { requestId } = execution;
    const request = anApproval(execution);
    store.accept(execution, [], null, request);
    store.approvals.answer(requestId, () => ({
      answer: anAnswer(request),
      entries: [],
      next: { kind: 'queue', owner: 'gone', startBy: 9 },
    }));
    return requestId;
  });
  const takers = ['one', 'two'].map((name) => child('take-over.ts', file, name, ...requests));
  const said = takers.map(async (taker) => {
    const lines: string[] = [];
    for await (const line of createInterface({ input: taker.stdout! })) lines.push(line);
    return lines;
  });
  const lines = (await Promise.all(said)).flat();
  for (const requestId of requests) {
    const winners = lines.filter((line) => line.startsWith(`${requestId} `));
    assert.equal(winners.length, 1, requestId);
    const { owner, fence } = store.execution(requestId)!;
    assert.deepEqual([`${requestId} ${owner}`, fence], [winners[0], 3]);
  }
  store.close();
});

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
