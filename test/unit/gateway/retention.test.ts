/** Retention through a real gateway: a real run, its commitments, the signed log before and after, holds, and who may. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { verifyLog } from '../../../src/audit/verify/log.ts';
import { parseVerifier } from '../../../src/audit/verify/note.ts';
import { folderSource } from '../../../src/audit/verify/source.ts';
import { entryKinds, entryVersion } from '../../../src/core/entry.ts';
import type { HoldCriteria } from '../../../src/core/retention.ts';
import { answerOf } from '../../../src/edge/answer.ts';
import { answerResult } from '../../../src/edge/mcp/result.ts';
import { expiryOfPayloads } from '../../../src/gateway/prune.ts';
import { ask, layGround, local, type OpenHouse, openHouse, reader } from './fixture.ts';

const day = 24 * 3_600_000;
const ground = layGround();
let open: OpenHouse;
let ahead = 0;

before(async () => {
  const settings = readFileSync(join(ground.folder, 'reeve.yaml'), 'utf8');
  ground.write('reeve.yaml', `${settings}retention: { default: 30d, output: 10d }\n`);
  open = await openHouse(ground, { ahead: () => ahead });
});
after(async () => {
  await open.close();
  ground.clear();
});

async function say(text: string) {
  const { gateway } = open;
  const { requestId } = await gateway.submit(local, ask('say', { text }));
  const execution = await gateway.wait(local, requestId, null);
  assert.equal(execution.status, 'ok', execution.errorMessage ?? '');
  return execution;
}

/** The log's files by name. */
function logFiles(): Map<string, Buffer> {
  const folder = join(ground.stateDir, 'log');
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((f) =>
    f.isFile(),
  );
  return new Map(
    names.map((f) => [join(f.parentPath, f.name), readFileSync(join(f.parentPath, f.name))]),
  );
}

async function verify() {
  const { log, store } = open.house;
  const report = await verifyLog({
    source: folderSource(join(ground.stateDir, 'log')),
    key: parseVerifier(log.verifier)!,
    witnesses: [],
    outside: [],
    record: store.entriesAfter,
    knownKinds: entryKinds,
    knownVersion: entryVersion,
  });
  assert.deepEqual(report.problems, []);
  assert.equal(report.ok, true);
}

const nothing: HoldCriteria = {
  requestId: null,
  command: null,
  principal: null,
  environment: null,
  since: null,
  until: null,
};

test('no entry of a run holds a hash that could be guessed back, and no face its salt', async () => {
  const execution = await say('4711');
  const { salt, parametersHash, digest, requestId } = open.house.store.execution(
    execution.requestId,
  )!;
  assert.equal(Buffer.from(salt!, 'base64url').byteLength, 32);
  const entries = await open.gateway.entries(local, requestId);
  assert.deepEqual(
    entries.map(({ kind }) => kind),
    ['asked', 'decided', 'intent', 'outcome'],
  );
  for (const { text, kind } of entries) {
    assert.equal((JSON.parse(text) as { v: number }).v, 2);
    for (const hash of [parametersHash!, digest!, salt!])
      assert.ok(!text.includes(hash.replace('sha256:', '')), kind);
  }
  const output = await open.gateway.output(local, requestId);
  const shown = JSON.stringify([answerOf(execution, output), answerResult(execution, output)]);
  assert.ok(!shown.includes(salt!));
  assert.ok(shown.includes(parametersHash!), 'whoever may read it sees the plain hash');
});

test('whoever has the payload checks it against its entries, and a change of it is found', async () => {
  const { requestId } = await say('to be checked');
  const report = await open.gateway.retention.check(local, requestId);
  assert.deepEqual([...new Set(report.findings.map((f) => f.verdict))], ['holds']);
  assert.deepEqual(
    report.findings.map(({ kind, field }) => `${kind} ${field}`),
    [
      'asked parameters',
      'asked digest',
      'decided digest',
      'intent parameters',
      'intent digest',
      'outcome parameters',
      'outcome digest',
      'outcome stdout',
      'outcome stderr',
    ],
  );
  const db = new DatabaseSync(join(ground.stateDir, 'reeve.db'));
  try {
    db.prepare('update executions set arguments = ? where request_id = ?').run(
      '{"text":"forged"}',
      requestId,
    );
    db.prepare(
      "update outputs set stdout = x'00' where id = (select id from executions where request_id = ?)",
    ).run(requestId);
  } finally {
    db.close();
  }
  const forged = await open.gateway.retention.check(local, requestId);
  const differing = forged.findings.filter((f) => f.verdict === 'differs').map((f) => f.field);
  assert.deepEqual([...new Set(differing)], ['parameters', 'stdout']);
  await assert.rejects(open.gateway.retention.check(reader, requestId), {
    code: 'REQUEST_NOT_FOUND',
  });
});

