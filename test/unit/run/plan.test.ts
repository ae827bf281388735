/** Plans as tables: what stands where on the command lines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '../../../src/run/host.ts';
import {
  hostPath,
  type PlanInput,
  type PlannedPlace,
  sandboxedPlan,
  unsandboxedPlan,
} from '../../../src/run/plan.ts';
import { invocationOf, type Wish } from './fixture.ts';

const host: Host = {
  bwrap: '/usr/bin/bwrap',
  setpriv: '/usr/bin/setpriv',
  unshare: '/usr/bin/unshare',
  prlimit: '/usr/bin/prlimit',
  shell: '/bin/sh',
  trueProgram: '/usr/bin/true',
  arch: 'x64',
  roots: [
    { path: '/bin', link: 'usr/bin' },
    { path: '/lib', link: null },
  ],
  countsPerNamespace: true,
  ceiling: { openFiles: 1024, fileSize: Number.POSITIVE_INFINITY },
};
const workspace: PlannedPlace = {
  fd: 30,
  path: '/srv/app',
  target: '/workspace',
  access: 'read-write',
  kind: 'folder',
  staged: null,
};

function input(wish: Partial<Wish> = {}, more: Partial<PlanInput> = {}): PlanInput {
  return {
    requestId: 'req_1',
    invocation: invocationOf({ argv: ['/bin/echo', '--', '$(x)'], workspace: '/srv/app', ...wish }),
    host,
    identity: { uid: 4321, gid: 4322, change: true },
    places: [workspace],
    hidden: [],
    secrets: [],
    entries: ['/cg/memory/reeve/req_1/cgroup.procs'],
    gatewayPid: 99,
    ...more,
  };
}
const inside = (given: PlanInput) =>
  Buffer.from(sandboxedPlan(given).sandboxArguments!).toString().split('\0').slice(0, -1);
/** True where the sequence stands in the list, in this order and side by side. */
const holds = (list: readonly string[], ...sequence: readonly string[]) =>
  `\0${list.join('\0')}\0`.includes(`\0${sequence.join('\0')}\0`);

test('the command and what the caller gave stand behind the last separator, in order', () => {
  const { args } = sandboxedPlan(input());
  assert.deepEqual(args.slice(-4), ['--', '/bin/echo', '--', '$(x)']);
  assert.ok(holds(args, '--args', '9', '--setenv', 'REEVE_REQUEST_ID', 'req_1', '--'));
  assert.equal(args[0], '-c');
  assert.ok(!args[1]!.includes('req_1') && !args[1]!.includes('srv'));
});

test('bubblewrap gets no environment of ours and no working directory', () => {
  const plan = sandboxedPlan(input());
  assert.deepEqual([plan.environment, plan.cwd], [{}, '/']);
});

const table: readonly (readonly [
  what: string,
  given: PlanInput,
  sequence: readonly string[],
  there: boolean,
])[] = [
  ['no network by default', input(), ['--unshare-net'], true],
  ['the host’s network', input({ network: 'host' }), ['--unshare-net'], false],
  [
    'names with the host’s network',
    input({ network: 'host' }),
    ['--ro-bind-try', '/etc/resolv.conf', '/etc/resolv.conf'],
    true,
  ],
  ['a writable workspace', input(), ['--bind-fd', '15', '/workspace'], true],
  [
    'a read-only workspace',
    input({}, { places: [{ ...workspace, access: 'read-only' }] }),
    ['--ro-bind-fd', '15', '/workspace'],
    true,
  ],
  [
    'a staged workspace',
    input({}, { places: [{ ...workspace, staged: '/run/x/folder-0' }] }),
    ['--bind', '/run/x/folder-0', '/workspace'],
    true,
  ],
  [
    'hidden state',
    input({}, { hidden: ['/workspace/state'] }),
    ['--perms', '0555', '--tmpfs', '/workspace/state', '--remount-ro', '/workspace/state'],
    true,
  ],
  ['merged /usr', input(), ['--symlink', 'usr/bin', '/bin'], true],
  ['folders of their own', input(), ['--ro-bind', '/lib', '/lib'], true],
  ['HOME outside the workspace', input(), ['--setenv', 'HOME', '/tmp'], true],
  ['declared variables', input({ variables: { HOME: '/x' } }), ['--setenv', 'HOME', '/x'], true],
  ['the filter', input(), ['--seccomp', '10'], true],
  [
    'no filter for other processors',
    input({}, { host: { ...host, arch: null } }),
    ['--seccomp', '10'],
    false,
  ],
  [
    'a sandbox that dies with the gateway',
    input(),
    ['--die-with-parent', '--new-session', '--clearenv'],
    true,
  ],
];
for (const [what, given, sequence, there] of table) {
  test(`in the sandbox: ${what}`, () => {
    assert.equal(holds(inside(given), ...sequence), there);
  });
}

