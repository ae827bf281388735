/** Dependencies through the real pipeline and sandbox: what is away keeps the command from running, and says so on record. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Execution } from '../../../src/core/execution.ts';
import type { ExecuteRequest } from '../../../src/gateway/gateway.ts';
import { answering, closedPort, type Listening, listen } from './dependencies/servers.ts';
import {
  ask,
  entry,
  type Ground,
  layGround,
  local,
  localPolicy,
  type OpenHouse,
  openHouse,
} from './fixture.ts';

let ground: Ground;
let open: OpenHouse;
let closed: number;
/** Everybody's server: what it does with a connection is each test's own. */
let server: Listening;
let talk: (socket: Socket) => void;
/** Of all tests: where what a server must outlive is put away. */
const ends: (() => unknown)[] = [];
const scope = { after: (end: () => unknown) => void ends.push(end) } as Pick<TestContext, 'after'>;

const there = () => join(ground.folder, 'there');
const ran = () => {
  const file = join(ground.workspace, 'ran');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};

function settings(more = ''): string {
  return `version: 1
inventory: inventory.yaml
policy: policy
defaultEnvironment: development
concurrency: { running: 4, waiting: 20 }
grace: 500ms
environments:
  development: { workspace: ./workspace }
  staging: { workspace: ./workspace }
secrets:
  GIVEN: { command: give }
  NEEDY: { command: give-needy }
dependencies:
  gone: { tcp: "127.0.0.1:${closed}" }
  cache: { redis: "127.0.0.1:${server.port}", timeout: 20s }
  short: { redis: "127.0.0.1:${server.port}", timeout: 200ms }
  file: { file: there }
  half: { environments: { development: { file: . } } }
  checked: { command: check, arguments: { code: 0 }, timeout: 30s }
  failing: { command: check, arguments: { code: 3 }, timeout: 30s }
  hanging: { command: hang, timeout: 500ms }
  waiting: { command: hang, timeout: 30s }
  staged: { command: staged, timeout: 30s }
  forbidden: { command: forbidden, timeout: 30s }
${more}`;
}

const needing = (name: string, dependencies: string, more = '') =>
  entry(name, '[/bin/sh, -c, "echo ran >> ran"]', more).replace(
    'dependencies: []',
    `dependencies: [${dependencies}]`,
  );
const inventory = () => `version: 1
commands:
${needing('plain', 'file')}
${needing('two', 'gone, file, half')}
${needing('cached', 'cache')}
${needing('impatient', 'short')}
${needing('halves', 'half').replace('[development]', '[development, staging]')}
${needing('unknown', 'nobody-knows')}
${needing('checking', 'checked')}
${needing('failing', 'failing')}
${needing('hanging', 'hanging')}
${needing('waits', 'waiting')}
${needing('stages', 'staged')}
${needing('forbids', 'forbidden')}
${needing('secret', 'gone', '    secrets: [GIVEN]\n')}
${needing('needy', '', '    secrets: [NEEDY]\n')}
${needing('alone', 'cache', '    concurrency: { key: alone, max: 1 }\n')}
${needing('guarded', 'file').replace('approvals: []', 'approvals: [ops_lead]\n    inputs: unbound')}
${entry('check', '[/bin/sh, -c, "echo looked; exit $1", sh, "{code}"]', '    parameters: { code: { type: integer } }\n    required: [code]\n').replace('[development]', '[development, staging]')}
${entry('hang', '[/bin/sleep, "60"]').replace('[development]', '[development, staging]')}
${entry('staged', '[/bin/true]').replace('[development]', '[development, staging]')}
${entry('forbidden', '[/bin/true]').replace('[development]', '[development, staging]')}
${entry('give', '[/bin/sh, -c, "echo gave >> gave; echo given-value"]').replace('[development]', '[development, staging]')}
${needing('give-needy', 'gone').replace('[development]', '[development, staging]')}
`;
const policy = `${localPolicy}
@id("staged-by-policy") @stage("ops_lead")
forbid (principal, action == Reeve::Action::"run:staged", resource);
@id("gateway-may")
permit (principal == Reeve::Principal::"gateway", action == Reeve::Action::"run:staged", resource);
@id("never")
forbid (principal, action == Reeve::Action::"run:forbidden", resource);
`;

