/** Every way in which a runbook is refused, each at its line and column, with what would be right. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSettings } from '../../../../src/inventory/settings.ts';
import { messages, ok } from '../house.ts';
import { fileOf, runbookHouse } from './house.ts';

const step = (fields: string) =>
  `- name: s\n  command: status\n- name: a\n${fields.replace(/^/gm, '  ')}`;
/** What follows `- name: a` begins at line 11 of the file, column 9. */
const wrong: readonly (readonly [string, string, string])[] = [
  [
    'a command that is none',
    'command: statsu',
    '11:18: error: the inventory has no command "statsu" [unknown-command] Did you mean status?',
  ],
  [
    'the runbook itself as a step',
    'command: it',
    '11:18: error: "it" is this runbook itself, and a step runs a command: runbooks never start runbooks [recursion]',
  ],
  [
    'a command that starts Reeve',
    'command: again',
    '11:18: error: the command again starts Reeve itself, which could start this runbook again [recursion]',
  ],
  [
    'an argument that the command does not have',
    'command: backup\nwith: { labl: x }',
    '12:17: error: the command backup has no parameter "labl" [unknown-parameter] Did you mean label?',
  ],
  [
    'an argument that is missing',
    'command: label',
    '11:18: error: the command label needs the argument label [missing-argument] Add it: with: { label: … }.',
  ],
  [
    'a value that the command would refuse',
    'command: backup\nwith: { count: 0 }',
    '12:24: error: the command backup would refuse this: count must be >= 1, and is 0 [bad-argument]',
  ],
  [
    'a text that the command would refuse',
    'command: backup\nwith: { label: UP }',
    '12:24: error: the command backup would refuse this: label',
  ],
  [
    'a parameter that the runbook does not have',
    'command: label\nwith: { label: { from: parameters.x } }',
    '12:32: error: the runbook has no parameter "x" [unknown-parameter]',
  ],
  [
    'a step that is none',
    'command: label\nwith: { label: { from: steps.t.result.kind } }',
    '12:32: error: there is no step "t" [unknown-step] Did you mean steps.s?',
  ],
  [
    'a step that is not needed',
    'command: label\nneeds: []\nwith: { label: { from: steps.s.result.kind } }',
    '13:32: error: the step a does not need s, which may not have run by then [not-needed] Add s to its "needs".',
  ],
  [
    'its own result',
    'command: label\nwith: { label: { from: steps.a.result.kind } }',
    '12:32: error: the step a refers to its own result, before there is one [reference]',
  ],
  [
    'a result outside of a check',
    'command: label\nwith: { label: { from: result.kind } }',
    '12:32: error: "result.kind" means a result only in "expect" of a check [reference]',
  ],
  [
    'a field that the result does not have',
    'command: label\nwith: { label: { from: steps.s.result.kin } }',
    '12:32: error: "steps.s.result.kin": the result has no field "kin" by its schema (command status) [unknown-result-field] Did you mean kind?',
  ],
  [
    'a field of another type',
    'command: label\nwith: { label: { from: steps.s.result.pending } }',
    '12:32: error: "steps.s.result.pending" cannot be label of label: it is a whole number, and text is wanted [wrong-type]',
  ],
  [
    'a list of something else',
    'command: label\nwith: { label: { from: steps.s.result.names } }',
    '12:32: error: "steps.s.result.names" cannot be label of label: it is a list, and text is wanted [wrong-type]',
  ],
  [
    'a field that may be absent',
    'command: label\nwith: { label: { from: steps.s.result.note } }',
    '12:32: error: "steps.s.result.note" may be absent, and label needs label [may-be-absent]',
  ],
  [
    'an element by its number',
    'command: label\nwith: { label: { from: steps.s.result.names.0 } }',
    '12:24: error: "steps.s.result.names.0" takes an element by its number, which cannot be checked before the run [reference]',
  ],
  [
    'a way through __proto__',
    'command: label\nwith: { label: { from: steps.s.result.__proto__.x } }',
    '12:24: error: "steps.s.result.__proto__.x" leads through "__proto__" [reference]',
  ],
  [
    'no reference at all',
    'command: label\nwith: { label: { from: nothing } }',
    '12:24: error: "nothing" is no reference [reference] Write parameters.NAME, or steps.STEP.result.FIELD.',
  ],
  [
    'a reference with something beside it',
    'command: label\nwith: { label: { from: parameters.x, plus: "!" } }',
    '12:24: error: { from: … } stands alone, and here is "plus" beside it [reference]',
  ],
  [
    'a map that is no reference',
    'command: label\nwith: { label: { a: 1 } }',
    '12:24: error: a map must be { from: … }: no argument is a map [reference]',
  ],
  [
    'a reference in a list',
    'command: label\nwith: { label: [{ from: parameters.x }] }',
    '12:24: error: a list holds a reference; a value is taken whole, or not at all [reference]',
  ],
  [
    'a step that needs itself',
    'command: mute\nneeds: [a]',
    '12:17: error: the step "a" needs itself [circle]',
  ],
  [
    'a need that is no step',
    'command: mute\nneeds: [sss]',
    '12:17: error: there is no step "sss" [unknown-step]',
  ],
  [
    'a need that stands twice',
    'command: mute\nneeds: [s, s]',
    '12:20: error: "s" is named twice [bad-value]',
  ],
  [
    'a comparison that is none',
    'command: mute\nwhen: { from: steps.s.result.pending, is: bigger, than: 1 }',
    '12:51: error: runbooks.it.steps[1].when.is must be equals, notEquals',
  ],
  [
    'an order among texts',
    'command: mute\nwhen: { from: steps.s.result.kind, is: greaterThan, than: 1 }',
    '12:48: error: greaterThan compares numbers, and steps.s.result.kind is text [wrong-type]',
  ],
  [
    'a whole number that would be another one',
    'command: mute\nwhen: { from: steps.s.result.pending, is: greaterThan, than: 9007199254740993 }',
    '12:70: error: the number 9007199254740992 is larger than what can be compared exactly [bad-value]',
  ],
  [
    'nothing to compare with',
    'command: mute\nwhen: { from: steps.s.result.kind, is: equals }',
    '12:15: error: equals needs something to compare with [missing-field]',
  ],
  [
    'something to compare with where nothing is compared',
    'command: mute\nwhen: { from: steps.s.result.kind, is: exists, than: 1 }',
    '12:62: error: exists compares with nothing [bad-value] Remove "than".',
  ],
  [
    'a value that can never be',
    'command: mute\nwhen: { from: steps.s.result.kind, is: equals, than: none }',
    '12:62: error: this can never be equal: steps.s.result.kind is one of "full", "partial", and none of these is taken [wrong-type]',
  ],
  [
    'emptiness of a number',
    'command: mute\nwhen: { from: steps.s.result.pending, is: isEmpty }',
    '12:51: error: isEmpty is for text, lists and maps, and steps.s.result.pending is a whole number [wrong-type]',
  ],
  [
    'a check of high risk',
    'command: mute\ncheck: [{ command: migrate }]',
    '12:28: error: a check only looks, and the command migrate is of high risk [risky-check]',
  ],
  [
    'an expectation of a command without a result',
    'command: mute\ncheck: [{ command: mute, expect: [{ from: result.x, is: exists }] }]',
    '12:51: error: the command mute declares no result, so "result.x" is nothing [no-result]',
  ],
  [
    'a check that is no map',
    'command: mute\ncheck: [space]',
    '12:17: error: runbooks.it.steps[1].check[0] must be a map, and is the text "space" [wrong-type]',
  ],
  [
    'a rollback that says only true',
    'command: mute\nrollback: true',
    '12:19: error: runbooks.it.steps[1].rollback must be a map, and is the boolean true [wrong-type] How to undo it: rollback: { command: migrate-down }. Default: nothing undoes it.',
  ],
  [
    'a timeout longer than the command allows',
    'command: mute\ntimeout: 11s',
    '12:18: error: the command mute may run for 10s at most in development [timeout]',
  ],
  [
    'a field that is none',
    'command: mute\nverfy: []',
    '12:9: error: there is no field "verfy" in runbooks.it.steps[1] [unknown-field] Did you mean "verify"?',
  ],
];

