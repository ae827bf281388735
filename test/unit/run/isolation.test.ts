/** What a command can see and reach, by commands that try. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Runner } from '../../../src/run/runner.ts';
import {
  belongings,
  folder,
  here,
  isRoot,
  needsSandbox,
  perl,
  run,
  runnerFor,
  sh,
  user,
  workspaceIn,
} from './fixture.ts';

describe('a sandboxed command', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  let parent: string;
  let workspace: string;
  before(async () => {
    parent = folder(ours);
    workspace = workspaceIn(parent);
    mkdirSync(join(workspace, 'state'));
    writeFileSync(join(workspace, 'state', 'local.token'), 'secret-token', { mode: 0o644 });
    runner = await runnerFor(ours, { stateDir: join(workspace, 'state') });
  });
  const outputOf = async (script: string, more = {}) => {
    const ran = await run(runner, { argv: sh(script), workspace, ...more });
    return `${ran.out}${ran.err}`;
  };

  test('is not root, holds no capability and can gain none', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const status = await outputOf('id -u; cat /proc/self/status');
    assert.match(status, new RegExp(`^${user}\n`));
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      assert.match(status, new RegExp(`${set}:\\s0+\n`));
    }
    assert.match(status, /NoNewPrivs:\s1\n/);
    assert.match(status, /Seccomp:\s2\n/);
  });

  test('gets exactly the variables that it is given', async (t) => {
    if (!needsSandbox(t, runner)) return;
    process.env['REEVE_TEST_LEAK'] = 'leaked';
    process.env['LOCO_ENV'] = 'leaked';
    t.after(() => {
      delete process.env['REEVE_TEST_LEAK'];
      delete process.env['LOCO_ENV'];
    });
    const ran = await run(runner, {
      argv: ['/usr/bin/env', '-0'],
      variables: { A: 'x\ny', B: '' },
    });
    const names = ran.out
      .split('\0')
      .filter(Boolean)
      .map((line) => line.split('=')[0]);
    assert.deepEqual(names.sort(), ['A', 'B', 'HOME', 'LANG', 'PATH', 'PWD', 'REEVE_REQUEST_ID']);
    assert.ok(ran.out.includes(`REEVE_REQUEST_ID=${ran.requestId}`));
    const first = await outputOf('cat /proc/1/environ; cat /proc/*/environ');
    assert.ok(!first.includes('leaked'));
  });

  test('writes to its workspace and its own /tmp, and nowhere else', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const said = await outputOf(
      'for d in /workspace /tmp /dev/shm / /usr /etc /run /dev /proc /var /home; do touch $d/x 2>/dev/null && echo $d; done',
    );
    assert.deepEqual(said.trim().split('\n'), ['/workspace', '/tmp', '/dev/shm']);
    assert.ok(existsSync(join(workspace, 'x')));
  });

  test('sees no more of the host than it is given', async (t) => {
    if (!needsSandbox(t, runner)) return;
    writeFileSync(join(parent, 'outside'), 'outside-secret', { mode: 0o644 });
    symlinkSync(join(parent, 'outside'), join(workspace, 'link'));
    symlinkSync('/etc/shadow', join(workspace, 'shadow'));
    const said = await outputOf(
      'ls /; cat link shadow ../outside /etc/shadow /root/* /home/*/* /var/* 2>&1; ls /proc | grep -c "^[0-9]"; hostname',
    );
    assert.ok(!said.includes('outside-secret') && !said.includes('root:'));
    assert.ok(Number(/^(\d+)$/m.exec(said)![1]) < 6);
    assert.match(said, /sandbox\n$/);
  });

  test('cannot rewrite .reeve, nor read the state of the gateway', async (t) => {
    if (!needsSandbox(t, runner)) return;
    mkdirSync(join(workspace, '.reeve'));
    writeFileSync(join(workspace, '.reeve', 'reeve.yaml'), 'version: 1');
    if (isRoot) {
      chownSync(join(workspace, '.reeve'), user, user);
      chownSync(join(workspace, '.reeve', 'reeve.yaml'), user, user);
    }
    const said = await outputOf(
      'cat .reeve/reeve.yaml; echo; echo bad > .reeve/reeve.yaml; rm -rf .reeve; mv .reeve other; cat state/local.token; ls -A state; echo x > state/y',
    );
    assert.match(said, /^version: 1\n/);
    assert.ok(!said.includes('secret-token'));
    assert.equal(readFileSync(join(workspace, '.reeve', 'reeve.yaml'), 'utf8'), 'version: 1');
    assert.deepEqual(
      [existsSync(join(workspace, 'other')), existsSync(join(workspace, 'state', 'y'))],
      [false, false],
    );
  });

  test('cannot have the state of the gateway, or anything in it, mounted', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const state = join(workspace, 'state');
    const behind = join(folder(t), 'link');
    symlinkSync(state, behind);
    const other = await runnerFor(t, { stateDir: behind });
    for (const source of [state, join(state, 'local.token')]) {
      await assert.rejects(
        run(other, { argv: ['/bin/cat', '/seen'], mounts: [{ source, target: '/seen' }] }),
        /state folder/,
      );
    }
  });

  test('is refused where .reeve is a link that it may have planted', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const other = workspaceIn(parent, 'planted');
    symlinkSync('/etc', join(other, '.reeve'));
    await assert.rejects(run(runner, { argv: sh('ls .reeve'), workspace: other }), {
      code: 'WORKSPACE_ISOLATION_VIOLATION',
    });
  });

  test('reads a read-only workspace and cannot change it', async (t) => {
    if (!needsSandbox(t, runner)) return;
    writeFileSync(join(workspace, 'readable'), 'text');
    const said = await outputOf('cat readable; echo; touch y; rm readable; echo z > readable', {
      workspaceAccess: 'read-only',
    });
    assert.match(said, /^text\n/);
    assert.match(said, /Read-only file system/);
    assert.equal(readFileSync(join(workspace, 'readable'), 'utf8'), 'text');
  });

  test('has no workspace where the command says none', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const said = await outputOf('pwd; ls /workspace', {
      workspaceAccess: 'none',
      workingDirectory: '/',
    });
    assert.match(said, /^\/\n.*No such file/s);
  });

  test('sees mounts read-only at their targets, over /tmp too', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const tools = join(parent, 'tools');
    mkdirSync(tools, { mode: 0o755 });
    writeFileSync(join(tools, 'data'), 'mounted', { mode: 0o666 });
    const mounts = [
      { source: tools, target: '/opt/tools' },
      { source: join(tools, 'data'), target: '/tmp/one-file' },
    ];
    const said = await outputOf(
      'cat /opt/tools/data /tmp/one-file; echo; echo x > /opt/tools/data; echo x > /tmp/one-file; touch /opt/x',
      { mounts },
    );
    assert.match(said, /^mountedmounted\n/);
    assert.equal(readFileSync(join(tools, 'data'), 'utf8'), 'mounted');
  });

  test('reaches no network, not even loopback', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const server = createServer((socket) => socket.end('reached')).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const connect = perl(
      `use IO::Socket::INET; my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:${port}", Timeout => 2); print $s ? <$s> : "refused: $@"`,
    );
    assert.match((await run(runner, { argv: connect })).out, /^refused/);
    assert.equal((await run(runner, { argv: connect, network: 'host' })).out, 'reached');
  });

  test('gets the host’s names with the host’s network, and not without', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const script = 'ls /etc/hosts /etc/nsswitch.conf 2>&1';
    assert.match(await outputOf(script), /No such file/);
    if (existsSync('/etc/hosts'))
      assert.match(await outputOf(script, { network: 'host' }), /^\/etc\/hosts/);
  });

  test('cannot signal or see processes outside', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const said = await outputOf(
      `kill -0 ${process.pid} 2>&1 || echo none; ls -d /proc/${process.pid} 2>&1`,
    );
    assert.match(said, /none/);
  });

  test('holds no descriptor but its three where the gateway itself starts it, whatever that inherited', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const secret = join(parent, 'inherited');
    writeFileSync(secret, 'inherited-secret', { mode: 0o600 });
    const child = spawnSync(
      'bash',
      [
        '-c',
        'exec 7< "$1" 20< "$1" 57< /; exec "$2" "$3" "$4"',
        'bash',
        secret,
        process.execPath,
        join(here, 'gateway-process.ts'),
        JSON.stringify({
          argv: sh('ls -l /proc/self/fd; cat <&7; cat /proc/self/fd/20; ls /proc/self/fd/57'),
          workspace,
          starter: 'gateway',
        }),
      ],
      { encoding: 'utf8', timeout: 30_000 },
    );
    const said = child.stdout;
    assert.match(said, /"ok":true/, child.stderr);
    assert.match(said, /57 -> \/dev\/null/);
    assert.ok(!said.includes('inherited-secret'), said);
    const links = [...said.matchAll(/(\d+) -> ([^\\]+)/g)].map((m) => m[2]!);
    assert.ok(links.length >= 6);
    for (const link of links) assert.match(link, /^\/dev\/null$|\(deleted\)$|^\/proc\/\d+\/fd$/);
  });

  test('holds no descriptor but its three, whatever the gateway inherited', async (t) => {
    if (!needsSandbox(t, runner)) return;
    if (!runner.capabilities.spawner.use) {
      t.skip(`no spawner: ${runner.capabilities.spawner.why}`);
      return;
    }
    const child = spawnSync(
      'bash',
      [
        '-c',
        'exec 7< /etc/passwd 20< /etc/passwd 57< /; exec "$@"',
        'bash',
        process.execPath,
        join(here, 'gateway-process.ts'),
        JSON.stringify({ argv: sh('ls -l /proc/self/fd; ls /proc/1/fd'), workspace }),
      ],
      { encoding: 'utf8', timeout: 30_000 },
    );
    const outcome = JSON.parse(/^outcome (.*)$/m.exec(child.stdout)![1]!) as { out: string };
    // The fourth is the folder that ls itself reads.
    const numbers = [...outcome.out.matchAll(/(\d+) -> (.+)/g)].map((m) => Number(m[1]));
    assert.deepEqual(numbers, [0, 1, 2, 3], outcome.out);
    assert.match(outcome.out, / 3 -> \/proc\/\d+\/fd/);
  });

  test('has the programs it needs: node, python and git', async (t) => {
    if (!needsSandbox(t, runner)) return;
    for (const [program, script, expected] of [
      [
        '/usr/bin/git',
        'git init -q repo && cd repo && git -c user.name=a -c user.email=b commit -q --allow-empty -m x && git log --oneline | wc -l',
        '1\n',
      ],
      [
        '/usr/bin/python3',
        'python3 -c "import threading, subprocess, json; t = threading.Thread(target=print, args=(1,)); t.start(); t.join(); subprocess.run([\'true\'], check=True)"',
        '1\n',
      ],
      [
        '/usr/bin/node',
        "node -e \"require('fs').promises.readFile('/etc/passwd').then(() => console.log(require('child_process').execSync('echo 1').toString().trim()))\"",
        '1\n',
      ],
    ] as const) {
      if (!existsSync(program)) {
        t.diagnostic(`${program} is not installed`);
        continue;
      }
      const ran = await run(runner, { argv: sh(script), workspace, limits: { memory: 2 ** 30 } });
      assert.equal(ran.out, expected, `${program}: ${ran.err}`);
    }
  });
});
