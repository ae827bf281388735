/** Payloads that expire: which do, what stays of them, that their bytes are gone, and what a hold keeps. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { holdPlaced, holdReleased, payloadsExpired } from '../../../../src/audit/entries.ts';
import type { Execution } from '../../../../src/core/execution.ts';
import type { Store } from '../../../../src/core/ports.ts';
import type { Hold, HoldCriteria, RetentionPolicy } from '../../../../src/core/retention.ts';
import { migrations } from '../../../../src/store/sqlite/migrations.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { aDraft, anAnswer, anApproval, anExecution, anOutcome } from '../../../contract/samples.ts';
import { temporaryFolder } from '../temporary.ts';

const day = 24 * 3_600_000;
const t0 = 1_790_000_000_000;
const entryAt = (now: number) => (expired: Parameters<typeof payloadsExpired>[2]) =>
  payloadsExpired(now, null, expired);

function opened(): { store: Store; file: string } & Disposable {
  const file = join(temporaryFolder(), 'reeve.db');
  const store = openSqliteStore(file);
  return { store, file, [Symbol.dispose]: () => store.close() };
}

/** An execution that has run and ended at `at`, with what `parts` and `out` say. */
function ran(store: Store, at: number, parts: Partial<Execution> = {}, out = 'output'): Execution {
  const execution = anExecution({ requestedAt: at - 10, ...parts });
  store.accept(execution, [], null);
  store.start(execution.requestId, execution.owner, 1, at - 5, null, aDraft({ kind: 'intent' }));
  const bytes = Buffer.from(out);
  const outcome = anOutcome({ stdout: { bytes, total: bytes.byteLength, truncated: false } });
  const result = { structured: ['read'], structuredProblem: null };
  store.finish(execution.requestId, 1, at, outcome, aDraft({ kind: 'outcome' }), result);
  return execution;
}

const rule = (keepMs: number | null, outputMs: number | null = keepMs) => ({ keepMs, outputMs });
const policy: RetentionPolicy = [
  { name: 'rules[0]', risks: ['low'], environments: ['development'], ...rule(7 * day) },
  { name: 'rules[1]', risks: ['critical'], environments: null, ...rule(null, 30 * day) },
  { name: 'default', risks: null, environments: null, ...rule(90 * day, 30 * day) },
];

/** Who expires and how, in days: by what the first rule that fits says. */
const cases: readonly [string, string, number, 'kept' | 'output' | 'payloads'][] = [
  ['low', 'development', 6, 'kept'],
  ['low', 'development', 8, 'payloads'],
  ['low', 'production', 8, 'kept'],
  ['low', 'production', 31, 'output'],
  ['high', 'development', 89, 'output'],
  ['high', 'development', 91, 'payloads'],
  ['critical', 'development', 29, 'kept'],
  ['critical', 'development', 5_000, 'output'],
];

test('what expires, and when, is what the first rule that fits says', () => {
  using state = opened();
  const { store } = state;
  const now = t0 + 10_000 * day;
  const all = cases.map(([risk, environment, days, fate]) => ({
    fate,
    e: ran(store, now - days * day, { risk: risk as Execution['risk'], environment }),
  }));
  const due = store.retention.due(policy, now);
  const count = (what: string) =>
    due.filter((d) => d.what === what).reduce((sum, d) => sum + d.count, 0);
  assert.deepEqual([count('output'), count('payloads')], [3, 2]);
  const { expired, more } = store.retention.expire(policy, now, 100, entryAt(now));
  assert.equal(more, false);
  assert.deepEqual(
    expired.map(({ rule, what, count }) => [rule, what, count]).sort(),
    due.map(({ rule, what, count }) => [rule, what, count]).sort(),
  );
  for (const { e, fate } of all) {
    const seen = store.execution(e.requestId)!;
    const output = store.output(e.requestId)!;
    const why = `${e.risk} in ${e.environment}: ${fate}`;
    assert.equal(seen.payloadsExpiredAt, fate === 'payloads' ? now : null, why);
    assert.equal(seen.outputExpiredAt, fate === 'kept' ? null : now, why);
    assert.equal(output.stdout.byteLength, fate === 'kept' ? 6 : 0, why);
    assert.equal(output.stdoutTotal, 6, why);
    assert.deepEqual(output.structured, fate === 'kept' ? ['read'] : null, why);
    assert.equal(seen.salt === null, fate === 'payloads', why);
  }
  const recorded = store.entriesAfter(0, 1_000).filter((e) => e.kind === 'payloads-expired');
  assert.deepEqual(
    recorded.map(({ body }) => body),
    expired.map((each) => ({ ...each })),
  );
  assert.deepEqual(store.retention.due(policy, now), []);
  assert.deepEqual(store.retention.expire(policy, now, 100, entryAt(now)).expired, []);
});

