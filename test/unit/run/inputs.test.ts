/** Declared inputs: what a command finds in its workspace is what was hashed, whatever others do meanwhile. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sha256Hex } from '../../../src/core/json.ts';
import { hashInputs } from '../../../src/inventory/inputs.ts';
import type { Runner } from '../../../src/run/runner.ts';
import {
  belongings,
  folder,
  isRoot,
  needsSandbox,
  type Ran,
  run,
  runnerFor,
  sh,
  user,
  type Wish,
  workspaceIn,
} from './fixture.ts';

const ours = belongings();
after(() => ours.close());
let runner: Runner;
before(async () => {
  runner = await runnerFor(ours);
});

/** Writes a file of the workspace's owner, with the folders that it needs. */
function put(workspace: string, path: string, content = path): void {
  const own = (made: string): void => {
    if (isRoot) chownSync(made, user, user);
  };
  const parts = dirname(path).split('/');
  parts.forEach((_, index) => {
    const made = join(workspace, ...parts.slice(0, index + 1));
    if (existsSync(made)) return;
    mkdirSync(made);
    own(made);
  });
  writeFileSync(join(workspace, path), content);
  own(join(workspace, path));
}

async function decided(
  wish: Wish & { readonly workspace: string },
  patterns: readonly string[],
): Promise<Wish> {
  const inputs = await hashInputs({ kind: 'files', patterns }, wish.workspace);
  return { ...wish, inputs, inputPatterns: patterns };
}

async function runWith(
  wish: Wish & { readonly workspace: string },
  patterns: readonly string[],
  meanwhile: () => void = () => {},
): Promise<Ran> {
  const whole = await decided(wish, patterns);
  meanwhile();
  return run(runner, whole);
}

const cat = (path: string) => sh(`cat ${path}`);

