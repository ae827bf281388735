/**
 * State and record on SQLite. In: changes with their entries. Out: both on the disk, in one transaction.
 * Must never: let a status change without its entry, an entry without its change, or an ended execution live again.
 */
import type { ApprovalRequest } from '../../core/approval.ts';
import type { EntryDraft } from '../../core/entry.ts';
import { type Execution, mayFollow, neverStarted, openStatuses } from '../../core/execution.ts';
import type { IdempotencyKey } from '../../core/idempotency-key.ts';
import type { AcceptResult, RunHandle, Store } from '../../core/ports.ts';
import { noResult } from '../../core/result.ts';
import { insertApprovalRequest } from './approval-rows.ts';
import { approvalsOf } from './approvals.ts';
import { assuranceOf } from './assurance.ts';
import { credentialsOf } from './credentials.ts';
import { type DatabaseOptions, openDatabase } from './database.ts';
import { appendEntries, entriesAfter, entriesOf } from './entries.ts';
import { expiryOf } from './expiry.ts';
import { holdsOf } from './holds.ts';
import { remember, remembered } from './idempotency.ts';
import { pageOfExecutions } from './pages.ts';
import { contradiction, notFound } from './refusals.ts';
import {
  executionColumns,
  executionValues,
  insertExecution,
  readExecution,
  readOutput,
} from './rows.ts';
import { executionAs, runbooksOf } from './runbooks.ts';
import type { Upgrade } from './upgrade.ts';

const byRequestId = `select ${executionColumns} from executions where request_id = ?`;

/** `upgraded` says what is put on record where an older database was brought up to date. */
export interface StoreOptions extends Omit<DatabaseOptions, 'upgraded'> {
  readonly upgraded?: (upgrade: Upgrade) => readonly EntryDraft[];
}

/**
 * Opens the state, and makes or upgrades it where needed. Several processes may have one file open, on one host.
 * Throws ReeveError AUDIT_UNAVAILABLE if it cannot be used: unwritable, damaged, of another program, or newer than this.
 */
