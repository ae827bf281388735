/** A name server that never answers, for real: the host's own resolver, in a network of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('./children/hanging-names.ts', import.meta.url));

test('names that are never looked up end at the time limit, and hold up neither files nor one another', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-names-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const resolver = join(folder, 'resolv.conf');
  const order = join(folder, 'nsswitch.conf');
  writeFileSync(resolver, 'nameserver 127.0.0.1\noptions timeout:3 attempts:1\n');
  writeFileSync(order, 'hosts: files dns\n');
  const ran = spawnSync(
    'bwrap',
    [
      ...['--dev-bind', '/', '/', '--unshare-user', '--unshare-net', '--uid', '0', '--gid', '0'],
      ...['--cap-add', 'CAP_NET_BIND_SERVICE'],
      ...['--ro-bind', resolver, '/etc/resolv.conf', '--ro-bind', order, '/etc/nsswitch.conf'],
      ...[process.execPath, child],
    ],
    { encoding: 'utf8', timeout: 120_000 },
  );
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(JSON.parse(ran.stdout), {
    whys: ['no answer within 200ms, looking up its name'],
    file: { available: true },
    asked: true,
  });
});
