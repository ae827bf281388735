/**
 * The house keeps its import rule, and the test that holds it cannot be talked out of it.
 * The second half plants bad files in a copy of their own: a test that finds nothing must be one that could.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { drawHouse, inspectHouse, mayImport } from './architecture/house.ts';

const root = join(import.meta.dirname, '..');

test('no file of the house breaks a rule of docs/design.md', () => {
  const { files, violations } = inspectHouse(root);
  assert.ok(files > 20, `only ${files} files were found under src`);
  assert.deepEqual(violations, []);
});

test('the picture in docs/design.md shows the rooms and arrows that there are', () => {
  const text = readFileSync(join(root, 'docs/design.md'), 'utf8');
  assert.ok(
    text.includes(drawHouse(inspectHouse(root))),
    'the picture is out of date: run `npm run picture` and read what changed',
  );
});

test('the rule itself has no circle and knows only its own rooms', () => {
  for (const [room, others] of Object.entries(mayImport)) {
    for (const other of others) {
      assert.ok(other in mayImport, `${room} names ${other}`);
      assert.ok(!mayImport[other]!.includes(room), `${room} and ${other} may import one another`);
    }
  }
});

/** Each row: files that are planted, and what must be said about them (null: nothing). */
const planted: readonly [
  title: string,
  files: Readonly<Record<string, string>>,
  said: RegExp | null,
][] = [
  [
    'a house in order passes',
    {
      'src/core/a.ts': "import { createHash } from 'node:crypto';\nexport const a = createHash;\n",
      'src/run/b.ts':
        "import { spawn } from 'node:child_process';\nexport { a } from '../core/a.ts';\nspawn('x');\n",
      'src/main.ts': "import './run/b.ts';\nimport 'zod/v4';\n",
    },
    null,
  ],
  [
    'an arrow upwards',
    { 'src/core/a.ts': "import '../run/b.ts';", 'src/run/b.ts': '' },
    /core\/a\.ts:1: core may not import from run/,
  ],
  [
    'an arrow between neighbours',
    { 'src/run/a.ts': "import '../policy/b.ts';", 'src/policy/b.ts': '' },
    /run may not import from policy/,
  ],
  [
    'the writer of the log reaching into its verifier',
    { 'src/audit/log/a.ts': "import '../verify/b.ts';", 'src/audit/verify/b.ts': '' },
    /audit\/log\/a\.ts:1: audit\/verify shares no code with the rest/,
  ],
  [
    'the verifier of the log reaching into its writer',
    { 'src/audit/verify/a.ts': "import '../log/b.ts';", 'src/audit/log/b.ts': '' },
    /audit\/verify\/a\.ts:1: audit\/verify shares no code with the rest/,
  ],
  [
    'both of them reaching into a third',
    {
      'src/audit/verify/a.ts': "import type { C } from '../../core/c.ts';",
      'src/core/c.ts': 'export type C = 1;',
    },
    /audit\/verify\/a\.ts:1: audit\/verify shares no code with the rest/,
  ],
  [
    'edge using the verifier',
    { 'src/edge/a.ts': "import '../audit/verify/b.ts';", 'src/audit/verify/b.ts': '' },
    null,
  ],
  [
    'edge reaching into the store',
    { 'src/edge/rest/a.ts': "\nimport '../../store/b.ts';", 'src/store/b.ts': '' },
    /edge\/rest\/a\.ts:2: edge may not import from store/,
  ],
  [
    'a type import counts',
    {
      'src/core/a.ts': "import type { B } from '../run/b.ts';",
      'src/run/b.ts': 'export type B = 1;',
    },
    /core may not import from run/,
  ],
  [
    'an inline type import counts',
    {
      'src/core/a.ts': "import { type B } from '../run/b.ts';",
      'src/run/b.ts': 'export type B = 1;',
    },
    /core may not import from run/,
  ],
  [
    'import() in a type counts',
    {
      'src/core/a.ts': "export type A = import('../run/b.ts').B;",
      'src/run/b.ts': 'export type B = 1;',
    },
    /core may not import from run/,
  ],
  [
    'typeof import() counts',
    { 'src/core/a.ts': "export let a: typeof import('../run/b.ts');", 'src/run/b.ts': '' },
    /core may not import from run/,
  ],
  [
    'export from counts',
    { 'src/core/a.ts': "export * from '../run/b.ts';", 'src/run/b.ts': '' },
    /core may not import from run/,
  ],
  [
    'export type from counts',
    {
      'src/core/a.ts': "export type { B } from '../run/b.ts';",
      'src/run/b.ts': 'export type B = 1;',
    },
    /core may not import from run/,
  ],
  [
    'a dynamic import counts',
    { 'src/core/a.ts': "await import('../run/b.ts');", 'src/run/b.ts': '' },
    /core may not import from run/,
  ],
  [
    'a dynamic import of a template counts',
    { 'src/core/a.ts': 'await import(`../run/b.ts`);', 'src/run/b.ts': '' },
    /core may not import from run/,
  ],
  [
    'import.meta.resolve counts',
    { 'src/core/a.ts': "import.meta.resolve('../run/b.ts');", 'src/run/b.ts': '' },
    /core may not import from run/,
  ],
  [
    'an arrow behind a regular expression that looks like a string',
    {
      'src/core/a.ts': "function f() {}\n/'/.test('');\nimport '../run/b.ts';\n/'/.test('');",
      'src/run/b.ts': '',
    },
    /core may not import from run/,
  ],
  [
    'a dynamic import that cannot be followed',
    { 'src/edge/a.ts': "await import('../run/' + process.env['X']);" },
    /import\(\) of something that is no literal/,
  ],
  [
    'require',
    { 'src/edge/a.ts': "require('node:fs');" },
    /require: modules are reached by import alone/,
  ],
  [
    'createRequire',
    {
      'src/edge/a.ts':
        "import { createRequire } from 'node:module';\nexport const r = createRequire(import.meta.url);",
    },
    /uses createRequire/,
  ],
  [
    'getBuiltinModule',
    { 'src/edge/a.ts': "process.getBuiltinModule('child_process');" },
    /uses \.getBuiltinModule/,
  ],
  [
    'getBuiltinModule by another spelling',
    { 'src/edge/a.ts': "process['getBuiltinModule']('child_process');" },
    /uses \.getBuiltinModule/,
  ],
  [
    'getBuiltinModule taken out of process',
    { 'src/edge/a.ts': "const { getBuiltinModule: g } = process;\ng('child_process');" },
    /uses \.getBuiltinModule/,
  ],
  ['eval', { 'src/edge/a.ts': "eval('1');" }, /uses eval/],
  [
    'child_process outside the run room',
    { 'src/edge/a.ts': "import { spawn } from 'node:child_process';\nspawn('x');" },
    /only the run room starts processes/,
  ],
  [
    'child_process without node:',
    { 'src/gateway/a.ts': "import cp from 'child_process';\ncp.spawn('x');" },
    /only the run room starts processes/,
  ],
  [
    'worker threads outside the run room',
    { 'src/edge/a.ts': "import { Worker } from 'node:worker_threads';\nnew Worker('x');" },
    /only the run room starts processes/,
  ],
  [
    'the thread that reads databases',
    {
      'src/assurance/database-apart.ts':
        "import { Worker } from 'node:worker_threads';\nnew Worker('x');",
    },
    null,
  ],
  [
    'a process where a thread may be',
    {
      'src/assurance/database-apart.ts': "import { spawn } from 'node:child_process';\nspawn('x');",
    },
    /database-apart\.ts:1: only the run room starts processes/,
  ],
  [
    'a thread in another file of that room',
    { 'src/assurance/b.ts': "import { Worker } from 'node:worker_threads';\nnew Worker('x');" },
    /assurance\/b\.ts:1: only the run room starts processes/,
  ],
  [
    'files in core',
    { 'src/core/a.ts': "import { readFileSync } from 'node:fs';\nreadFileSync('x');" },
    /core has no input or output, yet imports node:fs/,
  ],
  [
    'process in core',
    { 'src/core/a.ts': 'export const e = process.env;' },
    /core has no input or output, yet uses process/,
  ],
  ['a package in core', { 'src/core/a.ts': "import 'zod';" }, /core may not import zod/],
  [
    'a package that is no dependency',
    { 'src/edge/a.ts': "import 'left-pad';" },
    /left-pad, which is no dependency/,
  ],
  [
    'a file outside src',
    { 'src/edge/a.ts': "import '../../test/x.ts';", 'test/x.ts': '' },
    /no source file of the house/,
  ],
  [
    'an absolute path',
    { 'src/edge/a.ts': "import '/etc/x.ts';" },
    /neither a file of the house nor a package/,
  ],
  [
    'a data URL',
    { 'src/edge/a.ts': "import 'data:text/javascript,1';" },
    /neither a file of the house nor a package/,
  ],
  [
    'a subpath import',
    { 'src/edge/a.ts': "import '#core/a.ts';" },
    /neither a file of the house nor a package/,
  ],
  [
    'a circle of files',
    {
      'src/core/a.ts': "import './b.ts';",
      'src/core/b.ts': "import './c.ts';",
      'src/core/c.ts': "import type {} from './a.ts';",
    },
    /core\/a\.ts → core\/b\.ts → core\/c\.ts → core\/a\.ts: files import one another/,
  ],
  [
    'a file that imports itself',
    { 'src/core/a.ts': "import './a.ts';" },
    /core\/a\.ts → core\/a\.ts/,
  ],
  [
    'a room that design.md does not know',
    { 'src/utils/a.ts': '' },
    /utils\/: no room of the house/,
  ],
  ['a room without a file of TypeScript', { 'src/misc/a.js': '' }, /misc\/: no room of the house/],
  ['a file beside main.ts', { 'src/other.ts': '' }, /other is no room of the house/],
  ['JavaScript in src', { 'src/core/a.js': '' }, /core\/a\.js: only plain \.ts files/],
  ['a long file', { 'src/core/a.ts': '// x\n'.repeat(301) }, /core\/a\.ts:301: has 301 lines/],
  [
    'a file that does not parse',
    { 'src/core/a.ts': 'const = ;' },
    /core\/a\.ts: .*cannot be parsed/,
  ],
  [
    'a reference comment',
    { 'src/core/a.ts': '/// <reference path="../run/b.ts" />\n', 'src/run/b.ts': '' },
    /core may not import from run/,
  ],
  [
    'comments that would switch it off',
    {
      'src/core/a.ts':
        "// @ts-nocheck\n/* eslint-disable */\n// biome-ignore-all lint: no\n// architecture-ignore\n// @ts-ignore\nimport '../run/b.ts';",
      'src/run/b.ts': '',
    },
    /core\/a\.ts:6: core may not import from run/,
  ],
  [
    'imports in comments and strings are none',
    {
      'src/core/a.ts':
        "// import '../run/b.ts';\n/* import('../run/b.ts') */\nexport const a = \"import '../run/b.ts'\" + `import('../run/b.ts')` + String(/import '..\\/run\\/b.ts'/);",
      'src/run/b.ts': '',
    },
    null,
  ],
];

for (const [title, files, said] of planted) {
  test(`planted: ${title}`, (t) => {
    const house = mkdtempSync(join(tmpdir(), 'reeve-house-'));
    t.after(() => rmSync(house, { recursive: true, force: true }));
    writeFileSync(join(house, 'package.json'), JSON.stringify({ dependencies: { zod: '1' } }));
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(house, file)), { recursive: true });
      writeFileSync(join(house, file), text);
    }
    const { violations } = inspectHouse(house);
    if (said === null) assert.deepEqual(violations, []);
    else assert.match(violations.join('\n'), said);
  });
}

test('planted: a symbolic link in src', (t) => {
  const house = mkdtempSync(join(tmpdir(), 'reeve-house-'));
  t.after(() => rmSync(house, { recursive: true, force: true }));
  writeFileSync(join(house, 'package.json'), '{}');
  writeFileSync(join(house, 'x.ts'), '');
  mkdirSync(join(house, 'src/core'), { recursive: true });
  symlinkSync(join(house, 'x.ts'), join(house, 'src/core/a.ts'));
  assert.match(inspectHouse(house).violations.join('\n'), /core\/a\.ts: only plain \.ts files/);
});
