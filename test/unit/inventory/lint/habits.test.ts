/** Habits that end in trouble: warnings, and what keeps them away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entry, house, indent, rules } from '../house.ts';

test('fields | warnings | why', (t) => {
  const at = house(t);
  at.write('bin/tool', '#!/bin/sh\n', 0o755);
  at.write('bin/curl', '#!/bin/sh\n', 0o755);
  at.write('bin/wc', '#!/bin/sh\n', 0o755);
  const tool = 'run: [bin/tool]\nmounts: [bin]\n';
  const one = (schema: string, more = '') =>
    `run: [bin/tool, "{a}"]\nmounts: [bin]\nparameters: { a: ${schema} }\nrequired: [a]\n${more}`;
  const shown = 'examples: { accept: [{ a: x }], reject: [{ a: "x!" }] }';
  const table: readonly (readonly [string, readonly string[], string])[] = [
    [`${tool}network: host`, ['network-without-reason'], 'nothing says why'],
    [`${tool}network: host\nguardrails: [reaches the mirror]`, [], 'a guardrail does'],
    [`${tool}network: host\ncomplianceNotes: approved`, [], 'a note does'],
    [
      `${tool}network: host\ndependencies: [postgres]`,
      ['dependency-without-probe'],
      'a dependency does, though nothing looks whether it is there',
    ],
    [
      'run: [bin/curl, -s, https://api.example/x]\nmounts: [bin]\nnetwork: host',
      [],
      'the program does',
    ],
    [
      'run: [bin/wc, -l]\nmounts: [bin]\nnetwork: host\nguardrails: [x]',
      ['needless-network'],
      'wc reaches nothing',
    ],
    [
      'run: [bin/wc, -l]\nmounts: [bin]\nworkspace: read-write',
      ['needless-write'],
      'wc writes nothing',
    ],
    [`${tool}workspace: read-write`, [], 'nobody knows the program'],
    [`${tool}inputs: ["**/*.sql"]`, ['loose-inputs'], 'files may be added in any folder'],
    [`${tool}inputs: [db/**, "*.sql", Makefile]`, [], 'each is held'],
    [`${tool}variables: { API_TOKEN: abcdef }`, ['secret-in-variables'], 'a secret in plain sight'],
    [`${tool}variables: { API_TOKEN_FILE: /run/token, PASSWORD: "" }`, [], 'a place, and nothing'],
    [
      `${tool}environments: { development: { variables: { DB_PASSWORD: hunter2 } } }`,
      ['secret-in-variables'],
      'in an environment',
    ],
    [
      one('{ type: string, pattern: ".*" }', shown.replace('"x!"', '7')),
      ['wide-pattern'],
      'a pattern that bounds nothing',
    ],
    [one('{ type: string, pattern: "[a-z]*" }', shown), ['wide-pattern'], 'an empty value'],
    [one('{ type: string, pattern: "[a-z]*", minLength: 1 }', shown), [], 'which cannot be'],
    [
      one('{ type: string, pattern: "[a-z]+" }'),
      ['no-examples'],
      'nothing shows what the pattern takes',
    ],
    [
      one('{ type: string, pattern: "[a-z]+" }', 'examples: { accept: [{ a: x }] }'),
      ['no-examples'],
      'nor refuses',
    ],
    [one('{ type: string, pattern: "[a-z]+" }', shown), [], 'both are shown'],
    [one('{ type: integer }'), [], 'a number needs no examples'],
    [`${tool}rollback: undo-it`, ['unknown-rollback'], 'it looks like a command and is none'],
    [`${tool}rollback: Restore the backup.`, [], 'a text'],
  ];
  for (const [fields, expected, why] of table) {
    const loaded = at.load(`it:\n${indent(entry(fields), 2)}`);
    assert.deepEqual([loaded.ok, rules(loaded)], [true, expected], `${fields} (${why})`);
  }
});
