/** The disk fails before and after each write of each change: nothing half-written, no gap, and it can be done again. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ReeveError } from '../../../../src/core/errors.ts';
import type { Store } from '../../../../src/core/ports.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { temporaryFolder } from '../temporary.ts';
import { everything, operations } from './operations.ts';

describe('a change whose disk fails', () => {
  for (const [name, operation] of Object.entries(operations)) {
    for (const point of pointsOf(name)) {
      test(`${name}, ${point}`, () => {
        const file = join(temporaryFolder(), 'reeve.db');
        let armed = false;
        const store = openSqliteStore(file, {
          faults: (here) => {
            if (armed && here === point) throw new Error('injected fault');
          },
        });
        const witness = openSqliteStore(file);
        operation.before(store);
        const before = everything(witness);
        const entriesBefore = count(witness);

        armed = true;
        assert.throws(() => operation.change(store), unavailable);
        armed = false;
        const persisted = point === 'after commit';
        if (!persisted) assert.deepEqual(everything(witness), before);
        const [once, twice] = operation.entries;
        assert.equal(count(witness), entriesBefore + (persisted ? once : 0));

        const answer = operation.change(store);
        if (persisted) assert.deepEqual(answer, operation.repeated);
        assert.equal(count(witness), entriesBefore + (persisted ? twice : once));
        if (!persisted || once === twice) assert.deepEqual(everything(witness), afterwards(name));
        store.close();
        witness.close();
      });
    }
  }
});

/** The fault points that an operation passes, found by doing it. */
function pointsOf(name: string): readonly string[] {
  const points: string[] = [];
  let watching = false;
  const store = openSqliteStore(join(temporaryFolder(), 'reeve.db'), {
    faults: (point) => {
      if (watching) points.push(point);
    },
  });
  operations[name]!.before(store);
  watching = true;
  operations[name]!.change(store);
  store.close();
  assert.ok(points.includes('before commit') && points.length >= 4, points.join());
  return points;
}

/** What a store says after the operation where nothing fails. */
function afterwards(name: string): unknown {
  const store = openSqliteStore(join(temporaryFolder(), 'reeve.db'));
  operations[name]!.before(store);
  operations[name]!.change(store);
  const state = everything(store);
  store.close();
  return state;
}

function count(store: Store): number {
  const entries = store.entriesAfter(0, 1_000);
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    entries.map((_, i) => i + 1),
  );
  return entries.length;
}

const unavailable = (error: unknown): boolean =>
  error instanceof ReeveError &&
  error.code === 'AUDIT_UNAVAILABLE' &&
  error.message.includes('injected fault');