test('who, what, when and how it ended stay; arguments, argv, hashes, folder, key and salt are gone', () => {
  using state = opened();
  const { store } = state;
  const before = store.execution(ran(store, t0, { concurrencyKey: 'db:secret' }).requestId)!;
  store.retention.expire(policy, t0 + 91 * day, 100, entryAt(t0 + 91 * day));
  const gone = {
    arguments: null,
    parametersHash: null,
    argv: null,
    digest: null,
    workingDirectory: null,
    concurrencyKey: null,
    salt: null,
    outputExpiredAt: t0 + 91 * day,
    payloadsExpiredAt: t0 + 91 * day,
  };
  assert.deepEqual(store.execution(before.requestId), { ...before, ...gone });
});

test('what is open never expires, however old it is', () => {
  using state = opened();
  const { store } = state;
  const queued = anExecution({ requestedAt: 1 });
  store.accept(queued, [], null);
  const waiting = anExecution({ requestedAt: 1, status: 'awaiting_approval' });
  store.accept(waiting, [], null, anApproval(waiting));
  const running = anExecution({ requestedAt: 1 });
  store.accept(running, [], null);
  store.start(running.requestId, running.owner, 1, 2, null, aDraft({ kind: 'intent' }));
  assert.deepEqual(store.retention.due(policy, t0 * 2), []);
  store.retention.expire(policy, t0 * 2, 100, entryAt(t0 * 2));
  for (const { requestId } of [queued, waiting, running])
    assert.notEqual(store.execution(requestId)?.arguments, null);
  assert.notDeepEqual(store.approvals.state(waiting.requestId)?.request.dossier, {});
});

test('a batch takes no more than it may, oldest first, and says that there is more', () => {
  using state = opened();
  const { store } = state;
  const all = Array.from({ length: 5 }, (_, i) => ran(store, t0 + i * 1_000));
  const now = t0 + 100 * day;
  const first = store.retention.expire(policy, now, 2, entryAt(now));
  assert.deepEqual([first.more, first.expired[0]?.count], [true, 2]);
  const expired = () => all.map((e) => store.execution(e.requestId)!.payloadsExpiredAt !== null);
  assert.deepEqual(expired(), [true, true, false, false, false]);
  store.retention.expire(policy, now, 2, entryAt(now));
  assert.equal(store.retention.expire(policy, now, 2, entryAt(now)).more, false);
  assert.deepEqual(expired(), [true, true, true, true, true]);
});

let holds = 0;
function hold(criteria: Partial<HoldCriteria>): Hold {
  holds += 1;
  const none = {
    requestId: null,
    command: null,
    principal: null,
    environment: null,
    since: null,
    until: null,
  };
  return {
    id: `hold_${holds}`,
    reason: 'a case',
    holds: { ...none, ...criteria },
    placedBy: 'ann',
    placedAt: t0,
    releasedBy: null,
    releasedAt: null,
  };
}

test('what a hold fits does not expire until it is released, by whichever criterion', () => {
  const e = { command: 'deploy', principal: 'bot', onBehalfOf: 'eve', environment: 'production' };
  const fitting = (execution: Execution): readonly Partial<HoldCriteria>[] => [
    { requestId: execution.requestId },
    { command: 'deploy' },
    { principal: 'bot' },
    { principal: 'eve' },
    { environment: 'production' },
    { since: execution.requestedAt, until: execution.requestedAt + 1 },
    { command: 'deploy', principal: 'bot', environment: 'production', since: 1 },
  ];
  const others = (execution: Execution): readonly Partial<HoldCriteria>[] => [
    { requestId: 'another' },
    { command: 'migrate' },
    { principal: 'mallory' },
    { until: execution.requestedAt },
    { since: execution.requestedAt + 1 },
    { command: 'deploy', principal: 'mallory' },
  ];
  const now = t0 + 100 * day;
  const tryWith = (pick: typeof fitting, holdsIt: boolean) => {
    for (const index of pick(anExecution()).keys()) {
      using state = opened();
      const { store } = state;
      const execution = ran(store, t0, e);
      const placed = hold(pick(execution)[index]!);
      store.retention.placeHold(placed, holdPlaced(placed));
      const why = JSON.stringify(placed.holds);
      const [due] = store.retention.due(policy, now);
      assert.deepEqual([due?.count, due?.held], holdsIt ? [0, 1] : [1, 0], why);
      store.retention.expire(policy, now, 100, entryAt(now));
      assert.equal(store.execution(execution.requestId)!.arguments !== null, holdsIt, why);
      const entry = holdReleased(now, 'bob', { hold: placed.id, reason: 'over' });
      const released = store.retention.releaseHold(placed.id, 'bob', now, entry);
      assert.deepEqual([released?.releasedBy, released?.releasedAt], ['bob', now]);
      store.retention.expire(policy, now, 100, entryAt(now));
      assert.equal(store.execution(execution.requestId)!.arguments, null, why);
      assert.deepEqual(store.retention.holds(), [released]);
    }
  };
  tryWith(fitting, true);
  tryWith(others, false);
});