describe('declared inputs', () => {
  test('are there as they were hashed, with nothing beside them in a folder that a pattern names', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    for (const path of ['migrations/1.sql', 'migrations/b/2.sql', 'migrations/README', 'src/main'])
      put(workspace, path);
    const ran = await runWith(
      { argv: sh('find migrations | sort; cat migrations/b/2.sql src/main'), workspace },
      ['migrations/**/*.sql'],
    );
    assert.equal(
      ran.out,
      'migrations\nmigrations/1.sql\nmigrations/b\nmigrations/b/2.sql\nmigrations/b/2.sqlsrc/main',
      ran.err + ran.errorMessage,
    );
  });

  test('cannot be written, nor what leads to them; what lies beside them can', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    for (const path of ['a/b/in.sql', 'a/beside/x', 'a/file', 'other/x']) put(workspace, path);
    const ran = await runWith(
      {
        argv: sh(
          'for f in a/b/in.sql a/b/new a/new new; do (echo x > $f) 2>/dev/null && echo wrote $f; done; mv a c; mv a/b a/c; rm -r a/b; for f in a/beside/new a/file other/new; do echo x > $f || echo not $f; done; true',
        ),
        workspace,
      },
      ['a/b/**'],
    );
    assert.equal(ran.out, '', ran.err + ran.errorMessage);
    assert.equal(readFileSync(join(workspace, 'a/b/in.sql'), 'utf8'), 'a/b/in.sql');
    assert.equal(readFileSync(join(workspace, 'a/file'), 'utf8'), 'x\n');
    assert.ok(
      existsSync(join(workspace, 'a/beside/new')) && existsSync(join(workspace, 'other/new')),
    );
    assert.match(ran.err, /Read-only file system/);
  });

  test('stay what they are when the folder is renamed, or a file replaced, under a command that runs', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    put(workspace, 'a/in/f', 'approved');
    put(workspace, 'single', 'approved');
    put(workspace, 'door/x');
    const whole = await decided(
      {
        argv: sh(
          'echo ready; while ! [ -e door/open ]; do sleep 0.02; done; cat a/in/f single; ls . a/in | tr "\\n" " "',
        ),
        workspace,
      },
      ['a/in/**', 'single', '*.sql'],
    );
    const ran = await run(runner, whole, {
      onOutput: () => {
        if (existsSync(join(workspace, 'door/open'))) return;
        renameSync(join(workspace, 'a'), join(workspace, 'aside'));
        put(workspace, 'a/in/f', 'evil');
        put(workspace, 'a/in/added', 'evil');
        put(workspace, 'evil', 'evil');
        renameSync(join(workspace, 'evil'), join(workspace, 'single'));
        put(workspace, 'added.sql', 'evil');
        put(workspace, 'door/open');
      },
    });
    assert.equal(ran.out, 'ready\napprovedapproved.: a door single  a/in: f ', ran.err);
  });

  test('that changed, vanished, came or turned into something else are a conflict that names them', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const table: readonly [string, (at: string) => void, RegExp][] = [
      ['other content', (at) => put(at, 'in/f', 'evil'), /in\/f has other content/],
      ['content of the same length', (at) => put(at, 'in/f', 'IN/F'), /in\/f has other content/],
      ['gone', (at) => rmSync(join(at, 'in/f')), /in\/f is gone/],
      ['its folder gone', (at) => rmSync(join(at, 'in'), { recursive: true }), /in is gone/],
      [
        'a link to the same content',
        (at) => {
          renameSync(join(at, 'in/f'), join(at, 'elsewhere'));
          symlinkSync('../elsewhere', join(at, 'in/f'));
        },
        /in\/f is a symbolic link now/,
      ],
      [
        'its folder a link to the same content',
        (at) => {
          renameSync(join(at, 'in'), join(at, 'elsewhere'));
          symlinkSync('elsewhere', join(at, 'in'));
        },
        /in is no folder any more/,
      ],
      [
        'a folder above it a link',
        (at) => {
          renameSync(join(at, 'deep'), join(at, 'elsewhere'));
          symlinkSync('elsewhere', join(at, 'deep'));
        },
        /deep is no folder any more/,
      ],
      [
        'a folder',
        (at) => {
          rmSync(join(at, 'in/f'));
          mkdirSync(join(at, 'in/f'));
        },
        /in\/f is no regular file any more/,
      ],
      ['one that came', (at) => put(at, 'new.sql'), /new\.sql was put there/],
      ['a link that came', (at) => symlinkSync('f', join(at, 'new.sql')), /new\.sql was put there/],
      ['a file that was absent', (at) => put(at, 'deep/absent'), /deep\/absent was put there/],
    ];
    for (const [what, change, says] of table) {
      const workspace = workspaceIn(folder(t));
      for (const path of ['in/f', 'deep/er/f', 'old.sql']) put(workspace, path);
      await assert.rejects(
        runWith(
          { argv: ['/bin/true'], workspace },
          ['in/*', 'deep/er/f', 'deep/absent', '*.sql'],
          () => change(workspace),
        ),
        { code: 'CONFLICT', message: says },
        what,
      );
    }
  });

  test('in whose place a pipe stands are refused, and nobody waits for it', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    put(workspace, 'in/f');
    const { execFileSync } = await import('node:child_process');
    await assert.rejects(
      runWith({ argv: ['/bin/true'], workspace }, ['in/f'], () => {
        rmSync(join(workspace, 'in/f'));
        execFileSync('mkfifo', ['-m', '666', join(workspace, 'in/f')]);
      }),
      { code: 'CONFLICT', message: /in\/f is no regular file any more/ },
    );
  });

  test('of several names are copied once each, and writing by another name changes nothing', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    put(workspace, 'in/f', 'approved');
    put(workspace, 'door/x');
    linkSync(join(workspace, 'in/f'), join(workspace, 'door/same'));
    const ran = await runWith(
      { argv: sh('echo evil > door/same; cat in/f; cat door/same'), workspace },
      ['in/f'],
    );
    assert.equal(ran.out, 'approvedevil\n', ran.err);
  });

  test('that were absent stay absent, file and folder, while the command runs', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    put(workspace, 'door/x');
    put(workspace, 'conf/other');
    const whole = await decided(
      {
        argv: sh(
          'echo ready; while ! [ -e door/open ]; do sleep 0.02; done; ls conf; ls migrations top',
        ),
        workspace,
        workspaceAccess: 'read-only',
      },
      ['migrations/**', 'conf/local', 'top'],
    );
    const ran = await run(runner, whole, {
      onOutput: () => {
        for (const path of ['migrations/1', 'conf/local', 'top', 'door/open']) put(workspace, path);
      },
    });
    assert.equal(ran.out, 'ready\nother\n');
    assert.equal(ran.err.match(/No such file/g)?.length, 2, ran.err);
  });

  test('make the whole workspace a copy where they are all of it', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    for (const path of ['a', 'b/c', '.hidden']) put(workspace, path);
    mkdirSync(join(workspace, 'empty'));
    mkdirSync(join(workspace, '.reeve'));
    const ran = await runWith({ argv: sh('find . | sort'), workspace }, ['**']);
    assert.equal(ran.out, '.\n./.hidden\n./a\n./b\n./b/c\n', ran.err + ran.errorMessage);
  });

  test('leave links, pipes and .reeve beside them as they are', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    for (const path of ['in/f', 'src/x', '.reeve/policy']) put(workspace, path);
    symlinkSync('src/x', join(workspace, 'link'));
    symlinkSync('/nowhere/at/all', join(workspace, 'dangling'));
    const ran = await runWith(
      {
        argv: sh(
          'cat link; readlink dangling; echo x > .reeve/policy; echo y > .reeve/new; echo z > link; true',
        ),
        workspace,
      },
      ['in/**'],
    );
    assert.equal(ran.out, 'src/x/nowhere/at/all\n');
    assert.equal(ran.err.match(/Read-only file system/g)?.length, 2, ran.err);
    assert.equal(readFileSync(join(workspace, 'src/x'), 'utf8'), 'z\n');
  });

  test('in .reeve are copies too, and the rest of it stays read-only', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    for (const path of ['.reeve/scripts/a', '.reeve/other/x', '.reeve/file']) put(workspace, path);
    const ran = await runWith(
      {
        argv: sh(
          'cat .reeve/scripts/a .reeve/file; for f in scripts/a other/x file new; do echo x > .reeve/$f && echo wrote; done; true',
        ),
        workspace,
      },
      ['.reeve/scripts/**'],
    );
    assert.equal(ran.out, '.reeve/scripts/a.reeve/file', ran.err);
  });

  test('keep the right to be executed', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    put(workspace, 'in/run', '#!/bin/sh\necho ran\n');
    chmodSync(join(workspace, 'in/run'), 0o755);
    put(workspace, 'in/not', '#!/bin/sh\necho ran\n');
    const ran = await runWith({ argv: sh('in/run; in/not'), workspace }, ['in/*']);
    assert.equal(ran.out, 'ran\n');
    assert.match(ran.err, /Permission denied/);
  });

  test('lie nowhere any more when the run has ended, or was refused', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    put(workspace, 'in/f', 'where-am-i-kept');
    const before = copies();
    const ran = await runWith(
      { argv: sh('grep -o "/reeve-run-[^ ]*" /proc/self/mountinfo | head -1'), workspace },
      ['in/*'],
    );
    assert.match(ran.out, /^\/reeve-run-[\w-]+\/[0-9a-f]{32}/);
    await assert.rejects(
      runWith({ argv: ['/bin/true'], workspace }, ['in/*'], () => put(workspace, 'in/f', 'x')),
    );
    assert.deepEqual(copies(), before);
    const other = await runnerFor(t);
    const whole = await decided({ argv: ['/bin/true'], workspace }, ['in/*']);
    assert.equal((await run(other, whole)).status, 'ok');
    await other.close();
    assert.equal(existsSync(homeOf(ran.out)), true);
  });

  test('that a gateway left behind when it was killed are removed by the next', async (t) => {
    const { mkdtempSync, readlinkSync } = await import('node:fs');
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0];
    // Nothing has this process number: they end at 2^22.
    const left = mkdtempSync(`/var/tmp/reeve-run-${namespace}-4194305-1-`);
    t.after(() => rmSync(left, { recursive: true, force: true }));
    writeFileSync(join(left, 'f'), 'left behind');
    await (await runnerFor(t)).close();
    assert.equal(existsSync(left), false);
  });

  test('of a size are copied without anybody waiting, and a run that is cancelled meanwhile never starts', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    const large = Buffer.alloc(64 * 2 ** 20, 'x');
    put(workspace, 'in/large');
    writeFileSync(join(workspace, 'in/large'), large);
    for (let i = 0; i < 2000; i++) writeFileSync(join(workspace, 'in', `f${i}`), `${i}`);
    const wish = { argv: sh('sha256sum < in/large; cat in/f1999; ls in | wc -l'), workspace };
    const whole = await decided(wish, ['in/**']);
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    const ran = await run(runner, whole).finally(() => clearInterval(counting));
    assert.equal(ran.out, `${sha256Hex(large)}  -\n19992001\n`, ran.err + ran.errorMessage);
    assert.ok(turns > 20, `the event loop turned ${turns} times`);
    const control = new AbortController();
    const cancelled = run(runner, whole, { signal: control.signal });
    setImmediate(() => control.abort('enough'));
    await assert.rejects(cancelled, { code: 'COMMAND_CANCELLED' });
  });

  test('beside more than can be bound are refused with the way out', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    put(workspace, 'one.sql');
    put(workspace, 'in/f');
    for (let i = 0; i < 300; i++) writeFileSync(join(workspace, 'in', `f${i}`), '');
    assert.equal((await runWith({ argv: ['/bin/true'], workspace }, ['in/*'])).status, 'ok');
    await assert.rejects(runWith({ argv: ['/bin/true'], workspace }, ['in/f']), {
      code: 'COMMAND_EXECUTION_FAILED',
      message: /More than 256 .* in in .*folder\/\*\*/,
    });
  });

  test('are never the gateway’s own state', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    for (const path of ['in/f', 'in/state/reeve.db', 'state2/db']) put(workspace, path);
    const inside = await runnerFor(t, { stateDir: join(workspace, 'in/state') });
    await assert.rejects(
      run(inside, await decided({ argv: ['/bin/true'], workspace }, ['in/**'])),
      { message: /in\/state\/reeve\.db lies in the gateway's own state/ },
    );
    const seen = await run(inside, await decided({ argv: sh('find in'), workspace }, ['in/*']));
    assert.equal(seen.out, 'in\nin/f\n');
    const beside = await runnerFor(t, { stateDir: join(workspace, 'state2') });
    const ran = await run(beside, await decided({ argv: sh('ls'), workspace }, ['in/*']));
    assert.equal(ran.out, 'in\n');
  });

  test('are refused without a sandbox, where nobody could hold them', async (t) => {
    const workspace = workspaceIn(folder(t));
    put(workspace, 'in/f');
    const { withInputs } = await import('../../../src/run/inputs-bind.ts');
    const { invocationOf } = await import('./fixture.ts');
    const context = { sandboxed: false, stateDir: '/nowhere', copies: null as never };
    const opened = { identity: { uid: 1, gid: 1, change: false }, places: [], workspace: null };
    const invocation = invocationOf(await decided({ argv: ['/bin/true'], workspace }, ['in/f']));
    await assert.rejects(
      withInputs(context, invocation, opened, () => {}),
      {
        code: 'SANDBOX_UNAVAILABLE',
        message: /declare inputs: unbound/,
      },
    );
  });
});

