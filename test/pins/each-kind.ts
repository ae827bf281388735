/** One entry of every kind, made by the code that makes them for the record, from values that never change. */
import * as entries from '../../src/audit/entries.ts';
import { type Entry, type EntryDraft, type EntryKind, entryVersion } from '../../src/core/entry.ts';
import { canonicalJson } from '../../src/core/json.ts';
import { newRun } from '../../src/runbooks/machine/machine.ts';
import { assuranceFacts } from '../contract/assurance.ts';
import { anAnswer, anExecution, anOutcome, aToken } from '../contract/samples.ts';
import { freeze, runbookOf } from '../unit/runbooks/house.ts';

const at = 1_790_000_000_000;
export const execution = anExecution({ requestId: 'req_1', requestedAt: at, policies: ['p0'] });
const digest = `sha256:${'d'.repeat(64)}`;
const sandbox = { tier: 'bubblewrap', enforced: ['memory'], degraded: ['cpu'] } as const;
const facts = assuranceFacts({ id: 'asr_1', startedAt: at });
const frozenRun = freeze(runbookOf([{ name: 'a' }]), { label: 'v2' });
const run = {
  id: 'run_1',
  frozen: frozenRun,
  caller: {
    principal: { id: 'bot', kind: 'agent', roles: [], onBehalfOf: 'ann' },
    face: 'rest',
    client: 'curl/8',
  },
  trust: 'gateway',
  salt: Buffer.alloc(32, 7).toString('base64url'),
  startedAt: at,
} as const;
const token = { ...aToken(), id: 'token-1' };
const passkey = { person: 'ann', credentialId: 'c1', name: 'phone', via: 'code' } as const;
const holds = {
  requestId: 'req_1',
  command: null,
  principal: null,
  environment: null,
  since: null,
  until: null,
};

export const drafts: Readonly<Record<EntryKind, EntryDraft>> = {
  asked: entries.asked(execution),
  decided: entries.decided(
    execution,
    {
      kind: 'needs-approval',
      digest,
      policies: ['p0'],
      stages: [{ role: 'ops_lead', count: 2, independent: true, policy: 'two' }],
    },
    { generation: 'sha256:g', sandbox },
  ),
  refused: entries.refused(execution, { code: 'COMMAND_NOT_ALLOWED', message: 'no' }),
  intent: entries.intent(execution, { at, policies: ['p0'], sandbox }),
  outcome: entries.outcome({ ...execution, finishedAt: at + 1 }, anOutcome()),
  lost: entries.lost({ ...execution, status: 'unknown', finishedAt: at + 1 }),
  'cancel-asked': entries.cancelAsked(at, 'ann', 'req_1', 'enough'),
  'generation-loaded': entries.generationLoaded(at, 'root', {
    hash: 'sha256:g',
    files: [{ file: '/etc/reeve/reeve.yaml', sha256: 'f' }],
  }),
  'generation-refused': entries.generationRefused(at, null, [
    {
      severity: 'error',
      file: 'reeve.yaml',
      line: 1,
      column: 2,
      rule: 'bad-value',
      message: 'wrong',
      remedy: 'Correct it.',
    },
  ]),
  frozen: entries.frozen(at, 'ann', 'incident'),
  unfrozen: entries.unfrozen(at, 'ann'),
  'token-created': entries.tokenCreated(at, 'root', token),
  'token-revoked': entries.tokenRevoked(at, 'root', { id: 'token-1', reason: 'lost' }),
  'enrolment-code-created': entries.enrolmentCodeCreated(at, 'root', 'ann', at + 1),
  'passkey-enrolled': entries.passkeyEnrolled(at, 'ann', passkey),
  'passkey-revoked': entries.passkeyRevoked(at, 'ann', passkey),
  'approval-answered': entries.approvalAnswered(
    anAnswer(
      { requestId: 'req_1', digest },
      { at, proof: { kind: 'login', issuer: 'i', subject: 's', authTime: 1 } },
    ),
    { stages: 2, salt: execution.salt },
  ),
  'approval-refused': entries.approvalRefused(at, {
    requestId: 'req_1',
    approver: 'ann',
    verdict: 'approve',
    stage: 0,
    errorCode: 'CONFLICT',
    errorMessage: 'm',
  }),
  'approval-granted': entries.approvalGranted(execution, {
    at,
    startBy: at + 1,
    approvers: ['ann'],
  }),
  'gateway-started': entries.gatewayStarted(at, {
    process: 'p1',
    trust: 'gateway',
    tier: 'bubblewrap',
  }),
  'gateway-stopped': entries.gatewayStopped(at, 'p1'),
  unauthenticated: entries.unauthenticated(at, {
    face: 'rest',
    problem: 'no token',
    remote: '192.0.2.1',
    times: 3,
  }),
  'payloads-expired': entries.payloadsExpired(at, null, {
    rule: 'default',
    what: 'output',
    keepMs: 1,
    count: 2,
    until: 3,
  }),
  'hold-placed': entries.holdPlaced({
    id: 'h1',
    reason: 'r',
    holds,
    placedBy: 'ann',
    placedAt: at,
    releasedBy: null,
    releasedAt: null,
  }),
  'hold-released': entries.holdReleased(at, 'ann', { hold: 'h1', reason: 'r' }),
  'assurance-recorded': entries.assuranceRecorded(facts),
  'assurance-waived': entries.assuranceWaived(facts, {
    author: 'ann',
    reason: 'r',
    at,
    until: at + 1,
  }),
  'runbook-started': entries.runbookStarted(run),
  'runbook-step': entries.runbookStepped(
    run,
    at,
    {
      about: 'step',
      step: 'a',
      from: 'running',
      to: 'failed',
      phase: 'run',
      attempt: 1,
      why: 'w',
    },
    'req_1',
  ),
  'runbook-steered': entries.runbookSteered(run, at, {
    about: 'person',
    action: 'skip',
    how: null,
    step: 'a',
    by: 'ann',
    reason: 'r',
  }),
  'runbook-ended': entries.runbookEnded(run, at + 5, newRun(frozenRun), 'because'),
  'refusals-left-out': entries.refusalsLeftOut(at, 'bot', {
    since: at - 1,
    codes: [['COMMAND_NOT_ALLOWED', 7]],
  }),
  'state-upgraded': entries.stateUpgraded(at, { from: 3, to: 9, copy: 'before-schema-9-t.db' }),
  'state-restored': entries.stateRestored(at, 'local', {
    takenAt: at - 1,
    reeve: '1.0.0',
    entries: 7,
    log: { key: 'reeve/1+00000000+AQ==', size: 6, root: 'AA==' },
    goesOn: false,
    cancelled: 1,
    unknown: 1,
    paused: 1,
  }),
};

/** As it would be written at this place of the record. */
export function written(draft: EntryDraft, seq = 7): Entry {
  const { kind, requestId, principal, body } = draft;
  const value = { v: entryVersion, seq, kind, at: draft.at, requestId, principal, body };
  return { ...draft, seq, text: canonicalJson(value) };
}
