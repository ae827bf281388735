/** A standard output that cannot be written, arguments that are not UTF-8, and tokens that no header can carry. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../../../src/edge/cli/exit-codes.ts';
import { finish, type Home, makeHome } from './reeve.ts';

const main = fileURLToPath(new URL('./memory-main.ts', import.meta.url));

/** By way of a shell, which can give what Node cannot: full disks for standard output, and bytes for arguments. */
function byShell(home: Home, line: string) {
  const script = `exec "$0" "$1" --config named.yaml --state gateway-state ${line}`;
  return finish(
    spawn('/bin/sh', ['-c', script, process.execPath, main], {
      cwd: home.folder,
      env: home.env,
      stdio: 'pipe',
    }),
  );
}

test('an answer that cannot be written is not a success', {
  skip: !existsSync('/dev/full'),
}, async () => {
  using home = makeHome();
  for (const line of ['list', 'list --output json', 'version']) {
    const ended = await byShell(home, `${line} > /dev/full`);
    assert.equal(ended.code, exitCodes.gatewayFailed, line);
    assert.match(ended.stderr, /could not be written[\s\S]*ENOSPC[\s\S]*next:/);
  }
});

test('a reader that goes away is no failure', async () => {
  using home = makeHome();
  const ended = await byShell(home, 'list | true');
  assert.equal(ended.code, 0);
  assert.doesNotMatch(ended.stderr, /could not be written/);
});

test('bytes that are not UTF-8 are refused, never replaced', async () => {
  using home = makeHome();
  const ended = await byShell(home, `run greet --param "name=$(printf 'a\\377')"`);
  assert.equal(ended.code, exitCodes.usage);
  assert.match(ended.stderr, /not UTF-8/);
  assert.equal(ended.stdout, '');
  const meant = await byShell(home, "run greet --param 'name=\ufffd'");
  assert.doesNotMatch(meant.stderr, /not UTF-8/);
});

test('a token that is none is refused without being shown', async () => {
  using home = makeHome();
  const ended = await home.reeve(['--server', 'http://127.0.0.1:9999', 'list'], {
    env: { REEVE_TOKEN: 'reeve_secret\nX-Evil: 1' },
  });
  assert.equal(ended.code, exitCodes.usage);
  assert.match(ended.stderr, /REEVE_TOKEN/);
  assert.doesNotMatch(ended.stderr, /reeve_secret/);
});