describe('as root, declared inputs', { skip: isRoot ? false : 'only root' }, () => {
  test('that the command’s own user may not read are not read for it', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    put(workspace, 'in/f', 'of root');
    chownSync(join(workspace, 'in/f'), 0, 0);
    chmodSync(join(workspace, 'in/f'), 0o600);
    await assert.rejects(runWith({ argv: cat('in/f'), workspace }, ['in/*']), {
      code: 'COMMAND_EXECUTION_FAILED',
      message: new RegExp(`user ${user}, as whom the command runs, may not read in/f`),
    });
    chmodSync(join(workspace, 'in/f'), 0o644);
    chmodSync(join(workspace, 'in'), 0o700);
    chownSync(join(workspace, 'in'), 0, 0);
    await assert.rejects(runWith({ argv: cat('in/f'), workspace }, ['in/*']), {
      message: /may not read in;/,
    });
  });

  test('reach users of every kind, and workspaces that nobody else may enter', async (t) => {
    if (!needsSandbox(t, runner)) return;
    for (const runAs of [null, 5432]) {
      const workspace = workspaceIn(folder(t, 0o700));
      for (const path of ['in/f', 'beside/x', 'file']) put(workspace, path);
      chmodSync(workspace, 0o777);
      const ran = await runWith(
        { argv: sh('id -u; cat in/f beside/x file; echo x > in/f'), workspace, runAs },
        ['in/*'],
      );
      assert.equal(ran.out, `${runAs ?? user}\nin/fbeside/xfile`, ran.err + ran.errorMessage);
      assert.match(ran.err, /Read-only file system/);
    }
  });

  test('lie where no other user can read or list them', async (t) => {
    if (!needsSandbox(t, runner)) return;
    const workspace = workspaceIn(folder(t));
    put(workspace, 'in/f', 'private');
    chmodSync(join(workspace, 'in/f'), 0o600);
    let seen = '';
    const whole = await decided({ argv: sh('echo ready; sleep 0.3; cat in/f'), workspace }, [
      'in/*',
    ]);
    const { execFileSync } = await import('node:child_process');
    const ran = await run(runner, whole, {
      onOutput: () => {
        for (const home of copies()) {
          for (const name of readdirSync(home)) {
            const file = join(home, name, 'in/f');
            if (!existsSync(file) || readFileSync(file, 'utf8') !== 'private') continue;
            const script = `cat ${file}; ls ${home}; (echo x > ${file}); cat ${home}/../../etc/hostname >/dev/null`;
            seen += execFileSync(
              'setpriv',
              [
                '--reuid=6543',
                '--regid=6543',
                '--clear-groups',
                'sh',
                '-c',
                `(${script}) 2>/dev/null; echo looked`,
              ],
              { encoding: 'utf8' },
            );
          }
        }
      },
    });
    assert.equal(ran.out, 'ready\nprivate');
    assert.match(seen, /^(looked\n)+$/);
  });
});

/** Homes of copies that this process has made. */
function copies(): readonly string[] {
  return readdirSync('/var/tmp')
    .filter((name) => name.startsWith('reeve-run-') && name.includes(`-${process.pid}-`))
    .map((name) => join('/var/tmp', name));
}

const homeOf = (mountinfo: string): string =>
  join('/var/tmp', /reeve-run-[\w-]+/.exec(mountinfo)?.[0] ?? 'none');
