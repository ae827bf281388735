/** Plans and pictures of runbooks: what is known before the run, and titles that try to be something else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from '../../../src/core/command.ts';
import { drawnSteps, mermaidOf } from '../../../src/runbooks/graph.ts';
import { planRunbook } from '../../../src/runbooks/plan.ts';
import { svgOf } from '../../../src/runbooks/svg.ts';
import { freeze, lookAt, Play, runbookOf, undo } from './house.ts';

const command = (name: string): Command =>
  ({
    name,
    title: name,
    risk: 'low',
    approvals: name === 'do-b' ? [{ role: 'ops', count: 2, independent: true }] : [],
    environments: { development: {} },
    timeout: { defaultMs: 1000, maxMs: 2000 },
    hash: name === 'undo' ? 'sha256:changed' : 'sha256:0',
  }) as unknown as Command;
const commands = new Map(['do-a', 'do-b', 'look', 'undo'].map((name) => [name, command(name)]));

const runbook = runbookOf([
  {
    name: 'b',
    needs: ['a'],
    with: {
      n: { kind: 'result', step: 'a', path: ['n'] },
      label: { kind: 'parameter', name: 'label' },
      gone: { kind: 'parameter', name: 'gone' },
    },
    when: {
      from: { kind: 'parameter', name: 'label' },
      is: 'equals',
      than: { kind: 'literal', value: 'x' },
    },
    check: [
      lookAt('look', {
        expect: [{ from: { kind: 'own', path: ['free'] }, is: 'exists', than: null }],
      }),
    ],
    rollback: undo('undo'),
    confirm: true,
    timeoutMs: 500,
  },
  { name: 'a', needs: [], with: { label: { kind: 'parameter', name: 'label' } } },
]);

test('a plan has the steps in their order, with what is known and what is still open', () => {
  const plan = planRunbook(freeze(runbook, { label: 'x' }), commands);
  assert.deepEqual(
    plan.steps.map(({ name, place }) => [name, place]),
    [
      ['a', 1],
      ['b', 2],
    ],
  );
  const [a, b] = plan.steps;
  assert.deepEqual(a!.complete, { label: 'x' });
  assert.equal(b!.complete, null);
  assert.deepEqual(b!.arguments, {
    n: { known: false, from: 'steps.a.result.n' },
    label: { known: true, value: 'x' },
  });
  assert.deepEqual(b!.when, { condition: 'parameters.label equals "x"', holds: true });
  assert.deepEqual(b!.check[0]!.expect, ['result.free is there']);
  assert.deepEqual(
    [b!.timeoutMs, a!.timeoutMs, b!.rollback!.changed, b!.changed],
    [500, 1000, true, false],
  );
  assert.deepEqual([plan.confirmations, plan.votes], [1, 2]);
});

const hostile =
  '"]; click s1 "javascript:alert(1)" %%{init}%% <script>alert(1)</script>\n\u202e--> x';

test('a title can be nothing but a title in Mermaid', () => {
  const steps = runbookOf([{ name: 'a', title: hostile }, { name: 'b' }]).steps;
  const text = mermaidOf(drawnSteps(steps, 'development', null));
  const lines = text.trimEnd().split('\n');
  assert.equal(lines.length, 4);
  assert.match(lines[1]!, /^ {2}s1\["[^"<>[\];(){}%\n]*(?:(?:#\d+;|<br\/>)[^"<>[\](){}%\n]*)*"\]$/);
  assert.equal(lines[3], '  s1 --> s2');
});

test('of a run each step has its status, in words and as a class', () => {
  const run = new Play(freeze(runbookOf([{ name: 'a' }, { name: 'b', confirm: true }])));
  run.ends('a:run:1');
  const text = mermaidOf(drawnSteps(run.frozen.runbook.steps, 'development', run.state));
  assert.match(text, /s1\["a<br\/>do-a<br\/>✓ completed"\]:::completed/);
  assert.match(text, /s2\["b<br\/>do-b<br\/>▶ running<br\/>confirmed by a person"\]:::running/);
  assert.match(text, /classDef completed /);
});

test('the picture is well-formed, told in words, and holds no markup of a title', () => {
  const sketches = [
    { name: 'a', title: hostile },
    { name: 'b', needs: ['a'] },
    { name: 'c', needs: ['a'] },
    { name: 'd', needs: ['a', 'b', 'c'] },
  ];
  const svg = svgOf(drawnSteps(runbookOf(sketches).steps, 'development', null), hostile, 'it');
  assert.equal(svg.includes('<script'), false);
  assert.equal(svg.includes('\u202e'), false);
  assert.match(svg, /role="img" aria-labelledby="it-title it-desc"/);
  assert.match(svg, /<desc id="it-desc">1\. .*4\. d \(d, command do-d, after a, b, c\)\./);
  // d needs a by way of b and c: that arrow goes without saying.
  assert.equal(svg.match(/class="way"/g)!.length, 4);
  const open = svg.match(/<[a-z]+[^>]*[^/]>/g)!.length;
  assert.equal(open, svg.match(/<\/[a-z]+>/g)!.length);
  assert.throws(() => svgOf([], 'x', '"><script>'));
});

test('what a title hides is seen in every picture', () => {
  // A zero-width space, a tag, a soft hyphen and a Hangul filler, which is a letter.
  const hidden = ['\u200b', '\u{e0041}', '\u00ad', '\u3164'];
  const steps = drawnSteps(
    runbookOf([{ name: 'a', title: `x${hidden.join('y')}z` }]).steps,
    'development',
    null,
  );
  for (const picture of [mermaidOf(steps), svgOf(steps, hidden.join(' '))])
    for (const each of hidden) {
      assert.ok(!picture.includes(each));
      assert.ok(!picture.includes(`#${each.codePointAt(0)};`));
    }
});
