import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Attempt, consider, type Rules } from '../../../src/approvals/consider.ts';
import { standing } from '../../../src/approvals/standing.ts';
import type { Answer } from '../../../src/core/approval.ts';
import { type Grant, issuePermit } from '../../../src/core/decision.ts';
import { ReeveError } from '../../../src/core/errors.ts';
import { type Invocation, sealInvocation } from '../../../src/core/invocation.ts';
import type { ApprovalState } from '../../../src/core/people-ports.ts';
import type { Principal } from '../../../src/core/principal.ts';
import { agentOfAda, digest, person, stage, token, waiting } from './fixture.ts';

const rules: Rules = { proofs: () => ['token'], startWithinMs: 500, owner: 'gateway-2' };
const yes = (approver: Principal, changes: Partial<Attempt> = {}): Attempt => ({
  approver,
  verdict: 'approve',
  stage: null,
  digest,
  reason: '',
  proof: token,
  ...changes,
});
const withCode = (code: string) => (error: unknown) =>
  error instanceof ReeveError && error.code === code;
const refused = (state: ApprovalState, attempt: Attempt, code: string, now = 2_000) =>
  assert.throws(() => consider(state, attempt, now, rules), withCode(code));
const after = (state: ApprovalState, ...attempts: Attempt[]): ApprovalState => {
  let seen = state;
  for (const attempt of attempts) {
    const { answer } = consider(seen, attempt, 2_000, rules);
    seen = { ...seen, answers: [...seen.answers, answer] };
  }
  return seen;
};

const two = waiting([stage('ops_lead'), stage('security_officer')]);

test('two stages in order lead to the queue, and no sooner', () => {
  const first = consider(two, yes(person('olga', 'ops_lead')), 2_000, rules);
  assert.deepEqual(first.next, { kind: 'wait' });
  const second = consider(
    { ...two, answers: [first.answer] },
    yes(person('sam', 'security_officer')),
    2_100,
    rules,
  );
  assert.deepEqual(second.next, { kind: 'queue', owner: 'gateway-2', startBy: 2_600 });
  assert.equal(second.answer.stage, 1);
  assert.equal(second.answer.digest, digest);
});

test('whoever is asked later has to wait for the earlier stage', () => {
  refused(two, yes(person('sam', 'security_officer')), 'APPROVAL_OUT_OF_ORDER');
  refused(two, yes(person('sam', 'security_officer'), { stage: 1 }), 'APPROVAL_OUT_OF_ORDER');
});

test('nobody approves what he asked for himself, whatever role he holds', () => {
  const own = waiting([stage('ops_lead', 1, false)], [], { requester: person('olga', 'ops_lead') });
  refused(own, yes(person('olga', 'ops_lead')), 'APPROVAL_NOT_ALLOWED');
});

test('the person behind the agent answers only where a stage is not independent', () => {
  const ada = yes(person('ada', 'ops_lead'));
  refused(waiting([stage('ops_lead')]), ada, 'APPROVAL_NOT_ALLOWED');
  assert.equal(
    consider(waiting([stage('ops_lead', 1, false)]), ada, 2_000, rules).next.kind,
    'queue',
  );
});

test('an agent never answers, nor anybody on behalf of another', () => {
  const agent: Principal = { ...person('robot', 'ops_lead'), kind: 'agent' };
  refused(two, yes(agent), 'APPROVAL_NOT_ALLOWED');
  refused(two, yes({ ...person('eve', 'ops_lead'), onBehalfOf: 'olga' }), 'APPROVAL_NOT_ALLOWED');
});

test('a role that is not held, a digest of something else, a stage that is not there: refused', () => {
  refused(two, yes(person('eve', 'cto')), 'APPROVAL_NOT_ALLOWED');
  refused(two, yes(person('olga', 'ops_lead'), { digest: 'sha256:other' }), 'CONFLICT');
  for (const index of [-1, 2, 0.5, Number.NaN])
    refused(two, yes(person('olga', 'ops_lead'), { stage: index }), 'INVALID_REQUEST');
});

test('one person has one vote, in a stage and over all of them', () => {
  const olga = person('olga', 'ops_lead', 'security_officer');
  refused(after(waiting([stage('ops_lead', 2)]), yes(olga)), yes(olga), 'CONFLICT');
  refused(after(two, yes(olga)), yes(olga), 'CONFLICT');
});

test('a rejection needs a reason, and ends it', () => {
  const olga = person('olga', 'ops_lead');
  refused(two, yes(olga, { verdict: 'reject', reason: '  ' }), 'INVALID_REQUEST');
  const { next } = consider(
    two,
    yes(olga, { verdict: 'reject', reason: 'wrong\u202edb' }),
    2_000,
    rules,
  );
  assert.equal(next.kind, 'reject');
  assert.match(
    next.kind === 'reject' ? next.errorMessage : '',
    /olga \(ops_lead\).*wrong\\u\{202e\}db/,
  );
});

test('no answer counts after its time, nor where the clock was put back', () => {
  const olga = yes(person('olga', 'ops_lead'));
  refused(waiting([stage('ops_lead')], [], { expiresAt: 2_000 }), olga, 'CONFLICT', 2_000);
  const begun = after(waiting([stage('ops_lead', 2)]), olga);
  const late = consider(begun, yes(person('otto', 'ops_lead')), 5, rules);
  assert.equal(late.answer.at, 2_000, 'time runs on from the last answer');
});

