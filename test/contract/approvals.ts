/** What every implementation of the port `ApprovalStore` has to hold. In: how to open an empty store. Out: tests. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Answer, ApprovalRequest } from '../../src/core/approval.ts';
import { ReeveError } from '../../src/core/errors.ts';
import type { Execution } from '../../src/core/execution.ts';
import type { AnswerStep, ApprovalState } from '../../src/core/people-ports.ts';
import type { Store } from '../../src/core/ports.ts';
import { aChallenge, aDraft, anAnswer, anApproval, anExecution, anOutcome } from './samples.ts';

/** `open` gives a new, empty state each time. */
export function approvalContract(name: string, open: () => Store): void {
  describe(`${name} keeps the contract of approvals`, () => {
    const opened: Store[] = [];
    const fresh = (): Store => {
      const store = open();
      opened.push(store);
      return store;
    };
    after(() => {
      for (const store of opened) store.close();
    });

    test('a request for approval comes back field for field, frozen, with its execution', () => {
      const store = fresh();
      const { execution, request } = asked(store);
      const state = store.approvals.state(execution.requestId);
      assert.deepEqual(state, { execution, request, answers: [] });
      assert.ok(Object.isFrozen(state?.request.dossier) && Object.isFrozen(state?.answers));
      assert.equal(store.approvals.state('unheard-of'), null);
      const queued = anExecution();
      store.accept(queued, [], null);
      assert.equal(store.approvals.state(queued.requestId), null);
    });

    test('an execution awaits approval with a request for it, for the same thing, and only then', () => {
      const store = fresh();
      const waiting = anExecution({ status: 'awaiting_approval' });
      const queued = anExecution();
      const wrong: readonly (readonly [Execution, ApprovalRequest | null])[] = [
        [waiting, null],
        [queued, anApproval(queued)],
        [waiting, anApproval(queued)],
        [waiting, anApproval(waiting, { digest: 'sha256:other' })],
        [waiting, anApproval(waiting, { startBy: 5 })],
      ];
      for (const [execution, request] of wrong) {
        assert.throws(() => store.accept(execution, [aDraft()], null, request), conflict);
      }
      assert.throws(() => store.accept(waiting, [aDraft()], null), conflict);
      assert.deepEqual(store.entriesAfter(0, 9), []);
      assert.equal(store.execution(waiting.requestId), null);
    });

    test('accepting once more, or under a key that came before, writes no second request', () => {
      const store = fresh();
      const execution = anExecution({ status: 'awaiting_approval' });
      const key = { key: 'k', bodyHash: 'h', since: 0 };
      const accept = (e: Execution) => store.accept(e, [aDraft()], key, anApproval(e));
      assert.equal(accept(execution).kind, 'accepted');
      assert.deepEqual(accept(execution), { kind: 'accepted', execution });
      const again = anExecution({ status: 'awaiting_approval' });
      assert.deepEqual(accept(again), { kind: 'replayed', execution });
      assert.equal(store.approvals.state(again.requestId), null);
      assert.equal(store.approvals.waiting().length, 1);
      assert.equal(store.entriesAfter(0, 9).length, 1);
    });

    test('an answer is kept with its entries, and the next one sees it', () => {
      const store = fresh();
      const { request, execution } = asked(store);
      const first = anAnswer(request);
      const state = answer(store, first, { kind: 'wait' });
      assert.deepEqual(state, { execution, request, answers: [first] });
      const second = anAnswer(request, { stage: 1, approver: 'bob', proof: login });
      const third = anAnswer(request, { stage: 1, approver: 'eve', proof: token });
      answer(store, second, { kind: 'wait' });
      store.approvals.answer(request.requestId, (now) => {
        assert.deepEqual(now.answers, [first, second]);
        return { answer: third, entries: [], next: { kind: 'wait' } };
      });
      assert.deepEqual(store.approvals.state(request.requestId)?.answers, [first, second, third]);
      const kinds = store.entriesOf(request.requestId).map(({ kind }) => kind);
      assert.deepEqual(kinds, ['approval-answered', 'approval-answered']);
    });

    test('the last answer queues it, for its owner and under the next fence', () => {
      const store = fresh();
      const { request, execution } = asked(store);
      const last = anAnswer(request);
      const state = answer(store, last, { kind: 'queue', owner: 'owner-2', startBy: 99 });
      assert.deepEqual(state, {
        execution: { ...execution, status: 'queued', owner: 'owner-2', fence: 2 },
        request: { ...request, startBy: 99 },
        answers: [last],
      });
      assert.equal(start(store, state.execution, 'owner-1', 1), 'lost');
      assert.equal(start(store, state.execution, 'owner-2', 2), 'started');
    });

    test('a rejection ends it', () => {
      const store = fresh();
      const { request } = asked(store);
      const { execution } = answer(store, anAnswer(request, { verdict: 'reject' }), rejection);
      assert.deepEqual(
        [execution.status, execution.finishedAt, execution.errorCode, execution.errorMessage],
        ['rejected', 8, 'APPROVAL_REJECTED', 'not today'],
      );
      assert.deepEqual(store.open(), []);
      assert.deepEqual(store.approvals.waiting(), []);
    });

    test('what the judge throws is thrown as it is, and nothing is written', () => {
      const store = fresh();
      const { request } = asked(store);
      for (const error of [
        new ReeveError('APPROVAL_OUT_OF_ORDER', 'no'),
        new TypeError('bug'),
        'x',
      ]) {
        const judge = (): never => {
          throw error;
        };
        try {
          store.approvals.answer(request.requestId, judge);
          assert.fail('it was taken');
        } catch (thrown) {
          assert.equal(thrown, error);
        }
      }
      const unasked = (): never => assert.fail('there is nothing to judge');
      assert.throws(() => store.approvals.answer('unheard-of', unasked), notFound);
      assert.deepEqual(store.entriesAfter(0, 9), []);
      answer(store, anAnswer(request), { kind: 'wait' });
    });

    test('an answer to what no longer awaits approval, a second one, or one for something else is a conflict', () => {
      const store = fresh();
      const { request } = asked(store);
      answer(store, anAnswer(request), { kind: 'wait' });
      const before = store.approvals.state(request.requestId);
      const wrong = [
        anAnswer(request, { stage: 1 }),
        anAnswer({ ...request, requestId: 'other' }, { approver: 'bob' }),
        anAnswer({ ...request, digest: 'sha256:other' }, { approver: 'bob' }),
      ];
      for (const each of wrong) {
        assert.throws(
          () =>
            store.approvals.answer(request.requestId, () => ({
              answer: each,
              entries: [aDraft()],
              next: { kind: 'wait' },
            })),
          conflict,
        );
      }
      assert.deepEqual(store.approvals.state(request.requestId), before);
      const bob = anAnswer(request, { approver: 'bob' });
      for (const end of ['cancelled', 'rejected'] as const) {
        const other = asked(store);
        settle(store, other.request.requestId, end);
        for (const next of [{ kind: 'wait' }, queue, rejection] as const) {
          const late = { ...bob, requestId: other.request.requestId };
          assert.throws(() => answer(store, late, next), conflict);
        }
      }
      answer(store, bob, queue);
      for (const next of [{ kind: 'wait' }, queue, rejection] as const) {
        assert.throws(() => answer(store, anAnswer(request, { approver: 'eve' }), next), conflict);
      }
      assert.equal(store.execution(request.requestId)?.status, 'queued');
    });

    test('what waits is told oldest first, in all and by principal', () => {
      const store = fresh();
      const late = asked(store, { requestedAt: 900, principal: 'anna' });
      const early = asked(store, { requestedAt: 100 });
      const granted = asked(store, { requestedAt: 50 });
      answer(store, anAnswer(granted.request), queue);
      const cancelled = asked(store);
      settle(store, cancelled.request.requestId, 'cancelled');
      store.accept(anExecution(), [], null);
      assert.deepEqual(
        store.approvals.waiting().map(({ request }) => request.requestId),
        [early.request.requestId, late.request.requestId],
      );
      assert.deepEqual(
        ['local', 'anna', 'nobody'].map((who) => store.approvals.waitingOf(who)),
        [1, 1, 0],
      );
    });

    test('pages give each request once, newest first, whatever its state; bad cursors are refused by name', () => {
      const store = fresh();
      const all = Array.from({ length: 7 }, () => {
        store.accept(anExecution(), [], null);
        return asked(store).request.requestId;
      }).toReversed();
      settle(store, all[3]!, 'rejected');
      for (const limit of [1, 3, 7, 100]) {
        const seen: string[] = [];
        let before: string | undefined;
        do {
          const filter = before === undefined ? { limit } : { limit, before };
          const page = store.approvals.page(filter);
          assert.ok(page.states.length <= limit);
          seen.push(...page.states.map(({ request }) => request.requestId));
          before = page.nextCursor ?? undefined;
        } while (before !== undefined);
        assert.deepEqual(seen, all);
      }
      const good = store.approvals.page({ limit: 1 }).nextCursor!;
      const executions = store.executions({ limit: 1 }).nextCursor!;
      for (const before of ['', 'x', `${good}=`, executions, '\u0000', '9'.repeat(9_999)]) {
        assert.throws(() => store.approvals.page({ limit: 1, before }), invalid('cursor'), before);
      }
      for (const limit of [0, -1, 1.5, Number.NaN, 1_001]) {
        assert.throws(() => store.approvals.page({ limit }), invalid('limit'));
      }
    });

    test('the last approved run is the newest that was granted, ran and ended ok', () => {
      const store = fresh();
      const last = (environment = 'development') =>
        store.approvals.lastApproved('migrate-db', environment)?.requestId ?? null;
      const run = (end: 'ok' | 'failed', parts: Partial<Execution> = {}): string => {
        const { request } = asked(store, parts);
        const { execution } = answer(store, anAnswer(request), queue);
        assert.equal(start(store, execution, execution.owner, execution.fence), 'started');
        const entry = aDraft({ kind: 'outcome' });
        store.finish(request.requestId, 2, 9, anOutcome({ status: end }), entry);
        return request.requestId;
      };
      assert.equal(last(), null);
      const first = run('ok');
      run('failed');
      run('ok', { environment: 'production' });
      run('ok', { command: 'clean' });
      asked(store);
      answer(store, anAnswer(asked(store).request), queue);
      const unapproved = anExecution();
      store.accept(unapproved, [], null);
      start(store, unapproved, 'owner-1', 1);
      store.finish(unapproved.requestId, 1, 9, anOutcome(), aDraft());
      assert.equal(last(), first);
      const second = run('ok');
      const found = store.approvals.lastApproved('migrate-db', 'development');
      assert.equal(found?.requestId, second);
      assert.deepEqual(found?.dossier, store.approvals.state(second)?.request.dossier);
      assert.ok(Object.isFrozen(found?.dossier));
      assert.equal(last('staging'), null);
    });

    test('a claim passes on from exactly this owner and fence, once, and only while it is granted and queued', () => {
      const store = fresh();
      const { request } = asked(store);
      const { requestId } = request;
      const take = (owner: string, fence: number, to = 'owner-3') =>
        store.approvals.takeOver(requestId, { owner, fence }, to);
      assert.equal(take('owner-1', 1), null, 'it awaits approval');
      answer(store, anAnswer(request), queue);
      assert.equal(take('owner-1', 2), null);
      assert.equal(take('owner-2', 1), null);
      const taken = take('owner-2', 2);
      assert.deepEqual([taken?.owner, taken?.fence, taken?.status], ['owner-3', 3, 'queued']);
      assert.deepEqual(store.execution(requestId), taken);
      assert.equal(take('owner-2', 2), null, 'once');
      assert.equal(start(store, taken!, 'owner-2', 2), 'lost');
      assert.equal(start(store, taken!, 'owner-3', 3), 'started');
      assert.equal(take('owner-3', 3), null, 'it runs');
      const plain = anExecution();
      store.accept(plain, [], null);
      const from = { owner: 'owner-1', fence: 1 };
      assert.equal(store.approvals.takeOver(plain.requestId, from, 'x'), null, 'never granted');
      assert.equal(store.approvals.takeOver('unheard-of', from, 'x'), null);
    });

    test('a challenge is taken once, before it expires; of one approver the last 20 are kept', () => {
      const store = fresh();
      const { putChallenge, takeChallenge } = store.approvals;
      const content = aChallenge();
      putChallenge('c', content, 0);
      assert.equal(takeChallenge('unheard-of', 1), null);
      assert.deepEqual(takeChallenge('c', 999), content);
      assert.equal(takeChallenge('c', 999), null);
      putChallenge('late', content, 0);
      assert.equal(takeChallenge('late', 1_000), null, 'expired');
      assert.equal(takeChallenge('late', 1), null, 'and gone, whatever came of it');
      putChallenge('swept', content, 0);
      putChallenge('next', aChallenge({ expiresAt: 9_000 }), 1_000);
      assert.equal(takeChallenge('swept', 1), null, 'expired ones go when another comes');
      putChallenge('bob', aChallenge({ approver: 'bob' }), 0);
      for (let i = 0; i < 25; i += 1) putChallenge(`many-${i}`, aChallenge(), 0);
      const kept = Array.from({ length: 25 }, (_, i) => takeChallenge(`many-${i}`, 1) !== null);
      assert.deepEqual(kept, [...Array(5).fill(false), ...Array(20).fill(true)]);
      assert.notEqual(takeChallenge('bob', 1), null);
    });
  });
}

