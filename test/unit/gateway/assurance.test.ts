/** What a gateway makes of records: who reads and waives them, what listings say, and what does not start without them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assuranceRecorded } from '../../../src/audit/entries.ts';
import type { AssuranceFacts } from '../../../src/core/assurance-record.ts';
import type { Caller } from '../../../src/core/principal.ts';
import { groundOf } from '../../../src/gateway/assurance-standing.ts';
import { assuranceFacts } from '../../contract/assurance.ts';
import {
  ask,
  entry,
  layGround,
  local,
  localPolicy,
  type OpenHouse,
  openHouse,
  reader,
} from './fixture.ts';

const day = 24 * 3_600_000;
const ground = layGround();
let open: OpenHouse;
let ahead = 0;

const declared = '    assurance: { cli: [/bin/true], maxAge: 10d, required: [development] }\n';
before(async () => {
  ground.write(
    'inventory.yaml',
    `version: 1
commands:
${entry('proven', '[/bin/true]', `    reviewCadence: 30d\n${declared}`)}
${entry(
  'lone',
  '[/bin/sleep, "{seconds}"]',
  `    parameters: { seconds: { type: integer, minimum: 0, maximum: 60 } }
    required: [seconds]
    concurrency: { key: lone, max: 1 }
${declared.replace('{ cli', '{ arguments: { seconds: 0 }, cli')}`,
)}
${entry('free', '[/bin/true]', '    assurance: { cli: [/bin/true] }\n')}
`,
  );
  open = await openHouse(ground, { ahead: () => ahead });
});
after(async () => {
  await open.close();
  ground.clear();
});

/** A record that is about what holds now, unless told. */
async function keep(command: string, parts: Partial<AssuranceFacts> = {}) {
  const generation = open.house.generations.current;
  const { maxAgeMs: _, ...now } = (await groundOf(
    generation,
    generation.inventory.commands.get(command)!,
  ))!;
  const facts = assuranceFacts({
    command,
    tool: command,
    environment: 'development',
    startedAt: open.house.clock.now(),
    ...now,
    ...parts,
  });
  return open.house.store.assurance.keep(facts, assuranceRecorded(facts));
}

