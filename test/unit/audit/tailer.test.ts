/** The audit file follows the record: exactly once, over crashes, rotation, other states and full disks. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { frozen } from '../../../src/audit/entries.ts';
import {
  chooseAuditFile,
  startTailer,
  type Tailer,
  type TailerOptions,
} from '../../../src/audit/tailer.ts';
import type { ReeveError } from '../../../src/core/errors.ts';
import type { Store } from '../../../src/core/ports.ts';
import { tryLock } from '../../../src/store/exclusive.ts';
import { openSqliteStore } from '../../../src/store/sqlite/store.ts';
import { aDraft } from '../../contract/samples.ts';

const folders: string[] = [];
const closing: (() => unknown)[] = [];
after(async () => {
  for (const close of closing.reverse()) await close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'reeve-audit-'));
  folders.push(made);
  return made;
}

function state(place = folder()): Store {
  const store = openSqliteStore(join(place, 'reeve.db'));
  closing.push(() => store.close());
  return store;
}

/** By hand: it looks when the test says so, and only then. */
function follow(
  store: TailerOptions['store'],
  file: string,
  more: Partial<TailerOptions> = {},
): Tailer {
  const tailer = startTailer({ store, file, lock: tryLock, pollMs: 60_000, ...more });
  closing.push(() => tailer.close());
  return tailer;
}

/** `count` entries that make a line, each after one that makes none. */
function write(store: Store, count: number): void {
  for (let i = 0; i < count; i += 1) store.record([aDraft(), frozen(5, 'ops', `reason ${i}`)]);
}

const lines = (file: string): readonly { seq: number; state: string }[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
const seqs = (file: string): readonly number[] => lines(file).map(({ seq }) => seq);
const evens = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => 2 * i + 2);

test('every entry that makes a line has one, in order, and a flush waits for it', async () => {
  const store = state();
  const file = join(folder(), 'audit.log');
  write(store, 300);
  const tailer = follow(store, file);
  await tailer.flush();
  assert.deepEqual(seqs(file), evens(300));
  write(store, 2);
  await tailer.flush();
  await tailer.flush();
  assert.deepEqual(seqs(file), evens(302));
  assert.equal(statSync(file).mode & 0o777, 0o640);
  assert.equal(lines(file)[0]?.state, store.value('state-id'));
});

test('lines come by themselves soon after the entry', async () => {
  const store = state();
  const file = join(folder(), 'audit.log');
  follow(store, file, { pollMs: 5 });
  write(store, 3);
  while (!existsSync(file) || seqs(file).length < 3) await sleep(5);
  assert.deepEqual(seqs(file), evens(3));
});

test('closing writes what is left, and a new one goes on where the old one ended', async () => {
  const store = state();
  const file = join(folder(), 'audit.log');
  const first = follow(store, file);
  write(store, 5);
  await first.close();
  assert.deepEqual(seqs(file), evens(5));
  write(store, 5);
  await follow(store, file).flush();
  assert.deepEqual(seqs(file), evens(10));
});