for (const [what, fields, complaint] of wrong) {
  test(`refused: ${what}`, (t) => {
    const found = runbookHouse(t)
      .complaints(step(fields))
      .map((line) => line.replace(/\n\s+/, ' '))
      .filter((line) => !line.includes('warning'));
    assert.equal(found.length, 1, found.join('\n'));
    assert.ok(found[0]!.startsWith(`runbooks.yaml:${complaint}`), `${found[0]}\n${complaint}`);
  });
}

const whole: readonly (readonly [string, string, string, string])[] = [
  [
    'a circle',
    '- { name: a, command: mute, needs: [c] }\n- { name: b, command: mute }\n- { name: c, command: mute }',
    '',
    'these steps wait for one another: a needs c needs b needs a',
  ],
  [
    'a name that stands twice',
    '- { name: a, command: mute }\n- { name: a, command: mute }',
    '',
    'the step "a" stands twice: here and as step 1 of the list',
  ],
  ['a reserved name', '- { name: all, command: mute }', '', '"all" cannot be the name of a step'],
  [
    'a name with capitals',
    '- { name: Up, command: mute }',
    '',
    'runbooks.it.steps[0].name must be lower-case letters',
  ],
  ['no steps', '[]', '', 'runbooks.it.steps must have at least 1 item(s)'],
  [
    'an environment that is none',
    '- { name: a, command: mute }',
    'environments: [developmnt]',
    'the settings have no environment "developmnt"',
  ],
  [
    'an environment in which a command does not run',
    '- { name: a, command: mute }',
    'environments: [development, production]',
    'the command mute does not run in production, where this runbook does',
  ],
  [
    'a default environment that is not among them',
    '- { name: a, command: mute }',
    'defaultEnvironment: production',
    'the runbook does not run in "production"',
  ],
  [
    'more than a day',
    '- { name: a, command: mute }',
    'timeout: 25h',
    'a runbook may take 24h at most',
  ],
  [
    'a step longer than the whole',
    '- { name: a, command: mute, timeout: 9s }',
    'timeout: 5s',
    'the step may take longer than the whole runbook (5s)',
  ],
  [
    'a default that its own schema refuses',
    '- { name: a, command: label, with: { label: { from: parameters.x } } }',
    'parameters: { x: { type: string, maxLength: 2, default: long } }',
    'the default of x has more than 2 characters',
  ],
  [
    'a parameter that may be absent',
    '- { name: a, command: label, with: { label: { from: parameters.x } } }',
    'parameters: { x: { type: string } }',
    '"parameters.x" may be absent, and label needs label',
  ],
  [
    'a tool of Reeve',
    '- { name: a, command: mute }',
    'tool: reeve_it',
    'runbooks.it.tool must not begin with "reeve"',
  ],
  [
    'the tool of a command',
    '- { name: a, command: mute }',
    'tool: mute',
    'the tool mute is that of the command mute as well',
  ],
  [
    'a policy that is none',
    '- { name: a, command: mute }',
    'onFailure: undo',
    'runbooks.it.onFailure must be stop, continue or rollback',
  ],
];

