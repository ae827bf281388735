/** Gateways that are not root, or have no control groups, or no sandbox: started for real as another user. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { sha256Hex } from '../../../src/core/json.ts';
import {
  folder,
  here,
  isRoot,
  perl,
  processesWith,
  sh,
  uniqueSleep,
  workspaceIn,
} from './fixture.ts';

const stranger = 65_534;

/** Runs a gateway as `nobody`, which has no control group of its own; null, and skipped, where that cannot be. */
function asStranger(t: TestContext, wish: object, prefix: readonly string[] = []) {
  const closed = [process.execPath, here].find((path) => !everyoneMayPass(path));
  if (!isRoot || closed !== undefined) {
    t.skip(
      isRoot
        ? `other users cannot reach ${closed}`
        : 'only root can start a gateway as somebody else',
    );
    return null;
  }
  const temporary = folder(t, 0o700);
  chownSync(temporary, stranger, stranger);
  const child = spawnSync(
    'setpriv',
    [
      ...[
        '--reuid',
        String(stranger),
        '--regid',
        String(stranger),
        '--clear-groups',
        '--',
        ...prefix,
      ],
      ...[process.execPath, join(here, 'gateway-process.ts'), JSON.stringify(wish)],
    ],
    {
      encoding: 'utf8',
      timeout: 50_000,
      env: { PATH: '/usr/bin:/bin', TMPDIR: temporary },
      maxBuffer: 2 ** 26,
    },
  );
  const line = (name: string) =>
    child.stdout
      .split('\n')
      .filter((l) => l.startsWith(`${name} `))
      .map((l) => JSON.parse(l.slice(name.length + 1)));
  return {
    outcome: line('outcome')[0],
    capabilities: line('capabilities')[0],
    thrown: line('thrown')[0],
    said: child.stdout + child.stderr,
  };
}

function everyoneMayPass(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o005) !== 0o005) return false;
    if (at === dirname(at)) return true;
  }
}

function strangersWorkspace(t: TestContext): string {
  const closed = folder(t, 0o700);
  chownSync(closed, stranger, stranger);
  const workspace = workspaceIn(closed);
  chownSync(workspace, stranger, stranger);
  return workspace;
}

describe('a gateway that is not root', () => {
  test('runs in the sandbox as itself, and says what it cannot hold', (t) => {
    const workspace = isRoot ? strangersWorkspace(t) : '';
    const ran = asStranger(t, {
      argv: sh('id -u; touch made; ls -l /proc/self/fd; cat', 'x'),
      workspace,
    });
    if (ran === null) return;
    assert.equal(ran.capabilities?.tier, 'bubblewrap', ran.said);
    assert.match(ran.capabilities.problems[0].remedy, /Delegate=yes/);
    assert.match(ran.outcome.out, new RegExp(`^${stranger}\n`), ran.said);
    assert.equal(statSync(join(workspace, 'made')).uid, stranger);
    assert.deepEqual(ran.outcome.sandbox, {
      tier: 'bubblewrap',
      enforced: [
        'processes',
        'openFiles',
        'fileSize',
        'workspaceGrowth',
        'workspaceFiles',
        'output',
      ],
      degraded: ['cpu', 'cpuTimeMs', 'memory'],
    });
    assert.equal(ran.outcome.usage.peakMemory, null);
  });

  test('holds a fork bomb, run by run, without a control group', (t) => {
    const bomb = perl(
      'my $n = 0; for (1..200) { my $p = fork; last if !defined $p; if (!$p) { sleep 9; exit } $n++ } print $n',
    );
    const ran = asStranger(t, { argv: bomb, limits: { processes: 20 } });
    if (ran === null) return;
    assert.equal(ran.outcome?.out, '19', ran.said);
  });

  test('tells the limits that no control group counts, by what its processes were seen with', (t) => {
    const forks = asStranger(t, {
      argv: perl(
        'for (1..60) { my $p = fork; last if !defined $p; if (!$p) { sleep 5; exit } } print STDERR "$!\\n"; sleep 1; exit 3',
      ),
      limits: { processes: 20 },
    });
    if (forks === null) return;
    assert.equal(forks.outcome?.errorCode, 'PROCESS_LIMIT', forks.said);
    const files = asStranger(t, {
      argv: perl('my @f; while (open my $f, "<", "/dev/null") { push @f, $f } sleep 1; exit 1'),
      limits: { openFiles: 40 },
    });
    assert.equal(files?.outcome?.errorCode, 'OPEN_FILES_LIMIT', files?.said);
  });

  test('ends a run whose workspace grows too much, what it deletes and keeps open too', (t) => {
    const workspace = isRoot ? strangersWorkspace(t) : '';
    const limits = { workspaceGrowth: 8 * 2 ** 20 };
    const files = asStranger(t, {
      argv: sh('i=0; while :; do i=$((i+1)); head -c 1000000 /dev/zero > f$i || exit 9; done'),
      workspace,
      limits,
    });
    if (files === null) return;
    assert.equal(files.outcome?.errorCode, 'WORKSPACE_LIMIT', files.said);
    const deleted = asStranger(t, {
      argv: perl(
        'open my $f, ">", "gone"; unlink "gone"; for (1..60) { syswrite $f, "x" x 1000000; select undef, undef, undef, 0.02 } sleep 9',
      ),
      workspace,
      limits,
      timeoutMs: 8_000,
    });
    assert.equal(deleted?.outcome?.errorCode, 'WORKSPACE_LIMIT', deleted?.said);
  });

  test('ends whole trees', (t) => {
    const mark = uniqueSleep();
    const ran = asStranger(t, {
      argv: sh('trap "" TERM; setsid sleep "$1" & sleep "$1"; sleep "$1"', mark),
      timeoutMs: 300,
    });
    if (ran === null) return;
    assert.deepEqual([ran.outcome?.status, ran.outcome?.signal], ['timeout', 'SIGKILL'], ran.said);
    assert.deepEqual(processesWith(mark), []);
  });

  test('names the program that could not be started, behind the limit on processes too', (t) => {
    const ran = asStranger(t, {
      argv: ['/opt/none'],
      executable: {
        path: '/opt/none',
        source: '/bin/true',
        sha256: sha256Hex(readFileSync('/bin/true')),
      },
    });
    if (ran === null) return;
    assert.equal(ran.outcome?.errorCode, 'COMMAND_EXECUTION_FAILED', ran.said);
    assert.match(
      ran.outcome.errorMessage,
      /\/opt\/none could not be started: No such file or directory/,
    );
  });

  test('cannot become whom runAs names, and says so', (t) => {
    const ran = asStranger(t, { argv: ['/bin/true'], runAs: 1234 });
    if (ran === null) return;
    assert.match(ran.thrown.message, /runAs: 1234.*user 65534 cannot become/);
  });
});

