/**
 * Runs of runbooks. In: changes, one at a time, however many processes ask for them at once. Out: what is on record, and who
 * drives it. Must never: keep a state without its entries, let two runs of a runbook be open in one environment, or pass a
 * run on twice.
 */
import type { Execution, StepOrigin } from '../../core/execution.ts';
import type { IdempotencyKey } from '../../core/idempotency-key.ts';
import { isOver } from '../../core/runbook.ts';
import type { BeginResult, RunbookRun, RunbookStore, RunFilter } from '../../core/runbook-ports.ts';
import type { Database } from './database.ts';
import { appendEntries } from './entries.ts';
import { remember, remembered } from './idempotency.ts';
import { checkLimit, invalid } from './pages.ts';
import { notFound, taken } from './refusals.ts';
import { executionColumns, readExecution } from './rows.ts';
import { insertRun, readRun, runValues } from './runbook-rows.ts';

export function runbooksOf(db: Database): RunbookStore {
  const find = (id: string): RunbookRun | null => {
    const row = db.get('select * from runbook_runs where id = ?', id);
    return row === undefined ? null : readRun(row);
  };
  const openRun = (runbook: string, environment: string): RunbookRun | null => {
    const row = db.get(
      'select * from runbook_runs where runbook = ? and environment = ? and open = 1',
      runbook,
      environment,
    );
    return row === undefined ? null : readRun(row);
  };
  const assertFree = (run: RunbookRun): void => {
    const { runbook, environment } = run.frozen;
    const other = openRun(runbook.name, environment);
    if (other === null || other.id === run.id) return;
    throw taken(
      `The runbook ${runbook.name} has a run in ${environment} that is not over: ${other.id}, started by ${other.caller.principal.id} (${other.state.status}).`,
      `Look at it (reeve runbook status ${other.id}); resume it, or cancel it first.`,
    );
  };

  const replayOf = (
    principal: string,
    idempotency: IdempotencyKey,
  ): Exclude<BeginResult, { kind: 'begun' }> | null => {
    const earlier = remembered(db, principal, idempotency);
    if (earlier === null) return null;
    const { of, requestId, sameBody } = earlier;
    const run = of === 'run' && sameBody ? find(requestId) : null;
    return run === null ? { kind: 'conflict', requestId } : { kind: 'replayed', run };
  };

  return {
    start: (run, entries, idempotency = null) =>
      db.transaction(() => {
        const principal = run.caller.principal.id;
        const replay = idempotency === null ? null : replayOf(principal, idempotency);
        if (replay !== null) return replay;
        if (find(run.id) !== null) {
          throw taken(`There is a run ${run.id} already.`, 'Start one with another id.');
        }
        assertFree(run);
        db.write('run', insertRun, ...runValues(run));
        if (idempotency !== null)
          remember(db, principal, idempotency, 'run', run.id, run.startedAt);
        appendEntries(db, entries);
        return { kind: 'begun' };
      }),
    replay: (principal, idempotency) => db.read(() => replayOf(principal, idempotency)),

    run: (id) => db.read(() => find(id)),
    runs: (filter) => db.read(() => pageOf(db, filter)),
    openRun: (runbook, environment) => db.read(() => openRun(runbook, environment)),

    open: () =>
      db.read(() =>
        db
          .all('select id, owner, fence from runbook_runs where open = 1 order by seq')
          .map(({ id, owner, fence }) => ({
            id: String(id),
            owner: String(owner),
            fence: Number(fence),
          })),
      ),

    revision: (id) =>
      db.read(() => {
        const row = db.get('select revision from runbook_runs where id = ?', id);
        return row === undefined ? null : Number(row.revision);
      }),

    change(id, judge) {
      const thrown: unknown[] = [];
      try {
        return db.transaction(() => {
          const run = find(id);
          if (run === null) throw notFound(id);
          let change: ReturnType<typeof judge>;
          try {
            change = judge(run);
          } catch (error) {
            thrown.push(error);
            throw error;
          }
          if (change === null) return run;
          const { state, at, finishedAt, activeMs, activeSince, entries } = change;
          if (!isOver(state.status)) assertFree(run);
          // The revision stands in the statement, too: whatever goes wrong here, nobody's change is written over.
          const changed = db.write(
            'run state',
            `update runbook_runs set status = ?, open = ?, revision = revision + 1, state = ?,
              updated_at = ?, finished_at = ?, active_ms = ?, active_since = ?
              where id = ? and revision = ?`,
            state.status,
            isOver(state.status) ? 0 : 1,
            JSON.stringify(state),
            at,
            finishedAt,
            activeMs,
            activeSince,
            id,
            run.revision,
          );
          if (changed !== 1)
            throw taken(`The run ${id} was changed meanwhile.`, 'Look at it again.');
          appendEntries(db, entries);
          return find(id) as RunbookRun;
        });
      } catch (error) {
        // The transaction makes a failure of the disk out of what it does not know; what the judge threw is no such thing.
        throw thrown.length > 0 ? thrown[0] : error;
      }
    },

    takeOver: (id, from, to, at) =>
      db.transaction(() => {
        const changed = db.write(
          'run takeover',
          `update runbook_runs set owner = ?, fence = fence + 1, revision = revision + 1,
            active_ms = active_ms + case when active_since is null then 0 else max(0, updated_at - active_since) end,
            active_since = case when active_since is null then null else ? end
            where id = ? and open = 1 and owner = ? and fence = ?`,
          to,
          at,
          id,
          from.owner,
          from.fence,
        );
        return changed === 0 ? null : find(id);
      }),

    execution: (origin) => db.read(() => executionAs(db, origin)),

    executions: (run) =>
      db.read(() =>
        db
          .all(
            `select ${executionColumns} from executions where step is not null and step ->> '$.run' = ? order by id`,
            run,
          )
          .map(readExecution),
      ),
  };
}

