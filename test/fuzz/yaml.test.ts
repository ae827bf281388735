/** What operators write: YAML, settings with their variables, inventories. Near the real example, and far from it. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { after } from 'node:test';
import fc from 'fast-check';
import type { Command } from '../../src/core/command.ts';
import { type Diagnostic, formatDiagnostic, type Loaded } from '../../src/core/diagnostic.ts';
import { canonicalJson, type JsonValue } from '../../src/core/json.ts';
import { type Inventory, loadInventory } from '../../src/inventory/load.ts';
import { loadSettings } from '../../src/inventory/settings.ts';
import { overrideNames } from '../../src/inventory/settings-overrides.ts';
import { readSource } from '../../src/inventory/source.ts';
import { jsonText } from './hostile-json.ts';
import { assertFrozen, assertJson, hunt } from './hunt.ts';
import { hostileText, mutated, mutatedBytes } from './mutate.ts';

const example = join(import.meta.dirname, '../../examples/quickstart');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-fuzz-')));
after(() => rmSync(folder, { recursive: true, force: true }));
cpSync(example, folder, { recursive: true });
const read = (file: string) => readFileSync(join(example, file), 'utf8');

/** What YAML is made of, and what other parsers of it fell over. */
const yamlWords = [
  '\n',
  '  ',
  '\t',
  ': ',
  '- ',
  '? ',
  '|',
  '>-\n',
  '"',
  "'",
  '# ',
  '[',
  ']',
  '{',
  '}',
  ', ',
  '&a ',
  '*a',
  '<<: *a\n',
  '<<: {a: 1}\n',
  '!!binary ',
  '!!set ',
  '!!js/function ',
  '!<tag:x> ',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '%TAG ! tag:x,2000:\n',
  '__proto__: {x: 1}\n',
  '"__proto__": 1\n',
  'constructor: 1\n',
  'toString: 1\n',
  '? [a]\n: b\n',
  '"\\ud800"',
  '"\\0"',
  '"\\x1b"',
  '.inf',
  '.nan',
  '-0',
  '0o17',
  '0x1f',
  '1e999',
  '12:30:45',
  '2026-01-01',
  'yes',
  '~',
  '{a: &a [*a]}',
  `${'['.repeat(90)}`,
  `${'- '.repeat(90)}`,
];
/** What an inventory is made of. */
const inventoryWords = [
  '{environment}',
  '{path}',
  '{{',
  '{ spread: path }',
  '{ spread: paths }',
  '{ flag: -v, when: dryRun }',
  '{ option: -o, value: "{path}" }',
  '{ option: "{path}", value: x }',
  'type: integer',
  'type: array',
  'pattern: "^(a+)+$"',
  'pattern: "[a-z]+"',
  'format: workspace-path',
  'allowLeadingDash: true',
  'maxLength: 0',
  'enum: [a, b]',
  'const: 1',
  '$ref: "#"',
  'default: -x',
  'stdin: "{pattern}"',
  'risk: critical',
  'timeout: 0s',
  'timeout: { default: 9h, max: 1s }',
  'limits: { memory: 1B }',
  'limits: { cpu: -1 }',
  'concurrency: { key: "{path}", max: 0 }',
  'network: host',
  'workspace: none',
  'mounts: [/]',
  'mounts: [./workspace]',
  'mounts: [{ path: ./bin, at: /usr }]',
  'inputs: ["../**"]',
  'inputs: [logs/**]',
  'inputs: unbound',
  'secrets: [PATH]',
  'secrets: [TOKEN]',
  'variables: { LD_PRELOAD: x }',
  'environments: []',
  'environments: { development: { timeout: 1h } }',
  'approvals: [a, { role: b, count: 0 }]',
  'run: []',
  'run: [workspace/README.md]',
  '/usr/bin/env',
  '/usr/bin/git',
  'bin/clean-temp',
  'bin/../bin/deploy',
  '/bin/sh',
  'tool: reeve_start',
];
const inventoryTexts = [read('inventory.yaml')];
const settingsTexts = [
  read('reeve.yaml'),
  `version: 1
inventory: inventory.yaml
policy: policy
listen: 127.0.0.1:8080
publicUrl: http://localhost:8080
allowedHosts: [reeve.example]
defaultEnvironment: development
sandbox: required
grace: 2s
limits: { required: true }
concurrency: { running: 4, waiting: 10, perCommand: 2 }
auditFile: ./audit.log
localMode: { allowRisks: [high] }
secrets: { TOKEN: { env: TOKEN }, OTHER: { development: { file: ./secret } } }
environments:
  development: { workspace: ./workspace, variables: { LOG_LEVEL: info }, mounts: [./bin] }
  staging: { workspace: ./workspace, runAs: 10001 }
`,
];

