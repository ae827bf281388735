import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Diagnostic } from '../../../src/core/diagnostic.ts';
import { sha256Hex } from '../../../src/core/json.ts';
import { builtInPolicy } from '../../../src/policy/built-in.ts';
import { loadPolicy } from '../../../src/policy/load.ts';
import {
  commands,
  environments,
  folderOf,
  here,
  migrateDb,
  mustLoad,
  person,
} from './small-inventory.ts';

const permitAll = 'permit (principal, action, resource);';

async function load(folder: string) {
  return loadPolicy(folder, commands, environments);
}
async function problems(t: TestContext, text: string | Uint8Array): Promise<readonly Diagnostic[]> {
  const loaded = await load(folderOf(t, { 'ops.cedar': text }));
  return loaded.ok ? loaded.warnings : loaded.diagnostics;
}
const places = (found: readonly Diagnostic[]) =>
  found.map((d) => `${d.severity} ${d.rule} ${d.line}:${d.column}`);

test('a misspelled attribute is refused with line, column and what was meant', async (t) => {
  const folder = folderOf(t, {
    'ops.cedar': `// größer – 😀\npermit (principal, action, resource)\nwhen { "é😀" == "x" || principal.kimd == "agent" };\n`,
  });
  const loaded = await load(folder);
  assert.equal(loaded.ok, false);
  const [first, ...others] = loaded.ok
    ? []
    : loaded.diagnostics.filter((d) => d.severity === 'error');
  assert.deepEqual(others, []);
  assert.deepEqual(
    { ...first, message: first?.message.split('.')[0] },
    {
      severity: 'error',
      file: join(folder, 'ops.cedar'),
      line: 3,
      column: 23,
      rule: 'policy-invalid',
      message: 'Attribute `kimd` on entity type `Reeve::Principal` not found',
      remedy: 'Did you mean `kind`?',
    },
  );
});

test('every mistake in every file is reported at once', async (t) => {
  const loaded = await load(
    folderOf(t, {
      'b.cedar': 'permit (principal is User, action, resource);\n',
      'a.cedar': `${permitAll}\nforbid (principal, action == Reeve::Action::"run:drop-db", resource);\npermit (principal, action in Reeve::Action::"run", resource) when { context.environment == Reeve::Environment::"prod" };`,
      'c.cedar': 'permit (principal, action, resource',
    }),
  );
  const errors = (loaded.ok ? [] : loaded.diagnostics).filter((d) => d.severity === 'error');
  assert.deepEqual(
    errors.map((d) => `${d.file.slice(-7)}:${d.line}:${d.column} ${d.rule}`),
    [
      'a.cedar:2:30 policy-invalid',
      'a.cedar:3:92 policy-invalid',
      'b.cedar:1:22 policy-invalid',
      'c.cedar:1:36 policy-syntax',
    ],
  );
  assert.match(errors[0]!.message, /run:drop-db/);
  assert.match(errors[1]!.remedy!, /"development", "staging", "production"/);
});