/** The newest of what was asked for as this step, phase and attempt: all before it never started. */
export function executionAs(
  db: Database,
  { run, step, phase, attempt }: StepOrigin,
): Execution | null {
  const row = db.get(
    `select ${executionColumns} from executions where step is not null and step ->> '$.run' = ?
      and step ->> '$.step' = ? and step ->> '$.phase' = ? and step ->> '$.attempt' = ?
      order by id desc limit 1`,
    run,
    step,
    phase,
    attempt,
  );
  return row === undefined ? null : readExecution(row);
}

function pageOf(db: Database, filter: RunFilter) {
  const { runbook, environment, status, principal, limit, before } = filter;
  checkLimit(limit);
  const cursor = before === null ? null : readCursor(before);
  const rows = db.all(
    `select * from runbook_runs where (?1 is null or runbook = ?1) and (?2 is null or environment = ?2)
      and (?3 is null or status = ?3) and (?4 is null or principal = ?4 or on_behalf_of = ?4)
      and (?5 is null or seq < ?5) order by seq desc limit ?6`,
    runbook,
    environment,
    status,
    principal,
    cursor,
    limit + 1,
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return Object.freeze({
    runs: Object.freeze(page.map(readRun)),
    nextCursor: rows.length > limit && last !== undefined ? writeCursor(Number(last.seq)) : null,
  });
}

function writeCursor(seq: number): string {
  return Buffer.from(`run.${seq}`).toString('base64url');
}

/** Anything but a cursor that `writeCursor` could have made is refused. */
function readCursor(cursor: string): number {
  const text = cursor.length > 64 ? '' : Buffer.from(cursor, 'base64url').toString('latin1');
  const seq = Number(/^run\.(\d{1,16})$/.exec(text)?.[1]);
  if (!Number.isSafeInteger(seq) || writeCursor(seq) !== cursor) {
    throw invalid('cursor', 'cursor is none that this gateway gave', 'the nextCursor of a page');
  }
  return seq;
}