/** Diagnostics say where, and something; formatting one never fails. */
function assertDiagnostics(diagnostics: readonly Diagnostic[]): void {
  for (const d of diagnostics) {
    assert.ok(d.line >= 0 && d.column >= 0 && Number.isSafeInteger(d.line + d.column));
    assert.match(d.rule, /^[a-z][a-z0-9-]*$/);
    assert.ok(d.message !== '' && d.message.length < 100_000, 'a message of megabytes');
    assert.ok(`${d.message}${d.remedy}`.isWellFormed());
    formatDiagnostic(d);
  }
}
function assertLoaded<T>(loaded: Loaded<T>): void {
  assertDiagnostics(loaded.ok ? loaded.warnings : loaded.diagnostics);
  if (!loaded.ok) assert.ok(loaded.diagnostics.some((d) => d.severity === 'error'));
  else assert.ok(loaded.warnings.every((d) => d.severity !== 'error'));
}

hunt(
  'a YAML file becomes JSON values with places, or is refused with a place',
  mutatedBytes(
    fc.oneof(
      mutated([...inventoryTexts, ...settingsTexts, 'a: &a [1, 2]\nb: *a\n'], yamlWords),
      fc.array(fc.constantFrom(...yamlWords), { maxLength: 30 }).map((parts) => parts.join('')),
      jsonText,
      hostileText,
    ),
  ),
  (bytes) => {
    const file = join(folder, 'any.yaml');
    writeFileSync(file, bytes);
    const result = readSource(file);
    if (!result.ok) {
      assert.ok(result.diagnostics.length > 0);
      assertDiagnostics(result.diagnostics);
      return;
    }
    const { source } = result;
    assertDiagnostics(source.problems);
    assertJson(source.value);
    const lines = Buffer.from(bytes).toString('utf8').split('\n').length;
    for (const path of pathsIn(source.value)) {
      for (const what of ['key', 'value'] as const) {
        const { line, column } = source.locate(path, what);
        assert.ok(line >= 1 && line <= lines && column >= 1, `${path.join('/')} at ${line}`);
      }
    }
  },
  { runs: 1_500 },
);

function pathsIn(value: JsonValue, at: readonly (string | number)[] = []): (string | number)[][] {
  if (value === null || typeof value !== 'object' || at.length > 6) return [[...at]];
  const entries: [string | number, JsonValue][] = Array.isArray(value)
    ? value.map((item, i) => [i, item])
    : Object.entries(value);
  return [
    [...at, 'not-there'],
    ...entries.slice(0, 8).flatMap(([key, item]) => pathsIn(item, [...at, key])),
  ];
}

const variables = fc.dictionary(
  fc.constantFrom(...overrideNames, 'REEVE_NO_SUCH', '__proto__'),
  fc.oneof(
    // What a process is given is UTF-8 without NUL, whatever the bytes were.
    hostileText.map((text) => text.toWellFormed().replaceAll('\0', '')),
    fc.constantFrom(
      '127.0.0.1:0',
      '[::1]:80',
      ':0',
      '1e3',
      '5',
      '0',
      '-1',
      '2s',
      'required',
      'off',
    ),
    fc.constantFrom(
      'inventory.yaml',
      '/dev/null',
      '/',
      'http://a@b/',
      'https://x.example',
      'a,b,,',
    ),
  ),
  { maxKeys: 3 },
);