before(async () => {
  closed = await closedPort();
  server = await listen(scope, (socket) => talk(socket));
  ground = layGround();
  ground.write('reeve.yaml', settings());
  ground.write('inventory.yaml', inventory());
  ground.write('policy/local.cedar', policy);
  open = await openHouse(ground);
});
beforeEach(() => {
  talk = answering('+PONG\r\n');
  writeFileSync(there(), '');
  rmSync(join(ground.workspace, 'ran'), { force: true });
});
after(async () => {
  await open.close();
  for (const end of ends) await end();
  ground.clear();
  assert.deepEqual(open.reports, []);
});

/** Findings are good for a moment: a generation that is loaded anew knows none. */
async function forget(): Promise<void> {
  assert.equal((await open.gateway.reload(local)).loaded, true);
}

async function run(request: ExecuteRequest): Promise<Execution> {
  await forget();
  const execution = await open.gateway.submit(local, request);
  return open.gateway.wait(local, execution.requestId, null);
}

const kinds = (requestId: string) => open.house.store.entriesOf(requestId).map((e) => e.kind);
const ofGateway = async (command: string) =>
  (await open.gateway.audit(local, { limit: 200, principal: 'gateway', command })).executions;

function away(done: Execution, message: RegExp): void {
  assert.equal(done.errorCode, 'DEPENDENCY_UNAVAILABLE', `${done.status} ${done.errorMessage}`);
  assert.equal(done.status, 'rejected');
  assert.match(done.errorMessage ?? '', message);
  assert.deepEqual(kinds(done.requestId), ['asked', 'decided', 'refused']);
  assert.equal(ran(), '');
}

test('what it depends on is there, so it runs; once that is gone it is refused, with which, why and what to do', async () => {
  assert.equal((await run(ask('plain'))).status, 'ok');
  assert.equal(ran(), 'ran\n');
  rmSync(join(ground.workspace, 'ran'));
  rmSync(there());
  const done = await run(ask('plain'));
  away(
    done,
    /^plain depends on what is not available now: file \(it does not exist\)\. Nothing was started\. Bring it back and ask again; "reeve doctor"/,
  );
  const [refused] = open.house.store
    .entriesOf(done.requestId)
    .filter(({ kind }) => kind === 'refused');
  assert.match(refused!.text, /file \(it does not exist\)/);
});

test('all that is away is named, and no address of it', async () => {
  rmSync(there());
  const done = await run(ask('two'));
  away(
    done,
    /: gone \(connection refused \(ECONNREFUSED\)\); file \(it does not exist\)\. Nothing/,
  );
  for (const entry of open.house.store.entriesOf(done.requestId)) {
    assert.ok(!entry.text.includes(String(closed)), entry.text);
    assert.ok(!entry.text.includes(there()), entry.text);
  }
});

test('without a probe in its environment a call is refused at once, with what to write', async () => {
  const refused = (request: ExecuteRequest, message: RegExp) =>
    assert.rejects(open.gateway.submit(local, request), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'DEPENDENCY_UNAVAILABLE');
      assert.match(error.message, message);
      return true;
    });
  await refused(ask('unknown'), /nobody-knows.*no probe.*dependencies: \{ nobody-knows: \{ tcp:/);
  await refused(ask('halves', {}, { environment: 'staging' }), /half, .* in staging/);
  assert.equal((await run(ask('halves'))).status, 'ok');
});

