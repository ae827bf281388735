/** docs/ubuntu.md against the program: the profile can be parsed, and the doctor sends people to the page that has it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { blocksOf } from '../docs/blocks.ts';
import { root } from '../real/stage.ts';

const page = 'docs/ubuntu.md';
const block = (of: RegExp) => blocksOf(page).find(({ text }) => of.test(text))!.text;

test('the doctor says of AppArmor what the page says, and the page has the profile', () => {
  const said = block(/^AppArmor restricts/);
  assert.ok(readFileSync(join(root, 'src/run/probe.ts'), 'utf8').includes(`'${said.trim()}'`));
  assert.match(
    block(/^abi/),
    /^profile bwrap \/usr\/bin\/bwrap flags=\(unconfined\) \{\n {2}userns,$/m,
  );
});

const parser = ['/usr/sbin/apparmor_parser', '/sbin/apparmor_parser'].find((path) =>
  existsSync(path),
);
const abi = '/etc/apparmor.d/abi/4.0';
const without =
  parser === undefined
    ? 'apparmor_parser is not installed'
    : existsSync(abi)
      ? false
      : `this AppArmor is older than 4: no ${abi}`;

test('the profile can be parsed', { skip: without }, () => {
  const done = spawnSync(parser!, ['--skip-kernel-load', '--skip-cache'], {
    input: block(/^abi/),
    encoding: 'utf8',
  });
  assert.equal(done.status, 0, done.stderr);
});
