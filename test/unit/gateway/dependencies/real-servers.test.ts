/** Probes against the servers that they are made for, where this host has them: Postgres and Redis, started here and ended. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlainProbe } from '../../../../src/gateway/dependencies/look.ts';
import { look } from '../../../../src/gateway/dependencies/look.ts';
import { closedPort } from './servers.ts';

const postgresFolder = globSync('/usr/lib/postgresql/*/bin')
  .sort()
  .find((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')));
/** One program under several names, that acts by the one it is called by. */
const redisServer = [
  '/usr/bin/redis-server',
  '/usr/local/bin/redis-server',
  '/usr/bin/redis-check-rdb',
].find((path) => existsSync(path));
/** Postgres refuses to be root. */
const root = process.getuid?.() === 0;
const nobody = root ? { uid: 65_534, gid: 65_534 } : {};

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-server-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o700);
  if (root) chownSync(folder, 65_534, 65_534);
  return folder;
}

/** Ended, and gone, before the folder is. */
function keep(t: TestContext, child: ChildProcess): void {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  t.after(async () => {
    child.kill('SIGKILL');
    await gone;
  });
}

async function found(probe: PlainProbe): Promise<string> {
  const finding = await look(probe, () => assert.fail(), new AbortController().signal);
  return finding.available ? 'available' : finding.why;
}

/** Looks until it is available, or the child is gone; answers everything that was found on the way. */
async function untilAvailable(probe: PlainProbe, child: ChildProcess): Promise<readonly string[]> {
  const seen: string[] = [];
  while (child.exitCode === null && seen.at(-1) !== 'available') {
    seen.push(await found(probe));
    await sleep(20);
  }
  return seen;
}

for (const tls of [false, true]) {
  test(`Postgres ${tls ? 'that speaks TLS' : 'without TLS'} is found while it takes connections, and only then`, {
    skip: postgresFolder === undefined ? 'no Postgres is installed here' : false,
  }, async (t) => {
    const folder = folderFor(t);
    const data = join(folder, 'data');
    const options = { ...nobody, env: {}, cwd: folder, stdio: 'ignore' } as const;
    const tool = (name: string) => join(postgresFolder!, name);
    execFileSync(
      tool('initdb'),
      [
        '-D',
        data,
        '-U',
        'owner',
        '-A',
        'scram-sha-256',
        '--pwfile=/proc/sys/kernel/hostname',
        '-N',
        '--no-locale',
      ],
      options,
    );
    if (tls) {
      const [key, cert] = [join(data, 'server.key'), join(data, 'server.crt')];
      execFileSync(
        'openssl',
        `req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=x -keyout ${key} -out ${cert}`.split(
          ' ',
        ),
        { ...options, env: { HOME: folder } },
      );
      chmodSync(key, 0o600);
    }
    const port = await closedPort();
    const probe = { kind: 'postgres', at: { host: '127.0.0.1', port }, timeoutMs: 20_000 } as const;
    assert.equal(await found(probe), 'connection refused (ECONNREFUSED)');
    const settings = [
      '-p',
      String(port),
      '-h',
      '127.0.0.1',
      '-k',
      '',
      '-c',
      `ssl=${tls ? 'on' : 'off'}`,
    ];
    const server = spawn(tool('postgres'), ['-D', data, ...settings], options);
    keep(t, server);
    const seen = await untilAvailable(probe, server);
    assert.equal(seen.at(-1), 'available', seen.join('\n'));
    for (const why of seen.slice(0, -1))
      assert.match(why, /^connection refused|^it takes no connections now/);
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGINT');
    await gone;
    assert.equal(await found(probe), 'connection refused (ECONNREFUSED)');
  });
}

for (const password of [null, 'a-pass-word']) {
  test(`Redis ${password === null ? 'that is open to all' : 'that wants a password'} is found while it answers`, {
    skip: redisServer === undefined ? 'no Redis is installed here' : false,
  }, async (t) => {
    const port = await closedPort();
    const probe = { kind: 'redis', at: { host: '127.0.0.1', port }, timeoutMs: 20_000 } as const;
    const own = password === null ? [] : ['--requirepass', password];
    const server = spawn(
      redisServer!,
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folderFor(t), ...own],
      { ...nobody, stdio: 'ignore', argv0: 'redis-server' },
    );
    keep(t, server);
    const seen = await untilAvailable(probe, server);
    assert.equal(seen.at(-1), 'available', seen.join('\n'));
    // Stopped by the kernel it still takes connections, and answers nobody.
    server.kill('SIGSTOP');
    assert.match(await found({ ...probe, timeoutMs: 200 }), /^no answer within 200ms/);
  });
}
