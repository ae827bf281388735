/** Rehearsals in the real sandbox: they run in a copy, without approvals, and reach nothing else. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { issuePermit } from '../../../src/core/decision.ts';
import { ReeveError, Refusal } from '../../../src/core/errors.ts';
import type { Caller } from '../../../src/core/principal.ts';
import type { CopyRequest, RehearsalRequest } from '../../../src/gateway/rehearsals.ts';
import { prepareInvocation } from '../../../src/inventory/invoke.ts';
import { ask, entry, type Ground, layGround, local, type OpenHouse, openHouse } from './fixture.ts';

const inventory = `version: 1
commands:
${entry('write', '[/bin/sh, -c, "id -u; pwd; cat input; echo changed > input; echo made > made"]', '    assurance: { cli: [/bin/cat, input] }\n')}
${entry('guarded', '[/bin/sh, -c, "echo guarded > made"]').replace('approvals: []', 'approvals: [ops_lead]\n    inputs: unbound')}
${entry('bound', '[/bin/cat, declared/one]').replace('approvals: []', 'approvals: [ops_lead]\n    inputs: [declared/**]')}
${entry('nap', '[/bin/sleep, "{seconds}"]', '    parameters: { seconds: { type: integer, minimum: 0, maximum: 600 } }\n    required: [seconds]\n')}
${entry('online', '[/bin/true]', '    network: host\n')}
${entry('secretive', '[/bin/sh, -c, "echo $SIGNING_KEY | wc -c"]', '    secrets: [SIGNING_KEY]\n')}
${entry('disposed', '[/bin/sh, -c, "test $SIGNING_KEY = worth-nothing && echo given"]', '    secrets: [SIGNING_KEY]\n    assurance: { cli: [/bin/true], disposable: { secrets: { SIGNING_KEY: worth-nothing } } }\n')}
${entry('connected', '[/bin/true]').replace('dependencies: []', 'dependencies: [postgres]')}
${entry('disconnected', '[/bin/true]', '    assurance: { cli: [/bin/true], disposable: { dependencies: [postgres] } }\n').replace('dependencies: []', 'dependencies: [postgres]')}
${entry('filed', '[/bin/true]').replace('dependencies: []', 'dependencies: [ready, space]')}
${entry('source', '[/bin/echo, a real secret]')}
${entry('risky', '[/bin/true]').replace('risk: low', 'risk: high')}
${entry('mounted', '[/bin/true]', '    mounts: [./mounted]\n')}
${entry('looks-out', '[/bin/sh, -c, "cat link/passwd link2/marker; ls -a /workspace/.. ; ls .reeve/state; echo x > .reeve/planted; ln -s /etc escape; ln -s / root"]')}
`;

const settings = `version: 1
inventory: inventory.yaml
policy: policy
defaultEnvironment: development
concurrency: { running: 2, waiting: 3 }
grace: 500ms
environments:
  development: { workspace: ./workspace }
dependencies:
  postgres: { tcp: 127.0.0.1:1 }
  ready: { file: ./workspace/ready }
  space: { disk: ., free: 1B }
secrets:
  SIGNING_KEY: { env: SIGNING_KEY }
  GIVEN: { command: source }
`;

const policy = `@id("everything")
permit (principal == Reeve::Principal::"local", action, resource);
@id("runner")
permit (principal == Reeve::Principal::"runner", action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("tester")
permit (principal == Reeve::Principal::"tester", action in [Reeve::Action::"see", Reeve::Action::"assure"], resource);
@id("blind")
permit (principal == Reeve::Principal::"blind", action == Reeve::Action::"assure", resource);
`;

const who = (id: string): Caller => ({
  principal: { id, kind: 'agent', roles: [], onBehalfOf: null },
  face: 'rest',
  client: 'test',
});
const tester = who('tester');

function lay(t: TestContext): Ground {
  const ground = layGround();
  t.after(() => ground.clear());
  ground.write('reeve.yaml', settings);
  ground.write('policy/local.cedar', policy);
  mkdirSync(join(ground.folder, 'mounted'));
  ground.write('inventory.yaml', inventory);
  plant(ground, 'input', 'original\n');
  return ground;
}

/** A file of the workspace, of its owner. */
function plant(ground: Ground, path: string, content: string): void {
  const place = join(ground.workspace, path);
  mkdirSync(join(place, '..'), { recursive: true });
  writeFileSync(place, content);
  if (process.getuid?.() === 0) chownSync(place, 65_534, 65_534);
}

