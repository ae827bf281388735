/** The example's runbooks on the real application: drilled in a copy, and the chain over schedule and queue run for real. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { handOver } from '../../scripts/loco/workspace.ts';
import type { RehearsalView } from '../../src/runbooks/rehearsal-view.ts';
import { locoApp, runLoco } from './app.ts';
import { LocoStage } from './stage.ts';

const app = locoApp();
const skip = app.kind === 'missing' ? app.why : false;

let loco: LocoStage;
before(async () => {
  if (skip !== false) return;
  loco = new LocoStage();
  await loco.open();
});
after(async () => {
  await loco?.[Symbol.asyncDispose]();
});

test('migrate, rotate, clean is drilled whole in a copy, and nothing of the workspace changes', {
  skip,
}, async () => {
  const key = () => readFileSync(join(loco.workspace(), 'keys/active.key'), 'utf8');
  const files = () => readdirSync(join(loco.workspace(), 'tmp'), { recursive: true }).sort();
  const was = { key: key(), files: files() };
  const args = ['runbook', 'rehearse', 'migrate-rotate-clean', '--param', 'label=drill'];
  const drilled = await loco.reeve([...args, '--output', 'json']);
  assert.equal(drilled.exitCode, 0, drilled.stdout + drilled.stderr);
  const { rehearsal } = JSON.parse(drilled.stdout) as { rehearsal: RehearsalView };
  assert.equal(rehearsal.status, 'completed');
  assert.deepEqual(
    rehearsal.steps.map(({ name, status }) => `${name} ${status}`),
    ['status', 'backup', 'migrate', 'keep-keys', 'rotate', 'restart', 'analyze', 'clean'].map(
      (name) => `${name} completed`,
    ),
  );
  assert.deepEqual(loco.applied(), []);
  assert.deepEqual({ key: key(), files: files() }, was);
});

test('schedule and queue are tended step by step: one job run once, finished jobs gone, stuck ones back', {
  skip,
}, async () => {
  assert.ok(app.kind === 'built');
  const folder = loco.workspace('staging');
  for (const args of [
    ['db', 'migrate'],
    ['task', 'queue:setup', 'history:yes'],
  ]) {
    const ran = runLoco(app.binary, folder, ['-e', 'staging', ...args]);
    assert.equal(ran.status, 0, ran.stderr);
  }
  if (process.getuid?.() === 0) handOver(folder, 10_001);
  const jobs = () =>
    Object.fromEntries(
      loco
        .rows('SELECT status, count(*) AS n FROM sqlt_loco_queue GROUP BY status', 'staging')
        .map(({ status, n }) => [status, n]),
    );
  assert.deepEqual(jobs(), { queued: 4, processing: 1, completed: 1, failed: 1, cancelled: 1 });
  if (process.getuid?.() === 0) handOver(folder, 10_001);

  const started = await loco.reeve(['runbook', 'start', 'tend-queue', '--env', 'staging']);
  assert.equal(started.exitCode, 0, started.stdout + started.stderr);
  assert.match(started.stdout, /tend-queue in staging: completed/);
  for (const step of ['schedule', 'keys', 'before', 'tidy', 'requeue', 'after']) {
    assert.match(started.stdout, new RegExp(`^${step} +completed +1 `, 'm'));
  }
  assert.deepEqual(jobs(), { queued: 5, failed: 1 });
});
