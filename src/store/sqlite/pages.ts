/**
 * Pages of executions, newest first. In: a filter. Out: a page and the cursor of the next, in time that does not grow
 * with the table: each status is its own walk down an index from the cursor, and the walks are merged.
 */
import type { SQLInputValue } from 'node:sqlite';
import { ReeveError } from '../../core/errors.ts';
import type { ExecutionFilter, ExecutionPage } from '../../core/ports.ts';
import type { Database, Row } from './database.ts';
import { executionColumns, readExecution } from './rows.ts';

const maxLimit = 1_000;

interface Position {
  readonly requestedAt: number;
  readonly id: number;
}

export function pageOfExecutions(db: Database, filter: ExecutionFilter): ExecutionPage {
  const { limit } = filter;
  checkLimit(limit);
  const before = filter.before === undefined ? null : readCursor(filter.before);
  const statuses = filter.statuses === undefined ? [null] : [...new Set(filter.statuses)];
  const rows = statuses
    .flatMap((status) => {
      const { sql, values } = walk(filter, status, before);
      return db.all(sql, ...values, limit + 1);
    })
    .sort((a, b) => compare(positionOf(b), positionOf(a)));
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return Object.freeze({
    executions: Object.freeze(page.map(readExecution)),
    nextCursor: rows.length > limit && last !== undefined ? writeCursor(positionOf(last)) : null,
  });
}

export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    throw invalid('limit', `limit is ${limit}`, `a whole number from 1 to ${maxLimit}`);
  }
}

/** One walk: equalities first, then the time, so that some index has exactly this order. */
export function walk(
  filter: Omit<ExecutionFilter, 'limit' | 'before' | 'statuses'>,
  status: string | null,
  before: Position | null,
): { readonly sql: string; readonly values: readonly SQLInputValue[] } {
  const terms: string[] = [];
  const values: SQLInputValue[] = [];
  const where = (term: string, ...given: SQLInputValue[]): void => {
    terms.push(term);
    values.push(...given);
  };
  if (filter.principal !== undefined) where('principal = ?', filter.principal);
  if (filter.command !== undefined) where('command = ?', filter.command);
  if (filter.environment !== undefined) where('environment = ?', filter.environment);
  if (status !== null) where('status = ?', status);
  if (filter.since !== undefined) where('requested_at >= ?', filter.since);
  if (filter.until !== undefined) where('requested_at < ?', filter.until);
  if (before !== null) where('(requested_at, id) < (?, ?)', before.requestedAt, before.id);
  const condition = terms.length === 0 ? '' : `where ${terms.join(' and ')}`;
  return {
    sql: `select id, ${executionColumns} from executions ${condition} order by requested_at desc, id desc limit ?`,
    values,
  };
}

function positionOf(row: Row): Position {
  return { requestedAt: Number(row.requested_at), id: Number(row.id) };
}

function compare(a: Position, b: Position): number {
  return a.requestedAt - b.requestedAt || a.id - b.id;
}

function writeCursor({ requestedAt, id }: Position): string {
  return Buffer.from(`${requestedAt}.${id}`).toString('base64url');
}

/** Anything but a cursor that `writeCursor` could have made is refused. */
function readCursor(cursor: string): Position {
  const match = /^(\d{1,16})\.(\d{1,16})$/.exec(
    cursor.length > 64 ? '' : Buffer.from(cursor, 'base64url').toString('latin1'),
  );
  const position = { requestedAt: Number(match?.[1]), id: Number(match?.[2]) };
  if (
    match === null ||
    !Number.isSafeInteger(position.requestedAt) ||
    !Number.isSafeInteger(position.id) ||
    writeCursor(position) !== cursor
  ) {
    throw invalid('cursor', 'cursor is none that this gateway gave', 'the nextCursor of a page');
  }
  return position;
}

export function invalid(field: string, problem: string, expected: string): ReeveError {
  return new ReeveError(
    'INVALID_REQUEST',
    `The list cannot be given: ${problem}. Send ${expected}, or leave ${field} out.`,
    [{ field, problem, expected }],
  );
}