async function open(t: TestContext, ground: Ground, trust?: 'same-user'): Promise<OpenHouse> {
  const variables = { SIGNING_KEY: 'the-real-key' };
  const opened = await openHouse(ground, { variables, ...(trust === undefined ? {} : { trust }) });
  t.after(() => opened.close());
  return opened;
}

const wanted = (commands: string[], copies = 1): CopyRequest => ({
  commands,
  environment: 'development',
  copies,
  for: 'assurance',
  of: 'asr_1',
});
const asked = (command: string, copy: string, more: Partial<RehearsalRequest> = {}) => ({
  command,
  arguments: {},
  copy,
  cli: false,
  for: 'assurance' as const,
  of: 'asr_1',
  ...more,
});

async function prepared(opened: OpenHouse, command: string, caller = tester) {
  const [copy] = await opened.gateway.rehearsals.prepare(caller, wanted([command]));
  return copy!;
}

function refusal(code: string, words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof ReeveError, String(error));
    assert.deepEqual([error.code, words.test(error.message)], [code, true], error.message);
    return true;
  };
}

const copiesIn = (ground: Ground): readonly string[] => {
  const root = join(ground.stateDir, 'rehearsals');
  if (!existsSync(root)) return [];
  return readdirSync(root).flatMap((owner) => readdirSync(join(root, owner)));
};

test('a rehearsal runs in its copy, on record as one; the workspace is untouched', async (t) => {
  const ground = lay(t);
  const opened = await open(t, ground);
  const { gateway, house } = opened;
  const copies = await gateway.rehearsals.prepare(tester, wanted(['write'], 2));
  const [one, other] = copies as [(typeof copies)[0], (typeof copies)[0]];
  const tool = await gateway.rehearsals.run(tester, asked('write', one.id));
  const { execution, output } = tool;
  assert.equal(execution.status, 'ok', execution.errorMessage ?? '');
  const [uid, where, content] = Buffer.from(output.stdout).toString().split('\n');
  if (process.getuid?.() === 0) assert.equal(uid, '65534', 'as the owner of the workspace');
  assert.deepEqual([where, content], ['/workspace', 'original']);
  assert.equal(readFileSync(join(one.workspace, 'made'), 'utf8'), 'made\n');
  assert.equal(readFileSync(join(ground.workspace, 'input'), 'utf8'), 'original\n');
  assert.ok(!existsSync(join(ground.workspace, 'made')));
  assert.equal(readFileSync(join(other.workspace, 'input'), 'utf8'), 'original\n');
  assert.deepEqual(readdirSync(one.scratch), []);

  const cli = await gateway.rehearsals.run(tester, asked('write', other.id, { cli: true }));
  assert.equal(Buffer.from(cli.output.stdout).toString(), 'original\n');
  assert.deepEqual(cli.execution.argv, ['/bin/cat', 'input']);

  const rehearsal = { for: 'assurance', of: 'asr_1' };
  assert.deepEqual(house.store.execution(execution.requestId)?.rehearsal, rehearsal);
  const entries = house.store.entriesOf(execution.requestId);
  assert.deepEqual(
    entries.map(({ kind }) => kind),
    ['asked', 'decided', 'intent', 'outcome'],
  );
  assert.equal(entries[0]!.body.purpose, 'rehearsal');
  for (const { kind, body } of entries)
    if (kind !== 'decided') assert.deepEqual((body.call as typeof body).rehearsal, rehearsal, kind);
  const why = await gateway.why(tester, execution.requestId);
  assert.match(why.because[0]!.fact, /rehearsal for assurance asr_1.*No approvals/);

  for (const copy of copies) await copy.release();
  await one.release();
  assert.ok(!existsSync(one.workspace));
  await assert.rejects(
    gateway.rehearsals.run(tester, asked('write', one.id)),
    refusal('REQUEST_NOT_FOUND', /no copy of that id/),
  );
  assert.deepEqual(copiesIn(ground), []);
});

