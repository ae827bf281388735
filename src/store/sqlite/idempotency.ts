/**
 * Idempotency keys. In: a key of a principal, and since when keys are remembered. Out: the request that it led to.
 * Must never: forget a key whose request is still open, whatever its age: it would run a second time beside itself.
 */
import { openStatuses } from '../../core/execution.ts';
import type { IdempotencyKey } from '../../core/ports.ts';
import type { Database } from './database.ts';

const open = `request_id in (select request_id from executions where status in (${openStatuses.map((s) => `'${s}'`).join(', ')}))`;

export interface Remembered {
  readonly requestId: string;
  readonly sameBody: boolean;
}

export function remembered(
  db: Database,
  principal: string,
  { key, bodyHash, since }: IdempotencyKey,
): Remembered | null {
  const row = db.get(
    `select body_hash, request_id from idempotency where principal = ? and key = ? and (requested_at >= ? or ${open})`,
    principal,
    key,
    since,
  );
  if (row === undefined) return null;
  return { requestId: String(row.request_id), sameBody: row.body_hash === bodyHash };
}

/** Only inside a transaction. Forgets the keys of everybody that are too old, so that the table holds a day's and no more. */
export function remember(
  db: Database,
  principal: string,
  { key, bodyHash, since }: IdempotencyKey,
  requestId: string,
  requestedAt: number,
): void {
  const forget = `delete from idempotency where requested_at < ? and not ${open}`;
  db.write('idempotency cleanup', forget, since);
  db.write(
    'idempotency',
    'insert into idempotency (principal, key, body_hash, request_id, requested_at) values (?, ?, ?, ?, ?)',
    principal,
    key,
    bodyHash,
    requestId,
    requestedAt,
  );
}