test('a hold is placed and released once, each on record', () => {
  using state = opened();
  const { store } = state;
  const placed = hold({ command: 'x' });
  store.retention.placeHold(placed, holdPlaced(placed));
  assert.throws(() => store.retention.placeHold(placed, holdPlaced(placed)), { code: 'CONFLICT' });
  const entry = holdReleased(5, 'bob', { hold: placed.id, reason: 'over' });
  assert.equal(store.retention.releaseHold('none', 'bob', 5, entry), null);
  store.retention.releaseHold(placed.id, 'bob', 5, entry);
  assert.equal(store.retention.releaseHold(placed.id, 'eve', 6, entry)?.releasedBy, 'bob');
  const kinds = store.entriesAfter(0, 10).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['hold-placed', 'hold-released']);
});

test('the dossier and the call of an approval expire; answers and their proofs stay, whole', () => {
  using state = opened();
  const { store } = state;
  const execution = anExecution({ status: 'awaiting_approval', requestedAt: t0 });
  const request = anApproval(execution);
  store.accept(execution, [], null, request);
  const answer = anAnswer(request);
  store.approvals.answer(execution.requestId, () => ({
    answer,
    entries: [],
    next: {
      kind: 'reject',
      at: t0 + 1,
      errorCode: 'APPROVAL_REJECTED',
      errorMessage: 'no',
    },
  }));
  const now = t0 + 91 * day;
  store.retention.expire(policy, now, 100, entryAt(now));
  const seen = store.approvals.state(execution.requestId)!;
  assert.deepEqual([seen.request.dossier, seen.request.call, seen.request.digest], [{}, {}, '']);
  assert.deepEqual(seen.request.stages, request.stages);
  assert.deepEqual(seen.answers, [answer]);
});

test('nothing of a payload is left in the database or its log, however often its rows were moved', () => {
  using state = opened();
  const { store, file } = state;
  const nonces: string[] = [];
  const nonce = (i: number, what: string) => {
    const text = `nonce-${what}-${i}-${Math.random().toString(36).slice(2)}`;
    nonces.push(text);
    return text;
  };
  const running: Execution[] = [];
  // Rows of every size, that grow between others: pages are split, overflow and are set free.
  for (let i = 0; i < 120; i += 1) {
    const size = [0, 50, 900, 4_000, 30_000][i % 5]!;
    const execution = anExecution({
      requestedAt: t0 + i,
      arguments: { text: nonce(i, 'argument') + 'x'.repeat(size) },
      argv: ['/bin/echo', nonce(i, 'argv')],
      workingDirectory: `/workspace/${nonce(i, 'folder')}`,
      concurrencyKey: nonce(i, 'key'),
    });
    nonces.push(execution.salt!);
    store.accept(execution, [], null);
    running.push(execution);
    if (running.length > 7) end(running.splice(Math.floor(Math.random() * 7), 1)[0]!, i);
  }
  function end(execution: Execution, i: number) {
    const { requestId, owner } = execution;
    store.start(requestId, owner, 1, t0 + i, null, aDraft({ kind: 'intent' }));
    store.attach(requestId, {
      bootId: 'b'.repeat(i % 90),
      pid: i,
      pidStart: '1',
      cgroups: ['c'.repeat(i % 400)],
    });
    const bytes = Buffer.from(nonce(i, 'output') + 'y'.repeat((i % 7) * 3_000));
    const outcome = anOutcome({ stdout: { bytes, total: bytes.length, truncated: false } });
    const result =
      i % 2 === 0
        ? { structured: [nonce(i, 'result')], structuredProblem: null }
        : { structured: null, structuredProblem: nonce(i, 'problem') };
    store.finish(requestId, 1, t0 + i, outcome, aDraft({ kind: 'outcome' }), result);
  }
  for (const execution of running.splice(0)) end(execution, 120);
  const found = () => {
    const bytes = [file, `${file}-wal`]
      .filter((each) => existsSync(each))
      .map((each) => readFileSync(each));
    return nonces.filter((text) => bytes.some((each) => each.includes(text)));
  };
  assert.notDeepEqual(found(), []);
  const now = t0 + 91 * day;
  const salts = nonces.filter((text) => !text.startsWith('nonce'));
  const rawSalts = salts.map((text) => Buffer.from(text, 'base64url'));
  while (store.retention.expire(policy, now, 64, entryAt(now)).more);
  assert.equal(store.retention.purge(), true);
  assert.deepEqual(found(), []);
  const bytes = readFileSync(file);
  assert.equal(rawSalts.filter((salt) => bytes.includes(salt)).length, 0);
});