const login = { kind: 'login', issuer: 'https://id.test', subject: 'b', authTime: 5 } as const;
const token = { kind: 'token', tokenId: 't1' } as const;
const queue = { kind: 'queue', owner: 'owner-2', startBy: 99 } as const;
const rejection = {
  kind: 'reject',
  at: 8,
  errorCode: 'APPROVAL_REJECTED',
  errorMessage: 'not today',
} as const;

function asked(
  store: Store,
  parts: Partial<Execution> = {},
): { readonly execution: Execution; readonly request: ApprovalRequest } {
  const execution = anExecution({ status: 'awaiting_approval', ...parts });
  const request = anApproval(execution);
  assert.equal(store.accept(execution, [], null, request).kind, 'accepted');
  return { execution, request };
}

function answer(store: Store, given: Answer, next: AnswerStep['next']): ApprovalState {
  const { requestId } = given;
  const entries = [aDraft({ kind: 'approval-answered', requestId })];
  return store.approvals.answer(requestId, () => ({ answer: given, entries, next }));
}

function start(store: Store, { requestId }: Execution, owner: string, fence: number): string {
  return store.start(requestId, owner, fence, 7, null, aDraft({ kind: 'intent' })).kind;
}

function settle(store: Store, requestId: string, to: 'cancelled' | 'rejected'): void {
  const entry = aDraft({ kind: 'outcome' });
  const code = 'APPROVAL_WITHDRAWN';
  assert.ok(store.settle(requestId, 'awaiting_approval', to, 8, code, 'why', entry));
}

const coded = (code: string) => (error: unknown) =>
  error instanceof ReeveError && error.code === code;
const conflict = coded('CONFLICT');
const notFound = coded('REQUEST_NOT_FOUND');
const invalid = (field: string) => (error: unknown) =>
  error instanceof ReeveError &&
  error.code === 'INVALID_REQUEST' &&
  error.details[0]?.field === field;
