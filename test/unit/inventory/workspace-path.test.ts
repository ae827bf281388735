/** Paths: what a caller may name, over a real file system with links, pipes and names that try to get out. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolveInWorkspace, sandboxPath } from '../../../src/inventory/workspace-path.ts';
import { emptyFolder } from './house.ts';

test('a path in the workspace is passed on as where it really is', (t) => {
  const root = emptyFolder(t);
  const ws = join(root, 'ws');
  for (const folder of ['ws/sub/deep', 'ws-evil', 'out', 'ws/-rf'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const file of ['ws/f', 'ws/sub/g', 'ws-evil/secret', 'out/secret'])
    writeFileSync(join(root, file), 'x');
  const links: [string, string][] = [
    ['to-file', 'f'],
    ['to-absolute', join(ws, 'sub/g')],
    ['to-sandbox', '/workspace/sub'],
    ['sub/up', '../f'],
    ['sub/up-out', '../../out/secret'],
    ['to-out', join(root, 'out')],
    ['to-etc', '/etc/passwd'],
    ['chain', 'chain2'],
    ['chain2', join(root, 'out/secret')],
    ['self', 'self'],
    ['dangling', 'not-there'],
    ['dangling-out', '../out/new'],
    ['dotdot-missing', 'nope/../f'],
    ['newline', 'a\nb'],
    ['into-self', `${ws}/../ws/f`],
  ];
  for (const [name, target] of links) symlinkSync(target, join(ws, name));
  for (let i = 0; i < 45; i++) symlinkSync(i === 0 ? 'f' : `l${i - 1}`, join(ws, `l${i}`));
  execFileSync('mkfifo', [join(ws, 'pipe')]);
  symlinkSync(ws, join(root, 'alias'));

  // path as asked | where it is in the sandbox, or why not | from the folder
  const table: [string, string, string[]?][] = [
    ['f', '/workspace/f'],
    ['./f', '/workspace/f'],
    ['.', '/workspace'],
    ['sub/', '/workspace/sub'],
    ['sub//deep/.', '/workspace/sub/deep'],
    ['f/', '/workspace/f'],
    ['new', '/workspace/new'],
    ['new/deeper/file', '/workspace/new/deeper/file'],
    ['g', '/workspace/sub/g', ['sub']],
    ['-rf', '/workspace/-rf'],
    [join(ws, 'f'), '/workspace/f'],
    [ws, '/workspace'],
    [`${ws}//f`, '/workspace/f'],
    ['/workspace/sub/g', '/workspace/sub/g', ['sub']],
    [join(root, 'alias/sub/g'), '/workspace/sub/g'],
    ['to-file', '/workspace/f'],
    ['to-absolute', '/workspace/sub/g'],
    ['to-sandbox/g', '/workspace/sub/g'],
    ['sub/up', '/workspace/f'],
    ['dangling', '/workspace/not-there'],
    ['l39', '/workspace/f'],
    ['./~/x', '/workspace/~/x'],
    ['~backup', '/workspace/~backup'],
    ['․․/․․/etc/passwd', '/workspace/․․/․․/etc/passwd'],
    ['..', 'leads-out'],
    ['../out/secret', 'leads-out'],
    ['sub/../f', 'leads-out'],
    ['sub/up-out', 'leads-out'],
    ['to-out/secret', 'leads-out'],
    ['to-out', 'leads-out'],
    ['to-etc', 'leads-out'],
    ['chain', 'leads-out'],
    ['dangling-out', 'leads-out'],
    [`${ws}-evil/secret`, 'leads-out'],
    [join(root, 'out/secret'), 'leads-out'],
    ['/etc/passwd', 'leads-out'],
    ['/dev/zero', 'leads-out'],
    ['/', 'leads-out'],
    ['/workspace-evil', 'leads-out'],
    ['~/.ssh/id_rsa', 'leads-out'],
    ['~', 'leads-out'],
    // The target of a link may hold "..": the walk ends where the kernel's would, and this one leaves the root.
    ['into-self', 'leads-out'],
    ['', 'unusable'],
    ['f/x', 'unusable'],
    ['self', 'unusable'],
    ['l44', 'unusable'],
    ['pipe', 'unusable'],
    ['dotdot-missing', 'unusable'],
    ['newline', 'unusable'],
    ['a\u0000b', 'unusable'],
    ['f\n', 'unusable'],
    ['\ud800', 'unusable'],
    ['n'.repeat(256), 'unusable'],
    ['n/'.repeat(3000), 'unusable'],
  ];
  for (const [path, expected, from] of table) {
    const found = resolveInWorkspace(ws, from ?? [], path);
    const got = found.kind === 'inside' ? sandboxPath(found.components) : found.kind;
    assert.equal(
      got,
      expected,
      `${JSON.stringify(path).slice(0, 80)} (${'problem' in found ? found.problem : ''})`,
    );
  }
});

test('whatever the links, an accepted path is inside, and exactly where the kernel finds it', (t) => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const target = fc.oneof(
    fc
      .array(fc.constantFrom('a', 'b', 'c', '..', '.'), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.join('/')),
    fc.constantFrom('{WS}', '{WS}/a', '{WS}/b/c', '{WS}-evil', '{OUT}', '/etc', '{WS}/../out', '/'),
  );
  const tree = fc.array(
    fc.record({
      at: fc.array(name, { minLength: 1, maxLength: 3 }),
      kind: fc.constantFrom('file', 'folder', 'link'),
      target,
    }),
    { maxLength: 12 },
  );
  const asked = fc
    .array(fc.constantFrom('a', 'b', 'c', 'd', '.', ''), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join('/') || '.');
  const base = emptyFolder(t);
  let round = 0;
  fc.assert(
    fc.property(tree, fc.array(asked, { minLength: 1, maxLength: 6 }), (entries, paths) => {
      const root = join(base, String(round++));
      const ws = join(root, 'ws');
      for (const folder of ['ws', 'ws-evil', 'out'])
        mkdirSync(join(root, folder), { recursive: true });
      for (const { at, kind, target: to } of entries) {
        const place = join(ws, ...at);
        try {
          if (kind === 'folder') mkdirSync(place, { recursive: true });
          else if (kind === 'file') writeFileSync(place, 'x', { flag: 'wx' });
          else symlinkSync(to.replace('{WS}', ws).replace('{OUT}', join(root, 'out')), place);
        } catch {
          // taken, or no folder to put it in
        }
      }
      for (const path of paths.filter((p) => !p.startsWith('/'))) {
        const found = resolveInWorkspace(ws, [], path);
        let real: string | null;
        try {
          real = realpathSync(join(ws, path));
        } catch {
          real = null;
        }
        if (found.kind === 'inside') {
          assert.ok(!found.components.includes('..'));
          const place = [ws, ...found.components].join('/');
          if (real !== null) assert.equal(place, real);
          else if (found.stat !== null) assert.equal(realpathSync(place), place);
        } else if (real !== null && found.kind === 'leads-out') {
          // Refusing is right only if the way there leaves the workspace at some point.
          assert.ok(entries.some(({ kind }) => kind === 'link'));
        }
      }
    }),
    { numRuns: 300 },
  );
});