export function openSqliteStore(file: string, options: StoreOptions = {}): Store {
  const db = openDatabase(file, {
    ...options,
    upgraded: (upgrade, on) => appendEntries(on, options.upgraded?.(upgrade) ?? []),
  });

  const find = (requestId: string): Execution | null => {
    const row = db.get(byRequestId, requestId);
    return row === undefined ? null : readExecution(row);
  };
  const known = (requestId: string): Execution => {
    const execution = find(requestId);
    if (execution === null) throw notFound(requestId);
    return execution;
  };
  const replayOf = (principal: string, idempotency: IdempotencyKey): AcceptResult | null => {
    const earlier = remembered(db, principal, idempotency);
    if (earlier === null) return null;
    const { of, requestId, sameBody } = earlier;
    return of === 'execution' && sameBody
      ? { kind: 'replayed', execution: known(requestId) }
      : { kind: 'conflict', requestId };
  };

  return {
    approvals: approvalsOf(db),
    credentials: credentialsOf(db),
    retention: { ...expiryOf(db), ...holdsOf(db) },
    assurance: assuranceOf(db),
    runbooks: runbooksOf(db),
    accept: (execution, entries, idempotency, approval = null) =>
      (execution.status === 'queued' ? db.prompt : db.transaction)((): AcceptResult => {
        const { requestId, principal, status } = execution;
        if (!['queued', 'awaiting_approval', 'rejected'].includes(status)) {
          throw contradiction(`Request ${requestId} cannot begin as ${status}.`);
        }
        assertFits(execution, approval);
        // A commit may have reached the disk although it was reported as failed: the caller asks again, with the same id.
        const earlier = find(requestId);
        if (earlier !== null) {
          if (earlier.principal !== principal || earlier.requestedAt !== execution.requestedAt) {
            throw contradiction(`The request id ${requestId} is taken by another request.`);
          }
          return { kind: 'accepted', execution: earlier };
        }
        const replay = idempotency === null ? null : replayOf(principal, idempotency);
        if (replay !== null) return replay;
        // The index would refuse a second one of the same step: it is answered with the first.
        const first = execution.step === null ? null : executionAs(db, execution.step);
        if (first !== null && !neverStarted(first)) return { kind: 'replayed', execution: first };
        db.write('execution', insertExecution, ...executionValues(execution));
        if (approval !== null) insertApprovalRequest(db, approval);
        if (idempotency !== null) {
          remember(db, principal, idempotency, 'execution', requestId, execution.requestedAt);
        }
        appendEntries(db, entries);
        return { kind: 'accepted', execution };
      }),

    replay: (principal, idempotency) => db.read(() => replayOf(principal, idempotency)),

    start: (requestId, owner, fence, at, concurrencyMax, intent) =>
      db.prompt(() => {
        if (db.get('select 1 from freeze') !== undefined) return { kind: 'frozen' };
        const execution = known(requestId);
        const { status, concurrencyKey } = execution;
        const ours = execution.owner === owner && execution.fence === fence;
        if (!ours || !mayFollow(status, 'running')) return { kind: 'lost', status };
        if (concurrencyKey !== null && concurrencyMax !== null) {
          const sql =
            "select count(*) as n from executions where concurrency_key = ? and status = 'running'";
          if (Number(db.get(sql, concurrencyKey)?.n) >= concurrencyMax) return { kind: 'busy' };
        }
        // A crash after this commit and before a process exists leaves `running`: recovery makes it `unknown`, never again `queued`.
        db.write(
          'start',
          "update executions set status = 'running', started_at = ? where request_id = ?",
          at,
          requestId,
        );
        appendEntries(db, [intent]);
        return { kind: 'started' };
      }),

    // A power cut ends the processes as well as this row, so it need only outlive the gateway: that saves a sync a run.
    attach: (requestId, handle) =>
      db.light(() => {
        const changed = db.write(
          'attach',
          'update executions set handle = ? where request_id = ?',
          JSON.stringify(handle),
          requestId,
        );
        if (changed === 0) throw notFound(requestId);
      }),

    finish: (requestId, fence, at, outcome, entry, result = noResult) =>
      db.prompt(() => {
        const { status, fence: present } = known(requestId);
        if (status !== 'running' || present !== fence) return false;
        db.write(
          'finish',
          'update executions set status = ?, finished_at = ?, exit_code = ?, signal = ?, error_code = ?, error_message = ?, usage = ?, sandbox = ? where request_id = ?',
          outcome.status,
          at,
          outcome.exitCode,
          outcome.signal,
          outcome.errorCode,
          outcome.errorMessage,
          JSON.stringify(outcome.usage),
          JSON.stringify(outcome.sandbox),
          requestId,
        );
        const { stdout, stderr } = outcome;
        db.write(
          'output',
          'insert into outputs (id, stdout, stderr, stdout_total, stderr_total, stdout_truncated, stderr_truncated, structured, structured_problem) select id, ?, ?, ?, ?, ?, ?, ?, ? from executions where request_id = ?',
          stdout.bytes,
          stderr.bytes,
          stdout.total,
          stderr.total,
          stdout.truncated ? 1 : 0,
          stderr.truncated ? 1 : 0,
          result.structured === null ? null : JSON.stringify(result.structured),
          result.structuredProblem,
          requestId,
        );
        appendEntries(db, [entry]);
        return true;
      }),

    settle: (requestId, from, to, at, errorCode, errorMessage, entry) =>
      db.transaction(() => {
        if (!mayFollow(from, to)) {
          throw contradiction(`Request ${requestId} cannot go from ${from} to ${to}.`);
        }
        if (known(requestId).status !== from) return false;
        db.write(
          'settle',
          'update executions set status = ?, finished_at = ?, error_code = ?, error_message = ? where request_id = ?',
          to,
          at,
          errorCode,
          errorMessage,
          requestId,
        );
        appendEntries(db, [entry]);
        return true;
      }),

    record: (entries) => db.transaction(() => appendEntries(db, entries)),

    execution: (requestId) => db.read(() => find(requestId)),
    output: (requestId) =>
      db.read(() => {
        const sql = 'select outputs.* from outputs join executions using (id) where request_id = ?';
        const row = db.get(sql, requestId);
        return row === undefined ? null : readOutput(row);
      }),
    handle: (requestId) =>
      db.read(() => {
        const row = db.get('select handle from executions where request_id = ?', requestId);
        return typeof row?.handle === 'string' ? (JSON.parse(row.handle) as RunHandle) : null;
      }),
    executions: (filter) => db.read(() => pageOfExecutions(db, filter)),
    open: () =>
      db.read(() =>
        db
          .all(
            `select ${executionColumns} from executions where status in (?, ?, ?) order by id`,
            ...openStatuses,
          )
          .map(readExecution),
      ),
    entriesOf: (requestId) => db.read(() => entriesOf(db, requestId)),
    entriesAfter: (after, limit) => db.read(() => entriesAfter(db, after, limit)),

    frozen: () =>
      db.read(() => {
        const row = db.get('select frozen_by, at, reason from freeze');
        if (row === undefined) return null;
        return { by: String(row.frozen_by), at: Number(row.at), reason: String(row.reason) };
      }),
    freeze: (by, at, reason, entry) =>
      db.transaction(() => {
        const sql = 'insert or replace into freeze (id, frozen_by, at, reason) values (1, ?, ?, ?)';
        db.write('freeze', sql, by, at, reason);
        appendEntries(db, [entry]);
      }),
    unfreeze: (entry) =>
      db.transaction(() => {
        db.write('unfreeze', 'delete from freeze');
        appendEntries(db, [entry]);
      }),

    value: (name) =>
      db.read(() => {
        const row = db.get('select value from named_values where name = ?', name);
        return row === undefined ? null : String(row.value);
      }),
    setValue: (name, value) =>
      db.transaction(() => {
        const sql = 'insert or replace into named_values (name, value) values (?, ?)';
        db.write('value', sql, name, value);
      }),

    durable: (whose = 'own') => db.durable(whose === 'anyone'),
    probe: () =>
      db.transaction(() => {
        db.write('probe', 'update probes set count = count + 1');
      }),
    close: () => db.close(),
  };
}

/** What awaits approval says of what, and nothing else does. */
function assertFits(execution: Execution, approval: ApprovalRequest | null): void {
  const { requestId, status, digest } = execution;
  if ((status === 'awaiting_approval') !== (approval !== null)) {
    throw contradiction(
      approval === null
        ? `Request ${requestId} cannot await approval without a request for approval.`
        : `Request ${requestId} is ${status} and has a request for approval.`,
    );
  }
  if (approval === null) return;
  if (approval.requestId !== requestId || approval.digest !== digest || approval.startBy !== null) {
    throw contradiction(
      `The request for approval is for something else than request ${requestId}.`,
    );
  }
}
