/**
 * `scripts/setup.sh` on machines that lack something. The script is the real one; what it finds on its PATH is made up
 * here, because a test may not take packages from the machine that it runs on.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const ordinary = [
  'sh',
  'env',
  'dirname',
  'grep',
  'sed',
  'cat',
  'find',
  'head',
  'uname',
  'flock',
  'mkdir',
  'mktemp',
  'touch',
  'rm',
  'ln',
  'node',
  'npm',
];
const needed = ['bwrap', 'curl', 'ps', 'setpriv', 'perl', 'python3', 'git'];

/** A machine whose PATH holds the usual programs, and of the needed ones all but those that are missing. */
function machine(
  t: TestContext,
  missing: readonly string[],
  own: Readonly<Record<string, string>>,
) {
  const bin = mkdtempSync(join(tmpdir(), 'reeve-setup-'));
  t.after(() => rmSync(bin, { recursive: true, force: true }));
  const from = (name: string) =>
    spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
  for (const name of [...ordinary, ...needed]) {
    if (missing.includes(name) || name in own) continue;
    const path = from(name);
    if (path !== '') symlinkSync(path, join(bin, name));
  }
  for (const [name, script] of Object.entries(own)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return {
    bin,
    setup: () =>
      spawnSync('sh', [join(root, 'scripts/setup.sh')], {
        encoding: 'utf8',
        env: { PATH: bin, HOME: bin, FAKE_BIN: bin },
      }),
  };
}

test('with everything there, setup changes nothing and says that it is ready', (t) => {
  const { setup } = machine(t, [], { id: 'echo 1000', 'apt-get': 'exit 99' });
  const { status, stdout, stderr } = setup();
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^setup: ready \(Node v24\.\d+\.\d+, bubblewrap /m);
  assert.doesNotMatch(stdout, /apt-get|npm ci/);
});

test('an ordinary user without sudo is told what is missing, and the exact command', (t) => {
  const { setup } = machine(t, ['bwrap', 'curl'], { id: 'echo 1000', 'apt-get': 'exit 99' });
  const { status, stderr } = setup();
  assert.equal(status, 1);
  assert.match(stderr, /packages are missing: bubblewrap curl\b/);
  assert.match(
    stderr,
    /apt-get update && apt-get install -y --no-install-recommends bubblewrap curl$/m,
  );
});

test('an ordinary user with sudo gets just what is missing', (t) => {
  const { bin, setup } = machine(t, ['bwrap'], {
    id: 'echo 1000',
    sudo: 'shift; [ "$1" = true ] || exec "$@"',
    'apt-get':
      'echo "$*" >> "$FAKE_BIN/log"; [ "$1" = update ] || ln -s /usr/bin/bwrap "$FAKE_BIN/bwrap"',
  });
  const { status, stdout, stderr } = setup();
  assert.equal(status, 0, stdout + stderr);
  assert.deepEqual(readFileSync(join(bin, 'log'), 'utf8').trim().split('\n'), [
    'update -qq',
    'install -y -qq --no-install-recommends bubblewrap',
  ]);
});

test('root gets it without sudo, and a failing apt-get is an error that says what to run', (t) => {
  const { setup } = machine(t, ['bwrap'], {
    id: 'echo 0',
    'apt-get': 'echo "no network" >&2; exit 100',
  });
  const { status, stderr } = setup();
  assert.equal(status, 1);
  assert.match(stderr, /no network/);
  assert.match(stderr, /apt-get failed\. .*apt-get update && apt-get install .*bubblewrap/);
});

test('on another system than Debian the packages are named, and nothing is run', (t) => {
  const { setup } = machine(t, ['bwrap'], { id: 'echo 0' });
  const { status, stderr } = setup();
  assert.equal(status, 1);
  assert.match(stderr, /are missing: bubblewrap\./);
});
