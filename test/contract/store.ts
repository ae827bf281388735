/**
 * What every implementation of the port `Store` has to hold. In: how to open an empty one. Out: tests.
 * Run it from a test file of the implementation.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Entry, EntryDraft } from '../../src/core/entry.ts';
import { ReeveError } from '../../src/core/errors.ts';
import type { Execution, ExecutionStatus } from '../../src/core/execution.ts';
import { canonicalJson } from '../../src/core/json.ts';
import type { ExecutionFilter, Store } from '../../src/core/ports.ts';
import { noResult, type StructuredResult } from '../../src/core/result.ts';
import { aDraft, anApproval, anExecution, anOutcome } from './samples.ts';

/** `open` gives a new, empty state each time. */
export function storeContract(name: string, open: () => Store): void {
  describe(`${name} keeps the contract of the store`, () => {
    const opened: Store[] = [];
    const fresh = (): Store => {
      const store = open();
      opened.push(store);
      return store;
    };
    after(() => {
      for (const store of opened) store.close();
    });

    test('an execution comes back field for field, frozen', () => {
      const store = fresh();
      const execution = anExecution({
        onBehalfOf: 'eve',
        client: 'x\u0000\n"',
        concurrencyKey: 'k',
      });
      assert.deepEqual(store.accept(execution, [], null), { kind: 'accepted', execution });
      const found = store.execution(execution.requestId);
      assert.deepEqual(found, execution);
      assert.ok(Object.isFrozen(found) && Object.isFrozen(found?.arguments));
    });

    test('what could not be made out comes back as null', () => {
      const store = fresh();
      const execution = anExecution({
        status: 'rejected',
        command: null,
        tool: null,
        environment: null,
        risk: null,
        client: null,
        arguments: null,
        parametersHash: null,
        argv: null,
        digest: null,
        workingDirectory: null,
        timeoutMs: null,
        policies: [],
        finishedAt: 5,
        errorCode: 'INVALID_REQUEST',
        errorMessage: 'no',
      });
      store.accept(execution, [], null);
      assert.deepEqual(store.execution(execution.requestId), execution);
      assert.equal(store.execution('unheard-of'), null);
      assert.equal(store.output('unheard-of'), null);
      assert.equal(store.handle('unheard-of'), null);
    });

    test('entries are numbered from 1 without a gap, and their text is canonical', () => {
      const store = fresh();
      const execution = anExecution();
      const { requestId } = execution;
      const drafts = [aDraft({ requestId }), aDraft({ kind: 'decided', requestId })];
      store.accept(execution, drafts, null);
      store.record([aDraft({ kind: 'frozen' })]);
      store.record([]);
      const entries = store.entriesAfter(0, 100);
      assert.deepEqual(
        entries.map((entry) => entry.seq),
        [1, 2, 3],
      );
      for (const { text, ...rest } of entries) {
        assert.equal(text, canonicalJson({ v: 2, ...rest }));
      }
      assert.deepEqual(kinds(store.entriesOf(requestId)), ['asked', 'decided']);
      assert.deepEqual(kinds(store.entriesAfter(1, 1)), ['decided']);
      assert.deepEqual(store.entriesAfter(3, 10), []);
    });

    test('an entry that is too long is refused, and the change with it', () => {
      const store = fresh();
      const execution = anExecution();
      const long = aDraft({ body: { text: 'x'.repeat(65_535) } });
      assert.throws(() => store.accept(execution, [aDraft(), long], null), unavailable);
      assert.equal(store.execution(execution.requestId), null);
      assert.deepEqual(store.entriesAfter(0, 10), []);
    });

    test('nothing can begin as running or as ended', () => {
      const store = fresh();
      for (const status of ['running', 'ok', 'cancelled', 'unknown'] as const) {
        assert.throws(() => store.accept(anExecution({ status }), [aDraft()], null), conflict);
      }
      assert.deepEqual(store.entriesAfter(0, 10), []);
    });

    test('accepting once more, after a commit that was reported as failed, changes nothing', () => {
      const store = fresh();
      const execution = anExecution();
      store.accept(execution, [aDraft()], null);
      assert.deepEqual(store.accept(execution, [aDraft()], null), { kind: 'accepted', execution });
      assert.equal(store.entriesAfter(0, 10).length, 1);
      const stranger = { ...execution, principal: 'mallory' };
      assert.throws(() => store.accept(stranger, [aDraft()], null), conflict);
    });

    test('an idempotency key leads to its execution, for its principal and body alone', () => {
      const store = fresh();
      const execution = anExecution();
      const idempotency = { key: 'k', bodyHash: 'h', since: 0 };
      store.accept(execution, [aDraft()], idempotency);
      const again = store.accept(anExecution(), [aDraft()], idempotency);
      assert.deepEqual(again, { kind: 'replayed', execution });
      const other = store.accept(anExecution(), [aDraft()], {
        key: 'k',
        bodyHash: 'other',
        since: 0,
      });
      assert.deepEqual(other, { kind: 'conflict', requestId: execution.requestId });
      assert.equal(store.entriesAfter(0, 10).length, 1);
      assert.equal(store.replay('mallory', idempotency), null);
      assert.deepEqual(store.replay('local', idempotency), { kind: 'replayed', execution });
      const theirs = store.accept(anExecution({ principal: 'mallory' }), [], idempotency);
      assert.equal(theirs.kind, 'accepted');
    });

    test('an idempotency key is forgotten when it is too old, unless its request is open still', () => {
      const store = fresh();
      const old = anExecution({ status: 'rejected', finishedAt: 5, requestedAt: 1_000 });
      const waiting = anExecution({ requestedAt: 1_000 });
      const key = (name: string, since: number) => ({ key: name, bodyHash: 'h', since });
      store.accept(old, [], key('old', 0));
      store.accept(waiting, [], key('waiting', 0));
      assert.equal(store.replay('local', key('old', 1_000))?.kind, 'replayed');
      assert.equal(store.replay('local', key('old', 1_001)), null);
      assert.equal(store.replay('local', key('waiting', 1_001))?.kind, 'replayed');
      const later = anExecution({ requestedAt: 2_000 });
      assert.deepEqual(store.accept(later, [], key('old', 1_001)), {
        kind: 'accepted',
        execution: later,
      });
      assert.deepEqual(store.replay('local', key('old', 1_001)), {
        kind: 'replayed',
        execution: later,
      });
      // What was forgotten is gone, not only passed over; what is open was kept.
      store.accept(anExecution({ status: 'rejected', requestedAt: 3_000 }), [], key('new', 2_500));
      assert.equal(store.replay('local', key('waiting', 2_500))?.kind, 'replayed');
      store.accept(anExecution({ status: 'rejected', requestedAt: 4_000 }), [], key('x', 3_500));
      assert.equal(store.replay('local', key('new', 0)), null);
    });

    test('a start moves queued to running with its intent, once', () => {
      const store = fresh();
      const { requestId } = accepted(store);
      assert.deepEqual(begin(store, requestId), { kind: 'started' });
      const running = store.execution(requestId);
      assert.equal(running?.status, 'running');
      assert.equal(running?.startedAt, 7);
      assert.deepEqual(begin(store, requestId), { kind: 'lost', status: 'running' });
      assert.deepEqual(kinds(store.entriesOf(requestId)), ['intent']);
    });

    test('a start with another owner or fence, or of what has ended, is lost', () => {
      const store = fresh();
      const { requestId } = accepted(store);
      assert.deepEqual(begin(store, requestId, { owner: 'owner-2' }), {
        kind: 'lost',
        status: 'queued',
      });
      assert.deepEqual(begin(store, requestId, { fence: 2 }), { kind: 'lost', status: 'queued' });
      settle(store, requestId, 'queued', 'cancelled');
      assert.deepEqual(begin(store, requestId), { kind: 'lost', status: 'cancelled' });
      assert.throws(() => begin(store, 'unheard-of'), notFound);
      assert.deepEqual(kinds(store.entriesAfter(0, 10)), ['outcome']);
    });

    test('a concurrency key lets so many run and no more', () => {
      const store = fresh();
      const ids = [1, 2, 3].map(() => accepted(store, { concurrencyKey: 'db' }).requestId);
      const elsewhere = accepted(store, { concurrencyKey: 'other' }).requestId;
      assert.equal(begin(store, ids[0]!, { max: 2 }).kind, 'started');
      assert.equal(begin(store, ids[1]!, { max: 2 }).kind, 'started');
      assert.equal(begin(store, ids[2]!, { max: 2 }).kind, 'busy');
      assert.equal(store.execution(ids[2]!)?.status, 'queued');
      assert.equal(begin(store, elsewhere, { max: 1 }).kind, 'started');
      finish(store, ids[0]!);
      assert.equal(begin(store, ids[2]!, { max: 2 }).kind, 'started');
      assert.equal(kinds(store.entriesAfter(0, 50)).filter((k) => k === 'intent').length, 4);
    });

    test('while frozen nothing starts, and each freeze and thaw is on record', () => {
      const store = fresh();
      const { requestId } = accepted(store);
      assert.equal(store.frozen(), null);
      store.freeze('ops', 5, 'incident', aDraft({ kind: 'frozen' }));
      store.freeze('ops', 6, 'still', aDraft({ kind: 'frozen' }));
      assert.deepEqual(store.frozen(), { by: 'ops', at: 6, reason: 'still' });
      assert.deepEqual(begin(store, requestId), { kind: 'frozen' });
      store.unfreeze(aDraft({ kind: 'unfrozen' }));
      assert.equal(store.frozen(), null);
      assert.equal(begin(store, requestId).kind, 'started');
      assert.deepEqual(kinds(store.entriesAfter(0, 9)), ['frozen', 'frozen', 'unfrozen', 'intent']);
    });

    test('an outcome settles a running execution once, with its output', () => {
      const store = fresh();
      const { requestId } = accepted(store);
      assert.equal(finish(store, requestId), false, 'it does not run yet');
      begin(store, requestId);
      assert.equal(finish(store, requestId, 2), false, 'another fence');
      assert.equal(finish(store, requestId), true);
      assert.equal(finish(store, requestId), false, 'it has ended');
      const outcome = anOutcome();
      const ended = store.execution(requestId);
      assert.equal(ended?.status, 'ok');
      assert.equal(ended?.finishedAt, 9);
      assert.deepEqual(ended?.usage, outcome.usage);
      assert.deepEqual(ended?.sandbox, outcome.sandbox);
      const output = store.output(requestId);
      assert.deepEqual([...output!.stdout], [0, 255, 10]);
      assert.equal(output!.stderr.length, 0);
      assert.deepEqual(
        [
          output!.stdoutTotal,
          output!.stderrTotal,
          output!.stdoutTruncated,
          output!.stderrTruncated,
        ],
        [3, 99, false, true],
      );
      assert.deepEqual(kinds(store.entriesOf(requestId)), ['intent', 'outcome']);
    });

    test('an execution is settled from the status that was seen, to one that may follow', () => {
      const store = fresh();
      const { requestId } = accepted(store);
      assert.equal(settle(store, requestId, 'awaiting_approval', 'rejected'), false);
      assert.throws(() => settle(store, requestId, 'queued', 'ok'), conflict);
      assert.throws(() => settle(store, requestId, 'ok', 'failed'), conflict);
      assert.equal(settle(store, requestId, 'queued', 'cancelled'), true);
      assert.equal(settle(store, requestId, 'queued', 'cancelled'), false);
      const ended = store.execution(requestId);
      assert.deepEqual(
        [ended?.status, ended?.errorCode, ended?.errorMessage, ended?.finishedAt],
        ['cancelled', 'COMMAND_CANCELLED', 'why', 8],
      );
      assert.equal(store.entriesOf(requestId).length, 1);
    });

    test('what was read of the output is kept with it, and so is why nothing was', () => {
      const store = fresh();
      const results: StructuredResult[] = [
        noResult,
        { structured: { a: ['ü', 1.5, null, { b: false }] }, structuredProblem: null },
        { structured: false, structuredProblem: null },
        { structured: 0, structuredProblem: null },
        { structured: '', structuredProblem: null },
        { structured: null, structuredProblem: 'it is no JSON' },
      ];
      for (const result of results) {
        const { requestId } = accepted(store);
        begin(store, requestId);
        const entry = aDraft({ kind: 'outcome', requestId });
        assert.equal(store.finish(requestId, 1, 9, anOutcome(), entry, result), true);
        const { structured, structuredProblem } = store.output(requestId)!;
        assert.deepEqual({ structured, structuredProblem }, result);
      }
    });

    test('a lost execution stays unknown: its late outcome does not count', () => {
      const store = fresh();
      const { requestId } = accepted(store);
      begin(store, requestId);
      assert.equal(settle(store, requestId, 'running', 'unknown'), true);
      assert.equal(finish(store, requestId), false);
      assert.equal(store.execution(requestId)?.status, 'unknown');
      assert.equal(store.output(requestId), null);
    });

    test('the processes of a run are remembered', () => {
      const store = fresh();
      const { requestId } = accepted(store);
      const handle = { bootId: 'b', pid: 5, pidStart: '123', cgroups: ['/a', '/b'] };
      assert.equal(store.handle(requestId), null);
      store.attach(requestId, handle);
      assert.deepEqual(store.handle(requestId), handle);
      assert.throws(() => store.attach('unheard-of', handle), notFound);
    });

    test('what is open is all that has not ended', () => {
      const store = fresh();
      const queued = accepted(store);
      const waiting = accepted(store, { status: 'awaiting_approval' });
      const running = accepted(store);
      begin(store, running.requestId);
      const ended = accepted(store);
      settle(store, ended.requestId, 'queued', 'rejected');
      accepted(store, { status: 'rejected' });
      assert.deepEqual(
        store.open().map((execution) => execution.requestId),
        [queued, waiting, running].map((execution) => execution.requestId),
      );
    });

    test('named values come back, and a state has an identity of its own', () => {
      const store = fresh();
      assert.equal(store.value('x'), null);
      store.setValue('x', '1');
      store.setValue('x', '2');
      assert.equal(store.value('x'), '2');
      assert.match(store.value('state-id') ?? '', /^[0-9a-f]{16}$/);
      assert.notEqual(store.value('state-id'), fresh().value('state-id'));
      store.probe();
    });

    describe('pages of executions', () => {
      const environments = ['development', 'production'];
      const statuses = ['queued', 'rejected', 'awaiting_approval'] as const;
      const filled = (): { store: Store; all: readonly Execution[] } => {
        const store = fresh();
        const all = Array.from({ length: 60 }, (_, i) =>
          accepted(store, {
            requestedAt: 1_000 + Math.floor(i / 7),
            command: i % 3 === 0 ? 'clean' : 'migrate',
            principal: i % 2 === 0 ? 'anna' : 'ben',
            environment: environments[i % 2]!,
            status: statuses[i % 3]!,
          }),
        );
        return { store, all: all.toReversed() };
      };
      const walk = (store: Store, filter: Omit<ExecutionFilter, 'before'>): readonly string[] => {
        const ids: string[] = [];
        let before: string | undefined;
        do {
          const page = store.executions({ ...filter, ...(before === undefined ? {} : { before }) });
          assert.ok(page.executions.length <= filter.limit);
          ids.push(...page.executions.map((execution) => execution.requestId));
          before = page.nextCursor ?? undefined;
        } while (before !== undefined);
        return ids;
      };

      test('every filter and mixture gives each execution once, newest first, at any page size', () => {
        const { store, all } = filled();
        const filters: readonly Omit<ExecutionFilter, 'limit' | 'before'>[] = [
          {},
          { command: 'clean' },
          { principal: 'anna' },
          { environment: 'production' },
          { statuses: ['queued'] },
          { statuses: ['queued', 'rejected'] },
          { statuses: ['rejected', 'rejected', 'awaiting_approval', 'queued'] },
          { statuses: [] },
          { since: 1_002, until: 1_005 },
          { principal: 'ben', command: 'migrate', statuses: ['rejected'], since: 1_001 },
          { command: "clean' or 1=1 --" },
        ];
        for (const filter of filters) {
          const expected = all.filter((execution) => matches(execution, filter));
          for (const limit of [1, 7, 50, 200]) {
            assert.deepEqual(
              walk(store, { ...filter, limit }),
              expected.map((execution) => execution.requestId),
              JSON.stringify({ filter, limit }),
            );
          }
        }
      });

      test('what arrives while somebody pages disturbs no later page', () => {
        const { store, all } = filled();
        const first = store.executions({ limit: 10 });
        accepted(store, { requestedAt: 9_999 });
        const second = store.executions({ limit: 10, before: first.nextCursor! });
        assert.deepEqual(
          second.executions.map((execution) => execution.requestId),
          all.slice(10, 20).map((execution) => execution.requestId),
        );
      });

      test('the last page has no cursor', () => {
        const { store } = filled();
        assert.equal(store.executions({ limit: 60 }).nextCursor, null);
        assert.notEqual(store.executions({ limit: 59 }).nextCursor, null);
      });

      test('a cursor that was never given is refused by name', () => {
        const { store } = filled();
        const good = store.executions({ limit: 1 }).nextCursor!;
        const bad = ['', ' ', 'x', `${good}=`, `${good}A`, `A${good}`, '\u0000', '9'.repeat(9_999)];
        bad.push(Buffer.from('1.1 or 1').toString('base64url'));
        bad.push(Buffer.from('-1.5').toString('base64url'));
        bad.push(Buffer.from('01.5').toString('base64url'));
        bad.push(Buffer.from('9999999999999999.1').toString('base64url'));
        for (const before of bad) {
          assert.throws(() => store.executions({ limit: 5, before }), invalid('cursor'), before);
        }
      });

      test('a limit that is none is refused by name', () => {
        const { store } = filled();
        for (const limit of [0, -1, 1.5, Number.NaN, 1_001]) {
          assert.throws(() => store.executions({ limit }), invalid('limit'));
        }
      });
    });
  });
}

