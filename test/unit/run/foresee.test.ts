/** What a plan and doctor can tell of a run beforehand: its workspace, and whom it runs as. */
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Context } from '../../../src/edge/cli/context.ts';
import { checkWorkspaces } from '../../../src/edge/cli/workspace-story.ts';
import { foreseeRefusal, type Ground } from '../../../src/run/foresee.ts';
import { folder, isRoot, workspaceIn } from './fixture.ts';

const groundOf = (workspace: string): Ground => ({
  environment: 'development',
  workspace,
  workspaceAccess: 'read-write',
  mounts: [],
  runAs: null,
});

test('a workspace that is there and may be written foresees nothing', (t) => {
  const workspace = workspaceIn(folder(t));
  assert.equal(foreseeRefusal(groundOf(workspace), true), null);
  assert.equal(foreseeRefusal(groundOf(workspace), false), null);
});

test('one that is missing, a mount that is, and a user that cannot be are told as a run would', (t) => {
  const parent = folder(t);
  const ground = groundOf(workspaceIn(parent));
  const mounts = [{ source: join(parent, 'gone'), target: '/opt/gone' }];
  assert.match(
    foreseeRefusal({ ...ground, mounts }, true)?.message ?? '',
    /mount .* does not exist/,
  );
  assert.match(
    foreseeRefusal(groundOf(join(parent, 'none')), true)?.message ?? '',
    /none does not/,
  );
  assert.match(foreseeRefusal({ ...ground, runAs: 0 }, true)?.message ?? '', /never run as root/);
});

test('doctor tells which environment’s workspace cannot be written, with the chown to do', {
  skip: isRoot ? false : 'only root runs commands as somebody else',
}, async (t) => {
  const parent = folder(t);
  const roots = join(parent, 'roots');
  mkdirSync(roots, { mode: 0o755 });
  workspaceIn(parent, 'fine');
  const config = join(parent, 'reeve.yaml');
  writeFileSync(
    config,
    'version: 1\nenvironments:\n  development: { workspace: ./fine }\n  production: { workspace: ./roots }\n',
  );
  writeFileSync(join(parent, 'inventory.yaml'), 'version: 1\ncommands: {}\n');
  const context = { options: { config }, io: { env: {} } } as unknown as Context;
  const [finding, ...more] = await checkWorkspaces(context, true);
  assert.deepEqual(more, []);
  assert.equal(finding?.state, 'note');
  assert.match(
    finding?.why ?? '',
    /^production: every command with workspace: read-write would be/,
  );
  const said = /chown -R (\d+):(\d+) (\S+?)\)/.exec(finding?.next ?? '');
  assert.equal(said?.[3], roots, finding?.next ?? 'nothing next');
  chownSync(roots, Number(said?.[1]), Number(said?.[2]));
  assert.deepEqual(await checkWorkspaces(context, true), []);
});