const codeOf = async (command: string) => {
  try {
    const { requestId } = await open.gateway.submit(local, ask(command));
    return (await open.gateway.wait(local, requestId, null)).status;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test('without a record, and with one that is stale or failed, nothing starts; with a fresh pass it does', async () => {
  assert.equal(await codeOf('proven'), 'ASSURANCE_STALE');
  assert.equal(await codeOf('free'), 'ok');
  await keep('proven');
  assert.equal(await codeOf('proven'), 'ok');
  for (const stale of [
    { commandHash: 'x' },
    { executableSha256: 'x' },
    { policyHash: 'x' },
    { verdict: 'fail' },
    { startedAt: open.house.clock.now() - 11 * day },
  ] as const) {
    await keep('proven', stale);
    assert.equal(await codeOf('proven'), 'ASSURANCE_STALE', Object.keys(stale)[0]);
  }
  const plan = await open.gateway.plan(local, ask('proven'));
  assert.equal(plan.refusal?.code, 'ASSURANCE_STALE');
  await keep('proven');
  ahead = 11 * day;
  assert.equal(await codeOf('proven'), 'ASSURANCE_STALE');
  ahead = 0;
});

test('another policy makes every record stale', async () => {
  await keep('proven');
  ground.write('policy/local.cedar', `${localPolicy}// changed\n`);
  assert.equal((await open.gateway.reload(local)).loaded, true);
  assert.equal(await codeOf('proven'), 'ASSURANCE_STALE');
});

test('a waiver counts until it ends, whatever comes later; then the fail is a fail again', async () => {
  const failed = await keep('proven', { verdict: 'fail' });
  const until = open.house.clock.now() + 2 * day;
  const waived = await open.gateway.assurance.waive(local, failed.id, {
    reason: 'ticket 7',
    until,
  });
  assert.equal(waived.status, 'waived');
  assert.deepEqual([waived.waiver?.author, waived.waiver?.until], ['local', until]);
  assert.equal(await codeOf('proven'), 'ok');
  ahead = 3 * day;
  assert.equal(await codeOf('proven'), 'ASSURANCE_STALE');
  assert.equal((await open.gateway.assurance.show(local, failed.id)).status, 'fail');
  ahead = 0;
  await keep('proven', { verdict: 'fail' });
  assert.equal(await codeOf('proven'), 'ASSURANCE_STALE', 'the waiver was for the other one');
});

test('only a person whom policy lets may waive, with a reason and an end within a year', async () => {
  const failed = await keep('proven', { verdict: 'fail' });
  const until = open.house.clock.now() + day;
  const refused = async (caller: Caller, waiver: { reason: string; until: number }, code: string) =>
    assert.rejects(open.gateway.assurance.waive(caller, failed.id, waiver), { code });
  const fine = { reason: 'r', until };
  await refused(
    { ...local, principal: { ...local.principal, kind: 'agent' } },
    fine,
    'COMMAND_NOT_ALLOWED',
  );
  const person = { id: 'eve', kind: 'person', roles: [], onBehalfOf: null } as const;
  await refused({ ...local, principal: person }, fine, 'COMMAND_NOT_ALLOWED');
  const token = { kind: 'api-token', tokenId: 't', scopes: ['run'] } as const;
  await refused({ ...local, credential: token }, fine, 'COMMAND_NOT_ALLOWED');
  for (const bad of [
    { reason: ' ', until },
    { reason: 'r', until: open.house.clock.now() - 1 },
    { reason: 'r', until: until + 400 * day },
    { reason: 'r', until: Number.NaN },
  ])
    await refused(local, bad, 'INVALID_REQUEST');
  const passed = await keep('proven');
  await assert.rejects(open.gateway.assurance.waive(local, passed.id, fine), { code: 'CONFLICT' });
  await assert.rejects(open.gateway.assurance.waive(local, 'asr_none', fine), {
    code: 'REQUEST_NOT_FOUND',
  });
});

test('records are their testers’ and auditors’ to read', async () => {
  const own = await keep('free', { tester: 'reader' });
  const other = await keep('free');
  const all = { command: 'free', environment: null, limit: 9, before: null };
  const ids = async (caller: Caller) =>
    (await open.gateway.assurance.list(caller, all)).records.map(({ id }) => id);
  assert.deepEqual(await ids(reader), [own.id]);
  assert.deepEqual(await ids(local), [other.id, own.id]);
  assert.equal((await open.gateway.assurance.show(reader, own.id)).id, own.id);
  await assert.rejects(open.gateway.assurance.show(reader, other.id), {
    code: 'REQUEST_NOT_FOUND',
  });
});

test('listings say when it was verified last, whether that is stale, and when to review it', async () => {
  const kept = await keep('proven');
  const listed = async () =>
    (await open.gateway.inventory(local)).find(({ name }) => name === 'proven')!;
  const { lastVerified, verifications, reviewDueAt, assuranceRequired } = await listed();
  assert.equal(lastVerified?.id, kept.id);
  assert.equal(lastVerified?.stale, false);
  assert.deepEqual(verifications, [lastVerified]);
  assert.equal(Date.parse(reviewDueAt!), kept.startedAt + 30 * day);
  assert.deepEqual(assuranceRequired, ['development']);
  await keep('proven', { executableSha256: 'x' });
  assert.deepEqual((await listed()).lastVerified?.why, ['the executable has changed since']);
});

test('what became stale while it waited for its turn does not start', async () => {
  const { gateway } = open;
  await keep('lone');
  const first = await gateway.submit(local, ask('lone', { seconds: 5 }));
  while ((await gateway.execution(local, first.requestId)).status === 'queued') await sleep(20);
  const second = await gateway.submit(local, ask('lone', { seconds: 0 }));
  const failed = await keep('lone', { verdict: 'fail' });
  await gateway.cancel(local, first.requestId, 'enough');
  const ended = await gateway.wait(local, second.requestId, null);
  assert.deepEqual([ended.status, ended.errorCode], ['rejected', 'ASSURANCE_STALE']);
  assert.match(ended.errorMessage ?? '', new RegExp(failed.id));
  const { because, next } = await gateway.why(local, second.requestId);
  assert.ok(because.some(({ fact }) => fact.includes(failed.id)));
  assert.match(next[0]!, /reeve assure lone --env development/);
});