test('kill -9 at any moment neither loses a line nor doubles one', async () => {
  const place = folder();
  const store = state(place);
  const file = join(place, 'audit.log');
  const script = join(import.meta.dirname, 'children', 'tail.ts');
  for (let round = 0; round < 4; round += 1) {
    const child = spawn(process.execPath, [script, join(place, 'reeve.db'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    for (let i = 0; i < 20; i += 1) {
      write(store, 5);
      await sleep(1);
    }
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  await follow(store, file).flush();
  assert.deepEqual(seqs(file), evens(400));
});

test('lines whose cursor was never saved are found in the file again', async () => {
  const store = state();
  const file = join(folder(), 'audit.log');
  write(store, 3);
  const forgetful = { ...store, setValue: () => assert.fail('killed here') };
  await assert.rejects(follow(forgetful, file).flush(), /killed here/);
  assert.deepEqual(seqs(file), evens(3));
  write(store, 3);
  await follow(store, file).flush();
  assert.deepEqual(seqs(file), evens(6));
});

test('half a line that a crash left is cut off, wherever it was cut', async () => {
  for (const kept of [1, 8, 9, 40, 150]) {
    const store = state();
    const file = join(folder(), 'audit.log');
    write(store, 2);
    await follow(store, file).flush();
    const whole = statSync(file).size;
    const text = readFileSync(file, 'utf8');
    appendFileSync(file, text.slice(0, kept));
    write(store, 1);
    await follow(store, file).flush();
    assert.deepEqual(seqs(file), evens(3));
    assert.equal(readFileSync(file, 'utf8').slice(0, whole), text);
  }
});

test('what Reeve did not write is left in the file, on lines of its own', async () => {
  const store = state();
  const file = join(folder(), 'audit.log');
  writeFileSync(file, 'a note by the operator\n{"seq":99}\nno newline here');
  write(store, 1);
  await follow(store, file).flush();
  const text = readFileSync(file, 'utf8').split('\n');
  assert.deepEqual(text.slice(0, 3), ['a note by the operator', '{"seq":99}', 'no newline here']);
  assert.equal(JSON.parse(text[3]!).seq, 2);
  assert.equal(text[4], '');
});

test('a rotated file is let go, and the new one begins where it ended', async () => {
  const store = state();
  const file = join(folder(), 'audit.log');
  const tailer = follow(store, file);
  write(store, 2);
  await tailer.flush();
  renameSync(file, `${file}.1`);
  tailer.reopen();
  write(store, 2);
  await tailer.flush();
  assert.deepEqual(seqs(`${file}.1`), [2, 4]);
  assert.deepEqual(seqs(file), [6, 8]);
  truncateSync(file);
  write(store, 1);
  await tailer.flush();
  assert.deepEqual(seqs(file), [10], 'cut to nothing (copytruncate), it goes on');
});

test('two processes on one state, and two states on one file, write each line once', async () => {
  const file = join(folder(), 'audit.log');
  const places = [folder(), folder()];
  const stores = places.map(state);
  const script = join(import.meta.dirname, 'children', 'tail.ts');
  const children = [...places, ...places].map((place) =>
    spawn(process.execPath, [script, join(place, 'reeve.db'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  for (let i = 0; i < 20; i += 1) {
    for (const store of stores) write(store, 2);
    await sleep(2);
  }
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => once(child, 'close')));
  for (const store of stores) await follow(store, file).flush();
  for (const store of stores) {
    const mine = lines(file).filter((line) => line.state === store.value('state-id'));
    assert.deepEqual(
      mine.map(({ seq }) => seq),
      evens(40),
    );
  }
});

test('a state that was set back to an older copy is told of, and its new entries are written', async () => {
  const place = folder();
  const file = join(place, 'audit.log');
  const database = join(place, 'reeve.db');
  const before = openSqliteStore(database);
  write(before, 1);
  before.close();
  const copy = readFileSync(database);
  const later = openSqliteStore(database);
  write(later, 3);
  const tailer = startTailer({ store: later, file, lock: tryLock });
  await tailer.flush();
  await tailer.close();
  later.close();
  writeFileSync(database, copy);
  const told: string[] = [];
  const store = state(place);
  await follow(store, file, { onError: (error) => told.push(error.message) }).flush();
  write(store, 1);
  await follow(store, file).flush();
  assert.match(told.join(), /line 8 of a record that now ends before/);
  assert.deepEqual(seqs(file), [2, 4, 6, 8, 2, 4]);
});

test('a file that cannot be written is told of once, and its lines follow when it can', async () => {
  const store = state();
  const place = folder();
  const file = join(place, 'audit.log');
  mkdirSync(file);
  const told: ReeveError[] = [];
  const tailer = follow(store, file, { onError: (error) => told.push(error) });
  write(store, 2);
  await assert.rejects(tailer.flush(), /is behind the record/);
  await assert.rejects(tailer.flush(), /is behind the record/);
  assert.equal(told.length, 1);
  assert.equal(told[0]?.code, 'AUDIT_UNAVAILABLE');
  rmSync(file, { recursive: true });
  await tailer.flush();
  assert.deepEqual(seqs(file), [2, 4]);
});

test('a symbolic link, a device and a pipe are not followed', async () => {
  const store = state();
  const place = folder();
  write(store, 1);
  symlinkSync(join(place, 'elsewhere'), join(place, 'link.log'));
  await assert.rejects(follow(store, join(place, 'link.log')).flush(), /ELOOP/);
  assert.equal(existsSync(join(place, 'elsewhere')), false);
  spawnSync('mkfifo', [join(place, 'pipe.log')]);
  await assert.rejects(follow(store, join(place, 'pipe.log')).flush(), /regular file/);
});

test('a full disk leaves no half line, and holds up nobody who writes to the record', async (t) => {
  const store = state();
  const place = folder();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', place]).status !== 0) {
    t.skip('only root can mount a small file system here');
    return;
  }
  try {
    const file = join(place, 'audit.log');
    const tailer = follow(store, file);
    write(store, 100);
    await assert.rejects(tailer.flush(), /ENOSPC/);
    assert.ok(!existsSync(file) || readFileSync(file, 'utf8') === '');
    store.probe();
    spawnSync('mount', ['-o', 'remount,size=4m', place]);
    await tailer.flush();
    assert.deepEqual(seqs(file), evens(100));
  } finally {
    spawnSync('umount', [place]);
  }
});

test('the audit file is the configured one, else the system place, else in the state', () => {
  const place = folder();
  const system = join(place, 'reeve');
  assert.equal(chooseAuditFile('/x/y.log', '/state', system), '/x/y.log');
  assert.equal(chooseAuditFile(null, '/state', system), join(system, 'audit.log'));
  assert.equal(statSync(system).mode & 0o777, 0o750);
  chmodSync(system, 0o777);
  assert.equal(chooseAuditFile(null, '/state', system), '/state/audit.log', 'others could write');
  chmodSync(system, 0o750);
  symlinkSync('/etc/passwd', join(system, 'audit.log'));
  assert.equal(chooseAuditFile(null, '/state', system), '/state/audit.log', 'a link');
  assert.equal(chooseAuditFile(null, '/state', join(place, 'no', 'such')), '/state/audit.log');
});

/** Of the file and of all that were rotated, oldest first. */
const everywhere = (file: string): string[] => {
  const numbers = Array.from({ length: 200 }, (_, i) => `${file}.${200 - i}`);
  return [...numbers, file].filter((name) => existsSync(name));
};

test('the file is rotated by size, each line is in one of them, and only so many are kept', async () => {
  const store = state();
  const file = join(folder(), 'audit.log');
  const tailer = follow(store, file, { rotation: { size: 2_000, keep: 3 } });
  for (let i = 0; i < 12; i += 1) {
    write(store, 2);
    await tailer.flush();
  }
  const names = everywhere(file).map((name) => name.slice(file.length));
  assert.deepEqual(
    names.filter((name) => name !== ''),
    ['.3', '.2', '.1'],
  );
  const kept = everywhere(file).flatMap(seqs);
  assert.deepEqual(kept, evens(24).slice(-kept.length));
  for (const name of everywhere(file)) assert.equal(statSync(name).mode & 0o777, 0o640);
});

test('lines without a cursor are found in a file that another state has rotated meanwhile', async () => {
  const [mine, other] = [state(), state()];
  const file = join(folder(), 'audit.log');
  const rotation = { size: 1_500, keep: 9 };
  write(mine, 1);
  await follow(mine, file, { rotation }).flush();
  write(mine, 2);
  const forgetful = { ...mine, setValue: () => assert.fail('killed here') };
  await assert.rejects(follow(forgetful, file, { rotation }).flush(), /killed here/);
  const elsewhere = follow(other, file, { rotation });
  for (let i = 0; i < 4; i += 1) {
    write(other, 3);
    await elsewhere.flush();
  }
  assert.ok(everywhere(file).length > 2, 'it was not rotated');
  write(mine, 1);
  await follow(mine, file, { rotation }).flush();
  const all = everywhere(file).flatMap((name) => lines(name));
  const of = (store: Store) =>
    all.filter((line) => line.state === store.value('state-id')).map(({ seq }) => seq);
  assert.deepEqual(of(mine), evens(4));
  assert.deepEqual(of(other), evens(12));
});

test('kill -9 at any moment of writing and rotating, by two states, neither loses a line nor doubles one', async () => {
  const file = join(folder(), 'audit.log');
  const places = [folder(), folder()];
  const stores = places.map(state);
  const script = join(import.meta.dirname, 'children', 'tail.ts');
  for (let round = 0; round < 4; round += 1) {
    const children = places.map((place) =>
      spawn(process.execPath, [script, join(place, 'reeve.db'), file, '3000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    await Promise.all(children.map((child) => once(child.stdout, 'data')));
    for (let i = 0; i < 20; i += 1) {
      for (const store of stores) write(store, 2);
      await sleep(1);
    }
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map((child) => once(child, 'close')));
  }
  const rotation = { size: 3_000, keep: 1_000 };
  for (const store of stores) await follow(store, file, { rotation }).flush();
  const all = everywhere(file).flatMap((name) => lines(name));
  assert.ok(everywhere(file).length > 3, 'it was hardly rotated');
  for (const store of stores) {
    const mine = all.filter((line) => line.state === store.value('state-id'));
    assert.deepEqual(
      mine.map(({ seq }) => seq),
      evens(160),
    );
  }
});

test('a hole that a kill left between rotated files is filled, and nothing is lost by it', async () => {
  const store = state();
  const file = join(folder(), 'audit.log');
  const tailer = follow(store, file, { rotation: { size: 1, keep: 5 } });
  for (let i = 0; i < 3; i += 1) {
    write(store, 1);
    await tailer.flush();
  }
  renameSync(`${file}.1`, `${file}.4`);
  write(store, 1);
  await tailer.flush();
  assert.deepEqual(
    everywhere(file)
      .flatMap(seqs)
      .toSorted((a, b) => a - b),
    evens(4),
  );
  assert.deepEqual(seqs(`${file}.1`), [8]);
});

test('a file that cannot be rotated is told of, and written on', async () => {
  const store = state();
  const file = join(folder(), 'audit.log');
  mkdirSync(`${file}.1`);
  const told: string[] = [];
  const tailer = follow(store, file, {
    rotation: { size: 1, keep: 1 },
    onError: (error) => told.push(error.message),
  });
  for (let i = 0; i < 3; i += 1) {
    write(store, 1);
    await tailer.flush();
  }
  assert.deepEqual(seqs(file), evens(3));
  assert.match(told.join(), /cannot be rotated/);
});
