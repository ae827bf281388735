/** Requests for approval over REST: what is shown, what is taken, and what is passed on to the desk as it came. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../../src/edge/answer.ts';
import type { ApprovalReport } from '../../../../src/edge/rest/convert-approvals.ts';
import { problem, type Serving, serving } from './serving.ts';

async function asked(on: Serving): Promise<string> {
  const response = await on.execute({ command: 'ask-people' });
  return ((await response.json()) as Answer).meta.requestId;
}
const body = async <T = ApprovalReport>(response: Response) => (await response.json()) as T;

test('execute says what it waits for and where people answer', async (t) => {
  const on = await serving(t);
  const response = await on.execute({ command: 'ask-people' });
  assert.equal(response.status, 202);
  const { status, meta, approval } = await body<Answer>(response);
  assert.equal(status, 'awaiting_approval');
  assert.equal(approval?.openStage, 0);
  assert.deepEqual(approval?.stages, [
    { role: 'ops_lead', count: 1, approved: 0, state: 'open' },
    { role: 'security_officer', count: 1, approved: 0, state: 'waiting' },
  ]);
  assert.match(approval?.expiresAt ?? '', /^\d{4}-.*Z$/);
  assert.equal(approval?.page, `https://reeve.example/approve/${meta.requestId}`);
  const later = await body<Answer>(await on.ask(response.headers.get('location')!));
  assert.deepEqual(later.approval, approval);
  on.gateway.approvals.grant(meta.requestId);
  const ended = await body<Answer>(await on.ask(response.headers.get('location')!));
  assert.equal(ended.status, 'ok');
  assert.equal(ended.approval, undefined);
});

test('an execution whose approvals cannot be shown is answered all the same', async (t) => {
  const on = await serving(t);
  const requestId = await asked(on);
  on.gateway.approvals.views.clear();
  const answer = await body<Answer>(await on.ask(`/v1/commands/executions/${requestId}`));
  assert.equal(answer.status, 'awaiting_approval');
  assert.equal(answer.approval, undefined);
});

test('a request is shown whole, with times as ISO 8601', async (t) => {
  const on = await serving(t);
  const requestId = await asked(on);
  const report = await body(await on.ask(`/v1/approvals/${requestId}`));
  const { requestedAt, expiresAt, startBy, stages, ...rest } = report;
  const view = await on.gateway.approvals.show(null as never, requestId);
  assert.equal(requestedAt, new Date(view.requestedAt).toISOString());
  assert.equal(expiresAt, new Date(view.expiresAt).toISOString());
  assert.equal(startBy, null);
  assert.deepEqual({ ...view, ...rest }, view);
  assert.equal(stages[1]!.policy, 'two-pairs-of-eyes');
});

test('the list is the one that was asked for, page by page', async (t) => {
  const on = await serving(t);
  const ids = [await asked(on), await asked(on), await asked(on)];
  on.gateway.approvals.reject(ids[2]!, 'no');
  type Page = { approvals: ApprovalReport[]; meta: { count: number; nextCursor: string | null } };
  const first = await body<Page>(await on.ask('/v1/approvals?limit=1'));
  assert.deepEqual(
    first.approvals.map((a) => a.requestId),
    [ids[0]],
  );
  const path = `/v1/approvals?limit=5&cursor=${first.meta.nextCursor}`;
  const second = await body<Page>(await on.ask(path));
  assert.deepEqual(
    second.approvals.map((a) => a.requestId),
    [ids[1]],
  );
  assert.equal(second.meta.nextCursor, null);
  const all = await body<Page>(await on.ask('/v1/approvals?state=all'));
  assert.equal(all.meta.count, 3);
  for (const query of ['state=none', 'state=mine&state=all', 'limit=0', 'x=1']) {
    const refused = await problem(await on.ask(`/v1/approvals?${query}`));
    assert.equal(refused.errorCode, 'INVALID_REQUEST', query);
  }
});

test('an answer reaches the desk as it was given, and says how it stands then', async (t) => {
  const on = await serving(t);
  const requestId = await asked(on);
  const { digest } = await body(await on.ask(`/v1/approvals/${requestId}`));
  const path = `/v1/approvals/${requestId}/answer`;
  const first = await body(await on.post(path, { verdict: 'approve', digest }));
  assert.equal(first.openStage, 1);
  assert.equal(first.stages[0]!.answers[0]!.approver, 'local');
  assert.match(first.stages[0]!.answers[0]!.at, /Z$/);
  const assertion = { id: 'x', response: { clientDataJSON: 'e30' } };
  const second = await body(
    await on.post(path, { verdict: 'approve', stage: 1, digest, reason: 'fine', assertion }),
  );
  assert.equal(second.status, 'ok');
  assert.deepEqual(
    on.gateway.approvals.answers.map((a) => a.answer),
    [
      { verdict: 'approve', stage: null, digest, reason: '', assertion: null },
      { verdict: 'approve', stage: 1, digest, reason: 'fine', assertion },
    ],
  );
});

test('a challenge holds its time as the number that was hashed', async (t) => {
  const on = await serving(t);
  const requestId = await asked(on);
  const path = `/v1/approvals/${requestId}/challenge`;
  const response = await on.post(path, { verdict: 'reject', stage: 0, digest: 'sha256:1' });
  const { content, credentials } = await body<{
    content: Record<string, unknown>;
    credentials: unknown[];
  }>(response);
  assert.equal(content.verdict, 'reject');
  assert.equal(content.digest, 'sha256:1');
  assert.equal(typeof content.expiresAt, 'number');
  assert.equal(credentials.length, 1);
});

test('what the desk refuses is a problem with its code and status', async (t) => {
  const on = await serving(t);
  const requestId = await asked(on);
  const { digest } = await body(await on.ask(`/v1/approvals/${requestId}`));
  const path = `/v1/approvals/${requestId}/answer`;
  const refused = async (value: unknown) => {
    const { status, errorCode } = await problem(await on.post(path, value));
    return [status, errorCode];
  };
  assert.deepEqual(await refused({ verdict: 'approve', digest: 'sha256:0' }), [409, 'CONFLICT']);
  assert.deepEqual(await refused({ verdict: 'approve', stage: 1, digest }), [
    409,
    'APPROVAL_OUT_OF_ORDER',
  ]);
  assert.equal((await problem(await on.ask('/v1/approvals/none'))).status, 404);
});

test('a body that is not an answer is refused by its field, before the desk hears of it', async (t) => {
  const on = await serving(t);
  const requestId = await asked(on);
  const path = `/v1/approvals/${requestId}/answer`;
  for (const [value, field] of [
    [{ digest: 'x' }, 'verdict'],
    [{ verdict: 'yes', digest: 'x' }, 'verdict'],
    [{ verdict: 'approve' }, 'digest'],
    [{ verdict: 'approve', digest: '' }, 'digest'],
    [{ verdict: 'approve', digest: 'x', stage: -1 }, 'stage'],
    [{ verdict: 'approve', digest: 'x', stage: 0.5 }, 'stage'],
    [{ verdict: 'approve', digest: 'x', assertion: 'signed' }, 'assertion'],
    [{ verdict: 'approve', digest: 'x', approver: 'eve' }, 'approver'],
    [{ verdict: 'reject', digest: 'x', reason: 'x'.repeat(2_001) }, 'reason'],
  ] as const) {
    const { status, details } = await problem(await on.post(path, value));
    assert.equal(status, 400);
    assert.equal(details[0]!.field, field);
  }
  assert.deepEqual(on.gateway.approvals.answers, []);
  const missing = await problem(await on.post(path));
  assert.equal(missing.errorCode, 'INVALID_REQUEST');
});

test('whoever asked takes it back, with a reason or without', async (t) => {
  const on = await serving(t);
  const [first, second] = [await asked(on), await asked(on)];
  const path = (id: string) => `/v1/approvals/${id}/withdraw`;
  const withdrawn = await body<Answer>(await on.post(path(first), { reason: 'not needed' }));
  assert.equal(withdrawn.status, 'cancelled');
  assert.equal(withdrawn.result.errorCode, 'APPROVAL_WITHDRAWN');
  assert.equal((await body<Answer>(await on.post(path(second)))).status, 'cancelled');
  assert.equal((await problem(await on.post(path(first), { reason: ' ' }))).status, 400);
});
