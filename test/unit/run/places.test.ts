/** Workspaces and mounts in awkward places, and who runs there. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Runner } from '../../../src/run/runner.ts';
import {
  belongings,
  folder,
  isRoot,
  needsSandbox,
  run,
  runnerFor,
  sh,
  user,
  workspaceIn,
} from './fixture.ts';

describe('a workspace', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  before(async () => {
    runner = await runnerFor(ours);
  });

  test('under a folder that only the gateway may enter works, and so do mounts there', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const closed = folder(t, 0o700);
    const workspace = workspaceIn(closed);
    mkdirSync(join(workspace, '.reeve'));
    mkdirSync(join(closed, 'tools'), { mode: 0o755 });
    writeFileSync(join(closed, 'tools', 'data'), 'mounted');
    writeFileSync(join(closed, 'secret'), 'secret', { mode: 0o644 });
    const ran = await run(runner, {
      argv: sh(
        'cat /opt/tools/data /opt/file; echo here > made; touch .reeve/x; touch /opt/tools/x; ls ..; ls -l /proc/self/fd; cat ../secret',
      ),
      workspace,
      mounts: [
        { source: join(closed, 'tools'), target: '/opt/tools' },
        { source: join(closed, 'tools', 'data'), target: '/opt/file' },
      ],
    });
    assert.match(ran.out, /^mountedmounted/, ran.err + ran.errorMessage);
    assert.equal(statSync(join(workspace, 'made')).uid, user);
    assert.match(ran.err, /\.reeve\/x.*Read-only file system/);
    assert.match(ran.err, /\/opt\/tools\/x.*Read-only file system/);
    assert.ok(!ran.out.includes('secret'));
    assert.equal([...ran.out.matchAll(/ -> /g)].filter(Boolean).length >= 4, true);
  });

  test('is run in as its owner', {
    skip: isRoot ? false : 'only root can become somebody else',
  }, async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    assert.equal((await run(runner, { argv: ['/usr/bin/id', '-u'], workspace })).out, `${user}\n`);
  });

  test('is run in as runAs says', {
    skip: isRoot ? false : 'only root can become somebody else',
  }, async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    chmodSync(workspace, 0o777);
    const ran = await run(runner, { argv: sh('id -u; touch new'), workspace, runAs: 5432 });
    assert.equal(ran.out, '5432\n');
    assert.equal(statSync(join(workspace, 'new')).uid, 5432);
    await assert.rejects(run(runner, { argv: ['/bin/true'], workspace, runAs: 0 }), {
      message: /never run as root/,
    });
  });

  test('of root is refused with the remedy, until its kept user may write', {
    skip: isRoot ? false : 'only root',
  }, async (t) => {
    if (!needsSandbox(t, runner)) return;
    const parent = folder(t);
    const workspace = join(parent, 'workspace');
    mkdirSync(workspace, { mode: 0o755 });
    const wish = { argv: sh('id -u; echo x > file'), workspace };
    let kept = 0;
    await assert.rejects(run(runner, wish), (error: Error) => {
      const said = /chown -R (\d+):(\d+) (\S+)\)/.exec(error.message)!;
      kept = Number(said[1]);
      assert.equal(said[3], workspace);
      return /runAs/.test(error.message);
    });
    assert.ok(kept > 60_000);
    const reading = await run(runner, {
      ...wish,
      argv: ['/usr/bin/id', '-u'],
      workspaceAccess: 'read-only',
    });
    assert.equal(reading.out, `${kept}\n`);
    chownSync(workspace, kept, kept);
    const ran = await run(runner, wish);
    assert.deepEqual([ran.status, ran.out], ['ok', `${kept}\n`]);
  });

  test('that is a link, or lies behind one, is refused', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const parent = folder(t);
    const workspace = workspaceIn(parent);
    symlinkSync(workspace, join(parent, 'link'));
    mkdirSync(join(workspace, 'inner'));
    for (const path of [join(parent, 'link'), join(parent, 'link', 'inner')]) {
      await assert.rejects(run(runner, { argv: ['/bin/true'], workspace: path }), {
        code: 'WORKSPACE_ISOLATION_VIOLATION',
      });
    }
  });

  test('that is missing or a file is refused by name', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const parent = folder(t);
    await assert.rejects(run(runner, { argv: ['/bin/true'], workspace: join(parent, 'none') }), {
      code: 'COMMAND_EXECUTION_FAILED',
      message: /workspace .*\/none does not exist/,
    });
    writeFileSync(join(parent, 'file'), '');
    if (isRoot) chownSync(join(parent, 'file'), user, user);
    chmodSync(join(parent, 'file'), 0o777);
    await assert.rejects(run(runner, { argv: ['/bin/true'], workspace: join(parent, 'file') }), {
      message: /is no folder/,
    });
    await assert.rejects(
      run(runner, {
        argv: ['/bin/true'],
        mounts: [{ source: join(parent, 'gone'), target: '/opt/x' }],
      }),
      { message: /mount .*\/gone does not exist/ },
    );
  });

  test('that is swapped for a link while runs go on never lets one out', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const parent = folder(t);
    const workspace = workspaceIn(parent);
    const aside = join(parent, 'aside');
    const outside = workspaceIn(parent, 'outside');
    writeFileSync(join(outside, 'secret'), 'outside-secret');
    let going = true;
    const swapping = (async () => {
      while (going) {
        renameSync(workspace, aside);
        symlinkSync(outside, workspace);
        await new Promise((resolve) => setTimeout(resolve, 1));
        renameSync(workspace, join(parent, `link-${Math.random()}`));
        renameSync(aside, workspace);
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    })();
    for (let i = 0; i < 15; i++) {
      const ran = await run(runner, { argv: sh('cat secret'), workspace }).catch((error) => {
        // Refused, whatever it was that was found gone: nothing was started.
        assert.match((error as { code: string }).code, /ISOLATION|FAILED/, error.message);
        return null;
      });
      assert.ok(!ran?.out.includes('outside-secret'));
      assert.notEqual(ran?.errorCode, 'SANDBOX_UNAVAILABLE', ran?.errorMessage ?? '');
    }
    going = false;
    await swapping;
  });
});
