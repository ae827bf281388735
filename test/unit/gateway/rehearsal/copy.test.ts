/** Copies of a workspace: alike, whole, and never of anything outside of it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ReeveError } from '../../../../src/core/errors.ts';
import { copyWorkspace } from '../../../../src/gateway/rehearsal/copy.ts';
import { removeTree } from '../../../../src/gateway/rehearsal/remove.ts';
import { copyBounds } from '../../../../src/gateway/rehearsal/walk.ts';

interface Place {
  readonly workspace: string;
  readonly copies: string;
  copy(options?: {
    hidden?: string[];
    bounds?: Partial<typeof copyBounds>;
    before?: () => string[];
  }): Promise<string[]>;
}

function place(t: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-copy-'));
  const workspace = join(folder, 'workspace');
  const copies = join(folder, 'copies');
  mkdirSync(workspace);
  mkdirSync(copies);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return {
    workspace,
    copies,
    async copy({ hidden = [], bounds = {}, before = () => hidden } = {}) {
      const fd = openSync(workspace, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        const targets = ['one', 'two'].map((name) => join(copies, name));
        const source = {
          environment: 'development',
          fd,
          get hidden() {
            return before();
          },
        };
        await copyWorkspace(source, targets, { ...copyBounds, ...bounds });
        return targets;
      } finally {
        closeSync(fd);
      }
    },
  };
}

function refusedWith(code: string, words: RegExp) {
  return (error: unknown) =>
    error instanceof ReeveError && error.code === code && words.test(error.message);
}

test('copies keep content, rights, times, links and hard links, and are alike', async (t) => {
  const { workspace, copy } = place(t);
  mkdirSync(join(workspace, 'tmp'), { mode: 0o750 });
  writeFileSync(join(workspace, 'tmp/old.txt'), 'old', { mode: 0o640 });
  utimesSync(join(workspace, 'tmp/old.txt'), 1_000_000, 1_000_000);
  writeFileSync(join(workspace, 'large'), Buffer.alloc(700_001, 'x'));
  writeFileSync(join(workspace, 'app.sqlite-wal'), 'wal');
  linkSync(join(workspace, 'large'), join(workspace, 'tmp/same'));
  utimesSync(join(workspace, 'tmp'), 2_000_000, 2_000_000);
  symlinkSync('/etc/passwd', join(workspace, 'leads-out'));
  writeFileSync(Buffer.from(`${workspace}/\xff\xfe`, 'latin1'), 'a name that is no UTF-8');

  const targets = await copy();

  for (const target of targets) {
    assert.equal(readFileSync(join(target, 'tmp/old.txt'), 'utf8'), 'old');
    assert.equal(lstatSync(join(target, 'tmp/old.txt')).mtimeMs, 1_000_000_000);
    assert.equal(lstatSync(join(target, 'tmp/old.txt')).mode & 0o7777, 0o640);
    assert.equal(lstatSync(join(target, 'tmp')).mtimeMs, 2_000_000_000);
    assert.equal(lstatSync(join(target, 'tmp')).mode & 0o7777, 0o750);
    assert.equal(readFileSync(join(target, 'large')).length, 700_001);
    assert.equal(readFileSync(join(target, 'app.sqlite-wal'), 'utf8'), 'wal');
    assert.equal(lstatSync(join(target, 'large')).ino, lstatSync(join(target, 'tmp/same')).ino);
    assert.notEqual(
      lstatSync(join(target, 'large')).ino,
      lstatSync(join(workspace, 'large')).ino,
      'a hard link of the original would be written through',
    );
    assert.equal(readlinkSync(join(target, 'leads-out')), '/etc/passwd', 'kept, not followed');
    assert.ok(existsSync(Buffer.from(`${target}/\xff\xfe`, 'latin1')));
  }
});

test('a set-user-id program loses that in the copy', async (t) => {
  const { workspace, copy } = place(t);
  writeFileSync(join(workspace, 'su'), '#!/bin/sh\n');
  execFileSync('chmod', ['4755', join(workspace, 'su')]);
  const [target] = await copy();
  assert.equal(lstatSync(join(target!, 'su')).mode & 0o7777, 0o755);
});

test('what is hidden is an empty folder in the copy, or is left out', async (t) => {
  const { workspace, copy } = place(t);
  mkdirSync(join(workspace, '.reeve/state'), { recursive: true });
  writeFileSync(join(workspace, '.reeve/state/local.token'), 'secret');
  writeFileSync(join(workspace, '.reeve/audit.log'), 'lines');
  writeFileSync(join(workspace, '.reeve/inventory.yaml'), 'version: 1');
  const hidden = ['.reeve/state', '.reeve/audit.log'].map((name) => join(workspace, name));
  const [target] = await copy({ hidden });
  assert.deepEqual(readdirSync(join(target!, '.reeve')).sort(), ['inventory.yaml', 'state']);
  assert.deepEqual(readdirSync(join(target!, '.reeve/state')), []);
});

test('a pipe, a socket, and a file that is mostly holes have no copy', async (t) => {
  const { workspace, copy } = place(t);
  execFileSync('mkfifo', [join(workspace, 'pipe')]);
  await assert.rejects(copy(), refusedWith('CONFLICT', /pipe is a pipe, a socket or a device/));
  rmSync(join(workspace, 'pipe'));

  const server = createServer().listen(join(workspace, 'socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  await assert.rejects(copy(), refusedWith('CONFLICT', /socket is a pipe, a socket or a device/));
  await new Promise((resolve) => server.close(resolve));

  writeFileSync(join(workspace, 'sparse'), '');
  truncateSync(join(workspace, 'sparse'), 2 ** 40);
  await assert.rejects(copy(), refusedWith('CONFLICT', /./));
  truncateSync(join(workspace, 'sparse'), 64 * 2 ** 20);
  await assert.rejects(copy(), refusedWith('CONFLICT', /sparse has holes/));
});

test('a workspace that is too large is refused before anything is copied', async (t) => {
  const { workspace, copies, copy } = place(t);
  for (let i = 0; i < 12; i++) writeFileSync(join(workspace, `file-${i}`), 'x'.repeat(100));
  mkdirSync(join(workspace, 'a/b/c/d'), { recursive: true });
  const entries = copy({ bounds: { entries: 10 } });
  await assert.rejects(entries, refusedWith('CONFLICT', /more than 10 files and folders/));
  const bytes = copy({ bounds: { bytes: 500 } });
  await assert.rejects(bytes, refusedWith('CONFLICT', /more than 500 bytes/));
  await assert.rejects(copy({ bounds: { depth: 3 } }), refusedWith('CONFLICT', /deeper than 3/));
  assert.deepEqual(readdirSync(copies), []);
});

test('a workspace that is written to between the copy and the look after it is busy', async (t) => {
  const { workspace, copy, copies } = place(t);
  const file = join(workspace, 'folder/file');
  mkdirSync(join(workspace, 'folder'));
  writeFileSync(file, 'abc');
  const attacks: Readonly<Record<string, () => void>> = {
    'appended to': () => appendFileSync(file, 'more'),
    'other content of the same size and time': () => {
      const { atimeMs, mtimeMs } = lstatSync(file);
      writeFileSync(file, 'xyz');
      utimesSync(file, atimeMs / 1000, mtimeMs / 1000);
    },
    'a new file': () => writeFileSync(join(workspace, 'new'), 'x'),
    'a file made and removed': () => {
      writeFileSync(join(workspace, 'brief'), 'x');
      rmSync(join(workspace, 'brief'));
    },
    'other rights': () => chmodSync(file, 0o600),
    'a link in place of a file': () => {
      rmSync(file);
      symlinkSync('/etc/passwd', file);
    },
    'a link in place of a folder': () => {
      rmSync(join(workspace, 'folder'), { recursive: true });
      symlinkSync('/etc', join(workspace, 'folder'));
    },
  };
  for (const [what, attack] of Object.entries(attacks)) {
    let walks = 0;
    // Looked at once a walk: first how much there is, then the copy, then whether it is still the same.
    const before = (): string[] => {
      walks += 1;
      if (walks === 3) attack();
      return [];
    };
    await assert.rejects(copy({ before }), refusedWith('CONFLICT', /busy/), what);
    assert.equal(walks, 3, what);
    for (const name of readdirSync(copies)) await removeTree(join(copies, name));
  }
});

test('a folder that becomes a link while it is walked is never walked into', async (t) => {
  const { workspace, copy, copies } = place(t);
  const folder = (n: number) => join(workspace, `folder-${n}`);
  for (let n = 0; n < 30; n++) {
    mkdirSync(folder(n));
    for (let i = 0; i < 20; i++) writeFileSync(join(folder(n), `file-${i}`), `${n} ${i}`);
  }
  let swaps = 0;
  const timer = setInterval(() => {
    rmSync(folder(29), { recursive: true, force: true });
    if (swaps++ % 2 === 0) symlinkSync('/etc', folder(29));
    else mkdirSync(folder(29));
  }, 0);
  try {
    for (let round = 0; round < 5; round++) {
      await copy().catch((error) => assert.ok(refusedWith('CONFLICT', /busy/)(error), error));
      for (const name of readdirSync(copies)) {
        const swapped = lstatSync(join(copies, name, 'folder-29'), { throwIfNoEntry: false });
        if (swapped?.isDirectory() === true)
          assert.ok(!existsSync(join(copies, name, 'folder-29/passwd')));
        await removeTree(join(copies, name));
      }
    }
  } finally {
    clearInterval(timer);
  }
});

test('a copy is removed whatever was left in it, and nothing that a link leads to', async (t) => {
  const { workspace, copies } = place(t);
  const kept = join(workspace, 'kept');
  writeFileSync(kept, 'kept');
  const target = join(copies, 'one');
  mkdirSync(target);
  symlinkSync(workspace, join(target, 'link'));
  mkdirSync(join(target, 'closed/inner'), { recursive: true });
  writeFileSync(join(target, 'closed/inner/file'), '');
  execFileSync('chmod', ['000', join(target, 'closed/inner')]);
  execFileSync('chmod', ['000', join(target, 'closed')]);
  // Deeper than any path can be.
  const nest =
    "const n = 'n'.repeat(200); for (let i = 0; i < 100; i++) { fs.mkdirSync(n); process.chdir(n); }";
  execFileSync(process.execPath, ['-e', nest], { cwd: target });
  await removeTree(target);
  assert.ok(!existsSync(target));
  assert.equal(readFileSync(kept, 'utf8'), 'kept');
  await removeTree(target);
});