test('nothing that is closed takes an answer', () => {
  for (const status of ['queued', 'running', 'ok', 'rejected', 'cancelled'] as const) {
    refused(
      { ...two, execution: { ...two.execution, status } },
      yes(person('olga', 'ops_lead')),
      'CONFLICT',
    );
  }
});

test('a proof that the role does not take is none', () => {
  const strict: Rules = { ...rules, proofs: () => ['passkey'] };
  assert.throws(
    () => consider(two, yes(person('olga', 'ops_lead')), 2_000, strict),
    withCode('APPROVAL_NOT_ALLOWED'),
  );
});

const roles = ['a', 'b', 'c'] as const;
/** Mostly as it should be, so that many sequences come through, and each thing wrong now and then. */
const mostly = <T>(usual: fc.Arbitrary<T>, seldom: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 7, arbitrary: usual }, { weight: 1, arbitrary: seldom });
const someone = fc.record({
  id: fc.constantFrom('ada', 'bot', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'),
  kind: mostly(fc.constant('person' as const), fc.constant('agent' as const)),
  roles: fc.oneof(fc.constant([...roles]), fc.subarray([...roles])),
  onBehalfOf: mostly(fc.constant<string | null>(null), fc.constant('ada')),
});
const stages = fc.array(
  fc.record({
    role: fc.constantFrom(...roles),
    count: fc.integer({ min: 1, max: 3 }),
    independent: fc.boolean(),
    policy: fc.constant(null),
  }),
  { minLength: 1, maxLength: 3 },
);
const attempts = fc.array(
  fc.record({
    approver: someone,
    verdict: mostly(fc.constant('approve' as const), fc.constant('reject' as const)),
    stage: mostly(fc.constant<number | null>(null), fc.constantFrom(0, 1, 2, 7)),
    digest: mostly(fc.constant(digest), fc.constant('sha256:other')),
    reason: fc.constantFrom('no', ''),
    proof: fc.constant(token),
    now: mostly(fc.integer({ min: 0, max: 9_000 }), fc.integer({ min: 9_000, max: 12_000 })),
  }),
  { maxLength: 25 },
);

test('no sequence of answers reaches the queue without everything that the stages demand', () => {
  let queued = 0;
  fc.assert(
    fc.property(stages, attempts, (needed, tries) => {
      let state = waiting(needed);
      const given: { attempt: (typeof tries)[number]; answer: Answer }[] = [];
      for (const attempt of tries) {
        let step: ReturnType<typeof consider>;
        try {
          step = consider(state, attempt, attempt.now, rules);
        } catch (error) {
          assert.ok(error instanceof ReeveError, String(error));
          continue;
        }
        given.push({ attempt, answer: step.answer });
        state = { ...state, answers: [...state.answers, step.answer] };
        if (step.next.kind === 'wait') {
          assert.ok(!standing(state.request, state.answers).granted);
          continue;
        }
        const status = step.next.kind === 'queue' ? 'queued' : 'rejected';
        state = { ...state, execution: { ...state.execution, status } };
        if (status === 'rejected') continue;
        queued += 1;
        // Counted anew, from what each of them was, in words of the issue.
        const voters = given.map(({ attempt: a }) => a.approver.id);
        assert.equal(new Set(voters).size, voters.length, 'one person, one vote');
        assert.ok(given.every(({ attempt: a }) => a.verdict === 'approve' && a.digest === digest));
        assert.ok(given.every(({ attempt: a }) => a.approver.kind === 'person' && a.now < 10_000));
        assert.ok(!voters.includes('bot'), 'never who asked');
        let at = 0;
        for (const [index, { role, count, independent }] of needed.entries()) {
          const here = given.slice(at, at + count);
          at += count;
          assert.equal(here.length, count);
          for (const { attempt: a, answer } of here) {
            assert.equal(answer.stage, index, 'in order');
            assert.ok(a.approver.roles.includes(role));
            assert.ok(!independent || a.approver.id !== agentOfAda.onBehalfOf);
          }
        }
        assert.equal(at, given.length, 'no vote too many');
      }
      const granted = state.execution.status === 'queued';
      assert.equal(permits(state), granted, 'a permit is issued for just what reached the queue');
    }),
    { numRuns: 4_000 },
  );
  assert.ok(queued > 100, `the property has to see grants, and saw ${queued}`);
});

/** Whether the permit would be issued for what was answered. */
function permits({ request, answers }: ApprovalState): boolean {
  const invocation = anInvocation();
  const grants: Grant[] = answers
    .filter((a) => a.verdict === 'approve')
    .map((a) => ({
      requestId: a.requestId,
      stage: a.stage,
      approver: a.approver,
      digest: invocation.digest,
    }));
  try {
    const decision = {
      kind: 'needs-approval',
      digest: invocation.digest,
      policies: [],
      stages: request.stages,
    } as const;
    issuePermit('req_1', 1, invocation, decision, grants);
    return true;
  } catch (error) {
    assert.ok(withCode('APPROVAL_REQUIRED')(error), String(error));
    return false;
  }
}

function anInvocation(): Invocation {
  return sealInvocation({
    command: 'wipe',
    principal: agentOfAda.id,
    onBehalfOf: agentOfAda.onBehalfOf,
    stdin: null,
  } as unknown as Omit<Invocation, 'digest'>);
}