describe('where no sandbox can be had', () => {
  // Another user namespace may not be made in one that allows none: what hardened hosts and containers look like.
  const without = [
    ...['unshare', '--user', '--map-current-user', '--keep-caps', '--', 'sh', '-c'],
    'echo 0 > /proc/sys/user/max_user_namespaces || exit 9; exec setpriv --ambient-caps -all --inh-caps -all -- "$@"',
    'sh',
  ];

  test('nothing runs, and the refusal says why', (t) => {
    const ran = asStranger(t, { argv: ['/bin/true'] }, without);
    if (ran === null) return;
    assert.equal(ran.capabilities?.tier, 'none', ran.said);
    assert.equal(ran.thrown?.code, 'SANDBOX_UNAVAILABLE', ran.said);
    assert.match(ran.thrown.message, /nothing was started/);
    assert.match(ran.thrown.message, /max_user_namespaces/);
  });

  test('commands run where the configuration says so, and every report says so too', (t) => {
    const workspace = isRoot ? strangersWorkspace(t) : '';
    const argv = sh(
      'pwd; echo "$1"; env | sort | cut -d= -f1 | tr "\\n" " "; echo x > /dev/stdout',
      '/workspace/a',
    );
    const ran = asStranger(t, { argv, workspace, sandbox: 'unsandboxed' }, without);
    if (ran === null) return;
    assert.equal(ran.outcome?.status, 'ok', ran.said);
    assert.equal(
      ran.outcome.out,
      `${workspace}\n${workspace}/a\nHOME LANG PATH PWD REEVE_REQUEST_ID x\n`,
    );
    assert.deepEqual(ran.outcome.sandbox, {
      tier: 'unsandboxed',
      enforced: ['openFiles', 'fileSize', 'workspaceGrowth', 'workspaceFiles', 'output'],
      degraded: ['cpu', 'cpuTimeMs', 'memory', 'processes'],
    });
  });

  test('the whole group is ended at the time limit, and what left it is found by its request id', (t) => {
    const mark = uniqueSleep();
    const argv = sh('trap "" TERM; setsid sleep "$1" & sleep "$1" & sleep "$1"; sleep "$1"', mark);
    const ran = asStranger(t, { argv, sandbox: 'unsandboxed', timeoutMs: 300 }, without);
    if (ran === null) return;
    assert.deepEqual([ran.outcome?.status, ran.outcome?.signal], ['timeout', 'SIGKILL'], ran.said);
    assert.deepEqual(processesWith(mark), []);
  });

  test('a background child is ended with the command and does not hold the answer up', (t) => {
    const mark = uniqueSleep();
    const argv = sh('setsid sleep "$1" & sleep "$1" & echo done', mark);
    const ran = asStranger(t, { argv, sandbox: 'unsandboxed' }, without);
    if (ran === null) return;
    assert.deepEqual([ran.outcome?.status, ran.outcome?.out], ['ok', 'done\n'], ran.said);
    assert.deepEqual(processesWith(mark), []);
  });
});
