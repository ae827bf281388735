/** Names for drafted commands, risks by words, and the names in a Cargo.toml. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { likelyPrograms, readCargoNames } from '../../../src/importers/cargo-manifest.ts';
import { CommandNames } from '../../../src/importers/command-names.ts';
import { guessRisk } from '../../../src/importers/risk-words.ts';
import { commandName, toolName } from '../../../src/inventory/inventory-schema.ts';

const slugs: readonly [wanted: string, name: string][] = [
  ['rotate-keys', 'rotate-keys'],
  ['Rotate_Keys', 'rotate-keys-taken'],
  ['queue:setup', 'queue-setup'],
  ['sendMail', 'send-mail'],
  ['__proto__', 'proto'],
  ['constructor', 'constructor'],
  ['reeve', 'task-reeve'],
  ['2fa', 'task-2fa'],
  ['доктор', 'task'],
  ['???', 'task-2'],
  ['doctor', 'task-doctor'],
  ['Doctor', 'task-doctor-2'],
];
test('a command is named as what it runs, where that can be', () => {
  const names = new CommandNames(['doctor']);
  for (const [wanted, expected] of slugs) {
    const name = names.take(wanted, 'task');
    assert.equal(name, expected === 'rotate-keys-taken' ? 'task-rotate-keys' : expected, wanted);
  }
});

test('whatever the names are, commands are different and an inventory takes them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('a', 'A', 'x'.repeat(70), 'reeve'))),
      (all) => {
        const names = new CommandNames(['doctor', 'task-a']);
        const taken = all.map((one) => names.take(one, 'task'));
        assert.equal(new Set([...taken, 'doctor', 'task-a']).size, taken.length + 2);
        for (const name of taken) {
          assert.ok(commandName.safeParse(name).success, name);
          assert.ok(toolName.safeParse(name.replaceAll('-', '_')).success, name);
        }
      },
    ),
    { numRuns: 300 },
  );
});

const risks: readonly [texts: readonly string[], risk: string][] = [
  [['rotate-keys'], 'high'],
  [['rotateKeys'], 'high'],
  [['purge_old'], 'high'],
  [['report', 'Deletes nothing'], 'high'],
  [['report', 'Prints numbers'], 'medium'],
  [['', ''], 'medium'],
];
for (const [texts, risk] of risks)
  test(`${JSON.stringify(texts)} is guessed to be of ${risk} risk`, () => {
    assert.equal(guessRisk(...texts), risk);
  });

test('a Cargo.toml gives names of programs, and nothing else is understood', () => {
  const names = readCargoNames(`
[package]
name = "shop" # the app
description = "name = x"
default-run = 'shop-cli'
metadata = { name = "no" }
[dependencies]
loco-rs = { workspace = true }
name = "no"
[[bin]]
name = "shop-cli"
path = "src/bin/main.rs"
[[ bin ]]
name = "tool"
[[bin]]
name = "../evil"
[[bin]]
name = """multi"""
`);
  assert.deepEqual(names, {
    package: 'shop',
    defaultRun: 'shop-cli',
    bins: ['shop-cli', 'tool'],
    loco: true,
  });
  assert.deepEqual(likelyPrograms(names), ['shop-cli', 'tool', 'shop']);
});

test('Loco is a dependency in each of the ways to write one', () => {
  for (const text of [
    '[dependencies]\nloco-rs = "1"',
    '[dependencies]\nloco-rs.workspace = true',
    '[dependencies.loco-rs]\nversion = "1"',
    '[workspace.dependencies]\n"loco-rs" = "1"',
  ])
    assert.ok(readCargoNames(text).loco, text);
  for (const text of [
    'loco-rs = "1"',
    '[dependencies]\nloco-rs-fake = "1"',
    '[features]\nloco-rs = []',
  ])
    assert.ok(!readCargoNames(text).loco, text);
});

test('a Cargo.toml of a mebibyte is read in one go', () => {
  const long = readCargoNames(
    `[package]\n${'a'.repeat(2 ** 19)}\n${'[[bin]]\nname = "x"\n'.repeat(20_000)}`,
  );
  assert.deepEqual([long.package, long.bins.length], [null, 50]);
});