for (const [what, steps, fields, complaint] of whole) {
  test(`refused: ${what}`, (t) => {
    const found = runbookHouse(t).complaints(steps, fields);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0]!, /^runbooks\.yaml:[1-9]\d*:[1-9]\d*: error: /);
    assert.ok(found[0]!.includes(complaint), found[0]);
  });
}

test('everything that is wrong is told at once, in the order of the lines', (t) => {
  const found = runbookHouse(t).complaints(
    '- { name: a, command: nothing }\n- { name: b, command: label, needs: [x] }\n- { name: c, command: mute, timeout: 1h }',
  );
  assert.deepEqual(
    found.map((line) => /\[([a-z-]+)\]/.exec(line)![1]),
    ['unknown-command', 'missing-argument', 'unknown-step', 'timeout'],
  );
});

test('a runbook of the name of a command, one that stands twice in two files, and a file in a workspace are refused', (t) => {
  const at = runbookHouse(t);
  const text = fileOf('- { name: a, command: mute }');
  assert.match(
    messages(at.load(text.replace('  it:', '  mute:')))[0]!,
    /"mute" is a command of the inventory as well/,
  );
  at.write('books/b.yaml', text);
  at.write('books/a.yaml', text);
  const twice = messages(at.loadPath('books'));
  assert.equal(twice.length, 1);
  assert.match(
    twice[0]!,
    /b\.yaml:3:3: error: the runbook it is declared twice: here and at .*a\.yaml:3:3 \[duplicate-name\]/,
  );
  assert.match(messages(at.load(text, 'ws/runbooks.yaml'))[0]!, /where a command could rewrite it/);
});

test('a runbook cannot be called as a path of REST that stands where its name would stand', (t) => {
  const at = runbookHouse(t);
  const text = fileOf('- { name: a, command: mute }').replace('  it:', '  runs:');
  const found = messages(at.load(text));
  assert.equal(found.length, 1, found.join('\n'));
  assert.match(
    found[0]!,
    /:3:3: error: "runs" cannot be the name of a runbook: \/v1\/runbooks\/runs is a path of its own \[reserved-name\]\s+Rename it\./,
  );
});

test('a runbook has no parameter of a name that a call of its tool gives a meaning to', (t) => {
  const at = runbookHouse(t);
  for (const name of ['environment', 'idempotencyKey']) {
    const found = at.complaints(
      '- { name: a, command: mute }',
      `parameters: { ${name}: { type: string } }`,
    );
    assert.ok(
      found.some((line) => /\[reserved-name\]/.test(line)),
      found.join('\n'),
    );
  }
});

test('runbooks that the settings name and nobody wrote are an error of the settings', (t) => {
  const at = runbookHouse(t);
  const file = at.write(
    'other.yaml',
    'version: 1\nrunbooks: books\nenvironments: { development: { workspace: ./ws } }\n',
  );
  assert.match(
    messages(loadSettings(file, {}))[0]!,
    /:2:11: error: the runbooks .*books do not exist \[missing-file\]/,
  );
  at.write('books/a.yaml', 'version: 1\nrunbooks: {}\n');
  assert.equal(ok(loadSettings(file, {})).runbooks, `${at.folder}/books`);
  assert.equal(
    ok(loadSettings(file, { REEVE_RUNBOOKS: `${at.folder}/reeve.yaml` })).runbooks,
    `${at.folder}/reeve.yaml`,
  );
});
