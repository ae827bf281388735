/** What goes on record: pinned shapes, nothing in clear that must not be, and never too long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as entries from '../../../src/audit/entries.ts';
import type { Answer, Proof } from '../../../src/core/approval.ts';
import { type CommittedField, commitmentTo } from '../../../src/core/commitment.ts';
import { type EntryDraft, entryKinds, maxEntryBytes } from '../../../src/core/entry.ts';
import type { Execution, Outcome } from '../../../src/core/execution.ts';
import { canonicalJson, digestJson, type JsonObject, sha256Hex } from '../../../src/core/json.ts';
import { newRun } from '../../../src/runbooks/machine/machine.ts';
import { assuranceFacts } from '../../contract/assurance.ts';
import { anExecution, anOutcome } from '../../contract/samples.ts';
import { runbookOf } from '../runbooks/house.ts';

const sandbox = { tier: 'bubblewrap', enforced: ['memory'], degraded: ['cpu'] } as const;
const ended = (parts: Partial<Execution>): Execution => anExecution({ finishedAt: 9, ...parts });

const proofsWith = (text: string): readonly Proof[] => [
  {
    kind: 'passkey',
    credentialId: text,
    publicKey: text,
    content: {
      requestId: 'r',
      stage: 0,
      verdict: 'approve',
      approver: text,
      digest: 'sha256:d',
      expiresAt: 9,
      nonce: text,
    },
    clientDataJSON: text,
    authenticatorData: text,
    signature: text,
    userVerified: true,
  },
  { kind: 'login', issuer: text, subject: text, authTime: 3 },
  { kind: 'token', tokenId: text },
];
const anAnswer = (text: string, proof: Proof): Answer => ({
  requestId: 'r',
  stage: 1,
  role: text,
  approver: text,
  verdict: 'approve',
  reason: text,
  digest: 'sha256:d',
  at: 4,
  proof,
});

/** One of each kind, from an execution, an outcome and a text that stand for the worst that may come. */
function oneOfEach(execution: Execution, outcome: Outcome, text: string): readonly EntryDraft[] {
  const many = Array.from({ length: 500 }, () => text);
  return [
    entries.asked(execution),
    entries.decided(
      execution,
      { kind: 'deny', digest: 'sha256:d', policies: many, errors: many },
      { generation: text, sandbox },
    ),
    entries.decided(
      execution,
      {
        kind: 'needs-approval',
        digest: 'sha256:d',
        policies: many,
        stages: many.map((role) => ({ role, count: 1, independent: true, policy: role })),
      },
      { generation: text, sandbox },
    ),
    entries.refused(execution, { code: 'INVALID_REQUEST', message: text }),
    entries.intent(execution, { at: 5, policies: many, sandbox }),
    entries.outcome(execution, outcome),
    entries.lost({ ...execution, status: 'unknown', errorMessage: text }),
    entries.cancelAsked(1, text, 'id', text),
    entries.generationLoaded(1, text, {
      hash: text,
      files: many.map((file) => ({ file, sha256: text })),
    }),
    entries.generationRefused(
      1,
      null,
      many.map((message) => ({
        severity: 'error',
        file: text,
        line: 1,
        column: 1,
        rule: 'x',
        message,
        remedy: text,
      })),
    ),
    entries.frozen(1, text, text),
    entries.unfrozen(1, text),
    entries.tokenCreated(1, text, 'local.token'),
    entries.tokenCreated(1, text, {
      id: text,
      name: text,
      principal: text,
      kind: 'agent',
      roles: many,
      onBehalfOf: text,
      scopes: ['run'],
      expiresAt: 9,
    }),
    entries.tokenRevoked(1, text, { id: text, reason: text }),
    entries.enrolmentCodeCreated(1, text, text, 9),
    entries.passkeyEnrolled(1, text, {
      person: text,
      credentialId: text,
      name: text,
      via: 'code',
    }),
    entries.passkeyRevoked(1, text, { person: text, credentialId: text }),
    ...proofsWith(text).map((proof) =>
      entries.approvalAnswered(anAnswer(text, proof), { stages: 2, salt: null }),
    ),
    entries.approvalRefused(1, {
      requestId: text,
      approver: text,
      verdict: null,
      stage: null,
      errorCode: 'CONFLICT',
      errorMessage: text,
    }),
    entries.approvalGranted(execution, { at: 5, startBy: 9, approvers: many }),
    entries.gatewayStarted(1, { process: text, trust: 'gateway', tier: text }),
    entries.gatewayStopped(1, text),
    entries.unauthenticated(1, { face: 'rest', problem: text, remote: text, times: 3 }),
    entries.refusalsLeftOut(1, text, { since: 1, codes: [['CONCURRENCY_LIMIT', 2]] }),
    entries.stateUpgraded(1, { from: 1, to: 2, copy: text }),
    entries.stateRestored(1, text, {
      takenAt: 1,
      reeve: text,
      entries: 7,
      log: { key: text, size: 6, root: text },
      goesOn: false,
      cancelled: 1,
      unknown: 1,
      paused: 1,
    }),
    entries.payloadsExpired(1, text, {
      rule: text,
      what: 'payloads',
      keepMs: 5,
      count: 3,
      until: 7,
    }),
    entries.holdPlaced({
      id: text,
      reason: text,
      holds: {
        requestId: text,
        command: text,
        principal: text,
        environment: text,
        since: 1,
        until: 2,
      },
      placedBy: text,
      placedAt: 1,
      releasedBy: null,
      releasedAt: null,
    }),
    entries.holdReleased(1, text, { hold: text, reason: text }),
    entries.assuranceRecorded(aRecord(text)),
    entries.assuranceWaived(aRecord(text), { author: text, reason: text, at: 1, until: 2 }),
    ...ofARunbook(text),
  ];
}

