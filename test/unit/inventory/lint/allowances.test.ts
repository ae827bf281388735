/** Findings that an author accepts: in so many words, for one rule, and in sight of everybody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnostic } from '../../../../src/core/diagnostic.ts';
import { entry, house, indent, ok, rules } from '../house.ts';
import { loadLine } from './table.ts';

const rule = 'wrapper-with-free-arguments';
const reason = 'operators need it, and the sandbox holds';

test('an accepted error lets the command load, as a note, and stands among its guardrails', (t) => {
  const at = house(t);
  const more = `lint: { allow: [${rule}], reason: "${reason}" }\nguardrails: [look twice]`;
  const loaded = loadLine(at, 'env, { spread: many }', more);
  const command = ok(loaded).commands.get('it')!;
  assert.deepEqual(command.guardrails, [
    'look twice',
    `accepted lint findings (${rule}): ${reason}`,
  ]);
  assert.ok(loaded.ok);
  const [note] = loaded.warnings;
  assert.deepEqual(
    [note?.severity, note?.rule, note?.remedy],
    ['note', rule, `The reason given: ${reason}`],
  );
  assert.match(
    formatDiagnostic(note!),
    /note: accepted: env starts the program that its operand names/,
  );
});

test('one rule accepts nothing of another', (t) => {
  const at = house(t);
  const loaded = loadLine(
    at,
    'sh, -c, "{free}"',
    `lint: { allow: [${rule}], reason: "${reason}" }`,
  );
  assert.deepEqual([loaded.ok, rules(loaded)], [false, ['code-from-caller', 'unused-allowance']]);
});

test('what is accepted and not there is said, so that it cannot wait for something', (t) => {
  const at = house(t);
  const loaded = loadLine(at, 'echo, "{free}"', `lint: { allow: [${rule}], reason: "${reason}" }`);
  assert.deepEqual([loaded.ok, rules(loaded)], [true, ['unused-allowance']]);
});

test('a reason is demanded, and only rules that there are', (t) => {
  const at = house(t);
  for (const [lint, expected] of [
    [`{ allow: [${rule}] }`, 'commands.it.lint.reason'],
    [`{ allow: [${rule}], reason: ok }`, 'at least 10 character'],
    ['{ allow: [everything], reason: "because I say so" }', 'commands.it.lint.allow[0]'],
    ['{ allow: [free-flag], reason: "because I say so" }', 'Did you mean free-flags?'],
    ['{ allow: [], reason: "because I say so" }', 'commands.it.lint.allow'],
    ['{ allow: [executable], reason: "because I say so" }', 'commands.it.lint.allow[0]'],
  ] as const) {
    const said = at.complaints(`it:\n${indent(entry(`run: [/usr/bin/true]\nlint: ${lint}`), 2)}`);
    assert.ok(
      said.some((line) => line.includes(expected)),
      `${lint}: ${said.join('\n')}`,
    );
  }
});

test('a command that was not accepted is another one to those who approve it', (t) => {
  const at = house(t);
  const hash = (more: string) => ok(loadLine(at, 'echo, x', more)).commands.get('it')!.hash;
  assert.notEqual(hash(''), hash(`lint: { allow: [${rule}], reason: "${reason}" }`));
});
