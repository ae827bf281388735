/**
 * Payloads that expire. In: a policy and the time. Out: executions that keep who, what, when and how it ended, and nothing
 * else; their bytes are gone from the file. Must never: touch what is open, held or younger, or an entry of the record.
 */

import { type Expired, type RetentionPolicy, ruleFor } from '../../core/retention.ts';
import type { Due, ExpiryBatch, RetentionStore } from '../../core/retention-ports.ts';
import type { Database } from './database.ts';
import { appendEntries } from './entries.ts';
import { held } from './holds.ts';
import { dueRuns, expireRuns } from './runbook-expiry.ts';

/** As `executions_to_expire` has them: only so are they found by it. */
const bucket = {
  bare: '(output_expired_at is not null)',
  risk: "coalesce(risk, '')",
  environment: "coalesce(environment, '')",
} as const;
const ended = 'payloads_expired_at is null and finished_at is not null';
const due = `${ended} and ${bucket.bare} = ? and ${bucket.risk} = ? and ${bucket.environment} = ? and finished_at >= ? and finished_at < ?`;

/** Keys of requests are remembered for a day; what is older leads nowhere, and its hash is one of arguments in clear. */
const dayMs = 24 * 3_600_000;

export function expiryOf(db: Database): Pick<RetentionStore, 'due' | 'expire' | 'purge'> {
  return {
    due: (policy, now) =>
      db.snapshot(() => {
        const found = new Map<string, Due>();
        for (const part of partsOf(db, policy, now)) {
          const count = countOf(db, part, `not ${held}`);
          const onHold = countOf(db, part, held);
          if (count + onHold === 0) continue;
          const key = `${part.what} ${part.rule}`;
          const { rule, what, keepMs, until } = part;
          const before = found.get(key) ?? { rule, what, keepMs, until, count: 0, held: 0 };
          const sum = { count: before.count + count, held: before.held + onHold };
          found.set(key, Object.freeze({ ...before, ...sum }));
        }
        for (const { rule, keepMs, until, count, held: onHold } of dueRuns(db, policy, now)) {
          if (count + onHold === 0) continue;
          const key = `payloads ${rule}`;
          const before = found.get(key) ?? {
            rule,
            what: 'payloads',
            keepMs,
            until,
            count: 0,
            held: 0,
          };
          const sum = { count: before.count + count, held: before.held + onHold };
          found.set(key, Object.freeze({ ...before, ...sum }));
        }
        return Object.freeze([...found.values()]);
      }),

    expire: (policy, now, limit, entryFor) =>
      db.transaction((): ExpiryBatch => {
        const expired = new Map<string, Expired>();
        let left = limit;
        for (const part of partsOf(db, policy, now)) {
          if (left === 0) break;
          const { rule, what, keepMs, until } = part;
          const ids = idsOf(db, part, left);
          left -= ids.length;
          const count = ids.filter((id) => take(db, what, id, now)).length;
          if (count === 0) continue;
          const key = `${what} ${rule}`;
          const sum = (expired.get(key)?.count ?? 0) + count;
          expired.set(key, Object.freeze({ rule, what, keepMs, until, count: sum }));
        }
        // A run's payload goes after those of its executions, and is counted with them.
        for (const { rule, keepMs, until, count } of left === 0
          ? []
          : expireRuns(db, policy, now, left)) {
          left -= count;
          if (count === 0) continue;
          const key = `payloads ${rule}`;
          const sum = (expired.get(key)?.count ?? 0) + count;
          expired.set(key, Object.freeze({ rule, what: 'payloads', keepMs, until, count: sum }));
        }
        const taken = Object.freeze([...expired.values()]);
        if (left < limit) forgetTraces(db, now);
        appendEntries(db, taken.map(entryFor));
        return Object.freeze({ expired: taken, more: left === 0 });
      }),

    purge: () => db.truncateLog(),
  };
}

/** Executions of one risk in one environment that ended before `until`, under the rule for them. */
interface Part extends Omit<Expired, 'count'> {
  readonly bare: number;
  readonly risk: string;
  readonly environment: string;
  /** What ended before this is due for more than `what`. */
  readonly from: number;
}