/** A record whose every text is this one; well-formed, as all that was digested before is. */
function aRecord(given: string) {
  const text = given.toWellFormed();
  return assuranceFacts({
    id: text,
    runId: 'r',
    command: text,
    tool: text,
    environment: text,
    tester: text,
    commandHash: text,
    executableSha256: text,
    policyHash: text,
    runs: { cli: text, tool: text },
  });
}

/** What is on record of a run whose every text is this one. */
function ofARunbook(text: string): readonly EntryDraft[] {
  const runbook = runbookOf([{ name: 'a' }], { name: text, tool: text, hash: text });
  // Arguments are checked to be well-formed before they are digested.
  const frozen = { runbook, environment: text, arguments: { label: text.toWellFormed() } };
  const principal = { id: text, kind: 'agent', roles: [], onBehalfOf: text } as const;
  const caller = { principal, face: 'cli', client: text } as const;
  const salt = Buffer.alloc(32, 7).toString('base64url');
  const run = { id: text, frozen, caller, trust: 'gateway', salt, startedAt: 1 } as const;
  const step = { about: 'step', step: text, from: 'running', to: 'failed', why: text } as const;
  const said = { about: 'person', action: 'skip', how: null, step: text } as const;
  return [
    entries.runbookStarted(run),
    entries.runbookStepped(run, 2, { ...step, phase: 'check:0', attempt: 1 }, text),
    entries.runbookSteered(run, 3, { ...said, by: text, reason: text }),
    entries.runbookEnded(run, 4, newRun(frozen), text),
  ];
}

test('every kind of entry has its builder', () => {
  const built = oneOfEach(anExecution(), anOutcome(), 'x').map(({ kind }) => kind);
  assert.deepEqual([...new Set(built)].sort(), [...entryKinds].sort());
});

