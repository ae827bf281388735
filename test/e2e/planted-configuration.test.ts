/**
 * What a repository can plant, in the real sandbox: git, python and npm run there, and nothing that lies in the workspace
 * makes them run something else. Each plant is tried without its protection as well: a canary that never sings proves nothing.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Stage } from '../real/stage.ts';

const stage = new Stage();
const repository = join(stage.workspace, 'r');
const canary = join(stage.workspace, 'canary');
const sing = '/workspace/sing';

const settle = {
  description: 'd',
  owner: 'tests',
  risk: 'low',
  environments: ['development'],
  timeout: '30s',
  approvals: [],
  dependencies: [],
  workspace: 'read-write',
};
const git = (...args: string[]) => ({ ...settle, run: ['/usr/bin/git', ...args] });
/** The same without what protects it, which an author has to write out. */
const bare = (command: object, variables: Record<string, string>) => ({
  ...command,
  variables,
  lint: { allow: ['protection-overridden'], reason: 'shows that the plant works' },
});
const off = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' };
const commit = git(
  '-c',
  'user.name=t',
  '-c',
  'user.email=t@example.org',
  'commit',
  '--allow-empty',
  '-m',
  'x',
);
const python = (...args: string[]) => ({ ...settle, run: ['/usr/bin/python3', ...args] });

const commands = {
  'git-status': git('status', '--porcelain'),
  'git-status-bare': bare(git('status', '--porcelain'), off),
  'git-commit': commit,
  'git-commit-bare': bare(commit, off),
  'git-log': git('log', '-c', '-n', '1'),
  'git-log-read-only': { ...git('log', '-n', '1', '--format=%s'), workspace: 'read-only' },
  'git-ls-remote': git('ls-remote', 'ext::/workspace/sing %S'),
  'git-ls-remote-bare': bare(git('ls-remote', 'ext::/workspace/sing %S'), off),
  'python-module': python('-m', 'json.tool', '--help'),
  'python-module-bare': bare(python('-m', 'json.tool', '--help'), { PYTHONSAFEPATH: '' }),
};

before(() => {
  writeFileSync(join(stage.folder, 'inventory.yaml'), JSON.stringify({ version: 1, commands }));
  mkdirSync(repository);
  const options = { cwd: repository, env: { PATH: process.env.PATH, HOME: stage.folder } };
  for (const args of [
    ['init', '-q', '-b', 'main'],
    [
      '-c',
      'user.name=t',
      '-c',
      'user.email=t@example.org',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'first',
    ],
  ])
    assert.equal(spawnSync('git', args, options).status, 0);
  writeFileSync(join(stage.workspace, 'sing'), '#!/bin/sh\necho "$0" >> /workspace/canary\n', {
    mode: 0o755,
  });
  mkdirSync(join(repository, 'hooks-of-mine'));
  writeFileSync(join(repository, 'hooks-of-mine/pre-commit'), `#!/bin/sh\n${sing}\n`, {
    mode: 0o755,
  });
  appendFileSync(
    join(repository, '.git/config'),
    `[core]\n fsmonitor = ${sing}\n hooksPath = /workspace/r/hooks-of-mine\n pager = ${sing}\n editor = ${sing}\n sshCommand = ${sing}\n[gpg]\n program = ${sing}\n[log]\n showSignature = true\n[commit]\n gpgSign = false\n[protocol "ext"]\n allow = always\n[credential]\n helper = "!${sing}"\n`,
  );
  const nested = join(stage.workspace, 'docs/archive');
  mkdirSync(nested, { recursive: true });
  assert.equal(spawnSync('git', ['init', '-q', '--bare', nested], options).status, 0);
  appendFileSync(
    join(nested, 'config'),
    `[core]\n bare = false\n worktree = /workspace\n fsmonitor = ${sing}\n`,
  );
  mkdirSync(join(stage.workspace, 'p'));
  writeFileSync(join(stage.workspace, 'p/json.py'), 'open("/workspace/canary", "w").close()\n');
  giveAway(stage.workspace);
  // This one stays root's, as a repository that somebody else has cloned.
  cpSync(repository, join(stage.workspace, 'foreign'), { recursive: true });
});
after(() => stage[Symbol.asyncDispose]());

/** As root, what is made here belongs to root, and commands run as somebody else. */
function giveAway(folder: string): void {
  if (process.getuid?.() !== 0) return;
  for (const entry of readdirSync(folder, { recursive: true }) as string[])
    chownSync(join(folder, entry), 10_002, 10_002);
}

function run(
  command: string,
  folder: string,
): { stdout: string; stderr: string; exitCode: number; sang: boolean } {
  rmSync(canary, { force: true });
  const done = stage.run(['run', command, '--cwd', folder, ...stage.options()]);
  return { ...done, sang: existsSync(canary) };
}

for (const [command, folder, why] of [
  ['git-status', 'r', 'core.fsmonitor'],
  ['git-commit', 'r', 'core.hooksPath'],
  ['python-module', 'p', 'a module called like one of the library'],
] as const) {
  test(`${why} of the workspace runs nothing`, () => {
    const protectedRun = run(command, folder);
    assert.deepEqual([protectedRun.exitCode, protectedRun.sang], [0, false], protectedRun.stderr);
    assert.equal(
      run(`${command}-bare`, folder).sang,
      true,
      'the plant works where nothing protects',
    );
  });
}

test('a bare repository that lies in a folder is not entered', () => {
  const { exitCode, stderr, sang } = run('git-status', 'docs/archive');
  assert.equal(sang, false);
  assert.notEqual(exitCode, 0);
  assert.match(stderr, /bareRepository/);
  assert.equal(run('git-status-bare', 'docs/archive').sang, true);
});

test('a remote that is a command is not reached, whatever the repository allows', () => {
  assert.equal(run('git-ls-remote', 'r').sang, false);
  assert.equal(run('git-ls-remote-bare', 'r').sang, true);
});

test('honest work goes on: git log reads a repository of somebody else', () => {
  for (const command of ['git-log', 'git-log-read-only']) {
    const { exitCode, stdout, stderr } = run(command, 'foreign');
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /first/, command);
  }
});

test('what protects is in the plan, for whoever approves it', () => {
  const { stdout } = stage.run(['plan', 'git-log', '--output', 'json', ...stage.options()]);
  const { variables } = JSON.parse(stdout) as { variables: Record<string, string> };
  assert.equal(variables.GIT_CONFIG_NOSYSTEM, '1');
  assert.ok(Object.values(variables).includes('core.fsmonitor'));
});
