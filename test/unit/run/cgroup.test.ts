/** Control groups on this host, version 1 or 2: entered, counted, killed, removed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  groupPaths,
  killGroups,
  membersOf,
  openGroup,
  removeGroups,
} from '../../../src/run/cgroup.ts';
import { type CgroupHost, findCgroupHost, ownGroups } from '../../../src/run/cgroup-host.ts';
import { limits, newId } from './fixture.ts';

async function forksAndIsKilled(host: CgroupHost): Promise<void> {
  const group = openGroup(host, newId(), limits);
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      'for f in "$@"; do echo 0 > "$f" || exit 9; done; sleep 300 & setsid sleep 300 & echo in; wait',
      'sh',
      ...group.entries,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  for (const path of group.paths) assert.ok(membersOf(path).length >= 3, path);
  assert.equal(await killGroups(group.paths, 5_000), true);
  await exited;
  assert.equal(child.signalCode, 'SIGKILL');
  assert.equal(await removeGroups(group.paths), true);
  for (const path of group.paths) assert.ok(!existsSync(path), path);
}

function hostOrSkip(t: TestContext): CgroupHost | null {
  const search = findCgroupHost();
  if (search.ok) return search.host;
  t.skip(search.why);
  return null;
}

test('everything in a run’s groups is killed, and the groups are removed', async (t) => {
  const host = hostOrSkip(t);
  if (host !== null) await forksAndIsKilled(host);
});

test('so it is by cgroup.kill, where the version 2 tree can be written', async (t) => {
  const tree = ownGroups(
    readFileSync('/proc/self/cgroup', 'latin1'),
    readFileSync('/proc/self/mountinfo', 'latin1'),
  ).find((group) => group.version === 2);
  if (tree === undefined) return t.skip('no version 2 tree is mounted');
  const base = join(tree.path, 'reeve');
  try {
    mkdirSync(base, { recursive: true });
  } catch {
    return t.skip(`${tree.path} cannot be written`);
  }
  t.after(() => {
    try {
      rmdirSync(base);
    } catch {}
  });
  assert.ok(existsSync(join(base, 'cgroup.kill')));
  await forksAndIsKilled({ version: 2, controllers: [], bases: { none: base } });
});

test('a request id that is a path names no group', (t) => {
  const host = hostOrSkip(t);
  if (host === null) return;
  for (const id of ['..', 'a/b', '', '.', 'x\0y', 'a b'])
    assert.throws(() => groupPaths(host, id), TypeError, id);
});