test('what takes the connection and never answers is over at its time limit', async () => {
  talk = () => {};
  away(await run(ask('impatient')), /short \(no answer within 200ms, /);
});

test('no secret is fetched for what would not run, and what a secret comes from has its own dependencies', async () => {
  away(await run(ask('secret')), /gone \(connection refused/);
  assert.deepEqual(await ofGateway('give'), []);
  assert.equal(existsSync(join(ground.workspace, 'gave')), false);

  const done = await run(ask('needy'));
  assert.equal(done.errorCode, 'SECRET_UNAVAILABLE');
  const [inner] = await ofGateway('give-needy');
  assert.equal(inner!.errorCode, 'DEPENDENCY_UNAVAILABLE');
  assert.equal(inner!.status, 'rejected');
  assert.match(done.errorMessage!, new RegExp(inner!.requestId));
  assert.equal(ran(), '');
});

test('a command that probes is an execution of its own, by the gateway, with its output on record', async () => {
  const done = await run(ask('checking'));
  assert.equal(done.status, 'ok', done.errorMessage ?? '');
  const [inner] = await ofGateway('check');
  assert.equal(inner!.status, 'ok');
  assert.equal(inner!.client, `probe of checked for ${done.requestId}`);
  assert.deepEqual(inner!.policies, ['settings: dependencies.checked']);
  assert.deepEqual(kinds(inner!.requestId), ['asked', 'decided', 'intent', 'outcome']);
  assert.equal(
    Buffer.from((await open.gateway.output(local, inner!.requestId)).stdout).toString(),
    'looked\n',
  );
  assert.ok(inner!.finishedAt! <= done.startedAt!);
});

test('a command that probes and fails, hangs, is forbidden or staged by policy says that it is away', async () => {
  const table: [string, string, RegExp, Execution['status']][] = [
    ['failing', 'check', /check, its probe, ended as failed, exit code 3 \(request ID\)/, 'failed'],
    ['hanging', 'hang', /hang, its probe, did not end within 500ms \(request ID\)/, 'cancelled'],
    ['forbids', 'forbidden', /was refused with COMMAND_NOT_ALLOWED \(request ID\)/, 'rejected'],
    ['stages', 'staged', /was refused with APPROVAL_REQUIRED \(request ID\)/, 'rejected'],
  ];
  for (const [name, probe, message, status] of table) {
    const done = await run(ask(name));
    const [inner] = await ofGateway(probe);
    assert.equal(inner!.status, status);
    away(done, new RegExp(message.source.replace('ID', inner!.requestId)));
  }
});

test('a burst asks once, and so do runs that come a moment later', async () => {
  let connections = 0;
  talk = (socket) => {
    connections += 1;
    answering('+PONG\r\n')(socket);
  };
  await forget();
  const began = performance.now();
  const burst = await Promise.all(
    Array.from({ length: 6 }, () => open.gateway.submit(local, ask('cached'))),
  );
  for (const { requestId } of burst)
    assert.equal((await open.gateway.wait(local, requestId, null)).status, 'ok');
  // On a machine that is held up the first finding may be too old for the last of them.
  const most = 1 + Math.floor((performance.now() - began) / 1000);
  assert.ok(connections >= 1 && connections <= most, `${connections} connections`);
  await forget();
  await run(ask('cached'));
  assert.ok(connections >= 2, 'a new configuration looks for itself');
});

test('a run that is cancelled while it looks ends at once, with nothing left of a probe', async () => {
  await forget();
  const execution = await open.gateway.submit(local, ask('waits'));
  const inner = await underWay('hang', execution.requestId);
  const ended = await open.gateway.cancel(local, execution.requestId, 'enough');
  assert.equal(ended.status, 'cancelled');
  assert.equal(ended.errorCode, 'COMMAND_CANCELLED');
  const probe = await open.gateway.wait(local, inner.requestId, null);
  assert.equal(probe.status, 'cancelled');
  assert.equal(ran(), '');

  const asked = Promise.withResolvers<Socket>();
  talk = (socket) => socket.once('data', () => asked.resolve(socket));
  await forget();
  const other = await open.gateway.submit(local, ask('cached'));
  const socket = await asked.promise;
  const closing = new Promise((resolve) => socket.once('close', resolve));
  assert.equal((await open.gateway.cancel(local, other.requestId, 'enough')).status, 'cancelled');
  await closing;
});

test('of two runs that wait for one look, cancelling one leaves it to the other', async () => {
  const asked = Promise.withResolvers<Socket>();
  talk = (socket) => socket.once('data', () => asked.resolve(socket));
  await forget();
  const [one, two] = [
    await open.gateway.submit(local, ask('cached')),
    await open.gateway.submit(local, ask('cached')),
  ];
  const socket = await asked.promise;
  assert.equal((await open.gateway.cancel(local, one.requestId, 'enough')).status, 'cancelled');
  socket.write('+PONG\r\n');
  assert.equal((await open.gateway.wait(local, two.requestId, null)).status, 'ok');
});

/** The execution of a probe for this request, once its process is there. */
async function underWay(command: string, forWhom: string): Promise<Execution> {
  for (;;) {
    const [inner] = (await ofGateway(command)).filter(({ client }) => client?.endsWith(forWhom));
    if (inner?.status === 'running' && open.house.store.handle(inner.requestId)?.pid) return inner;
    await sleep(10);
  }
}

/** A run of `cached` that has been asked for, and whose server waits for `answer`. */
async function held(
  request = ask('cached'),
): Promise<{ requestId: string; answer: (text: string) => void }> {
  const asked = Promise.withResolvers<Socket>();
  talk = (socket) => socket.once('data', () => asked.resolve(socket));
  await forget();
  const { requestId } = await open.gateway.submit(local, request);
  const socket = await asked.promise;
  talk = answering('+PONG\r\n');
  return { requestId, answer: (text) => void socket.write(text) };
}

test('a freeze while it looks keeps it from running', async () => {
  const { requestId, answer } = await held();
  await open.gateway.freeze(local, 'for this test');
  answer('+PONG\r\n');
  const done = await open.gateway.wait(local, requestId, null);
  await open.gateway.unfreeze(local);
  assert.deepEqual([done.status, done.errorCode], ['rejected', 'FROZEN']);
  assert.equal(ran(), '');
});

test('a reload while it looks counts: by its probes, its policy and its inventory', async () => {
  // Another probe: what the old one says is not enough.
  const first = await held();
  ground.write('reeve.yaml', settings().replace(/cache: .*/, 'cache: { file: nothing }'));
  await forget();
  first.answer('+PONG\r\n');
  away(await open.gateway.wait(local, first.requestId, null), /cache \(it does not exist\)/);
  ground.write('reeve.yaml', settings());

  // Policy forbids it by now.
  const second = await held();
  ground.write(
    'policy/local.cedar',
    `${policy}@id("no-more") forbid (principal, action == Reeve::Action::"run:cached", resource);\n`,
  );
  await forget();
  second.answer('+PONG\r\n');
  const forbidden = await open.gateway.wait(local, second.requestId, null);
  ground.write('policy/local.cedar', policy);
  await forget();
  assert.deepEqual([forbidden.status, forbidden.errorCode], ['rejected', 'COMMAND_NOT_ALLOWED']);

  // It is declared differently by now.
  const third = await held();
  ground.write(
    'inventory.yaml',
    inventory()
      .replace('[/bin/sh, -c, "echo ran', '[/bin/sh, -c, "echo  ran')
      .replaceAll('"echo ran', '"echo  ran'),
  );
  await forget();
  third.answer('+PONG\r\n');
  const changed = await open.gateway.wait(local, third.requestId, null);
  ground.write('inventory.yaml', inventory());
  await forget();
  assert.deepEqual([changed.status, changed.errorCode], ['rejected', 'CONFLICT']);
  assert.equal(ran(), '');
});

test('while it looks it holds no concurrency key, and nothing is looked at for what waits for one', async () => {
  const first = await held(ask('alone'));
  const second = await open.gateway.submit(local, ask('alone'));
  first.answer('+PONG\r\n');
  for (const requestId of [first.requestId, second.requestId])
    assert.equal((await open.gateway.wait(local, requestId, null)).status, 'ok');
  assert.equal(ran(), 'ran\nran\n');
});

test('a plan tells what is away, for what would run or await approval, and runs no command for it', async () => {
  const plan = async (name: string) => {
    await forget();
    const { refusal } = await open.gateway.plan(local, ask(name));
    return refusal && `${refusal.code}: ${refusal.message}`;
  };
  assert.match((await plan('two'))!, /^DEPENDENCY_UNAVAILABLE: .*gone \(connection refused/);
  assert.match((await plan('guarded'))!, /^APPROVAL_REQUIRED/);
  rmSync(there());
  assert.match((await plan('guarded'))!, /^DEPENDENCY_UNAVAILABLE: .*file \(it does not exist\)/);
  const before = (await ofGateway('check')).length;
  assert.equal(await plan('failing'), null);
  assert.equal((await ofGateway('check')).length, before);
  assert.equal(ran(), '');
});

test('why tells it from the record, and where it is declared', async () => {
  rmSync(there());
  const done = await run(ask('plain'));
  const report = await open.gateway.why(local, done.requestId);
  const text = JSON.stringify(report);
  assert.match(text, /file \(it does not exist\)/);
  assert.match(text, /inventory\.yaml:\d+/);
});
