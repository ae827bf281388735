/**
 * scripts/setup/loco.sh on machines that this one is not: an old cargo, crates that cannot be had, sources that do not
 * compile. In: a copy of the script in a folder of its own, and a small cargo that behaves so.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const root = join(import.meta.dirname, '../..');

function checkout(t: TestContext, cargo: string) {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-loco-setup-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const put = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text, { mode: 0o755 });
  };
  mkdirSync(join(folder, 'scripts/setup'), { recursive: true });
  cpSync(join(root, 'scripts/setup/loco.sh'), join(folder, 'scripts/setup/loco.sh'));
  for (const path of ['examples/loco-app/src/main.rs', 'bindings/loco/src/lib.rs']) put(path, '');
  for (const path of ['examples/loco-app', 'bindings/loco']) put(`${path}/Cargo.toml`, '');
  put('examples/loco-app/Cargo.lock', '');
  put('fake/cargo', `#!/bin/sh\necho "$@" >>"$HOME/asked"\n${cargo}`);
  put('fake/cc', '#!/bin/sh\n');
  const bin = (name: string) => join(folder, 'examples/loco-app/bin', name);
  return {
    folder,
    put,
    bin,
    asked: () => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n'),
    run() {
      const done = spawnSync('sh', [join(folder, 'scripts/setup/loco.sh')], {
        env: { PATH: `${join(folder, 'fake')}:/usr/bin:/bin`, HOME: folder },
        encoding: 'utf8',
      });
      return { status: done.status, said: done.stdout, error: done.stderr };
    },
  };
}

const version = 'case $1 in --version) echo "cargo 1.95.0 (f2d3ce0bd 2026-03-21)"; exit 0;; esac\n';
const builds = `${version}case $1 in build)
  mkdir -p "$CARGO_TARGET_DIR/debug" && printf '#!/bin/sh\\n' >"$CARGO_TARGET_DIR/debug/loco-app-cli"
  chmod +x "$CARGO_TARGET_DIR/debug/loco-app-cli" ;;
esac\n`;

test('an old cargo is told in one line, and what was built before is not used', (t) => {
  const { run, put, bin } = checkout(t, 'echo "cargo 1.85.0 (d73d2caf9 2024-12-31)"\n');
  put('examples/loco-app/bin/loco-app-cli', '');
  const { status, said } = run();
  assert.equal(status, 0);
  assert.match(said, /^setup: no Loco application \(Loco 1\.2 needs cargo 1\.94, .*\n$/);
  assert.equal(existsSync(bin('loco-app-cli')), false);
  assert.match(readFileSync(bin('missing'), 'utf8'), /needs cargo 1\.94, here is cargo 1\.85\.0/);
});

test('crates that cannot be fetched skip the tests; they do not fail the setup', (t) => {
  const { run, bin } = checkout(t, `${version}echo "no network" >&2\nexit 101\n`);
  const { status, said, error } = run();
  assert.equal(status, 0);
  assert.match(error, /no network/);
  assert.match(said, /setup: no Loco application \(its crates could not be fetched;/);
  assert.ok(existsSync(bin('missing')));
});

test('sources that do not compile fail the setup', (t) => {
  const broken = `${version}case $1 in build) echo "error[E0425]: not found" >&2; exit 101;; esac\n`;
  const { run, bin } = checkout(t, broken);
  const { status, said, error } = run();
  assert.equal(status, 1);
  assert.match(said, /error\[E0425\]/);
  assert.match(error, /could not be built \(cargo ended with 101\)/);
  assert.equal(existsSync(bin('built')), false);
});

test('what has been built is not built again, until a source changes', (t) => {
  const { run, asked, put, bin } = checkout(t, builds);
  assert.match(run().said, /setup: built the Loco application in \d+ s/);
  assert.ok(existsSync(bin('loco-app-cli')));
  assert.deepEqual(run(), { status: 0, said: '', error: '' });
  const count = () => asked().filter((line) => line.startsWith('build --locked')).length;
  assert.equal(count(), 1);
  put('bindings/loco/src/more.rs', '');
  assert.equal(run().status, 0);
  assert.equal(count(), 2);
});
