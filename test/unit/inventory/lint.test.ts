/** The linter: declarations that would hand a caller another program, and habits that end there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Loaded } from '../../../src/core/diagnostic.ts';
import { entry, house, indent, messages, rules } from './house.ts';

const parameters = `parameters:
  free: { type: string }
  bound: { type: string, pattern: "[a-z]+" }
  path: { type: string, format: workspace-path }
  n: { type: integer }
  many: { type: array, items: { type: string } }
  paths: { type: array, items: { type: string, format: workspace-path } }
  kinds: { type: array, items: { type: string, enum: [a, b] } }
  dash: { type: string, allowLeadingDash: true }
  on: { type: boolean }`;

/** Only what the line uses is declared. */
function fields(run: string): string {
  const used = ['free', 'bound', 'path', 'n', 'many', 'paths', 'kinds', 'dash', 'on'].filter(
    (name) => new RegExp(`\\{${name}\\}|spread: ${name}\\b|when: ${name}\\b`).test(run),
  );
  const declared = parameters
    .split('\n')
    .filter((text) => used.includes(text.trim().split(':')[0]!));
  const required = used.filter((name) => run.includes(`{${name}}`) && !run.includes('option:'));
  return `run: ${run}\n${declared.length === 0 ? '' : `parameters:\n${declared.join('\n')}\n`}required: [${required}]`;
}

const error = 'wrapper-with-free-arguments';
const table: [string, string | null, string][] = [
  ['[/usr/bin/env, { spread: many }]', error, 'runs anything'],
  ['[/usr/bin/env, A=b, { spread: many }]', error, 'a variable is no program'],
  ['[/usr/bin/env, /usr/bin/ls, { spread: kinds }]', null, 'a fixed program and a fixed choice'],
  [
    '[/usr/bin/env, /usr/bin/ls, { spread: many }]',
    'free-arguments',
    'a fixed program with free arguments',
  ],
  ['[/usr/bin/flock, /tmp/lock, { spread: many }]', error, 'the lock is no program'],
  ['[/usr/bin/timeout, "{n}", /usr/bin/ls]', null, 'a number is no program'],
  ['[/usr/bin/nice, "{free}"]', error, 'a program by name'],
  ['[/usr/bin/xargs, { spread: many }]', error, 'runs anything'],
  ['[/usr/bin/sh, -c, "echo {free}"]', error, 'text in code'],
  ['[/usr/bin/sh, -c, "cat {path}"]', error, 'a file name in code'],
  ['[/usr/bin/bash, -ec, "echo {bound}"]', 'code-with-parameter', 'a pattern narrows it'],
  ['[/usr/bin/bash, -c, "echo \\"$1\\"", --, "{free}"]', null, 'an argument of its own'],
  ['[/usr/bin/sh, -c, "exit 1"]', null, 'fixed code'],
  ['[/usr/bin/bash, "{free}"]', error, 'a script by name'],
  ['[/usr/bin/python3, -c, "{free}"]', error, 'code'],
  ['[/usr/bin/python3, { spread: many }]', error, 'free arguments'],
  ['[/usr/bin/perl, -e, "print {n}"]', 'code-with-parameter', 'a number in code'],
  ['[/usr/bin/awk, "{free}", f]', error, 'its first argument is code'],
  ['[/usr/bin/sed, -e, "s/a/{free}/"]', error, 'sed runs programs, too'],
  ['[/usr/bin/sed, -n, 1p, --, "{path}"]', null, 'fixed code on a path'],
  ['[/usr/bin/find, /workspace, { spread: many }]', error, 'find has -exec'],
  ['[/usr/bin/find, /workspace, -name, "{free}"]', null, 'one value behind a fixed option'],
  ['[/usr/bin/find, { spread: paths }]', null, 'paths'],
  ['[/usr/bin/git, { spread: many }]', error, 'git has -c alias'],
  ['[/usr/bin/git, "{free}"]', error, 'a subcommand by name'],
  ['[/usr/bin/git, log, -c, -n, "1"]', null, 'fixed'],
  ['[/usr/bin/git, log, "{free}"]', null, 'one value that begins with no dash'],
  ['[/usr/bin/git, add, --, { spread: many }]', null, 'behind --'],
  ['[/usr/bin/tar, -xf, "{free}"]', error, 'a host may stand before a colon'],
  ['[/usr/bin/tar, -xf, "{path}"]', null, 'a path'],
  ['[/usr/bin/tar, -xf, a.tar, { spread: many }]', error, 'tar runs programs by option'],
  ['[/usr/bin/printf, x, { spread: many }]', 'missing-end-of-options', 'nothing ends the options'],
  ['[/usr/bin/printf, x, --, { spread: many }]', null, 'something does'],
  ['[/usr/bin/printf, "{dash}"]', 'missing-end-of-options', 'a value that may be an option'],
  ['[/usr/bin/printf, --, "{dash}"]', null, 'behind --'],
  ['[/usr/bin/cat, "{path}"]', null, 'a path is passed on as /workspace/…'],
  ['[/usr/bin/grep, -E, -e, "{free}", /workspace/log.txt]', null, 'a value of an option'],
];

test('run | finding | why', (t) => {
  const at = house(t);
  for (const [run, expected, why] of table) {
    const loaded: Loaded<unknown> = at.load(`it:\n${indent(entry(fields(run)), 2)}`);
    const said = rules(loaded);
    const detail = loaded.ok ? '' : messages(loaded).join('\n');
    assert.deepEqual(
      said.filter((rule) => rule !== 'missing-end-of-options' || expected === rule),
      expected === null ? [] : [expected],
      `${run} (${why}) ${detail}`,
    );
    assert.equal(loaded.ok, expected !== error, `${run} (${why}) ${detail}`);
  }
});

test('a version in the name hides nothing, nor does a link', (t) => {
  const at = house(t);
  at.write('bin/python3.11', '#!/bin/sh\n', 0o755);
  at.write('bin/perl5.36.0', '#!/bin/sh\n', 0o755);
  for (const name of ['python3.11', 'perl5.36.0']) {
    assert.deepEqual(
      rules(
        at.load(
          `it:\n${indent(entry(`${fields(`[bin/${name}, { spread: many }]`)}\nmounts: [bin]`), 2)}`,
        ),
      ).filter((r) => r === error),
      [error],
    );
  }
});

test('the network of the host needs a reason', (t) => {
  const at = house(t);
  const of = (more: string) =>
    rules(at.load(`it:\n${indent(entry(`run: [/usr/bin/true]\n${more}`), 2)}`));
  assert.deepEqual(of('network: host'), ['network-without-reason']);
  for (const reason of [
    'guardrails: [reaches the mirror]',
    'complianceNotes: approved',
    'dependencies: [postgres]',
  ])
    assert.deepEqual(of(`network: host\n${reason}`), []);
});

test('a rollback that looks like a command and is none is a warning', (t) => {
  const at = house(t);
  assert.deepEqual(
    rules(at.load(`it:\n${indent(entry('run: [/usr/bin/true]\nrollback: undo-it'), 2)}`)),
    ['unknown-rollback'],
  );
  assert.deepEqual(
    rules(
      at.load(`it:\n${indent(entry('run: [/usr/bin/true]\nrollback: Restore the backup.'), 2)}`),
    ),
    [],
  );
});