test('mounts lie over the temporary folders, and the root is closed after all of them', () => {
  const args = inside(
    input({}, { places: [workspace, { ...workspace, target: '/tmp/tools', access: 'read-only' }] }),
  );
  const at = (...sequence: string[]) => args.join('\0').indexOf(sequence.join('\0'));
  assert.ok(at('--tmpfs', '/tmp') < at('--ro-bind-fd', '16', '/tmp/tools'));
  assert.ok(at('--ro-bind-fd', '16', '/tmp/tools') < at('--remount-ro', '/', '--chdir'));
});

test('a staged place is bound by root first, and proven to be the open one', () => {
  const plan = sandboxedPlan(input({}, { places: [{ ...workspace, staged: '/run/x/folder-0' }] }));
  assert.equal(plan.file, '/usr/bin/unshare');
  assert.ok(holds(plan.args, '--', '/srv/app', '/run/x/folder-0', '/proc/99/fd/30', '--'));
  assert.deepEqual(plan.placeDescriptors, []);
});

test('limits are numbers in the order that the script reads them', () => {
  const limits = { openFiles: 4096, fileSize: 1_000_000, cpuTimeMs: 1_500 };
  // Never above the gateway's own limit; whole blocks; whole seconds, the hard limit one later.
  assert.ok(
    holds(sandboxedPlan(input({ limits })).args, '--', '1024', '1953', '2', '3', '/usr/bin/bwrap'),
  );
});

test('the number of processes is limited inside only where no control group does it', () => {
  const limits = { processes: 10 };
  const inGroup = sandboxedPlan(input({ limits })).args;
  const without = sandboxedPlan(input({ limits }, { entries: [] })).args;
  assert.ok(!inGroup.includes('/usr/bin/prlimit'));
  assert.ok(holds(without, '--', '/usr/bin/prlimit', '--nproc=11:11', '--', '/bin/echo'));
});

test('who is not root becomes nobody else', () => {
  const plan = sandboxedPlan(input({}, { identity: { uid: 1000, gid: 1000, change: false } }));
  assert.ok(!plan.args.includes('/usr/bin/setpriv'));
  assert.equal(plan.user, null);
});

test('root becomes the user before the first program, or after it has bound what has to be staged', () => {
  const plain = sandboxedPlan(input());
  assert.deepEqual(plain.user, { uid: 4321, gid: 4322 });
  assert.ok(!plain.args.includes('/usr/bin/setpriv'));
  const staged = sandboxedPlan(
    input({}, { places: [{ ...workspace, staged: '/run/r/folder-0' }] }),
  );
  assert.equal(staged.user, null);
  assert.ok(holds(staged.args, '/usr/bin/setpriv', '--reuid', '4321', '--regid', '4322'));
});

test('a command with control groups waits until its sandbox is in them', () => {
  const waits = (given: PlanInput) => [
    sandboxedPlan(given).gated,
    holds(inside(given), '--block-fd', '8'),
  ];
  assert.deepEqual(waits(input()), [true, true]);
  assert.deepEqual(waits(input({}, { entries: [] })), [false, false]);
  assert.ok(!sandboxedPlan(input()).args.some((argument) => argument.includes('cgroup.procs')));
});

test('without a sandbox, paths below the workspace are the host’s, and nothing else changes', () => {
  const given = input({
    argv: ['/bin/echo', '/workspace/a', '/workspaces', '--x=/workspace'],
    workingDirectory: '/workspace/sub',
  });
  const plan = unsandboxedPlan(given);
  assert.deepEqual(plan.args.slice(-3), ['/srv/app/a', '/workspaces', '--x=/workspace']);
  assert.equal(plan.cwd, '/srv/app/sub');
  assert.equal(plan.environment['REEVE_REQUEST_ID'], 'req_1');
  assert.equal(hostPath(given.invocation, '/workspace'), '/srv/app');
});

test('a missing program is named before anything starts', () => {
  assert.throws(() => sandboxedPlan(input({}, { host: { ...host, bwrap: null } })), {
    code: 'SANDBOX_UNAVAILABLE',
    message: /bwrap is not installed/,
  });
});