test('mistakes in policies are told apart', async (t) => {
  const table: [string, string][] = [
    [
      'permit (principal, action, resource) when { principal.kind == 3 };',
      'error policy-invalid 1:45',
    ],
    [
      'permit (principal, action == Reeve::Action::"run:clean-temp", resource) when { context.arguments.pattern == "x" };',
      'error policy-invalid 1:80',
    ],
    [
      'permit (principal, action == Reeve::Action::"run:clean-temp", resource) when { context.arguments.ratio == 1 };',
      'error policy-invalid 1:80',
    ],
    ['permit (principal == ?principal, action, resource);', 'error policy-template 1:1'],
    [
      `${permitAll}\n\n  forbid (principal, action, resource == Reeve::Command::"migrate-bd");`,
      'error policy-unknown-command 3:3',
    ],
    [
      `${permitAll} forbid (principal, action in Reeve::Action::"run", resource) when { [Reeve::Command::"x"].contains(resource) };`,
      'error policy-unknown-command 1:39',
    ],
    ['@id("") permit (principal, action, resource);', 'error policy-id 1:1'],
    ['@id("a\\u{202e}b") permit (principal, action, resource);', 'error policy-id 1:1'],
    [`@id("${'x'.repeat(129)}") ${permitAll}`, 'error policy-id 1:1'],
    [
      `@id("x") ${permitAll}\n// @id("x") ${permitAll}\n@id("x") ${permitAll}`,
      'error policy-id-twice 3:1',
    ],
    [`@id("ops.cedar:2") ${permitAll}\n ${permitAll}`, 'error policy-id-twice 2:2'],
    ['// nothing', 'error policy-folder-empty 0:0'],
    ['', 'error policy-folder-empty 0:0'],
    [
      'permit (principal, action, resource) when { principal.kind == "аdmin" };',
      'warning policy-suspicious 1:63',
    ],
    ['permit (principal, action, resource) when { false };', 'warning policy-suspicious 1:1'],
    [
      `${permitAll} forbid (principal, action, resource) when { principal has onBehalfOf && principal.onBehalfOf in Reeve::Role::"ops" };`,
      'warning policy-suspicious 1:39',
    ],
    [
      `${permitAll} forbid (principal, action, resource) when { principal has onBehalfOf && principal.onBehalfOf in [Reeve::Role::"ops", Reeve::Role::"dev"] };`,
      'warning policy-suspicious 1:39',
    ],
    [
      `${permitAll} forbid (principal, action, resource) when { principal has onBehalfOf && principal.onBehalfOf is Reeve::Principal in Reeve::Role::"ops" };`,
      'warning policy-suspicious 1:39',
    ],
    ['{"effect":"permit"}', 'error policy-syntax 1:1'],
    ['permit (principal, action, resource) when { "never closed };', 'error policy-syntax 1:45'],
    ['permit (principal, action, resource);\0', 'error policy-syntax 1:38'],
  ];
  for (const [text, place] of table) {
    const found = await problems(t, text);
    assert.equal(places(found)[0], place, `${text}\n${JSON.stringify(found)}`);
    for (const d of found) assert.doesNotMatch(d.message + (d.remedy ?? ''), /policy\d|[\u202e\0]/);
  }
});

test('twelve policies keep their places, although Cedar hands them out in another order', async (t) => {
  const text = Array.from({ length: 12 }, (_, i) =>
    i % 2 === 0
      ? `@id("p${i}") ${permitAll} // ; not the end "`
      : `// permit\n@id("p${i}")\npermit (principal, action, resource) when { "a;\\"b" == "${i}" };`,
  ).join('\n');
  const twice = await problems(t, `${text}\n@id("p11") ${permitAll}`);
  assert.match(twice.find((d) => d.rule === 'policy-id-twice')!.message, /ops\.cedar:23:1\.$/);
  const policy = await mustLoad(folderOf(t, { 'ops.cedar': text }));
  assert.deepEqual(policy.see(person('a'), migrateDb, here).policies, [
    'p0',
    'p10',
    'p2',
    'p4',
    'p6',
    'p8',
  ]);
});

test('a folder that is missing, is a file, or holds no policy is an error, never the built-in policy', async (t) => {
  const folder = folderOf(t, { 'notes.md': 'x', 'full/a.cedar': permitAll });
  for (const place of [join(folder, 'gone'), join(folder, 'notes.md'), folder, `${folder}\0`]) {
    const loaded = await load(place);
    assert.equal(loaded.ok, false, place);
    const [found] = loaded.ok ? [] : loaded.diagnostics.filter((d) => d.severity === 'error');
    assert.match(found!.rule, /^policy-folder/);
    assert.match(found!.remedy!, /built-in policy/);
  }
});

test('files that cannot be trusted to be what they seem are refused', async (t) => {
  const outside = folderOf(t, { 'evil.cedar': permitAll });
  const big = Buffer.alloc(1024 * 1024 + 1, ' ');
  const table: [string, (path: string) => void, RegExp][] = [
    ['link out', (p) => symlinkSync(join(outside, 'evil.cedar'), p), /out of the policy folder/],
    ['link in a circle', (p) => symlinkSync(p, p), /circle/],
    ['dangling link', (p) => symlinkSync('gone.cedar', p), /nothing at this path/],
    ['not UTF-8', (p) => writeFileSync(p, Buffer.from([0x2f, 0x2f, 0xff])), /not UTF-8/],
    ['huge', (p) => writeFileSync(p, big), /larger than 1MiB/],
    ['folder', (p) => mkdirSync(p), /not a regular file/],
    ['pipe', (p) => execFileSync('mkfifo', [p]), /not a regular file/],
  ];
  for (const [what, make, why] of table) {
    const folder = folderOf(t, { 'a.cedar': permitAll });
    make(join(folder, 'b.cedar'));
    const loaded = await load(folder);
    assert.equal(loaded.ok, false, what);
    assert.match(loaded.ok ? '' : loaded.diagnostics[0]!.message, why, what);
    assert.match(loaded.ok ? '' : loaded.diagnostics[0]!.file, /b\.cedar$/, what);
  }
});