test('the bodies of a call are pinned', () => {
  const execution = ended({ requestId: 'r', requestedAt: 1, arguments: { steps: 1 } });
  const committed = (field: CommittedField, sha256: string) =>
    commitmentTo(execution.salt, field, sha256);
  const call = {
    command: 'migrate-db',
    tool: 'migrate_db',
    environment: 'development',
    parametersCommitment: committed('parameters', `sha256:${'a'.repeat(64)}`),
    digestCommitment: committed('digest', `sha256:${'d'.repeat(64)}`),
    onBehalfOf: null,
    face: 'rest',
    client: 'curl/8',
    trust: 'gateway',
    rehearsal: null,
    runbook: null,
  };
  const common = { requestId: 'r', principal: 'local' };
  assert.deepEqual(entries.asked(execution), {
    kind: 'asked',
    at: 1,
    ...common,
    body: { call, risk: 'high', timeoutMs: 60_000, purpose: 'run' },
  });
  const decision = { kind: 'permit', digest: 'sha256:d', policies: ['p'] } as const;
  assert.deepEqual(entries.decided(execution, decision, { generation: 'sha256:g', sandbox }).body, {
    decision: 'permit',
    digestCommitment: committed('digest', 'sha256:d'),
    policies: ['p'],
    errors: [],
    stages: [],
    generation: 'sha256:g',
    sandbox,
  });
  const stages = [
    { role: 'ops_lead', count: 1, independent: true, policy: null },
    { role: 'security_officer', count: 2, independent: true, policy: 'two-officers' },
  ];
  const needs = { ...decision, kind: 'needs-approval', stages } as const;
  const under = { generation: 'sha256:g', sandbox };
  assert.deepEqual(entries.decided(execution, needs, under).body.stages, stages);
  assert.deepEqual(entries.intent(execution, { at: 5, policies: ['p'], sandbox }), {
    kind: 'intent',
    at: 5,
    ...common,
    body: { call, policies: ['p'], sandbox, timeoutMs: 60_000, owner: 'owner-1', fence: 1 },
  });
  const outcome = anOutcome();
  assert.deepEqual(entries.outcome(execution, outcome), {
    kind: 'outcome',
    at: 9,
    ...common,
    body: {
      call,
      status: 'ok',
      errorCode: null,
      errorMessage: null,
      ran: true,
      run: {
        exitCode: 0,
        signal: null,
        durationMs: 12.75,
        stdout: {
          total: 3,
          kept: 3,
          truncated: false,
          commitment: committed('stdout', `sha256:${sha256Hex(outcome.stdout.bytes)}`),
        },
        stderr: {
          total: 99,
          kept: 0,
          truncated: true,
          commitment: committed('stderr', `sha256:${sha256Hex('')}`),
        },
        usage: outcome.usage,
        sandbox: outcome.sandbox,
      },
    },
  });
  assert.deepEqual(entries.refused(execution, { code: 'FROZEN', message: 'm' }).body, {
    call,
    status: 'rejected',
    errorCode: 'FROZEN',
    errorMessage: 'm',
  });
});

test('the bodies of approvals and of credentials are pinned', () => {
  const proof = { kind: 'login', issuer: 'https://id.test', subject: 'u7', authTime: 3 } as const;
  const salt = Buffer.alloc(32, 1).toString('base64url');
  const answer = { ...anAnswer('ops_lead', proof), approver: 'ann', reason: 'looks right' };
  assert.deepEqual(entries.approvalAnswered(answer, { stages: 2, salt }), {
    kind: 'approval-answered',
    at: 4,
    requestId: 'r',
    principal: 'ann',
    body: {
      stage: 1,
      stages: 2,
      role: 'ops_lead',
      verdict: 'approve',
      reason: 'looks right',
      digestCommitment: commitmentTo(salt, 'digest', 'sha256:d'),
      proof: { kind: 'login', issuer: 'https://id.test', subject: 'u7' },
      evidence: digestJson(proof),
    },
  });
  const told = proofsWith('x').map((each) => {
    const { body } = entries.approvalAnswered(anAnswer('x', each), { stages: 1, salt: null });
    assert.equal(body.evidence, digestJson(each as unknown as JsonObject));
    return body.proof;
  });
  assert.deepEqual(told, [
    { kind: 'passkey', credentialId: 'x' },
    { kind: 'login', issuer: 'x', subject: 'x' },
    { kind: 'token', tokenId: 'x' },
  ]);
  const refusal = {
    verdict: 'reject',
    stage: 0,
    errorCode: 'APPROVAL_OUT_OF_ORDER',
    errorMessage: 'm',
  } as const;
  assert.deepEqual(entries.approvalRefused(6, { requestId: 'r', approver: 'ann', ...refusal }), {
    kind: 'approval-refused',
    at: 6,
    requestId: 'r',
    principal: 'ann',
    body: refusal,
  });
  const granted = entries.approvalGranted(anExecution({ requestId: 'r', client: null }), {
    at: 7,
    startBy: 9,
    approvers: ['ann', 'bob'],
  });
  const { call, ...rest } = granted.body as { call: JsonObject };
  assert.deepEqual(rest, { startBy: 9, approvers: ['ann', 'bob'] });
  assert.deepEqual([granted.at, granted.principal, call.command], [7, 'local', 'migrate-db']);

  const token = {
    id: 't1',
    name: 'ci',
    principal: 'deployer',
    kind: 'agent',
    roles: ['deploy'],
    onBehalfOf: 'ann',
    scopes: ['run', 'read'],
    expiresAt: 99,
  } as const;
  assert.deepEqual(entries.tokenCreated(1, 'root', token).body, token);
  assert.deepEqual(entries.tokenCreated(1, 'local', 'local.token').body, {
    id: null,
    name: 'local.token',
    principal: 'local',
    kind: 'person',
    roles: ['administrator', 'auditor'],
    onBehalfOf: null,
    scopes: ['read', 'run', 'approve', 'administer'],
    expiresAt: null,
  });
  assert.deepEqual(entries.tokenRevoked(1, 'root', { id: 't1', reason: 'lost' }).body, {
    id: 't1',
    reason: 'lost',
  });
  assert.deepEqual(entries.enrolmentCodeCreated(1, 'root', 'ann', 9).body, {
    person: 'ann',
    expiresAt: 9,
  });
  const passkey = { person: 'ann', credentialId: 'c', name: 'phone', via: 'passkey' } as const;
  assert.deepEqual(entries.passkeyEnrolled(1, 'ann', passkey).body, passkey);
  const which = { person: 'ann', credentialId: 'c' };
  assert.deepEqual(entries.passkeyRevoked(1, 'ann', which).body, which);
});

