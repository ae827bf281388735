/** deploy/Dockerfile and deploy/compose.yaml, for real: built, started, tried as a user and as an attacker would. */
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { blocksOf } from '../docs/blocks.ts';
import { root } from '../real/stage.ts';
import { buildImage, Composition, noContainers, removeImage } from './compose.ts';

const missing = noContainers();

describe('the container', { skip: missing ?? false, timeout: 590_000 }, () => {
  let image = '';
  let composition: Composition;
  let token = '';

  before(async () => {
    const [build, start] = blocksOf('docs/deployment.md').filter(
      (block) => block.annotation.elsewhere?.file === 'test/deploy/container.test.ts',
    );
    image = buildImage(build!.text);
    composition = new Composition(image, start!.text);
    await composition.up();
    token = composition.exec('cat', '/var/lib/reeve/local.token').stdout.trim();
    assert.match(token, /^\S{20,}$/);
  });
  after(() => {
    composition?.[Symbol.dispose]();
    if (image !== '') removeImage(image);
  });

  const execute = async (command: string, args: Record<string, unknown> = {}) => {
    const response = await fetch(`${composition.url}/v1/commands/execute`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        connection: 'close',
      },
      body: JSON.stringify({ command, arguments: args }),
    });
    return { http: response.status, body: (await response.json()) as Answer };
  };

  test('the container is built and started by the commands of the page', () => {
    const { status, stdout, stderr } = composition.typed();
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /Runs are possible here/);
    assert.ok(stdout.trim().endsWith(token), 'the first token is printed last');
  });

  test('is held as compose.yaml says: an ordinary user, no capability, a root that is read-only', () => {
    const status = composition.exec('cat', '/proc/1/status').stdout;
    assert.match(status, /^Uid:\s+10001\s+10001\s+10001\s+10001$/m);
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      assert.match(status, new RegExp(`^${set}:\\s+0000000000000000$`, 'm'));
    }
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.match(status, /^Seccomp:\s+2$/m);
    for (const place of ['/x', '/opt/reeve/dist/x', '/etc/reeve/x', '/usr/bin/x']) {
      const touched = composition.exec('touch', place);
      assert.notEqual(touched.status, 0, place);
      assert.match(touched.stderr, /Read-only file system|Permission denied/);
    }
    assert.equal(composition.inspect('{{.HostConfig.Memory}}'), String(2 * 1024 ** 3));
    assert.equal(composition.exec('find', '/usr', '-perm', '/6000', '-type', 'f').stdout, '');
  });

  test('runs what is declared, in the sandbox, and says what the host cannot hold', async () => {
    const { http, body } = await execute('identity');
    assert.equal(http, 200);
    assert.equal(body.status, 'ok');
    assert.equal(body.result.stdout, '10001\n');
    assert.match(body.result.sandbox.tier, /^bubblewrap/);
    if (body.result.sandbox.tier === 'bubblewrap') {
      const doctor = composition.exec('reeve', 'doctor').stdout;
      assert.match(doctor, /not held here: .*memory/);
      assert.match(doctor, /Runs are possible here/);
    }
    const written = await execute('touch', { name: 'made' });
    assert.equal(written.body.status, 'ok');
    const made = join(composition.folder, 'workspaces/development/made');
    assert.equal(statSync(made).uid, 10_001);
  });

  test('refuses what is not, without a token, and arguments that do not fit', async () => {
    assert.equal((await execute('nothing-of-the-kind')).http, 403);
    assert.equal((await execute('touch', { name: '../x' })).http, 400);
    const open = await fetch(`${composition.url}/v1/inventory`);
    assert.equal(open.status, 401);
  });

  test('stops what is overdue', async () => {
    const { http, body } = await execute('sleep');
    assert.equal(http, 200);
    assert.equal(body.status, 'timeout');
    assert.equal(body.result.errorCode, 'COMMAND_TIMEOUT');
  });

  test('shows a run neither the state nor the configuration nor the gateway', async () => {
    for (const path of [
      '/var/lib/reeve/local.token',
      '/etc/reeve/reeve.yaml',
      '/opt/reeve/bin/reeve',
      '/etc/shadow',
    ]) {
      const { body } = await execute('look', { path });
      assert.equal(body.status, 'failed', path);
      assert.match(body.result.stderr, /No such file or directory|Permission denied/, path);
    }
  });

  test('outlives a run that takes all memory', async () => {
    const { body } = await execute('hog');
    assert.equal(body.status, 'failed');
    assert.equal(composition.exec('/opt/reeve/deploy/ready').status, 0, composition.logs());
    assert.equal((await execute('identity')).body.status, 'ok');
  });

  test('loses nothing when it is stopped, killed, or replaced by a new container', async () => {
    const first = await execute('identity');
    const seen = async () => {
      const answer = await fetch(
        `${composition.url}/v1/commands/executions/${first.body.meta.requestId}`,
        { headers: { authorization: `Bearer ${token}`, connection: 'close' } },
      );
      return { http: answer.status, body: (await answer.json()) as Answer };
    };
    composition.stop();
    composition.start();
    await composition.up();
    assert.deepEqual((await seen()).body, first.body);
    composition.kill();
    composition.start();
    await composition.up();
    assert.deepEqual((await seen()).body, first.body);
    composition.remove();
    await composition.up();
    assert.deepEqual((await seen()).body, first.body);
    const verified = composition.exec('reeve', 'audit', 'verify');
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    assert.equal(existsSync(join(composition.folder, 'workspaces/development/made')), true);
  });

  test('goes on from the state of an earlier release, and keeps a copy of it', async () => {
    composition.remove();
    composition.replaceState(join(root, 'test/data/upgrade/schema-2.tar.gz'));
    await composition.up();
    token = composition.exec('cat', '/var/lib/reeve/local.token').stdout.trim();
    const copies = composition.exec('ls', '/var/lib/reeve/backups').stdout.trim().split('\n');
    assert.equal(copies.length, 1, String(copies));
    assert.match(copies[0]!, /^before-schema-\d+-.*\.db$/);
    const listed = composition.exec('reeve', 'audit', 'list', '--output', 'json').stdout;
    const { records } = JSON.parse(listed) as { records: { command: string; status: string }[] };
    assert.ok(records.some(({ command, status }) => command === 'say' && status === 'ok'));
    assert.equal((await execute('identity')).body.status, 'ok');
    const verified = composition.exec('reeve', 'audit', 'verify', '--remember', 'none');
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
  });
});

interface Answer {
  readonly status: string;
  readonly result: {
    readonly stdout: string;
    readonly stderr: string;
    readonly errorCode: string | null;
    readonly sandbox: { readonly tier: string };
  };
  readonly meta: { readonly requestId: string };
}
