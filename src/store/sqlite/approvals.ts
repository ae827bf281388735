/**
 * Requests for approval and their answers. In: answers, one at a time, however many processes give them at once. Out:
 * what is on record, and who carries it on. Must never: keep an answer without its entries and the step that it leads to,
 * count one for what no longer awaits approval, or pass a claim on twice.
 */
import type { Dossier } from '../../core/approval.ts';
import { type Execution, mayFollow } from '../../core/execution.ts';
import { deepFreeze } from '../../core/json.ts';
import type { AnswerStep, ApprovalState, ApprovalStore } from '../../core/people-ports.ts';
import { insertAnswer, statesBy } from './approval-rows.ts';
import { challengesOf } from './challenges.ts';
import type { Database } from './database.ts';
import { appendEntries } from './entries.ts';
import { checkLimit, invalid } from './pages.ts';
import { contradiction, notFound } from './refusals.ts';
import { executionColumns, readExecution } from './rows.ts';

const both = 'executions join approval_requests using (id)';

export function approvalsOf(db: Database): ApprovalStore {
  const find = (requestId: string): ApprovalState | null =>
    statesBy(db, `${both} where executions.request_id = ?`, requestId)[0] ?? null;

  return {
    state: (requestId) => db.snapshot(() => find(requestId)),

    waiting: () =>
      db.snapshot(() =>
        statesBy(
          db,
          `${both} where executions.status = 'awaiting_approval' order by executions.requested_at, executions.id`,
        ),
      ),

    page: ({ limit, before }) => {
      checkLimit(limit);
      const from = before === undefined ? Number.MAX_SAFE_INTEGER : readCursor(before);
      return db.snapshot(() => {
        const ids = db
          .all(
            'select id from approval_requests where id < ? order by id desc limit ?',
            from,
            limit + 1,
          )
          .map(({ id }) => Number(id));
        const shown = ids.slice(0, limit);
        const states = shown.flatMap((id) => statesBy(db, `${both} where executions.id = ?`, id));
        const last = shown.at(-1);
        const more = ids.length > limit && last !== undefined;
        return { states: Object.freeze(states), nextCursor: more ? writeCursor(last) : null };
      });
    },

    waitingOf: (principal) =>
      db.read(() => {
        const sql =
          "select count(*) as n from executions where principal = ? and status = 'awaiting_approval'";
        return Number(db.get(sql, principal)?.n);
      }),

    // Only what ended `ok` is a measure to hold the next one against: what failed half-way says nothing about what is usual.
    lastApproved: (command, environment) =>
      db.snapshot(() => {
        const row = db.get(
          `select executions.request_id, dossier from approval_requests join executions using (id)
            where approval_requests.command = ? and approval_requests.environment = ? and executions.status = 'ok'
            and executions.payloads_expired_at is null
            order by approval_requests.id desc limit 1`,
          command,
          environment,
        );
        if (row === undefined) return null;
        return deepFreeze({
          requestId: String(row.request_id),
          dossier: JSON.parse(String(row.dossier)) as Dossier,
        });
      }),

    answer(requestId, judge) {
      const thrown: unknown[] = [];
      try {
        return db.transaction(() => {
          const state = find(requestId);
          if (state === null) throw notFound(requestId);
          let step: AnswerStep;
          try {
            step = judge(state);
          } catch (error) {
            thrown.push(error);
            throw error;
          }
          take(db, state, step);
          return find(requestId) as ApprovalState;
        });
      } catch (error) {
        // The transaction makes a failure of the disk out of what it does not know; what the judge threw is no such thing.
        throw thrown.length > 0 ? thrown[0] : error;
      }
    },

    takeOver: (requestId, from, to) =>
      db.transaction(() => {
        const changed = db.write(
          'takeover',
          `update executions set owner = ?, fence = fence + 1
            where request_id = ? and status = 'queued' and owner = ? and fence = ?
            and exists (select 1 from approval_requests as asked where asked.id = executions.id and asked.start_by is not null)`,
          to,
          requestId,
          from.owner,
          from.fence,
        );
        return changed === 0 ? null : executionOf(db, requestId);
      }),

    ...challengesOf(db),
  };
}

/** A crash anywhere in here leaves the request as it was, without this answer: it is inside the one transaction. */
function take(
  db: Database,
  { execution, request, answers }: ApprovalState,
  step: AnswerStep,
): void {
  const { requestId } = request;
  const { answer, entries, next } = step;
  if (answer.requestId !== requestId || answer.digest !== request.digest) {
    throw contradiction(`The answer is for something else than request ${requestId}.`);
  }
  if (execution.status !== 'awaiting_approval') {
    throw contradiction(`Request ${requestId} awaits no approval: it is ${execution.status}.`);
  }
  if (answers.some(({ approver }) => approver === answer.approver)) {
    throw contradiction(`${answer.approver} has answered request ${requestId} already.`);
  }
  const to = { wait: null, queue: 'queued', reject: 'rejected' } as const;
  const status = to[next.kind];
  if (status !== null && !mayFollow(execution.status, status)) {
    throw contradiction(`Request ${requestId} cannot go from ${execution.status} to ${status}.`);
  }
  insertAnswer(db, answer);
  switch (next.kind) {
    case 'wait':
      break;
    case 'queue':
      db.write(
        'queue',
        "update executions set status = 'queued', owner = ?, fence = fence + 1 where request_id = ?",
        next.owner,
        requestId,
      );
      db.write(
        'start by',
        'update approval_requests set start_by = ? where request_id = ?',
        next.startBy,
        requestId,
      );
      break;
    case 'reject':
      db.write(
        'reject',
        "update executions set status = 'rejected', finished_at = ?, error_code = ?, error_message = ? where request_id = ?",
        next.at,
        next.errorCode,
        next.errorMessage,
        requestId,
      );
      break;
  }
  appendEntries(db, entries);
}

function executionOf(db: Database, requestId: string): Execution {
  const row = db.get(`select ${executionColumns} from executions where request_id = ?`, requestId);
  if (row === undefined) throw notFound(requestId);
  return readExecution(row);
}

function writeCursor(id: number): string {
  return Buffer.from(`approval.${id}`).toString('base64url');
}

/** Anything but a cursor that `writeCursor` could have made is refused. */
function readCursor(cursor: string): number {
  const text = cursor.length > 64 ? '' : Buffer.from(cursor, 'base64url').toString('latin1');
  const id = Number(/^approval\.(\d{1,16})$/.exec(text)?.[1]);
  if (!Number.isSafeInteger(id) || writeCursor(id) !== cursor) {
    throw invalid('cursor', 'cursor is none that this gateway gave', 'the nextCursor of a page');
  }
  return id;
}
