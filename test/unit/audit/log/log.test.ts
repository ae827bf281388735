import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openLog, type VerifiableLog } from '../../../../src/audit/log/log.ts';
import { parseTilePath, tilePath } from '../../../../src/audit/log/tiles.ts';
import type { Store } from '../../../../src/core/ports.ts';
import { tryLock } from '../../../../src/store/exclusive.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';

/** RFC 6962, section 2.1, word for word. */
function treeHash(entries: readonly Buffer[]): Buffer {
  const sha = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  if (entries.length === 0) return sha();
  if (entries.length === 1) return sha(Buffer.from([0]), entries[0]!);
  let k = 1;
  while (k * 2 < entries.length) k *= 2;
  return sha(Buffer.from([1]), treeHash(entries.slice(0, k)), treeHash(entries.slice(k)));
}

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'reeve-log-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

let states = 0;
interface State {
  readonly dir: string;
  readonly store: Store;
  readonly errors: string[];
  open(): VerifiableLog;
  add(count: number): void;
  texts(): Buffer[];
}
function state(): State {
  states += 1;
  const dir = join(folder, String(states));
  const store = openSqliteStore(join(dir, 'reeve.db'));
  const errors: string[] = [];
  let n = 0;
  return {
    dir,
    store,
    errors,
    open: () =>
      openLog({
        store,
        stateDir: dir,
        lock: tryLock,
        pollMs: 60_000,
        onError: (e) => errors.push(e.message),
      }),
    add(count) {
      const entries = Array.from({ length: count }, () => {
        n += 1;
        return {
          kind: 'frozen' as const,
          at: n,
          requestId: null,
          principal: 'local',
          body: { reason: `${n}` },
        };
      });
      store.record(entries);
    },
    texts: () => store.entriesAfter(0, 1_000_000).map((entry) => Buffer.from(entry.text)),
  };
}

test('the root is that of RFC 6962, however the entries came in', async () => {
  const { open, add, texts, store } = state();
  const log = open();
  for (const count of [1, 1, 3, 250, 1, 1, 600, 256, 0, 65_000]) {
    add(count);
    const made = await log.publish();
    const all = texts();
    assert.equal(made.size, all.length);
    assert.ok(made.root.equals(treeHash(all)), `at ${made.size}`);
  }
  await log.close();
  store.close();
});

test('another process goes on where one stopped, and both write one log', async () => {
  const { open, add, texts, store } = state();
  const one = open();
  const two = open();
  for (let i = 0; i < 6; i += 1) {
    add(130);
    const [a, b] = await Promise.all([one.publish(), two.publish()]);
    assert.deepEqual(a.note, b.note);
    assert.ok(a.root.equals(treeHash(texts())));
  }
  assert.equal(one.verifier, two.verifier);
  store.close();
});

test('tiles hold the hashes and entries that their names say, also those that are no file any more', async () => {
  const { open, add, texts, store } = state();
  const log = open();
  for (let i = 0; i < 7; i += 1) {
    add(100);
    await log.publish();
  }
  const leaves = texts().map((t) =>
    createHash('sha256')
      .update(Buffer.from([0]))
      .update(t)
      .digest(),
  );
  assert.deepEqual(log.tile('0/000'), Buffer.concat(leaves.slice(0, 256)));
  assert.deepEqual(log.tile('0/002.p/188'), Buffer.concat(leaves.slice(512, 700)));
  assert.deepEqual(log.tile('0/000.p/17'), Buffer.concat(leaves.slice(0, 17)));
  assert.equal(log.tile('1/000.p/2')?.byteLength, 64);
  const entries = log.tile('entries/002.p/3')!;
  const first = texts()[512]!;
  assert.equal(entries.readUInt16BE(0), first.byteLength);
  assert.deepEqual(entries.subarray(2, 2 + first.byteLength), first);
  for (const none of [
    '0/003',
    '0/002.p/189',
    '0/2',
    '0/002.p/0',
    '0/002.p/256',
    '../checkpoint',
    '0/../0/000',
    'entries/x000/000',
    '9/000',
  ])
    assert.equal(log.tile(none), null, none);
  store.close();
});

test('the key is the owner’s alone, and the same from then on', async () => {
  const { open, dir, store } = state();
  const { verifier } = open();
  assert.equal(statSync(join(dir, 'log.key')).mode & 0o777, 0o600);
  assert.equal(open().verifier, verifier);
  assert.match(verifier, /^reeve\/[0-9a-f]{16}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}$/);
  store.close();
});

test('a record that was cut or changed behind it is not signed over', async () => {
  const first = state();
  first.add(300);
  await first.open().publish();
  const before = readFileSync(join(first.dir, 'log/checkpoint'), 'utf8');
  const fake = (texts: readonly string[]): Pick<Store, 'entriesAfter' | 'value' | 'durable'> => ({
    durable: first.store.durable,
    value: (name) => first.store.value(name),
    entriesAfter: (seq, limit) =>
      texts
        .slice(seq, seq + limit)
        .map((text, i) => ({ ...JSON.parse(text), seq: seq + i + 1, text })),
  });
  const all = first.texts().map(String);
  const cut = all.slice(0, 299);
  const changed = [...all.slice(0, 299), all[299]!.replace('"300"', '"301"'), ...all.slice(0, 5)];
  for (const texts of [cut, changed]) {
    const log = openLog({ store: fake(texts), stateDir: first.dir, lock: tryLock, pollMs: 60_000 });
    await assert.rejects(log.publish(), { code: 'AUDIT_UNAVAILABLE' });
  }
  assert.equal(readFileSync(join(first.dir, 'log/checkpoint'), 'utf8'), before);
  first.store.close();
});

test('tiles or a checkpoint that were changed are not gone on with', async () => {
  const { open, add, dir, store } = state();
  add(300);
  await open().publish();
  add(10);
  const tile = join(dir, 'log/tile/0/001.p/44');
  const good = readFileSync(tile);
  const bad = Buffer.from(good);
  bad[0]! ^= 1;
  writeFileSync(tile, bad);
  await assert.rejects(open().publish(), { code: 'AUDIT_UNAVAILABLE' });
  writeFileSync(tile, good);
  const checkpoint = join(dir, 'log/checkpoint');
  const note = readFileSync(checkpoint, 'utf8');
  writeFileSync(checkpoint, note.replace('\n300\n', '\n299\n'));
  await assert.rejects(open().publish(), { code: 'AUDIT_UNAVAILABLE' });
  writeFileSync(checkpoint, note);
  assert.equal((await open().publish()).size, 310);
  store.close();
});

test('names of tiles and their paths are one to one', () => {
  for (const [name, path] of [
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 1, index: 1234, width: 256 }, 'tile/1/x001/234'],
    [{ level: 'entries', index: 1_234_067, width: 7 }, 'tile/entries/x001/x234/067.p/7'],
  ] as const) {
    assert.equal(tilePath(name), path);
    assert.deepEqual(parseTilePath(path.slice(5)), name);
  }
});
