/**
 * Idempotency keys. In: a key of a principal, and since when keys are remembered. Out: the request, or the run of a
 * runbook, that it led to. Must never: forget a key whose request or run is still open, whatever its age: it would run a
 * second time beside itself; nor let one key of a principal lead to two things.
 */
import { openStatuses } from '../../core/execution.ts';
import type { IdempotencyKey } from '../../core/idempotency-key.ts';
import type { Database } from './database.ts';

export interface Remembered {
  readonly of: 'execution' | 'run';
  /** Of the execution, or of the run. */
  readonly requestId: string;
  readonly sameBody: boolean;
}

const kept = {
  execution: {
    table: 'idempotency',
    id: 'request_id',
    open: `request_id in (select request_id from executions where status in (${openStatuses.map((s) => `'${s}'`).join(', ')}))`,
  },
  run: {
    table: 'run_keys',
    id: 'run_id',
    open: 'run_id in (select id from runbook_runs where open = 1)',
  },
} as const satisfies Record<Remembered['of'], object>;

export function remembered(
  db: Database,
  principal: string,
  { key, bodyHash, since }: IdempotencyKey,
): Remembered | null {
  for (const which of ['execution', 'run'] as const) {
    const { table, id, open } = kept[which];
    const row = db.get(
      `select body_hash, ${id} as id from ${table} where principal = ? and key = ? and (requested_at >= ? or ${open})`,
      principal,
      key,
      since,
    );
    if (row !== undefined)
      return { of: which, requestId: String(row.id), sameBody: row.body_hash === bodyHash };
  }
  return null;
}

/** Only inside a transaction. Forgets the keys of everybody that are too old, so that the tables hold a day's and no more. */
export function remember(
  db: Database,
  principal: string,
  { key, bodyHash, since }: IdempotencyKey,
  of: Remembered['of'],
  id: string,
  requestedAt: number,
): void {
  for (const { table, open } of Object.values(kept))
    db.write(
      'idempotency cleanup',
      `delete from ${table} where requested_at < ? and not ${open}`,
      since,
    );
  db.write(
    'idempotency',
    `insert into ${kept[of].table} (principal, key, body_hash, ${kept[of].id}, requested_at) values (?, ?, ?, ?, ?)`,
    principal,
    key,
    bodyHash,
    id,
    requestedAt,
  );
}
