/** Which programs an executable is, by every name on the way to it. */
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { entry, house, indent, rules } from '../house.ts';

const error = 'wrapper-with-free-arguments';
const declare = (name: string, rest: string, mount = 'bin') =>
  `it:\n${indent(
    entry(
      `run: [${mount}/${name}, ${rest}]\nmounts: [bin]\nparameters: { many: { type: array, items: { type: string } }, free: { type: string } }\nrequired: [free]`,
    ),
    2,
  )}`;

test('a link that is called something else is what it leads to', (t) => {
  const at = house(t);
  at.write('bin/python3.12', '#!/bin/sh\n', 0o755);
  symlinkSync('python3.12', join(at.folder, 'bin/python3'));
  symlinkSync('python3', join(at.folder, 'bin/harmless'));
  assert.deepEqual(
    rules(at.load(declare('harmless', '"{free}", { spread: many }'))).filter(
      (rule) => rule === error,
    ),
    [error],
  );
});

test('a link under the name of a known program counts by that name as well', (t) => {
  const at = house(t);
  at.write('bin/something', '#!/bin/sh\n', 0o755);
  symlinkSync('something', join(at.folder, 'bin/bash'));
  assert.ok(
    rules(at.load(declare('bash', '-c, "{free}", { spread: many }'))).includes('code-from-caller'),
  );
});

test('the system’s own links are followed: /bin, alternatives, versions', (t) => {
  const at = house(t);
  const lines: [string, string][] = [
    ['/bin/sh, -c, "{free}"', 'code-from-caller'],
    ['/usr/bin/awk, "{free}"', 'code-from-caller'],
    ['/usr/bin/env, "{free}"', error],
    ['/bin/env, "{free}"', error],
    ['/usr/bin/perl, -e, "{free}"', 'code-from-caller'],
  ];
  for (const [run, expected] of lines) {
    const loaded = at.load(
      `it:\n${indent(entry(`run: [${run}]\nparameters: { free: { type: string } }\nrequired: [free]`), 2)}`,
    );
    assert.ok(rules(loaded).includes(expected), `${run}: ${rules(loaded).join(', ')}`);
  }
});

test('one file that is many programs is the one that it is called', (t) => {
  const at = house(t);
  at.write('bin/busybox', '#!/bin/sh\n', 0o755);
  for (const name of ['wc', 'vi', 'sh']) symlinkSync('busybox', join(at.folder, `bin/${name}`));
  const found = (name: string, rest: string) => rules(at.load(declare(name, rest)));
  assert.deepEqual(
    found('wc', '--, "{free}", { spread: many }').filter((rule) => rule !== 'needless-write'),
    [],
  );
  assert.ok(found('sh', '-c, "{free}", { spread: many }').includes('code-from-caller'));
  assert.ok(found('busybox', 'sh, -c, "{free}", { spread: many }').includes('code-from-caller'));
});

test('git’s own programs are git', (t) => {
  const at = house(t);
  at.write('bin/git-submodule', '#!/bin/sh\n', 0o755);
  assert.ok(
    rules(at.load(declare('git-submodule', 'foreach, "{free}", { spread: many }'))).includes(
      'code-from-caller',
    ),
  );
});