test('a payload expires by rule; entries, checkpoints and verification stay as they were', async () => {
  const nonce = `nonce-${Math.random().toString(36).slice(2)}`;
  const kept = await say(`held ${nonce}-held`);
  const { requestId } = await say(nonce);
  const { gateway, house } = open;
  const desk = gateway.retention;
  const held = await desk.placeHold(local, {
    holds: { ...nothing, requestId: kept.requestId },
    reason: 'case 7',
  });
  await house.log.publish();
  await verify();
  const files = logFiles();
  const entries = house.store.entriesAfter(0, 1_000);
  const signed = house.log.checkpoint();

  ahead = 11 * day;
  const [output] = await desk.due(local);
  assert.deepEqual([output?.what, output?.rule, output?.held], ['output', 'default', 1]);
  assert.deepEqual(house.store.execution(requestId)?.outputExpiredAt, null, 'only told');
  await expiryOfPayloads(house)();
  assert.equal((await gateway.output(local, requestId)).stdout.byteLength, 0);
  assert.equal((await gateway.execution(local, requestId)).payloadsExpiredAt, null);
  const half = await desk.check(local, requestId);
  assert.deepEqual(
    half.findings.filter((f) => f.verdict !== 'holds').map((f) => [f.field, f.verdict]),
    [
      ['stdout', 'expired'],
      ['stderr', 'expired'],
    ],
  );

  ahead = 31 * day;
  const report = await desk.prune(local);
  assert.equal(report.purged, true);
  assert.ok(report.expired.some(({ what, rule }) => what === 'payloads' && rule === 'default'));
  const left = await gateway.execution(local, requestId);
  assert.deepEqual(
    [left.status, left.command, left.principal, left.exitCode, left.arguments, left.digest],
    ['ok', 'say', 'local', 0, null, null],
  );
  const told = JSON.stringify(answerOf(left, await gateway.output(local, requestId)).result);
  assert.match(told, /"payloadsExpiredAt":"2\d{3}-/);
  const [mcp] = answerResult(left, await gateway.output(local, requestId)).content;
  assert.match((mcp as { text: string }).text, /expired by retention on 2/);
  const gone = await desk.check(local, requestId);
  assert.deepEqual([...new Set(gone.findings.map((f) => f.verdict))], ['expired']);

  const still = await gateway.execution(local, kept.requestId);
  assert.deepEqual(still.arguments, { text: `held ${nonce}-held` });
  await desk.releaseHold(local, held.id, 'closed');
  await desk.prune(local);
  assert.equal((await gateway.execution(local, kept.requestId)).arguments, null);
  for (const file of ['reeve.db', 'reeve.db-wal']) {
    const path = join(ground.stateDir, file);
    if (existsSync(path)) assert.ok(!readFileSync(path).includes(nonce), file);
  }

  assert.deepEqual(house.store.entriesAfter(0, entries.length), entries);
  assert.deepEqual(house.log.checkpoint(), signed);
  assert.deepEqual(logFiles(), files);
  await verify();
  await house.log.publish();
  await verify();
  const kinds = house.store.entriesAfter(entries.length, 1_000).map((e) => e.kind);
  assert.ok(kinds.includes('payloads-expired') && kinds.includes('hold-released'));
});

test('only who may manage records prunes and holds, and a hold is for something', async () => {
  const desk = open.gateway.retention;
  const request = { holds: { ...nothing, command: 'say' }, reason: 'r' };
  const refused = { code: 'COMMAND_NOT_ALLOWED' };
  await assert.rejects(desk.due(reader), refused);
  await assert.rejects(desk.prune(reader), refused);
  await assert.rejects(desk.holds(reader), refused);
  await assert.rejects(desk.placeHold(reader, request), refused);
  await assert.rejects(desk.releaseHold(reader, 'hold_1', 'r'), refused);
  const limited = { ...local, credential: { kind: 'api-token', tokenId: 't', scopes: ['read'] } };
  await assert.rejects(desk.prune(limited as typeof local), refused);

  const invalid = { code: 'INVALID_REQUEST' };
  await assert.rejects(desk.placeHold(local, { holds: nothing, reason: 'r' }), invalid);
  await assert.rejects(desk.placeHold(local, { ...request, reason: ' ' }), invalid);
  const backwards = { ...nothing, since: 5, until: 5 };
  await assert.rejects(desk.placeHold(local, { holds: backwards, reason: 'r' }), invalid);
  const absent = { ...nothing, requestId: 'nobody' };
  await assert.rejects(desk.placeHold(local, { holds: absent, reason: 'r' }), {
    code: 'REQUEST_NOT_FOUND',
  });
  await assert.rejects(desk.releaseHold(local, 'hold_none', 'r'), { code: 'REQUEST_NOT_FOUND' });
});

test('what has expired cannot be held any more, and says so', async () => {
  const { requestId } = await say('gone');
  ahead += 31 * day;
  await open.gateway.retention.prune(local);
  const holds = { ...nothing, requestId };
  await assert.rejects(open.gateway.retention.placeHold(local, { holds, reason: 'r' }), {
    code: 'CONFLICT',
    message: /expired by retention on 2/,
  });
});

test('with nothing said of retention nothing expires by itself', async () => {
  const elsewhere = layGround();
  const other = await openHouse(elsewhere, { ahead: () => 10_000 * day });
  try {
    const { requestId } = await other.gateway.submit(local, ask('say', { text: 'kept' }));
    await other.gateway.wait(local, requestId, null);
    await expiryOfPayloads(other.house)();
    assert.deepEqual((await other.gateway.retention.prune(local)).expired, []);
    assert.deepEqual(other.house.store.execution(requestId)?.arguments, { text: 'kept' });
  } finally {
    await other.close();
    elsewhere.clear();
  }
});
