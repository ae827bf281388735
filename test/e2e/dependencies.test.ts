/**
 * Dependencies on the command line, for real: doctor shows each with why it is away, a run is refused while it is and
 * goes through once it is back.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { reeve } from '../real/stage.ts';
import { closedPort } from '../unit/gateway/dependencies/servers.ts';

let folder: string;
let port: number;

before(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-dependencies-')));
  mkdirSync(join(folder, 'workspace'), { mode: 0o777 });
  port = await closedPort();
  writeFileSync(
    join(folder, 'reeve.yaml'),
    `version: 1
environments:
  development: { workspace: ./workspace }
  production: { workspace: ./workspace }
defaultEnvironment: development
auditFile: ./audit.log
secrets:
  CACHE_URL: { env: CACHE_URL }
dependencies:
  kms: { file: kms }
  cache: { redis: { secret: CACHE_URL }, timeout: 10s }
  database: { environments: { production: { tcp: "127.0.0.1:${port}" } } }
  backup: { command: check-backup }
`,
  );
  const command = (name: string, dependencies: string) => `  ${name}:
    description: One of the tests.
    owner: tests
    risk: low
    run: [/bin/echo, done]
    environments: [development, production]
    timeout: 10s
    approvals: []
    dependencies: [${dependencies}]
`;
  writeFileSync(
    join(folder, 'inventory.yaml'),
    `version: 1\ncommands:\n${command('rotate', 'kms')}${command('migrate', 'kms, database, backup, cache')}${command('check-backup', '')}`,
  );
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a user has it: the variables are its own. */
function call(...args: readonly string[]): Promise<Ended> {
  const child = spawn(
    reeve,
    [...args, '--config', join(folder, 'reeve.yaml'), '--state', join(folder, 'state')],
    {
      env: {
        PATH: process.env['PATH'],
        TMPDIR: folder,
        CACHE_URL: `redis://user:needle@127.0.0.1:${port}/0`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...said })));
}

async function dependencies(...args: readonly string[]): Promise<readonly string[]> {
  const ended = await call('doctor', '--output', 'json', ...args);
  assert.equal(ended.status, 0, ended.stdout + ended.stderr);
  assert.ok(!ended.stdout.includes('needle'), ended.stdout);
  return JSON.parse(ended.stdout)
    .findings.filter((f: { what: string }) => f.what === 'dependency')
    .map((f: { state: string; why: string }) => `${f.state} ${f.why.replaceAll('\n', ' | ')}`);
}

test('doctor shows what commands depend on, where it is looked at, and why it is away', async () => {
  const refused = 'not available: connection refused (ECONNREFUSED)';
  const cache = (environment: string) =>
    `note cache in ${environment}: ${refused} | redis at the address in the secret CACHE_URL within 10s`;
  const backup = (environments: string) =>
    `note backup in ${environments}: not looked at: doctor runs no command | command check-backup ends with 0`;
  const kms = `file ${join(folder, 'kms')}`;
  assert.deepEqual(await dependencies(), [
    backup('development, production'),
    cache('development'),
    cache('production'),
    'note database in development: no probe, so commands that depend on it are refused there',
    `note database in production: ${refused} | tcp 127.0.0.1:${port}`,
    `note kms in development, production: not available: it does not exist | ${kms}`,
  ]);
  writeFileSync(join(folder, 'kms'), '');
  assert.deepEqual(await dependencies('--env', 'production'), [
    backup('production'),
    cache('production'),
    `note database in production: ${refused} | tcp 127.0.0.1:${port}`,
    `ok kms in production: available | ${kms}`,
  ]);
  rmSync(join(folder, 'kms'));
  const unknown = await call('doctor', '--env', 'prodction');
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /no environment "prodction"[\s\S]*did you mean production/);
});

test('a run is refused while it is away, with which and why, and goes through once it is back', async () => {
  const refused = await call('run', 'rotate');
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /DEPENDENCY_UNAVAILABLE[\s\S]*kms \(it does not exist\)/);
  assert.doesNotMatch(refused.stdout + refused.stderr, /done/);
  const planned = await call('plan', 'rotate');
  assert.match(planned.stdout, /would not run now:.*DEPENDENCY_UNAVAILABLE.*kms/);
  assert.equal(planned.status, refused.status);
  writeFileSync(join(folder, 'kms'), '');
  const done = await call('run', 'rotate');
  assert.equal(done.status, 0, done.stderr);
  assert.equal(done.stdout, 'done\n');
});