test('the log cannot be cut while another reader is in it, and says so at once', () => {
  using state = opened();
  const { store, file } = state;
  ran(store, t0);
  const reader = new DatabaseSync(file, { readOnly: true });
  try {
    reader.exec('begin');
    reader.prepare('select count(*) from entries').get();
    ran(store, t0);
    assert.equal(store.retention.purge(), false);
    reader.exec('commit');
    assert.equal(store.retention.purge(), true);
  } finally {
    reader.close();
  }
});

test('what expires is found through its index, without a walk over all executions', () => {
  using state = opened();
  ran(state.store, t0);
  state.store.retention.due(policy, t0 + 100 * day);
  const db = new DatabaseSync(state.file, { readOnly: true });
  try {
    const ended = 'payloads_expired_at is null and finished_at is not null';
    const keys = [
      '(output_expired_at is not null)',
      "coalesce(risk, '')",
      "coalesce(environment, '')",
    ];
    const plan = (sql: string) =>
      db
        .prepare(`explain query plan ${sql}`)
        .all()
        .map((row) => String(row.detail))
        .join('; ');
    const [bare, risk, environment] = keys;
    const from = `select ${keys.join(', ')} from executions where ${ended}`;
    const looks = [
      `select id from executions where ${ended} and ${keys.map((k) => `${k} = ?`).join(' and ')} and finished_at >= ? and finished_at < ? order by finished_at limit 5`,
      `${from} and ${bare} = ? and ${risk} = ? and ${environment} > ? order by ${environment} limit 1`,
      `${from} and ${bare} = ? and ${risk} > ? order by ${risk}, ${environment} limit 1`,
      `${from} and ${bare} > ? order by ${keys.join(', ')} limit 1`,
    ];
    for (const sql of looks) {
      assert.match(
        plan(sql),
        /^SEARCH executions USING (COVERING )?INDEX executions_to_expire/,
        sql,
      );
      assert.doesNotMatch(plan(sql), /TEMP B-TREE/, sql);
    }
  } finally {
    db.close();
  }
});

test('a state of the release before goes on: what has ended has no salt, what is open gets one', () => {
  const file = join(temporaryFolder(), 'reeve.db');
  const before = migrations.findIndex((step) => step.includes('add column salt'));
  const db = new DatabaseSync(file);
  db.exec(`${migrations.slice(0, before).join(';')} ; pragma user_version = ${before};`);
  db.exec(`insert into executions (request_id, status, principal, face, trust, policies, owner, fence, requested_at, finished_at, arguments, digest)
      values ('old', 'ok', 'local', 'cli', 'same-user', '[]', 'o', 1, 5000, 6000, '{"a":"old value"}', 'sha256:d'),
             ('open', 'queued', 'local', 'cli', 'same-user', '[]', 'o', 1, 5000, null, '{}', 'sha256:d');`);
  db.close();
  const store = openSqliteStore(file);
  try {
    const old = store.execution('old')!;
    assert.deepEqual([old.salt, old.payloadsExpiredAt, old.digest], [null, null, 'sha256:d']);
    assert.equal(Buffer.from(store.execution('open')!.salt!, 'base64url').byteLength, 32);
    store.retention.expire(policy, t0, 10, entryAt(t0));
    assert.equal(store.execution('old')!.arguments, null);
    assert.equal(store.execution('old')!.payloadsExpiredAt, t0);
    assert.deepEqual(store.execution('open')!.arguments, {});
  } finally {
    store.close();
  }
});
