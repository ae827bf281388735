/** Retention in the settings: what is taken, what is refused and at which line. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepEverything, ruleFor } from '../../../src/core/retention.ts';
import { loadSettings } from '../../../src/inventory/settings.ts';
import { emptyFolder, messages, ok } from './house.ts';

const day = 86_400_000;

function loaded(t: Parameters<typeof emptyFolder>[0], retention: string) {
  const folder = emptyFolder(t);
  mkdirSync(join(folder, 'ws'));
  writeFileSync(join(folder, 'inventory.yaml'), 'version: 1\ncommands: {}\n');
  const file = join(folder, 'reeve.yaml');
  const head = 'version: 1\nenvironments: { development: { workspace: ws } }\n';
  writeFileSync(file, `${head}${retention}\n`);
  return loadSettings(file, {});
}

test('without the setting nothing expires', (t) => {
  assert.deepEqual(ok(loaded(t, '')).retention, keepEverything);
});

test('rules are read in their order, the default last', (t) => {
  const { retention } = ok(
    loaded(
      t,
      `retention:
  default: 90d
  output: 30d
  rules:
    - { risk: low, environment: development, keep: 7d }
    - { risk: [high, critical, high], keep: forever, output: 180d }`,
    ),
  );
  assert.deepEqual(retention, [
    {
      name: 'rules[0]',
      risks: ['low'],
      environments: ['development'],
      keepMs: 7 * day,
      outputMs: 7 * day,
    },
    {
      name: 'rules[1]',
      risks: ['high', 'critical'],
      environments: null,
      keepMs: null,
      outputMs: 180 * day,
    },
    {
      name: 'default',
      risks: null,
      environments: null,
      keepMs: 90 * day,
      outputMs: 30 * day,
    },
  ]);
  const nameFor = (risk: string | null, environment: string | null) =>
    ruleFor(retention, risk, environment).name;
  assert.equal(nameFor('low', 'development'), 'rules[0]');
  assert.equal(nameFor('low', null), 'default');
  assert.equal(nameFor('critical', 'staging'), 'rules[1]');
  assert.equal(nameFor(null, 'development'), 'default');
});

const refused: readonly (readonly [string, RegExp])[] = [
  ['retention: {}', /:3:\d+: .*default/],
  ['retention: { default: 23h }', /:3:\d+: .*at least 1d/],
  ['retention: { default: 0d }', /at least 1d/],
  ['retention: { default: 90 }', /must be a duration/],
  ['retention: { default: never }', /must be a duration/],
  ['retention: { default: -1d }', /must be a duration/],
  ['retention: { default: 10d, output: 30d }', /longer than the 10d/],
  ['retention: { default: 10d, output: forever }', /longer than the 10d/],
  ['retention: { default: 90d, rules: [{ keep: 7d }] }', /the rule is for everything/],
  ['retention: { default: 90d, rules: [{ risk: low }] }', /keep/],
  [
    'retention: { default: 90d, rules: [{ risk: lwo, keep: 7d }] }',
    /must be low, medium, high or critical/,
  ],
  ['retention: { default: 90d, rules: [{ risk: [], keep: 7d }] }', /risk/],
  ['retention: { default: 90d, rules: [{ environment: ../x, keep: 7d }] }', /environment/],
  ['retention: { default: 90d, keep: 7d }', /keep/],
];

test('what cannot be meant is refused, with its line', (t) => {
  for (const [text, expected] of refused)
    assert.match(messages(loaded(t, text)).join('\n'), expected, text);
});

test('a rule for an environment that is not declared is warned of: what ran there may be on record', (t) => {
  const result = loaded(t, 'retention: { default: 9d, rules: [{ environment: old, keep: 7d }] }');
  assert.ok(result.ok);
  assert.match(result.warnings.map((w) => w.message).join(), /no environment "old"/);
});
