/** Small decisions about hosts and users, as tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRunGroup } from '../../../src/run/cgroup.ts';
import { ownGroups } from '../../../src/run/cgroup-host.ts';
import { atLeast } from '../../../src/run/host.ts';
import { chooseIdentity, keptId, mayAccess } from '../../../src/run/identity.ts';
import { limitReport } from '../../../src/run/limit-report.ts';
import { isAlive, startOf } from '../../../src/run/processes.ts';
import { SandboxStatus } from '../../../src/run/sandbox-status.ts';
import { limits } from './fixture.ts';

test('one’s own control groups are found through the mounts, whatever part of the tree is seen', () => {
  const v1 =
    '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:3 - cgroup cgroup rw,memory\n36 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n';
  assert.deepEqual(ownGroups('4:memory:/a/b\n2:cpu,cpuacct:/\n1:name=systemd:/\n0::/\n', v1), [
    { version: 1, controllers: ['memory'], path: '/sys/fs/cgroup/memory/a/b' },
    { version: 1, controllers: ['cpu', 'cpuacct'], path: '/sys/fs/cgroup/cpu,cpuacct' },
    { version: 2, controllers: [], path: '/sys/fs/cgroup/unified' },
  ]);
  const container = '30 25 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n';
  assert.deepEqual(ownGroups('0::/docker/abc/sub\n', container), [
    { version: 2, controllers: [], path: '/sys/fs/cgroup/sub' },
  ]);
  assert.deepEqual(ownGroups('0::/elsewhere\n', container), [
    { version: 2, controllers: [], path: '/sys/fs/cgroup' },
  ]);
});

test('a recorded group counts only by its name and place', () => {
  assert.ok(isRunGroup('/sys/fs/cgroup/x/reeve/req_1', 'req_1'));
  for (const path of [
    '/sys/fs/cgroup/req_1',
    '/sys/fs/cgroup/reeve',
    '/sys/fs/cgroup/reeve/req_2',
    '/',
  ]) {
    assert.ok(!isRunGroup(path, 'req_1'), path);
  }
});

test('whom a command runs as', () => {
  const root = { uid: 0, gid: 0 };
  const person = { uid: 1000, gid: 1000 };
  const at = (runAs: number | null) => ({ runAs, workspace: '/srv/app', environment: 'staging' });
  const owner = (uid: number) => ({ uid, gid: uid, mode: 0o755 });
  const kept = keptId('/srv/app', 2 ** 32 - 1);
  const table = [
    ['runAs before the owner', at(7), owner(8), root, { uid: 7, gid: 7, change: true }],
    ['the owner', at(null), owner(8), root, { uid: 8, gid: 8, change: true }],
    [
      'the owner, never root’s group',
      at(null),
      { ...owner(8), gid: 0 },
      root,
      { uid: 8, gid: 8, change: true },
    ],
    [
      'a kept id for what root owns',
      at(null),
      owner(0),
      root,
      { uid: kept, gid: kept, change: true },
    ],
    ['oneself where one is not root', at(null), owner(8), person, { ...person, change: false }],
    ['oneself by name', at(1000), owner(8), person, { ...person, change: false }],
  ] as const;
  for (const [what, invocation, given, gateway, expected] of table) {
    assert.deepEqual(chooseIdentity(invocation, given, gateway), expected, what);
  }
  assert.throws(() => chooseIdentity(at(0), owner(8), root), /never run as root/);
  assert.throws(() => chooseIdentity(at(7), owner(8), person), /cannot become/);
});

test('a kept id stays the same, differs by workspace, and fits where few ids are mapped', () => {
  assert.equal(keptId('/a', 2 ** 32 - 1), keptId('/a', 2 ** 32 - 1));
  assert.notEqual(keptId('/a', 2 ** 32 - 1), keptId('/b', 2 ** 32 - 1));
  assert.ok(keptId('/a', 65_536) < 65_536 && keptId('/a', 65_536) > 60_000);
});

test('mode bits are read for the one class that the user is in', () => {
  const user = { uid: 7, gid: 8, change: true };
  assert.ok(mayAccess({ uid: 7, gid: 0, mode: 0o700 }, user, 7));
  assert.ok(!mayAccess({ uid: 7, gid: 0, mode: 0o077 }, user, 1));
  assert.ok(mayAccess({ uid: 0, gid: 8, mode: 0o750 }, user, 5));
  assert.ok(!mayAccess({ uid: 0, gid: 0, mode: 0o754 }, user, 5));
});

test('every limit is reported once, as held or as degraded', () => {
  const names = Object.keys(limits).sort();
  for (const tier of ['bubblewrap+cgroup', 'bubblewrap', 'unsandboxed'] as const) {
    for (const workspaceAccess of ['read-write', 'read-only', 'none'] as const) {
      const report = limitReport(
        {
          tier,
          controllers: tier === 'bubblewrap+cgroup' ? ['memory', 'pids', 'cpu'] : [],
          cpuClock: false,
          processLimit: 'none',
        },
        { limits, workspaceAccess },
      );
      assert.deepEqual([...report.enforced, ...report.degraded].sort(), names);
      for (const name of ['workspaceGrowth', 'workspaceFiles'] as const) {
        const degraded = workspaceAccess === 'none' && tier === 'unsandboxed';
        assert.equal(report.degraded.includes(name), degraded);
      }
    }
  }
});

test('kernel releases compare by number', () => {
  for (const [release, expected] of [
    ['5.14.0', true],
    ['5.4.0-190-generic', false],
    ['6.1.0-18-amd64', true],
    ['4.19', false],
    ['nonsense', false],
  ] as const) {
    assert.equal(atLeast(release, 5, 14), expected, release);
  }
});

test('a process is told apart from a later one of the same pid', () => {
  const start = startOf(process.pid);
  assert.ok(isAlive(process.pid, start));
  assert.ok(!isAlive(process.pid, `${start}0`));
  assert.equal(startOf(2 ** 22 + 1), null);
});

test('bubblewrap’s status is read in whatever pieces it comes', () => {
  const status = new SandboxStatus();
  for (const byte of Buffer.from(
    '{ "child-pid": 2147483600, "net-namespace": 1 }\n{ "exit-code": 137 }\n',
  )) {
    status.add(Uint8Array.of(byte));
  }
  assert.deepEqual([status.childPid, status.exitCode], [2147483600, 137]);
});