test('no approvals are asked in a copy, and a rehearsal is no approved run', async (t) => {
  const ground = lay(t);
  const opened = await open(t, ground);
  plant(ground, 'declared/one', 'declared');
  const copy = await prepared(opened, 'guarded');
  const { execution } = await opened.gateway.rehearsals.run(tester, asked('guarded', copy.id));
  assert.equal(execution.status, 'ok', execution.errorMessage ?? '');
  assert.equal(readFileSync(join(copy.workspace, 'made'), 'utf8'), 'guarded\n');
  assert.ok(!existsSync(join(ground.workspace, 'made')));
  assert.equal(opened.house.store.approvals.lastApproved('guarded', 'development'), null);

  const bound = await opened.gateway.rehearsals.run(tester, asked('bound', copy.id));
  assert.equal(Buffer.from(bound.output.stdout).toString(), 'declared');

  const real = await opened.gateway.submit(local, ask('guarded'));
  assert.equal(real.status, 'awaiting_approval', 'the real thing waits as before');
  assert.notEqual(real.digest, execution.digest);
});

test('policy decides: assure for the command, and that it may be seen', async (t) => {
  const ground = lay(t);
  const opened = await open(t, ground);
  const { rehearsals } = opened.gateway;
  for (const [id, words] of [
    ['runner', /does not permit you to rehearse write/],
    ['blind', /"write" is not among the commands/],
    ['stranger', /"write" is not among the commands/],
  ] as const) {
    const refused = rehearsals.prepare(who(id), wanted(['write']));
    await assert.rejects(refused, refusal('COMMAND_NOT_ALLOWED', words));
    const error = await refused.catch((reason) => reason);
    assert.ok(error instanceof Refusal);
    const row = opened.house.store.execution(error.requestId)!;
    assert.deepEqual([row.status, row.rehearsal?.of], ['rejected', 'asr_1']);
  }
  assert.deepEqual(copiesIn(ground), []);
  const copy = await prepared(opened, 'write');
  for (const id of ['runner', 'local', 'blind']) {
    const stolen = rehearsals.run(id === 'local' ? local : who(id), asked('write', copy.id));
    await assert.rejects(stolen, refusal('REQUEST_NOT_FOUND', /or it is not yours/));
  }
  // What was permitted when it was copied is asked again when it runs.
  ground.write('policy/local.cedar', policy.replace('"tester", action in', '"nobody", action in'));
  assert.ok((await opened.gateway.reload(local)).loaded);
  const late = rehearsals.run(tester, asked('write', copy.id));
  await assert.rejects(late, refusal('COMMAND_NOT_ALLOWED', /not among/));
});