test('what is left out, and what everybody may write to, is said', async (t) => {
  const folder = folderOf(t, {
    'a.cedar': permitAll,
    '.b.cedar': 'x',
    'C.CEDAR': 'x',
    'sub/d.cedar': 'x',
    'readme.md': '',
  });
  chmodSync(join(folder, 'a.cedar'), 0o666);
  const loaded = await load(folder);
  assert.equal(loaded.ok, true);
  assert.deepEqual(
    (loaded.ok ? loaded.warnings : [])
      .map((d) => `${d.rule} ${d.file.slice(folder.length + 1)}`)
      .sort(),
    [
      'policy-file-ignored .b.cedar',
      'policy-file-ignored C.CEDAR',
      'policy-file-ignored sub',
      'policy-file-writable a.cedar',
    ],
  );
});

test('links inside the folder are followed, as a mounted ConfigMap has them', async (t) => {
  const folder = folderOf(t, { '..2026/ops.cedar': permitAll });
  symlinkSync('..2026', join(folder, '..data'));
  symlinkSync('..data/ops.cedar', join(folder, 'ops.cedar'));
  const policy = await mustLoad(folder);
  assert.deepEqual(policy.files, [
    { file: join(folder, 'ops.cedar'), sha256: sha256Hex(permitAll) },
  ]);
  assert.deepEqual(policy.see(person('a'), migrateDb, here).policies, ['ops.cedar:1']);
});

test('the hash follows names and contents, not the place; a byte order mark does no harm', async (t) => {
  const hash = async (files: Record<string, string>) => (await mustLoad(folderOf(t, files))).hash;
  const one = await hash({ 'a.cedar': permitAll });
  assert.equal(await hash({ 'a.cedar': permitAll }), one);
  assert.notEqual(await hash({ 'b.cedar': permitAll }), one);
  assert.notEqual(await hash({ 'a.cedar': `${permitAll} ` }), one);
  assert.notEqual(await hash({ 'a.cedar': `\ufeff${permitAll}` }), one);
});

test('the built-in policy holds as a file as well, with any inventory', async (t) => {
  const folder = folderOf(t, { 'local.cedar': builtInPolicy });
  for (const declared of [commands, []]) {
    for (const place of [folder, null]) {
      for (const names of [environments, []]) {
        const loaded = await loadPolicy(place, declared, names);
        assert.equal(loaded.ok, true);
        assert.deepEqual(loaded.ok ? loaded.warnings : null, []);
      }
    }
  }
});

test('a policy that would exhaust the engine is refused before the engine sees it, and a refused load harms nothing', async (t) => {
  const before = await mustLoad(null);
  const folder = folderOf(t, {});
  const deep = (open: string, close: string) => (n: number) =>
    `${open.repeat(n)}true${close.repeat(n)}`;
  const shapes: ((n: number) => string)[] = [
    deep('(', ')'),
    deep('[', ']'),
    deep('{a: ', '}'),
    deep('if true then false else ', ''),
    deep('(true && ', ')'),
    (n) => `1${' + 1'.repeat(n)} == 2`,
    (n) => `[1]${'.contains(1)'.repeat(n)}`,
    (n) => `resource${'.risk'.repeat(n)} == "x"`,
    (n) => `true${' && true'.repeat(n * 8)}`,
    (n) => `true }${' when { true }'.repeat(n * 2)} when { true`,
  ];
  for (const shape of shapes) {
    for (const n of [70, 1_000, 60_000]) {
      writeFileSync(
        join(folder, 'deep.cedar'),
        `permit (principal, action, resource) when { ${shape(n)} };`,
      );
      const loaded = await load(folder);
      const rules = loaded.ok ? ['loaded'] : loaded.diagnostics.map((d) => d.rule);
      assert.ok(
        rules.every((r) => r === 'policy-too-deep' || r === 'policy-file'),
        `${shape(2)} ${n}: ${rules}`,
      );
    }
    // As deep as may be: Cedar must bear it, also when its code is warm.
    for (const n of [8, 16, 24, 28, 30, 48, 56, 60]) {
      writeFileSync(
        join(folder, 'deep.cedar'),
        `permit (principal, action, resource) when { ${shape(n)} };`,
      );
      const loaded = await load(folder);
      assert.ok(
        loaded.ok || loaded.diagnostics.every((d) => d.rule !== 'policy-engine'),
        `${shape(2)} ${n}`,
      );
      if (loaded.ok) loaded.value.see(person('local'), migrateDb, here);
    }
  }
  assert.equal(before.see(person('local'), migrateDb, here).allowed, true);
  rmSync(folder, { recursive: true });
});
