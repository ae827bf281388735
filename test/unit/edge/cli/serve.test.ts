/** `reeve serve`, and the other verbs against the gateway that it runs. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  announceGateway,
  findGateway,
  retractGateway,
} from '../../../../src/edge/cli/running-gateway.ts';
import { type Ended, finish, type Home, makeHome } from './reeve.ts';

interface Served extends AsyncDisposable {
  readonly url: string;
  readonly announced: string;
  stop(signal: NodeJS.Signals): Promise<Ended>;
  said(pattern: RegExp): Promise<void>;
}

async function serve(home: Home, args: readonly string[] = []): Promise<Served> {
  const child = home.start(['serve', ...args]);
  const ended = finish(child);
  let stderr = '';
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  const first = await Promise.race([
    once(child.stdout!, 'data'),
    ended.then((e) => assert.fail(e.stderr)),
  ]);
  return {
    url: String(first[0]).split('\n')[0]!,
    announced: join(home.folder, 'gateway-state', 'gateway.json'),
    stop: (signal) => {
      child.kill(signal);
      return ended;
    },
    said: async (pattern) => {
      if (signalled(child)) return;
      while (!pattern.test(stderr)) await once(child.stderr!, 'data');
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
  function signalled(c: typeof child): boolean {
    return c.exitCode !== null;
  }
}

test('it prints its URL, announces itself for its own user alone, and takes that back at its end', async () => {
  using home = makeHome();
  await using gateway = await serve(home);
  assert.match(gateway.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(statSync(gateway.announced).mode & 0o777, 0o600);
  assert.equal(JSON.parse(readFileSync(gateway.announced, 'utf8')).url, gateway.url);
  assert.equal((await fetch(`${gateway.url}/healthz`)).status, 200);
  const ended = await gateway.stop('SIGTERM');
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stderr, /memory is not limited/);
  assert.equal(existsSync(gateway.announced), false);
});

test('other verbs talk to it: nothing says same-user, and a run may be left to it', async () => {
  using home = makeHome();
  await using _gateway = await serve(home);
  const run = await home.reeve(['run', 'greet']);
  assert.deepEqual([run.code, run.stdout], [0, 'hello\n'], run.stderr);
  assert.doesNotMatch(run.stderr, /same-user/);
  assert.equal((await home.reeve(['run', 'fail'])).code, 1);
  assert.equal((await home.reeve(['run', 'guarded'])).code, 4);
  const started = await home.reeve(['run', 'endless', '--no-wait']);
  assert.match(started.stdout, /^req_\d+\n$/, started.stderr);
  const id = started.stdout.trim();
  assert.match((await home.reeve(['ps'])).stdout, new RegExp(id));
  assert.match((await home.reeve(['show', id])).stdout, /endless in development: running/);
  const followed = home.reeve(['logs', id, '--follow']);
  assert.match((await home.reeve(['cancel', id])).stdout, /is cancelled/);
  assert.deepEqual([(await followed).code, (await followed).stdout], [6, 'started\n']);
});

test('--server names it from elsewhere, with a token from the environment', async () => {
  using home = makeHome();
  await using gateway = await serve(home);
  const token = readFileSync(join(home.folder, 'gateway-state', 'local.token'), 'utf8').trim();
  using elsewhere = makeHome();
  const right = await elsewhere.bare(['list', '--server', gateway.url], {
    env: { REEVE_TOKEN: token },
  });
  assert.equal(right.code, 0, right.stderr);
  const wrong = await elsewhere.bare(['list'], {
    env: { REEVE_TOKEN: 'wrong', REEVE_SERVER: gateway.url },
  });
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /^UNAUTHENTICATED: /);
});

test('SIGHUP loads the configuration anew', async () => {
  using home = makeHome();
  await using gateway = await serve(home);
  await gateway.said(/sandbox/);
  const said = gateway.said(/reeve: loaded; sha256:0 is in force/);
  void gateway.stop('SIGHUP');
  await said;
  assert.equal((await home.reeve(['reload'])).code, 0);
});

test('a second one on the same state is refused', async () => {
  using home = makeHome();
  await using gateway = await serve(home);
  const second = await home.reeve(['serve']);
  assert.equal(second.code, 7);
  assert.ok(second.stderr.includes(`A gateway runs on this state already: ${gateway.url}`));
});

test('a port that is taken is named, and nothing is announced', async () => {
  using home = makeHome();
  await using gateway = await serve(home);
  using other = makeHome();
  const ended = await other.reeve(['serve', '--port', new URL(gateway.url).port]);
  assert.equal(ended.code, 7);
  assert.match(
    ended.stderr,
    /cannot be listened on\.\n {2}Another process listens there\.\n {2}next: /,
  );
  assert.equal(existsSync(join(other.folder, 'gateway-state', 'gateway.json')), false);
});

test('without a running gateway there is nothing to reload', async () => {
  using home = makeHome();
  const ended = await home.reeve(['reload']);
  assert.equal(ended.code, 7);
  assert.match(ended.stderr, /No gateway runs on this state/);
});

test('a gateway that was killed leaves an announcement that nobody follows', async () => {
  using home = makeHome();
  const gateway = await serve(home);
  await gateway.stop('SIGKILL');
  assert.equal(existsSync(gateway.announced), true);
  const ended = await home.reeve(['run', 'greet']);
  assert.equal(ended.code, 0);
  assert.match(ended.stderr, /same-user/);
});

test('an announcement counts only while the very process that made it runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-announce-'));
  try {
    announceGateway(folder, 'http://127.0.0.1:1', 0);
    assert.equal(findGateway(folder)?.pid, process.pid);
    const file = join(folder, 'gateway.json');
    const said = JSON.parse(readFileSync(file, 'utf8'));
    const changes = [
      { pidStart: '1' },
      { pidStart: null },
      { pid: 2 ** 22 + 1 },
      { pid: 'x' },
      { url: 7 },
    ];
    for (const change of changes) {
      writeFileSync(file, JSON.stringify({ ...said, ...change }));
      assert.equal(findGateway(folder), null, JSON.stringify(change));
    }
    for (const text of ['', 'null', '{', '[]']) {
      writeFileSync(file, text);
      assert.equal(findGateway(folder), null, text);
    }
    writeFileSync(file, JSON.stringify(said));
    chmodSync(file, 0o666);
    assert.equal(findGateway(folder), null, 'others may write it');
    chmodSync(file, 0o600);
    retractGateway(folder);
    assert.equal(existsSync(file), false);
    mkdirSync(file);
    assert.equal(findGateway(folder), null, 'a folder');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('doctor tells what is missing and how to get it, and that runs are possible', async () => {
  using home = makeHome();
  writeFileSync(join(home.folder, 'inventory.yaml'), 'version: 1\ncommands: {}\n');
  const ended = await home.reeve(['doctor']);
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  assert.match(
    ended.stdout,
    /note {5}host .*memory is not limited\n.*there is no control group\n.*next: delegate one/,
  );
  assert.match(ended.stdout, /note {5}limits .*held: processes, output\n.*not held here: memory\n/);
  assert.match(ended.stdout, /Runs are possible here\./);
  const without = await home.bare(['doctor', '--output', 'json']);
  assert.equal(without.code, 7);
  const found = JSON.parse(without.stdout);
  assert.equal(found.ok, false);
  assert.match(
    found.findings.find((f: { state: string }) => f.state === 'problem').why,
    /No configuration was found/,
  );
});
