/** Where an endpoint begins and goes on: on a real store. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPosition, savePosition } from '../../../../src/edge/webhooks/position.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { aDraft } from '../../../contract/samples.ts';

test('a new endpoint begins at the present, however long the record is, and then goes on from what was saved', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-webhooks-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const store = openSqliteStore(join(folder, 'reeve.db'));
  t.after(() => store.close());
  for (let length = 0; length < 70; length += 1) {
    const present = { seq: length, setBack: false };
    assert.deepEqual(openPosition(store, `e${length}`), present);
    store.record([aDraft()]);
    assert.deepEqual(openPosition(store, `e${length}`), present, 'it is remembered');
  }
  savePosition(store, 'e3', 42);
  assert.deepEqual(openPosition(store, 'e3'), { seq: 42, setBack: false });
  assert.deepEqual(openPosition(store, 'e4'), { seq: 4, setBack: false });
});

test('a record that ends before what was sent is told of, and the endpoint begins at the present', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-webhooks-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const store = openSqliteStore(join(folder, 'reeve.db'));
  t.after(() => store.close());
  store.record([aDraft(), aDraft()]);
  savePosition(store, 'e', 9);
  assert.deepEqual(openPosition(store, 'e'), { seq: 2, setBack: true });
  assert.deepEqual(openPosition(store, 'e'), { seq: 2, setBack: false });
});