function partsOf(db: Database, policy: RetentionPolicy, now: number): readonly Part[] {
  const parts: Part[] = [];
  for (const { bare, risk, environment } of bucketsOf(db)) {
    const rule = ruleFor(policy, risk || null, environment || null);
    const { name, keepMs, outputMs } = rule;
    const at = { bare, risk, environment, rule: name };
    const gone = keepMs === null ? 0 : now - keepMs;
    if (keepMs !== null) parts.push({ ...at, what: 'payloads', keepMs, from: 0, until: gone });
    if (bare === 0 && outputMs !== null && outputMs < (keepMs ?? Infinity)) {
      parts.push({ ...at, what: 'output', keepMs: outputMs, from: gone, until: now - outputMs });
    }
  }
  return parts;
}

/** Every risk and environment of which something is left; found by stepping through the index, however much there is. */
function bucketsOf(db: Database): readonly Pick<Part, 'bare' | 'risk' | 'environment'>[] {
  const columns = `${bucket.bare} as bare, ${bucket.risk} as risk, ${bucket.environment} as environment`;
  const from = `select ${columns} from executions where ${ended}`;
  const { bare, risk, environment } = bucket;
  const next = (where: string, by: readonly string[], ...values: readonly (string | number)[]) =>
    db.get(`${from} ${where} order by ${by.join(', ')} limit 1`, ...values);
  const buckets: Pick<Part, 'bare' | 'risk' | 'environment'>[] = [];
  let row = next('', [bare, risk, environment]);
  while (row !== undefined) {
    const at = [Number(row.bare), String(row.risk), String(row.environment)] as const;
    buckets.push({ bare: at[0], risk: at[1], environment: at[2] });
    row =
      next(`and ${bare} = ? and ${risk} = ? and ${environment} > ?`, [environment], ...at) ??
      next(`and ${bare} = ? and ${risk} > ?`, [risk, environment], at[0], at[1]) ??
      next(`and ${bare} > ?`, [bare, risk, environment], at[0]);
  }
  return buckets;
}

function countOf(db: Database, part: Part, also: string): number {
  const { bare, risk, environment, from, until, what } = part;
  const which =
    what === 'output' ? 'exists (select 1 from outputs where outputs.id = executions.id) and ' : '';
  const sql = `select count(*) as n from executions where ${due} and ${which}${also}`;
  return Number(db.get(sql, bare, risk, environment, from, until)?.n);
}

function idsOf(
  db: Database,
  { bare, risk, environment, from, until }: Part,
  limit: number,
): number[] {
  const sql = `select id from executions where ${due} and not ${held} order by finished_at limit ?`;
  return db.all(sql, bare, risk, environment, from, until, limit).map(({ id }) => Number(id));
}

/** True where there was something to take. Lengths of output stay: entries tell them, too. */
function take(db: Database, what: Expired['what'], id: number, now: number): boolean {
  const output = db.write(
    'output expires',
    "update outputs set stdout = x'', stderr = x'', structured = null, structured_problem = null where id = ?",
    id,
  );
  if (what === 'output') {
    db.write('output expired', 'update executions set output_expired_at = ? where id = ?', now, id);
    return output > 0;
  }
  db.write(
    'payload expires',
    `update executions set arguments = null, parameters_hash = null, argv = null, digest = null,
      working_directory = null, concurrency_key = null, handle = null, salt = null,
      output_expired_at = coalesce(output_expired_at, ?), payloads_expired_at = ? where id = ?`,
    now,
    now,
    id,
  );
  db.write(
    'dossier expires',
    "update approval_requests set digest = '', call = '{}', dossier = '{}' where id = ?",
    id,
  );
  return true;
}

/** What else tells of arguments by a hash, and means nothing any more. */
function forgetTraces(db: Database, now: number): void {
  db.write(
    'dead idempotency keys',
    `delete from idempotency where requested_at < ? and request_id in
      (select request_id from executions where payloads_expired_at is not null)`,
    now - dayMs,
  );
  db.write(
    'dead keys of runs',
    `delete from run_keys where requested_at < ? and run_id in
      (select id from runbook_runs where payloads_expired_at is not null)`,
    now - dayMs,
  );
  db.write('dead challenges', 'delete from challenges where expires_at <= ?', now);
}
