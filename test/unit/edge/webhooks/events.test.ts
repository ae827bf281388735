/** Which entries outsiders are told of, and in which words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as entries from '../../../../src/audit/entries.ts';
import type { Entry, EntryDraft } from '../../../../src/core/entry.ts';
import type { ApprovalState } from '../../../../src/core/people-ports.ts';
import { messagesOf, type Surroundings } from '../../../../src/edge/webhooks/events.ts';
import { anAnswer, anApproval, anExecution, anOutcome } from '../../../contract/samples.ts';

const sandbox = { tier: 'bubblewrap', enforced: [], degraded: [] } as const;
const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const secret = 'hunter2';
const execution = anExecution({
  requestId: 'r1',
  requestedAt: at,
  finishedAt: at,
  onBehalfOf: 'eve',
  arguments: { password: secret },
  argv: ['/bin/x', secret],
  client: secret,
  errorMessage: secret,
});
const request = anApproval(execution, { expiresAt: at + 1_000, dossier: { argv: [secret] } });
const first = anAnswer(request, { at, reason: secret });
const second = anAnswer(request, {
  at: at + 1,
  stage: 1,
  role: 'security_officer',
  approver: 'bob',
});
const waiting: ApprovalState = { execution, request, answers: [first, second] };
const granted: ApprovalState = { ...waiting, request: { ...request, startBy: at + 2_000 } };
const written = (draft: EntryDraft, seq = 7): Entry => ({ ...draft, seq, text: `text ${seq}` });
const around = (approval: ApprovalState | null): Surroundings => ({
  state: 'abc',
  execution: (id) => (id === 'r1' ? execution : null),
  approval: (id) => (id === 'r1' ? approval : null),
  page: (path) => `https://reeve.test${path}`,
});
const told = (draft: EntryDraft, approval: ApprovalState | null) =>
  messagesOf(written(draft), around(approval)).map(({ type, payload }) => {
    const { data, timestamp, ...rest } = JSON.parse(payload);
    assert.deepEqual(rest, { type });
    assert.equal(timestamp, new Date(draft.at).toISOString());
    return [type, data] as const;
  });

const decision = (kind: 'permit' | 'needs-approval') =>
  entries.decided(
    execution,
    {
      kind,
      digest: 'sha256:d',
      policies: [],
      ...(kind === 'permit' ? {} : { stages: request.stages }),
    } as Parameters<typeof entries.decided>[1],
    { generation: 'g', sandbox },
  );
const common = {
  requestId: 'r1',
  command: 'migrate-db',
  environment: 'development',
  risk: 'high',
  principal: 'local',
  onBehalfOf: 'eve',
  digest: `sha256:${'d'.repeat(64)}`,
  stages: request.stages,
  openStage: null,
  errorCode: null,
  rehearsal: null,
  runbook: null,
  page: 'https://reeve.test/approve/r1',
};
const cancelled = entries.settled({
  ...execution,
  status: 'cancelled',
  errorCode: 'APPROVAL_WITHDRAWN',
});
const rejected = entries.settled({
  ...execution,
  status: 'rejected',
  errorCode: 'APPROVAL_EXPIRED',
});

test('a request for approval, its answers and its grant are told of, each with the stage that is open then', () => {
  assert.deepEqual(told(decision('needs-approval'), waiting), [
    [
      'approval.requested',
      {
        ...common,
        status: 'awaiting_approval',
        openStage: 0,
        expiresAt: new Date(at + 1_000).toISOString(),
      },
    ],
  ]);
  const answered = (answer: typeof first) =>
    told(entries.approvalAnswered(answer, { stages: 2, salt: null }), waiting);
  assert.deepEqual(answered(first), [
    [
      'approval.answered',
      {
        ...common,
        status: 'awaiting_approval',
        openStage: 1,
        answer: { stage: 0, role: 'ops_lead', approver: 'ann', verdict: 'approve' },
      },
    ],
  ]);
  const [[, later]] = answered(second) as unknown as [
    [string, { openStage: number; answer: object }],
  ];
  assert.equal(later.openStage, 1, 'that stage needs two');
  const grant = entries.approvalGranted(execution, {
    at,
    startBy: at + 2_000,
    approvers: ['ann', 'bob'],
  });
  assert.deepEqual(told(grant, granted), [
    [
      'approval.granted',
      {
        ...common,
        status: 'queued',
        approvers: ['ann', 'bob'],
        startBy: new Date(at + 2_000).toISOString(),
      },
    ],
  ]);
});

test('an approval that ends ungranted closes, and its execution is finished; once granted, only the execution ends', () => {
  for (const [draft, status, errorCode] of [
    [cancelled, 'cancelled', 'APPROVAL_WITHDRAWN'],
    [rejected, 'rejected', 'APPROVAL_EXPIRED'],
  ] as const) {
    const data = { ...common, status, errorCode };
    assert.deepEqual(told(draft, waiting), [
      ['approval.closed', data],
      ['execution.finished', data],
    ]);
    assert.deepEqual(told(draft, granted), [['execution.finished', data]]);
  }
});

test('every end of an execution is told of, approved or not', () => {
  const data = { ...common, stages: [], page: null };
  assert.deepEqual(told(entries.outcome(execution, anOutcome()), null), [
    ['execution.finished', { ...data, status: 'ok' }],
  ]);
  const lost = entries.lost({ ...execution, status: 'unknown', errorCode: 'HOST_LOST' });
  assert.deepEqual(told(lost, null), [
    ['execution.finished', { ...data, status: 'unknown', errorCode: 'HOST_LOST' }],
  ]);
  assert.deepEqual(told(rejected, null), [
    ['execution.finished', { ...data, status: 'rejected', errorCode: 'APPROVAL_EXPIRED' }],
  ]);
});

test('nobody is told of anything else', () => {
  const silent = [
    entries.asked(execution),
    decision('permit'),
    entries.intent(execution, { at, policies: [], sandbox }),
    entries.cancelAsked(at, 'p', 'r1', 'why'),
    entries.approvalRefused(at, {
      requestId: 'r1',
      approver: 'mallory',
      verdict: null,
      stage: null,
      errorCode: 'CONFLICT',
      errorMessage: 'no',
    }),
    entries.frozen(at, 'ops', 'why'),
    entries.tokenCreated(at, 'local', 'local.token'),
  ];
  for (const draft of silent) assert.deepEqual(told(draft, waiting), [], draft.kind);
  // Needs approval and is refused all the same: nobody was asked.
  assert.deepEqual(told(decision('needs-approval'), null), []);
  // A request that this state does not know.
  assert.deepEqual(told({ ...cancelled, requestId: 'other' }, waiting), []);
});

test('no argument, no output and nobody’s own words are in a message', () => {
  const output = Buffer.from(secret);
  const stream = { bytes: output, total: output.length, truncated: false };
  const drafts = [
    decision('needs-approval'),
    entries.approvalAnswered(first, { stages: 2, salt: null }),
    entries.approvalGranted(execution, { at, startBy: at, approvers: [] }),
    entries.refused(execution, { code: 'CONFLICT', message: secret }),
    entries.outcome(execution, anOutcome({ stdout: stream, stderr: stream, errorMessage: secret })),
    cancelled,
  ];
  for (const draft of drafts) {
    const messages = messagesOf(written(draft), around(waiting));
    assert.ok(messages.length > 0);
    for (const { payload } of messages) assert.ok(!payload.includes(secret), draft.kind);
  }
});

test('the id of a message is always the same, and another’s is another', () => {
  const ids = (draft: EntryDraft, seq: number, state: string) =>
    messagesOf(written(draft, seq), { ...around(waiting), state }).map(({ id }) => id);
  const two = ids(cancelled, 7, 'abc');
  assert.deepEqual(ids(cancelled, 7, 'abc'), two);
  const all = [...two, ...ids(cancelled, 8, 'abc'), ...ids(cancelled, 7, 'abd')];
  assert.equal(new Set(all).size, 6);
  // A full stop parts what is signed.
  for (const id of all) assert.match(id, /^msg_[0-9a-z]+_\d+_[0-9a-f]{12}$/);
  // An older copy of the state was put back: the same number stands for something else now.
  const entry = { ...written(cancelled, 7), text: 'other' };
  assert.equal(new Set([...two, messagesOf(entry, around(waiting))[0]!.id]).size, 3);
});
