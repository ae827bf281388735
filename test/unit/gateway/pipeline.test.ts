/** The way through the gateway with everything real: what is refused, what runs, and what the record says of it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ErrorCode, Refusal } from '../../../src/core/errors.ts';
import type { ExecuteRequest } from '../../../src/gateway/gateway.ts';
import {
  ask,
  entry,
  type Ground,
  layGround,
  local,
  localPolicy,
  type OpenHouse,
  openHouse,
  reader,
  stranger,
} from './fixture.ts';

let ground: Ground;
let open: OpenHouse;
before(async () => {
  ground = layGround();
  open = await openHouse(ground);
});
after(async () => {
  await open.close();
  ground.clear();
  assert.deepEqual(open.reports, []);
});

const kinds = (requestId: string) => open.house.store.entriesOf(requestId).map((e) => e.kind);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

async function run(request: ExecuteRequest, caller = local) {
  const execution = await open.gateway.submit(caller, request);
  return open.gateway.wait(caller, execution.requestId, null);
}

async function refused(request: ExecuteRequest, code: ErrorCode, caller = local): Promise<Refusal> {
  try {
    await open.gateway.submit(caller, request);
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  }
  throw new assert.AssertionError({ message: `${request.command} was not refused` });
}

test('a permitted command runs, and the record tells: asked, decided, intent, outcome', async () => {
  const done = await run(ask('say', { text: 'hello; touch x' }));
  assert.equal(done.status, 'ok');
  assert.equal(text((await open.gateway.output(local, done.requestId)).stdout), 'hello; touch x\n');
  assert.deepEqual(kinds(done.requestId), ['asked', 'decided', 'intent', 'outcome']);
  assert.deepEqual(done.policies, ['everything']);
  assert.equal(done.trust, 'gateway');
});

test('entries hold no argument in clear and no output', async () => {
  const done = await run(ask('say', { text: 'needle-in-clear' }));
  for (const entry of open.house.store.entriesOf(done.requestId)) {
    assert.ok(!entry.text.includes('needle-in-clear'), entry.text);
  }
});

test('every refusal has a code, a request id, and its place on record', async () => {
  const table: [ExecuteRequest, ErrorCode][] = [
    [ask('nope'), 'COMMAND_NOT_ALLOWED'],
    [ask(''), 'COMMAND_NOT_ALLOWED'],
    [ask('__proto__'), 'COMMAND_NOT_ALLOWED'],
    [ask('say\0'), 'COMMAND_NOT_ALLOWED'],
    [ask('\ud800'), 'COMMAND_NOT_ALLOWED'],
    [ask('x'.repeat(100_000)), 'COMMAND_NOT_ALLOWED'],
    [ask('say'), 'INVALID_REQUEST'],
    [ask('say', { text: 'a', more: 1 }), 'INVALID_REQUEST'],
    [ask('say', { text: 'a\0b' }), 'INVALID_REQUEST'],
    [ask('say', { text: 'a' }, { timeoutSeconds: 21 }), 'INVALID_REQUEST'],
    [ask('say', { text: 'a' }, { environment: 'production' }), 'INVALID_REQUEST'],
    [ask('say', { text: 'a' }, { workingDirectory: '../..' }), 'WORKSPACE_ISOLATION_VIOLATION'],
    [ask('secretive'), 'SECRET_UNAVAILABLE'],
    [ask('dependent'), 'DEPENDENCY_UNAVAILABLE'],
  ];
  for (const [request, code] of table) {
    const refusal = await refused(request, code);
    const kept = await open.gateway.execution(local, refusal.requestId);
    assert.equal(kept.status, 'rejected');
    assert.equal(kept.errorCode, code);
    assert.deepEqual(kinds(refusal.requestId), ['asked', 'refused'], request.command);
  }
});

test('a limit above the maximum is refused with the maximum in the message', async () => {
  const refusal = await refused(
    ask('say', { text: 'a' }, { timeoutSeconds: 21 }),
    'INVALID_REQUEST',
  );
  assert.match(refusal.message, /20/);
});

test('an outsider cannot tell a command that exists from one that does not, nor good arguments from bad', async () => {
  const messages = new Set<string>();
  for (const request of [ask('say', { text: 'a' }), ask('say', { wrong: 1 }), ask('nope')]) {
    const refusal = await refused(request, 'COMMAND_NOT_ALLOWED', stranger);
    messages.add(refusal.message.replaceAll(request.command, 'X'));
    const kept = open.house.store.execution(refusal.requestId);
    assert.equal(kept?.tool, null);
  }
  assert.equal(messages.size, 1);
});

test('who may see a command but not run it is refused by policy', async () => {
  await refused(ask('say', { text: 'a' }), 'COMMAND_NOT_ALLOWED', reader);
});

test("somebody else's request is not found, and one's own list holds one's own", async () => {
  const done = await run(ask('say', { text: 'mine' }));
  for (const id of [done.requestId, 'req_no_such_thing']) {
    await assert.rejects(open.gateway.execution(reader, id), { code: 'REQUEST_NOT_FOUND' });
    await assert.rejects(open.gateway.output(reader, id), { code: 'REQUEST_NOT_FOUND' });
    await assert.rejects(open.gateway.cancel(reader, id, 'x'), { code: 'REQUEST_NOT_FOUND' });
  }
  const page = await open.gateway.audit(reader, { limit: 200 });
  assert.ok(page.executions.every((e) => e.principal === 'reader'));
  assert.deepEqual(
    (await open.gateway.audit(reader, { limit: 5, principal: 'local' })).executions,
    [],
  );
});

test('a non-zero exit is a failed run with its output, not a refusal', async () => {
  const done = await run(ask('fails'));
  assert.equal(done.status, 'failed');
  assert.equal(done.errorCode, 'COMMAND_EXIT_NON_ZERO');
  assert.equal(done.exitCode, 3);
  assert.equal(text((await open.gateway.output(local, done.requestId)).stdout), 'useful\n');
});

test('a running command is cancelled, a waiting one is never started', async () => {
  const first = await open.gateway.submit(
    local,
    ask('nap', { seconds: 600 }, { timeoutSeconds: 20 }),
  );
  const second = await open.gateway.submit(
    local,
    ask('nap', { seconds: 600 }, { timeoutSeconds: 20 }),
  );
  const third = await open.gateway.submit(
    local,
    ask('nap', { seconds: 600 }, { timeoutSeconds: 20 }),
  );
  assert.equal(
    (await open.gateway.cancel(local, third.requestId, 'not needed')).status,
    'cancelled',
  );
  assert.deepEqual(kinds(third.requestId), ['asked', 'decided', 'cancel-asked', 'outcome']);
  for (const { requestId } of [first, second]) {
    const ended = await open.gateway.cancel(local, requestId, 'enough');
    assert.equal(ended.status, 'cancelled');
    assert.equal(ended.errorCode, 'COMMAND_CANCELLED');
    assert.deepEqual(kinds(requestId), ['asked', 'decided', 'intent', 'cancel-asked', 'outcome']);
  }
  assert.equal((await open.gateway.cancel(local, first.requestId, 'again')).status, 'cancelled');
});

test('more than may wait is refused at once, with nothing started', async () => {
  const started = [];
  for (let i = 0; i < 5; i++)
    started.push(await open.gateway.submit(local, ask('nap', { seconds: 600 })));
  await refused(ask('nap', { seconds: 1 }), 'CONCURRENCY_LIMIT');
  await Promise.all(started.map((e) => open.gateway.cancel(local, e.requestId, 'enough')));
});

test('one at a time under one concurrency key', async () => {
  await Promise.all([run(ask('alone')), run(ask('alone')), run(ask('alone'))]);
  const lines = readFileSync(join(ground.workspace, 'order'), 'utf8').trim().split('\n');
  assert.deepEqual(lines, ['in', 'out', 'in', 'out', 'in', 'out']);
});

test('the same idempotency key and body lead to one run; another body is a conflict', async () => {
  const key = { idempotencyKey: 'once-only' };
  const [a, b] = await Promise.all([run(ask('mark', {}, key)), run(ask('mark', {}, key))]);
  const c = await run(ask('mark', {}, key));
  assert.equal(a.requestId, b.requestId);
  assert.equal(a.requestId, c.requestId);
  assert.equal(readFileSync(join(ground.workspace, 'marks'), 'utf8'), 'x\n');
  await refused(ask('say', { text: 'other' }, key), 'CONFLICT');
  await refused(ask('mark', {}, { idempotencyKey: 'with blank' }), 'INVALID_REQUEST');
});

test('an idempotency key used again after a day is a new request', async (t) => {
  const key = { idempotencyKey: 'daily' };
  const first = await run(ask('say', { text: 'a' }, key));
  const { clock } = open.house;
  const day = 24 * 3_600_000;
  t.mock.method(clock, 'now', () => first.requestedAt + day);
  assert.equal((await run(ask('say', { text: 'a' }, key))).requestId, first.requestId);
  t.mock.method(clock, 'now', () => first.requestedAt + day + 1);
  assert.notEqual((await run(ask('say', { text: 'b' }, key))).requestId, first.requestId);
});

test('while frozen nothing starts, not even what waited already', async () => {
  const naps = [
    await open.gateway.submit(local, ask('nap', { seconds: 600 })),
    await open.gateway.submit(local, ask('nap', { seconds: 600 })),
  ];
  const waiting = await open.gateway.submit(local, ask('mark', {}));
  await open.gateway.freeze(local, 'an incident');
  const refusal = await refused(ask('say', { text: 'a' }), 'FROZEN');
  assert.match(refusal.message, /an incident/);
  for (const nap of naps) await open.gateway.cancel(local, nap.requestId, 'enough');
  const ended = await open.gateway.wait(local, waiting.requestId, null);
  assert.equal(ended.status, 'rejected');
  assert.equal(ended.errorCode, 'FROZEN');
  assert.deepEqual(kinds(waiting.requestId), ['asked', 'decided', 'refused']);
  await assert.rejects(open.gateway.unfreeze(reader), { code: 'COMMAND_NOT_ALLOWED' });
  await open.gateway.unfreeze(local);
  assert.equal((await run(ask('say', { text: 'again' }))).status, 'ok');
});

test('watching tells status, output as it comes, and the end; late comers get what was', async () => {
  const execution = await open.gateway.submit(local, ask('mark'));
  const seen: string[] = [];
  for await (const event of open.gateway.watch(local, execution.requestId)) {
    seen.push(
      event.kind === 'output'
        ? `${event.stream}:${text(event.chunk)}`
        : `${event.kind}:${event.execution.status}`,
    );
  }
  assert.equal(seen.at(-1), 'end:ok');
  assert.ok(seen.includes('stdout:done\n'), seen.join());
  const late: string[] = [];
  for await (const event of open.gateway.watch(local, execution.requestId)) late.push(event.kind);
  assert.deepEqual(late, ['status', 'output', 'end']);
});

test('a broken reload keeps the old generation and fails readiness until one succeeds', async () => {
  const before = (await open.gateway.health()).generation;
  const inventory = readFileSync(join(ground.folder, 'inventory.yaml'), 'utf8');
  ground.write('inventory.yaml', inventory.replace('owner: tests', 'ownr: tests'));
  const report = await open.gateway.reload(local);
  assert.equal(report.loaded, false);
  assert.match(report.diagnostics.map((d) => d.message).join('\n'), /ownr/);
  assert.ok((report.diagnostics[0]?.line ?? 0) > 0);
  const sick = await open.gateway.health();
  assert.equal(sick.ready, false);
  assert.equal(sick.generation, before);
  assert.equal((await run(ask('say', { text: 'still here' }))).status, 'ok');

  ground.write('inventory.yaml', `${inventory}${entry('fresh', '[/bin/echo, new]')}`);
  assert.equal((await open.gateway.reload(local)).loaded, true);
  assert.equal((await open.gateway.health()).ready, true);
  assert.equal((await run(ask('fresh'))).status, 'ok');
  await assert.rejects(open.gateway.reload(reader), { code: 'COMMAND_NOT_ALLOWED' });
});

test('what waits is decided again when its turn comes: by the policy and the declaration of that moment', async () => {
  const hold = async () => [
    await open.gateway.submit(local, ask('nap', { seconds: 600 })),
    await open.gateway.submit(local, ask('nap', { seconds: 600 })),
  ];
  const inventory = readFileSync(join(ground.folder, 'inventory.yaml'), 'utf8');

  let naps = await hold();
  const changed = await open.gateway.submit(local, ask('mark'));
  ground.write('inventory.yaml', inventory.replace('echo x >> marks', 'echo y >> marks'));
  assert.equal((await open.gateway.reload(local)).loaded, true);
  for (const nap of naps) await open.gateway.cancel(local, nap.requestId, 'enough');
  assert.equal((await open.gateway.wait(local, changed.requestId, null)).errorCode, 'CONFLICT');

  naps = await hold();
  const forbidden = await open.gateway.submit(local, ask('mark'));
  ground.write(
    'policy/local.cedar',
    `${localPolicy}@id("no-marks") forbid (principal, action == Reeve::Action::"run:mark", resource);\n`,
  );
  assert.equal((await open.gateway.reload(local)).loaded, true);
  for (const nap of naps) await open.gateway.cancel(local, nap.requestId, 'enough');
  const ended = await open.gateway.wait(local, forbidden.requestId, null);
  assert.equal(ended.errorCode, 'COMMAND_NOT_ALLOWED');
  assert.match(ended.errorMessage ?? '', /no-marks/);

  ground.write('policy/local.cedar', localPolicy);
  ground.write('inventory.yaml', inventory);
  await open.gateway.reload(local);
});

test('a plan tells what would happen and runs nothing', async () => {
  writeFileSync(join(ground.workspace, 'marks'), '');
  const plan = await open.gateway.plan(local, ask('mark'));
  assert.equal(plan.decision, 'permit');
  assert.equal(plan.refusal, null);
  assert.equal(plan.argv[0], '/bin/sh');
  const guarded = await open.gateway.plan(local, ask('guarded'));
  assert.equal(guarded.decision, 'needs-approval');
  assert.equal(guarded.refusal?.code, 'APPROVAL_REQUIRED');
  assert.equal(readFileSync(join(ground.workspace, 'marks'), 'utf8'), '');
  await assert.rejects(open.gateway.plan(stranger, ask('mark')), { code: 'COMMAND_NOT_ALLOWED' });
});

test('the listing shows what the principal may see, and nothing to a stranger', async () => {
  const names = (await open.gateway.inventory(local)).map((l) => l.name);
  assert.ok(names.includes('say') && names.includes('guarded'));
  assert.deepEqual(await open.gateway.inventory(stranger), []);
});

test('in local mode high risk is refused, and every execution says same-user', async () => {
  const other = await openHouse(ground, { trust: 'same-user' });
  try {
    await assert.rejects(
      other.gateway.submit(local, ask('risky')),
      (error: unknown) =>
        error instanceof Refusal &&
        error.code === 'COMMAND_NOT_ALLOWED' &&
        /localMode/.test(error.message),
    );
    const execution = await other.gateway.submit(local, ask('say', { text: 'x' }));
    const done = await other.gateway.wait(local, execution.requestId, null);
    assert.equal(done.trust, 'same-user');
    assert.ok(existsSync(ground.workspace));
  } finally {
    await other.close();
  }
});