test('a settled execution is told of by how it ended', () => {
  const cancelled = ended({
    status: 'cancelled',
    errorCode: 'COMMAND_CANCELLED',
    errorMessage: 'm',
  });
  const rejected = ended({ status: 'rejected', errorCode: 'FROZEN', errorMessage: 'm' });
  const unknown = ended({ status: 'unknown', errorCode: 'HOST_LOST', errorMessage: 'm' });
  const told = [cancelled, rejected, unknown].map(entries.settled);
  assert.deepEqual(
    told.map(({ kind, body }) => [kind, body.status, body.errorCode]),
    [
      ['outcome', 'cancelled', 'COMMAND_CANCELLED'],
      ['refused', 'rejected', 'FROZEN'],
      ['lost', 'unknown', 'HOST_LOST'],
    ],
  );
  assert.equal(told[0]!.body.ran, false);
});

test('asking for a plan, and asking again under an idempotency key, are told apart', () => {
  assert.equal(entries.asked(anExecution(), { plan: true }).body.purpose, 'plan');
  assert.equal(entries.asked(anExecution(), { replay: true }).body.purpose, 'replay');
});

test('no value of an argument, no argv and no output is on record', () => {
  const secret = 'hunter2-argument';
  const execution = anExecution({
    arguments: { password: secret },
    argv: ['/bin/x', secret],
    workingDirectory: `/workspace/${secret}`,
    concurrencyKey: `key:${secret}`,
  });
  const bytes = Buffer.from(secret);
  const stream = { bytes, total: bytes.length, truncated: false };
  const outcome = anOutcome({ stdout: stream, stderr: stream });
  for (const draft of oneOfEach(execution, outcome, 'x')) {
    assert.ok(!canonicalJson(draft.body).includes(secret), draft.kind);
    assert.ok(!canonicalJson(draft.body).includes(bytes.toString('base64')), draft.kind);
  }
});

test('an entry fits, is well-formed and frozen, whatever text it is about', () => {
  const texts = fc.oneof(
    fc.constantFrom(
      'x'.repeat(300_000),
      '\u0000'.repeat(100_000),
      '\ud800'.repeat(50_000),
      '😀'.repeat(60_000),
      '\u2028',
      '',
    ),
    fc.string({ unit: 'binary', maxLength: 20_000 }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const execution = anExecution({
        requestId: 'r',
        principal: text,
        command: text,
        tool: text,
        environment: text,
        client: text,
        onBehalfOf: text,
        owner: text,
        errorMessage: text,
      });
      const outcome = anOutcome({ errorMessage: text, signal: text });
      for (const { kind, at, requestId, principal, body } of oneOfEach(execution, outcome, text)) {
        const written = { v: 1, seq: 2 ** 50, kind, at, requestId, principal, body };
        assert.ok(Buffer.byteLength(canonicalJson(written)) <= maxEntryBytes, kind);
        assert.ok(Object.isFrozen(body), kind);
      }
    }),
    { numRuns: 25 },
  );
});

test('a message that was cut says how much is missing; one that fits is whole', () => {
  const cut = entries.frozen(1, 'ops', 'é'.repeat(10_000)).body.reason as string;
  assert.match(cut, /^é+… \[cut: \d+ more characters\]$/);
  const kept = cut.indexOf('…');
  assert.equal(cut.slice(kept), `… [cut: ${10_000 - kept} more characters]`);
  const whole = 'é'.repeat(4_000);
  assert.equal(entries.frozen(1, 'ops', whole).body.reason, whole);
});
