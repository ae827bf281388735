/** Runbooks that load, and what they are then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRunbooks } from '../../../../src/inventory/runbooks/load.ts';
import { house, ok } from '../house.ts';
import { fileOf, runbookHouse } from './house.ts';

const whole = `
- name: status
  command: status
- name: backup
  title: Keep a copy
  command: backup
  with: { label: { from: parameters.label }, count: { from: steps.status.result.pending }, mode: full }
  needs: [status]
  when: { from: steps.status.result.pending, is: greaterThan, than: 0 }
  check: [{ command: space, expect: [{ from: result.free, is: greaterThan, than: 1000 }] }]
  verify: [{ command: label, with: { label: { from: steps.status.result.kind } } }]
  rollback: { command: label, with: { label: { from: parameters.label } } }
  timeout: 8s
  onFailure: rollback
- name: clean
  command: mute
  needs: []
`;

test('a whole runbook loads as it says', (t) => {
  const runbook = runbookHouse(t).one(
    whole,
    'tool: do_it\nparameters: { label: { type: string, pattern: "[a-z]+" } }\nrequired: [label]\nparallel: 2\ntimeout: 1h\napprovals: whole\nguardrails: [look twice]',
  );
  assert.equal(runbook.tool, 'do_it');
  assert.equal(runbook.timeoutMs, 3_600_000);
  assert.deepEqual(
    runbook.steps.map(({ name, needs, onFailure }) => [name, needs, onFailure]),
    [
      ['status', [], 'stop'],
      ['backup', ['status'], 'rollback'],
      ['clean', [], 'stop'],
    ],
  );
  const backup = runbook.steps[1]!;
  assert.deepEqual(backup.with, {
    label: { kind: 'parameter', name: 'label' },
    count: { kind: 'result', step: 'status', path: ['pending'] },
    mode: { kind: 'literal', value: 'full' },
  });
  assert.deepEqual(backup.check[0]!.expect, [
    {
      from: { kind: 'own', path: ['free'] },
      is: 'greaterThan',
      than: { kind: 'literal', value: 1000 },
    },
  ]);
  assert.deepEqual(Object.keys(runbook.commands), ['backup', 'label', 'mute', 'space', 'status']);
  assert.match(runbook.hash, /^sha256:[0-9a-f]{64}$/);
  assert.ok(Object.isFrozen(runbook.steps[0]!.with));
});

test('a step needs the one above it unless it says otherwise', (t) => {
  const { steps } = runbookHouse(t).one(
    '- { name: a, command: mute }\n- { name: b, command: mute }\n- { name: c, command: mute, needs: [a] }',
  );
  assert.deepEqual(
    steps.map(({ needs }) => needs),
    [[], ['a'], ['a']],
  );
});

test('high and critical risk is confirmed where nobody approves it, by environment', (t) => {
  const { steps, risk } = runbookHouse(t).one(
    '- { name: a, command: migrate }\n- { name: b, command: approved }\n- { name: c, command: approved, confirm: true }',
    'environments: [development, production]',
  );
  assert.equal(risk, 'critical');
  assert.deepEqual(
    steps.map(({ confirm }) => confirm),
    [
      { development: true, production: true },
      { development: true, production: false },
      { development: true, production: true },
    ],
  );
});

test('what is written decides the hash, and what the commands are decides the other one', (t) => {
  const at = runbookHouse(t);
  const one = at.one('- { name: a, command: mute }');
  const same = at.one('- { name: a, command: mute }');
  const other = at.one('- { name: a, command: mute, title: Other }');
  assert.equal(one.hash, same.hash);
  assert.notEqual(one.hash, other.hash);
  assert.equal(one.commandsHash, other.commandsHash);
  assert.notEqual(one.commandsHash, at.one('- { name: a, command: status }').commandsHash);
});

test('a folder is read whole, and nothing at all is no runbook', (t) => {
  const at = runbookHouse(t);
  at.write('books/b.yaml', fileOf('- { name: a, command: mute }').replace('  it:', '  other:'));
  at.write('books/a.yaml', fileOf('- { name: a, command: mute }'));
  const loaded = ok(at.loadPath('books'));
  assert.deepEqual([...loaded.all.keys()], ['it', 'other']);
  assert.deepEqual([...loaded.byTool.keys()], ['it', 'other']);
  assert.equal(loaded.files.length, 2);
  const bare = house(t);
  const none = ok(loadRunbooks(null, bare.settings, ok(bare.load('{}'))));
  assert.deepEqual([...none.all.keys()], []);
  assert.deepEqual(none.files, []);
});

test('doubtful things are warned of and load', (t) => {
  const at = runbookHouse(t);
  assert.deepEqual(at.warnings('- { name: a, command: migrate, confirm: false }'), [
    'unconfirmed-risk',
  ]);
  assert.deepEqual(
    at.warnings('- { name: a, command: mute }', 'parameters: { x: { type: string } }'),
    ['unused-parameter'],
  );
  assert.deepEqual(
    at.warnings('- { name: a, command: label, with: { label: "{parameters.x}" } }'),
    ['looks-like-reference'],
  );
  assert.deepEqual(
    at.warnings(
      '- { name: s, command: status }\n- { name: t, command: status, when: { from: steps.s.result.pending, is: equals, than: 1 } }\n- { name: a, command: label, with: { label: { from: steps.t.result.kind } } }',
    ),
    ['may-be-absent'],
  );
});