hunt(
  'settings are complete, frozen and in their bounds, or every problem is named',
  fc.tuple(mutated(settingsTexts, [...yamlWords, ...inventoryWords]), variables),
  ([text, env]) => {
    const file = join(folder, 'reeve.yaml');
    writeFileSync(file, text);
    const loaded = loadSettings(file, env);
    assertLoaded(loaded);
    if (!loaded.ok) return;
    const { value } = loaded;
    assertFrozen(value);
    assertJson(value);
    assert.ok(isAbsolute(value.inventory) && (value.policy === null || isAbsolute(value.policy)));
    assert.ok(Object.hasOwn(value.environments, value.defaultEnvironment));
    assert.ok(Number.isInteger(value.listen.port) && value.listen.port <= 65_535);
    assert.ok(value.listen.host !== '' && !/[\s/]/.test(value.listen.host));
    assert.ok(value.concurrency.running >= 1 && value.concurrency.waiting >= 0);
    assert.ok(Number.isSafeInteger(value.graceMs) && value.graceMs >= 0);
    for (const [name, environment] of Object.entries(value.environments)) {
      assert.equal(environment.name, name);
      assert.ok(isAbsolute(environment.workspace) && environment.workspace !== '/');
      // What a command writes must not be what decides what it may do.
      for (const place of [value.file, value.inventory, value.policy, value.auditFile])
        assert.ok(place === null || !`${place}/`.startsWith(`${environment.workspace}/`), place!);
      for (const [key, said] of Object.entries(environment.variables))
        assert.ok(!/[=\0]/.test(key) && key !== '' && !said.includes('\0'));
    }
  },
  { runs: 600 },
);

const sound = loadSettings(join(example, 'reeve.yaml'), {});
const needed: readonly (keyof Command)[] = [
  'name',
  'tool',
  'title',
  'description',
  'owner',
  'risk',
  'executable',
  'template',
  'parameters',
  'environments',
  'timeout',
  'limits',
  'concurrency',
  'network',
  'workspace',
  'mounts',
  'inputs',
  'secrets',
  'dependencies',
  'approvals',
  'guardrails',
  'variables',
  'stdin',
  'examples',
  'hash',
];

function assertCommand(command: Command): void {
  for (const field of needed) assert.ok(Object.hasOwn(command, field), field);
  assertFrozen(command);
  assertJson(command);
  canonicalJson(command as unknown as JsonValue);
  assert.match(command.hash, /^sha256:[0-9a-f]{64}$/);
  const { defaultMs, maxMs } = command.timeout;
  assert.ok(defaultMs > 0 && maxMs >= defaultMs && Number.isSafeInteger(maxMs));
  for (const [name, limit] of Object.entries(command.limits)) assert.ok(limit > 0, name);
  assert.equal(command.parameters.additionalProperties, false);
  assert.ok(Object.keys(command.environments).length > 0);
  assert.ok(isAbsolute(command.executable.source));
  assert.ok(!command.executable.source.startsWith(`${example}/workspace/`));
  const names = new Set(Object.keys(command.parameters.properties as object));
  for (const token of command.template) {
    const parts = token.kind === 'text' ? token.parts : token.kind === 'option' ? token.value : [];
    for (const part of parts)
      assert.ok(part.kind === 'text' || part.name === 'environment' || names.has(part.name));
    if (token.kind === 'flag') assert.ok(names.has(token.when));
    if (token.kind === 'spread') assert.ok(names.has(token.parameter));
  }
}

hunt(
  'an inventory gives complete, frozen commands that mean the same when written out again, or is refused whole',
  mutated(inventoryTexts, [...inventoryWords, ...inventoryWords, ...yamlWords]),
  (text) => {
    assert.ok(sound.ok);
    const load = (content: string): Loaded<Inventory> => {
      const file = join(folder, 'inventory.yaml');
      writeFileSync(file, content);
      return loadInventory(file, sound.value);
    };
    const loaded = load(text);
    assertLoaded(loaded);
    if (!loaded.ok) return;
    const { commands, byTool } = loaded.value;
    assert.equal(commands.size, byTool.size);
    for (const [name, command] of commands) {
      assert.equal(command.name, name);
      assertCommand(command);
    }
    const source = readSource(join(folder, 'inventory.yaml'));
    assert.ok(source.ok);
    // JSON is YAML: written out without anchors, styles and comments, the declarations are the same.
    const again = load(JSON.stringify(source.source.value));
    assert.ok(again.ok);
    assert.equal(again.value.hash, loaded.value.hash);
    assert.deepEqual([...again.value.commands], [...commands]);
  },
  { runs: 250 },
);
