/** The fields of the entries of a run, as they really are on record. Auditors' tools read these names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as entries from '../../src/audit/entries.ts';
import type { Answer } from '../../src/core/approval.ts';
import { newRun } from '../../src/runbooks/machine/machine.ts';
import { assuranceFacts } from '../contract/assurance.ts';
import { anAnswer, anExecution, aToken } from '../contract/samples.ts';
import { rest } from '../real/rest.ts';
import { Stage } from '../real/stage.ts';
import { freeze, runbookOf } from '../unit/runbooks/house.ts';

type Json = { readonly [key: string]: unknown };

/** Every path of names in a value, lists by their first element. */
function fields(value: unknown, at = ''): string[] {
  if (value === null || typeof value !== 'object') return [at];
  if (Array.isArray(value)) return [`${at}[]`];
  const names = Object.keys(value).sort();
  return names.flatMap((name) => fields((value as Json)[name], at === '' ? name : `${at}.${name}`));
}

const call = [
  'client',
  'command',
  'digestCommitment',
  'environment',
  'face',
  'onBehalfOf',
  'parametersCommitment',
  'rehearsal',
  'runbook',
  'tool',
  'trust',
].map((name) => `call.${name}`);
const sandbox = (at: string) => [`${at}.degraded[]`, `${at}.enforced[]`, `${at}.tier`];
const stream = (at: string) =>
  ['commitment', 'kept', 'total', 'truncated'].map((n) => `${at}.${n}`);

test('the entries of a run and of a refusal have these fields, and hold no argument and no output', async () => {
  await using stage = new Stage();
  const gateway = await stage.serve();
  const entriesOf = async (body: object) => {
    const path = '/v1/commands/execute';
    const reply = await rest(gateway.url, stage.token(), 'POST', path, JSON.stringify(body));
    const result = (reply.body.result ?? reply.body) as { requestId: string };
    const found = `/v1/commands/executions/${result.requestId}/entries`;
    const { entries } = (await rest(gateway.url, stage.token(), 'GET', found)).body as {
      entries: { kind: string; text: string; body: Json }[];
    };
    return entries;
  };

  const secret = 'a value that is nobody’s business';
  const run = await entriesOf({ command: 'say', arguments: { text: secret } });
  const byKind = new Map(run.map((entry) => [entry.kind, fields(entry.body)]));
  assert.deepEqual(byKind.get('asked'), [...call, 'purpose', 'risk', 'timeoutMs']);
  assert.deepEqual(byKind.get('decided'), [
    'decision',
    'digestCommitment',
    'errors[]',
    'generation',
    'policies[]',
    ...sandbox('sandbox'),
    'stages[]',
  ]);
  assert.deepEqual(byKind.get('intent'), [
    ...call,
    'fence',
    'owner',
    'policies[]',
    ...sandbox('sandbox'),
    'timeoutMs',
  ]);
  assert.deepEqual(byKind.get('outcome'), [
    ...call,
    'errorCode',
    'errorMessage',
    'ran',
    'run.durationMs',
    'run.exitCode',
    ...sandbox('run.sandbox'),
    'run.signal',
    ...stream('run.stderr'),
    ...stream('run.stdout'),
    ...['cpuMs', 'peakMemory', 'peakProcesses', 'stderrBytes', 'stdoutBytes'].map(
      (name) => `run.usage.${name}`,
    ),
    'status',
  ]);
  for (const entry of run) {
    assert.ok(!entry.text.includes(secret), `${entry.kind} holds the argument`);
    assert.deepEqual(Object.keys(JSON.parse(entry.text) as Json), [
      'at',
      'body',
      'kind',
      'principal',
      'requestId',
      'seq',
      'v',
    ]);
  }

  const refused = await entriesOf({ command: 'say', arguments: { text: 7 } });
  assert.deepEqual(fields(refused.at(-1)!.body), [...call, 'errorCode', 'errorMessage', 'status']);
  await gateway.stop();
});

test('the entries of runs of runbooks have these fields', () => {
  const frozen = freeze(runbookOf([{ name: 'a' }]), { label: 'nobody’s business' });
  const principal = { id: 'bot', kind: 'agent', roles: [], onBehalfOf: null } as const;
  const caller = { principal, face: 'rest', client: null } as const;
  const salt = Buffer.alloc(32, 7).toString('base64url');
  const run = { id: 'run_1', frozen, caller, trust: 'gateway', salt, startedAt: 1 } as const;
  const which = ['environment', 'run', 'runbook'];
  const started = entries.runbookStarted(run);
  assert.equal(started.requestId, 'run_1');
  assert.ok(!JSON.stringify(started).includes('business'));
  assert.deepEqual(
    fields(started.body),
    [
      ...which,
      'approvals',
      'client',
      'commandsHash',
      'face',
      'onBehalfOf',
      'parametersCommitment',
      'purpose',
      'risk',
      'runbookHash',
      'steps',
      'tool',
      'trust',
    ].sort(),
  );
  const moved = { about: 'step', step: 'a', from: 'running', to: 'failed', why: 'w' } as const;
  const stepped = entries.runbookStepped(run, 2, { ...moved, phase: 'run', attempt: 1 }, 'req_1');
  const of = ['about', 'attempt', 'execution', 'from', 'phase', 'step', 'to', 'why'];
  assert.deepEqual(fields(stepped.body), [...which, ...of].sort());
  const said = { about: 'person', action: 'skip', how: null, step: 'a', by: 'ann' } as const;
  const steered = entries.runbookSteered(run, 3, { ...said, reason: 'r' });
  assert.equal(steered.principal, 'ann');
  assert.deepEqual(fields(steered.body), [...which, 'action', 'how', 'reason', 'step'].sort());
  const ended = entries.runbookEnded(run, 4, newRun(frozen), null);
  const counts = ['cancelled', 'completed', 'failed', 'pending', 'running', 'skipped', 'unknown'];
  assert.deepEqual(
    fields(ended.body),
    [
      ...which,
      'durationMs',
      'rolledBack',
      'status',
      'why',
      ...counts.map((s) => `steps.${s}`),
    ].sort(),
  );
});

