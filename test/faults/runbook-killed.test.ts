/**
 * The gateway killed with SIGKILL at every kind of write of a ten-step runbook, and taken up by the next one: no step's side
 * effect happens twice, what nobody saw the end of waits for a person, and the run comes to its end. With EVERY_WRITE=1 at
 * every single write of all ten steps, which takes a while.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Ground } from '../unit/gateway/fixture.ts';
import {
  atRest,
  lay,
  local,
  marks,
  type Play,
  play,
  runbook,
  step,
} from '../unit/runbooks/ground.ts';

const names = Array.from({ length: 10 }, (_, at) => `s${at + 1}`);
const ten = runbook(
  'ten',
  names.map((name) => step(name)),
);
const child = join(import.meta.dirname, 'children/runbook.ts');

interface Died {
  readonly points: readonly string[];
  readonly killed: boolean;
}

async function live(ground: Ground, last: number): Promise<Died> {
  const args = [
    '--disable-warning=ExperimentalWarning',
    child,
    JSON.stringify(ground),
    'ten',
    `${last}`,
  ];
  const gateway = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  gateway.stdout.on('data', (chunk) => {
    said += chunk;
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    gateway.once('close', (...ended) => resolve(ended));
  });
  assert.ok(
    code === 0 || signal === 'SIGKILL',
    `the gateway ended with ${code ?? signal}: ${said}`,
  );
  return { points: said.split('\n').filter(Boolean), killed: signal === 'SIGKILL' };
}

/** What a person does: looks at what the lost step left behind, and says so. */
async function settle(on: Play, ground: Ground, runId: string): Promise<string[]> {
  const asked: string[] = [];
  for (;;) {
    const view = await atRest(on.desk, runId);
    if (view.status !== 'unknown') {
      assert.equal(view.status, 'completed', JSON.stringify(view, null, 1));
      return asked;
    }
    const [lost] = view.steps.filter(({ status }) => status === 'unknown');
    assert.ok(lost, 'a run is unknown where a step is');
    const done = marks(ground).includes(lost.name);
    asked.push(lost.name);
    const as = done ? 'done' : 'retry';
    await on.desk.resolve(local, runId, { step: lost.name, as, reason: 'looked at the file' });
  }
}

/** Killed at that write, then taken up and brought to its end. */
async function killedAt(last: number): Promise<{ point: string; asked: readonly string[] }> {
  const ground = lay(ten);
  try {
    const { points, killed } = await live(ground, last);
    assert.ok(killed, `it was to be killed at write ${last}`);
    const point = points.at(-1)!;
    const before = marks(ground);
    const on = await play(ground);
    try {
      const [run] = (await on.desk.runs(local, { limit: 1 })).runs;
      if (run === undefined) {
        assert.deepEqual(before, [], `${point}: a step ran for a run that is not on record`);
        return { point, asked: [] };
      }
      const asked = await settle(on, ground, run.runId);
      assert.deepEqual(marks(ground), names, `killed at write ${last} (${point}): once each`);
      assert.ok(asked.length <= 1, `${point}: ${asked.join(', ')}`);
      const kinds = (await on.desk.entries(local, run.runId)).map(({ kind }) => kind);
      assert.equal(kinds.filter((kind) => kind === 'runbook-started').length, 1);
      assert.equal(kinds.filter((kind) => kind === 'runbook-ended').length, 1);
      return { point, asked };
    } finally {
      await on.end();
    }
  } finally {
    ground.clear();
  }
}

/** Every write of a whole run, by name. */
async function writes(): Promise<readonly string[]> {
  const ground = lay(ten);
  try {
    const { points, killed } = await live(ground, 0);
    assert.equal(killed, false);
    assert.equal(points.at(-1), '= completed');
    assert.deepEqual(marks(ground), names);
    return points.slice(0, -1);
  } finally {
    ground.clear();
  }
}

test('killed at every kind of write: each step runs once, what is not known waits for a person', async () => {
  const all = await writes();
  // Steps are alike: of each kind of write the one in the middle of the run, and the first and the last of all.
  const kinds = new Map<string, number[]>();
  for (const [at, point] of all.entries()) kinds.set(point, [...(kinds.get(point) ?? []), at + 1]);
  const chosen =
    process.env.EVERY_WRITE === '1'
      ? all.map((_, at) => at + 1)
      : [
          ...new Set([
            1,
            ...[...kinds.values()].map((at) => at[Math.floor(at.length / 2)]!),
            all.length,
          ]),
        ];
  const asked = new Map<string, number>();
  for (const last of chosen) {
    const { point, asked: lost } = await killedAt(last);
    if (lost.length > 0) asked.set(point, (asked.get(point) ?? 0) + 1);
  }
  // Between the intent and the outcome nobody can know; the kill has to have met that at least once.
  assert.ok(asked.has('after commit') || asked.has('after attach'), [...asked.keys()].join(', '));
});

test('killed again and again, each time a little later: the run comes to its end all the same', async () => {
  const ground = lay(ten);
  try {
    let lives = 0;
    for (let last = 12; ; last += 7) {
      lives += 1;
      const { killed } = await live(ground, last);
      const on = killed ? null : await play(ground);
      if (on === null) continue;
      try {
        const [run] = (await on.desk.runs(local, { limit: 1 })).runs;
        await settle(on, ground, run!.runId);
        break;
      } finally {
        await on.end();
      }
    }
    assert.ok(lives > 2, `${lives} lives`);
    assert.deepEqual(marks(ground), names);
  } finally {
    ground.clear();
  }
});