test('what reaches anything that is not copied is refused, with the field to declare', async (t) => {
  const ground = lay(t);
  plant(ground, 'ready', '');
  const opened = await open(t, ground);
  const { rehearsals } = opened.gateway;
  const cases = {
    online: /network.*network: none/,
    secretive: /disposable: \{ secrets: \{ SIGNING_KEY/,
    connected: /depends on postgres.*disposable: \{ dependencies: \[postgres\]/,
    source: /source of a secret/,
  };
  for (const [command, words] of Object.entries(cases)) {
    const refused = rehearsals.prepare(tester, wanted(['write', command]));
    await assert.rejects(refused, refusal('INVALID_REQUEST', words));
  }
  assert.deepEqual(copiesIn(ground), []);
  const copy = await prepared(opened, 'write');
  for (const [command, words] of Object.entries(cases)) {
    const refused = rehearsals.run(tester, asked(command, copy.id));
    await assert.rejects(refused, refusal('INVALID_REQUEST', words));
  }
  const disposed = await rehearsals.run(tester, asked('disposed', copy.id));
  assert.equal(Buffer.from(disposed.output.stdout).toString(), 'given\n');
  const without = await rehearsals.run(tester, asked('disconnected', copy.id));
  assert.equal(without.execution.status, 'ok', without.execution.errorMessage ?? '');

  const filed = await rehearsals.run(tester, asked('filed', copy.id));
  assert.equal(filed.execution.status, 'ok', filed.execution.errorMessage ?? '');
  rmSync(join(copy.workspace, 'ready'));
  const away = await rehearsals.run(tester, asked('filed', copy.id));
  assert.deepEqual(
    [away.execution.status, away.execution.errorCode],
    ['rejected', 'DEPENDENCY_UNAVAILABLE'],
    'looked at where the copy has it',
  );
  const cli = rehearsals.run(tester, asked('filed', copy.id, { cli: true }));
  await assert.rejects(cli, refusal('INVALID_REQUEST', /declares no command line/));
});

test('a mount through which a program outside could be spoken to is refused', async (t) => {
  const ground = lay(t);
  const opened = await open(t, ground);
  const { rehearsals } = opened.gateway;
  await (await prepared(opened, 'mounted')).release();
  mkdirSync(join(ground.folder, 'mounted/run'));
  const server = createServer().listen(join(ground.folder, 'mounted/run/socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  await assert.rejects(
    rehearsals.prepare(tester, wanted(['mounted'])),
    refusal('INVALID_REQUEST', /mounted\/run\/socket is a socket/),
  );
});

test('links out of the copy, its own .reeve and the state directory lead nowhere', async (t) => {
  const ground = lay(t);
  symlinkSync('/etc', join(ground.workspace, 'link'));
  symlinkSync(ground.stateDir, join(ground.workspace, 'link2'));
  plant(ground, '.reeve/inventory.yaml', 'version: 1');
  writeFileSync(join(ground.stateDir, 'marker'), 'the state');
  const opened = await open(t, ground);
  const copy = await prepared(opened, 'looks-out');
  const { execution, output } = await opened.gateway.rehearsals.run(
    tester,
    asked('looks-out', copy.id),
  );
  const text = Buffer.from(output.stdout).toString();
  assert.notEqual(execution.startedAt, null);
  assert.doesNotMatch(text, /root:|the state/);
  assert.ok(!existsSync(join(copy.workspace, '.reeve/planted')), 'read-only as in a real run');
  await copy.release();
  assert.ok(existsSync('/etc/passwd'));
  assert.equal(readFileSync(join(ground.stateDir, 'marker'), 'utf8'), 'the state');
});

test('a copy that was swapped for a link, and permits and invocations of the other kind, start nothing', async (t) => {
  const ground = lay(t);
  const opened = await open(t, ground);
  const { house } = opened;
  const copy = await prepared(opened, 'write');
  renameSync(copy.workspace, `${copy.workspace}-away`);
  symlinkSync(ground.workspace, copy.workspace);
  const { rehearsals } = opened.gateway;
  const swapped = await rehearsals.run(tester, asked('write', copy.id)).catch((error) => error);
  const status = swapped instanceof ReeveError ? swapped.code : swapped.execution.errorCode;
  assert.ok(['WORKSPACE_ISOLATION_VIOLATION', 'COMMAND_EXECUTION_FAILED'].includes(status), status);
  assert.equal(readFileSync(join(ground.workspace, 'input'), 'utf8'), 'original\n');
  rmSync(copy.workspace);

  // As if the desk itself had been led to hand over something else.
  const { inventory: known, settings: now, policy: deciding } = house.generations.current;
  const command = known.commands.get('guarded')!;
  const wish = { ...ask('guarded'), environment: 'development' };
  const real = await prepareInvocation(command, now, wish, tester.principal);
  const at = { face: 'rest', trust: 'gateway', stages: command.approvals } as const;
  assert.equal(deciding.assure(tester.principal, real, command, at).kind, 'deny');
  const forCopy = { kind: 'permit', digest: real.digest, policies: [], rehearsal: true } as const;
  assert.throws(() => issuePermit('r', 1, real, forCopy, []), /made for a run in a copy/);
  const marked = { ...real, copyOf: real.workspace };
  const forReal = { kind: 'permit', digest: real.digest, policies: [] } as const;
  assert.throws(() => issuePermit('r', 1, marked, forReal, []), /made for a run in the workspace/);
  const permit = issuePermit('r', 1, marked, forCopy, []);
  const control = { signal: new AbortController().signal, onStarted() {}, onOutput() {} };
  await assert.rejects(
    house.runner.run(permit, control),
    refusal('COMMAND_EXECUTION_FAILED', /would not have run in a copy/),
  );
  assert.ok(!existsSync(join(ground.workspace, 'made')));
});

test('frozen, busy, stopping and local mode hold as for any run', async (t) => {
  const ground = lay(t);
  const opened = await open(t, ground);
  const { gateway } = opened;
  const copy = await prepared(opened, 'write');
  await gateway.freeze(local, 'a test');
  const frozen = refusal('FROZEN', /Frozen by local/);
  await assert.rejects(gateway.rehearsals.run(tester, asked('write', copy.id)), frozen);
  await assert.rejects(prepared(opened, 'write'), frozen);
  await gateway.unfreeze(local);
  const held = [copy];
  for (let i = 0; i < 3; i++) held.push(await prepared(opened, 'write'));
  await assert.rejects(prepared(opened, 'write'), refusal('CONCURRENCY_LIMIT', /at most 4/));
  assert.equal(copiesIn(ground).length, 4);
  for (const each of held) await each.release();

  const napping = await prepared(opened, 'nap');
  const nap = gateway.rehearsals.run(
    tester,
    asked('nap', napping.id, { arguments: { seconds: 600 } }),
  );
  while (![...opened.house.live.values()].some((live) => live.execution.status === 'running'))
    await new Promise((resolve) => setTimeout(resolve, 5));
  await napping.release();
  const { execution } = await nap;
  assert.deepEqual([execution.status, existsSync(napping.workspace)], ['cancelled', false]);
});

test('copies that are being made count like those that are there', async (t) => {
  const ground = lay(t);
  const opened = await open(t, ground);
  const { rehearsals } = opened.gateway;
  // More than one principal may have, all asked for before the first is done.
  const all = Array.from({ length: 7 }, () => rehearsals.prepare(tester, wanted(['write'])));
  const made = await Promise.allSettled(all);
  const held = made.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  assert.equal(held.length, 4);
  assert.equal(copiesIn(ground).length, 4);
  for (const each of made)
    if (each.status === 'rejected') assert.equal(each.reason.code, 'CONCURRENCY_LIMIT');
  for (const each of held) await each.release();
  assert.equal((await rehearsals.prepare(tester, wanted(['write'], 4))).length, 4);
});

test('in local mode risks that may not run may not be rehearsed either', async (t) => {
  const ground = lay(t);
  const opened = await open(t, ground, 'same-user');
  const refused = opened.gateway.rehearsals.prepare(local, wanted(['risky']));
  await assert.rejects(refused, refusal('COMMAND_NOT_ALLOWED', /local mode/));
  const copy = await prepared(opened, 'write', local);
  const { execution } = await opened.gateway.rehearsals.run(local, asked('write', copy.id));
  assert.equal(execution.status, 'ok', execution.errorMessage ?? '');
});

test('a gateway that closes, and one that was killed, leave no copy behind', async (t) => {
  const ground = lay(t);
  const first = await openHouse(ground, {});
  await prepared(first, 'write');
  assert.equal(copiesIn(ground).length, 1);
  await first.close();
  assert.deepEqual(readdirSync(join(ground.stateDir, 'rehearsals')), []);

  // What a killed one leaves: its name among nobody living. What is no gateway's is not touched.
  const dead = join(ground.stateDir, 'rehearsals', randomUUID(), `cpy_${'a'.repeat(32)}`);
  mkdirSync(join(dead, 'workspace/closed'), { recursive: true });
  symlinkSync(ground.workspace, join(dead, 'workspace/link'));
  chmodSync(join(dead, 'workspace/closed'), 0o000);
  mkdirSync(join(ground.stateDir, 'rehearsals/operators-own'));
  const second = await open(t, ground);
  assert.deepEqual(readdirSync(join(ground.stateDir, 'rehearsals')), ['operators-own']);
  assert.equal(readFileSync(join(ground.workspace, 'input'), 'utf8'), 'original\n');
  // One that lives keeps its own, whoever else starts on this state.
  const copy = await prepared(second, 'write');
  const third = await openHouse(ground, {});
  await third.close();
  assert.ok(existsSync(copy.workspace));
});