test('the entries of approvals and of credentials have these fields', () => {
  const execution = anExecution();
  const passkeyAnswer = anAnswer({ requestId: 'r', digest: 'sha256:d' });
  const answered = (proof: Answer['proof']) =>
    fields(entries.approvalAnswered({ ...passkeyAnswer, proof }, { stages: 2, salt: null }).body);
  const others = (...proof: string[]) => [
    'digestCommitment',
    'evidence',
    ...proof.map((name) => `proof.${name}`),
    'reason',
    'role',
    'stage',
    'stages',
    'verdict',
  ];
  assert.deepEqual(answered(passkeyAnswer.proof), others('credentialId', 'kind'));
  assert.deepEqual(
    answered({ kind: 'login', issuer: 'i', subject: 's', authTime: 1 }),
    others('issuer', 'kind', 'subject'),
  );
  assert.deepEqual(answered({ kind: 'token', tokenId: 't' }), others('kind', 'tokenId'));
  const refused = entries.approvalRefused(1, {
    requestId: 'r',
    approver: 'ann',
    verdict: 'approve',
    stage: 0,
    errorCode: 'CONFLICT',
    errorMessage: 'm',
  });
  assert.deepEqual(fields(refused.body), ['errorCode', 'errorMessage', 'stage', 'verdict']);
  const granted = entries.approvalGranted(execution, { at: 1, startBy: 2, approvers: ['ann'] });
  assert.deepEqual(fields(granted.body), ['approvers[]', ...call, 'startBy']);

  const token = [
    'expiresAt',
    'id',
    'kind',
    'name',
    'onBehalfOf',
    'principal',
    'roles[]',
    'scopes[]',
  ];
  assert.deepEqual(fields(entries.tokenCreated(1, 'root', aToken()).body), token);
  assert.deepEqual(fields(entries.tokenCreated(1, 'local', 'local.token').body), token);
  const revoked = entries.tokenRevoked(1, 'root', { id: 't', reason: 'lost' });
  assert.deepEqual(fields(revoked.body), ['id', 'reason']);
  const code = entries.enrolmentCodeCreated(1, 'root', 'ann', 2);
  assert.deepEqual(fields(code.body), ['expiresAt', 'person']);
  const which = { person: 'ann', credentialId: 'c', name: 'phone', via: 'code' } as const;
  assert.deepEqual(fields(entries.passkeyEnrolled(1, 'ann', which).body), [
    'credentialId',
    'name',
    'person',
    'via',
  ]);
  assert.deepEqual(fields(entries.passkeyRevoked(1, 'ann', which).body), [
    'credentialId',
    'person',
  ]);

  const left = { since: 1, codes: [['COMMAND_NOT_ALLOWED', 7]] } as const;
  const leftOut = entries.refusalsLeftOut(2, 'bot', left).body;
  assert.deepEqual(fields(leftOut), ['codes[]', 'count', 'since']);
  assert.deepEqual(leftOut.codes, [{ errorCode: 'COMMAND_NOT_ALLOWED', count: 7 }]);

  const upgraded = entries.stateUpgraded(1, { from: 3, to: 9, copy: 'before-schema-9-t.db' });
  assert.deepEqual(fields(upgraded.body), ['copy', 'from', 'to']);
  const restored = entries.stateRestored(2, 'local', {
    takenAt: 1,
    reeve: '1.0.0',
    entries: 7,
    log: { key: 'k', size: 6, root: 'r' },
    goesOn: false,
    cancelled: 1,
    unknown: 1,
    paused: 0,
  });
  assert.deepEqual(fields(restored.body), [
    'cancelled',
    'entries',
    'goesOn',
    'log.key',
    'log.root',
    'log.size',
    'paused',
    'reeve',
    'takenAt',
    'unknown',
  ]);

  const expired = { rule: 'default', what: 'output', keepMs: 1, count: 2, until: 3 } as const;
  assert.deepEqual(fields(entries.payloadsExpired(4, null, expired).body), [
    'count',
    'keepMs',
    'rule',
    'until',
    'what',
  ]);
  const criteria = ['command', 'environment', 'principal', 'requestId', 'since', 'until'];
  const hold = {
    id: 'h',
    reason: 'r',
    holds: {
      requestId: 'r',
      command: null,
      principal: null,
      environment: null,
      since: null,
      until: null,
    },
    placedBy: 'ann',
    placedAt: 1,
    releasedBy: null,
    releasedAt: null,
  };
  assert.deepEqual(fields(entries.holdPlaced(hold).body), ['hold', 'reason', ...criteria].sort());
  const freed = entries.holdReleased(2, 'ann', { hold: 'h', reason: 'r' });
  assert.deepEqual(fields(freed.body), ['hold', 'reason']);

  const facts = assuranceFacts();
  assert.deepEqual(fields(entries.assuranceRecorded(facts).body), [
    'approvalsVerified',
    'command',
    'commandHash',
    'differences',
    'durationMs',
    'environment',
    'executableSha256',
    'policyHash',
    'record',
    'recordChecksum',
    'runs.cli',
    'runs.tool',
    'tool',
    'verdict',
  ]);
  const waiver = { author: 'ann', reason: 'r', at: 1, until: 2 };
  assert.deepEqual(fields(entries.assuranceWaived(facts, waiver).body), [
    'command',
    'environment',
    'reason',
    'record',
    'recordChecksum',
    'until',
  ]);
});