function matches(e: Execution, f: Omit<ExecutionFilter, 'limit'>): boolean {
  return (
    (f.command === undefined || e.command === f.command) &&
    (f.principal === undefined || e.principal === f.principal) &&
    (f.environment === undefined || e.environment === f.environment) &&
    (f.statuses === undefined || f.statuses.includes(e.status)) &&
    (f.since === undefined || e.requestedAt >= f.since) &&
    (f.until === undefined || e.requestedAt < f.until)
  );
}

function accepted(store: Store, parts: Partial<Execution> = {}): Execution {
  const execution = anExecution(parts);
  const approval = execution.status === 'awaiting_approval' ? anApproval(execution) : null;
  assert.equal(store.accept(execution, [], null, approval).kind, 'accepted');
  return execution;
}

function begin(
  store: Store,
  requestId: string,
  parts: { owner?: string; fence?: number; max?: number } = {},
) {
  const { owner = 'owner-1', fence = 1, max = null } = parts;
  return store.start(requestId, owner, fence, 7, max, aDraft({ kind: 'intent', requestId }));
}

function finish(store: Store, requestId: string, fence = 1): boolean {
  return store.finish(requestId, fence, 9, anOutcome(), aDraft({ kind: 'outcome', requestId }));
}

function settle(
  store: Store,
  requestId: string,
  from: ExecutionStatus,
  to: Parameters<Store['settle']>[2],
): boolean {
  const entry: EntryDraft = aDraft({ kind: 'outcome', requestId });
  return store.settle(requestId, from, to, 8, 'COMMAND_CANCELLED', 'why', entry);
}

const kinds = (entries: readonly Entry[]): readonly string[] => entries.map(({ kind }) => kind);
const coded = (code: string) => (error: unknown) =>
  error instanceof ReeveError && error.code === code;
const unavailable = coded('AUDIT_UNAVAILABLE');
const conflict = coded('CONFLICT');
const notFound = coded('REQUEST_NOT_FOUND');
const invalid = (field: string) => (error: unknown) =>
  error instanceof ReeveError &&
  error.code === 'INVALID_REQUEST' &&
  error.details[0]?.field === field;
