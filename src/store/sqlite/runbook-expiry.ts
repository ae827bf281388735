/**
 * Payloads of runs that expire: arguments, what steps handed on, the salt. In: a policy and the time. Out: how many runs lost
 * theirs, by rule. Must never: take that of a run that is not over, or while a payload of one of its executions is kept; so
 * what is held of a run's executions holds the run.
 */

import { type RetentionPolicy, ruleFor } from '../../core/retention.ts';
import type { RunbookState } from '../../core/runbook.ts';
import type { Database } from './database.ts';
import { withoutPayload } from './runbook-rows.ts';

export interface ExpiredRuns {
  readonly rule: string;
  readonly keepMs: number;
  readonly until: number;
  readonly count: number;
}

const kept = `exists (select 1 from executions where step is not null
  and step ->> '$.run' = runbook_runs.id and payloads_expired_at is null)`;
const held = `exists (select 1 from holds where released_at is null
  and (holds.request_id is null or holds.request_id = runbook_runs.id) and holds.command is null
  and (holds.principal is null or holds.principal in (runbook_runs.principal, runbook_runs.on_behalf_of))
  and (holds.environment is null or holds.environment = runbook_runs.environment)
  and (holds.since is null or runbook_runs.started_at >= holds.since)
  and (holds.until is null or runbook_runs.started_at < holds.until))`;
const over = 'payloads_expired_at is null and finished_at is not null';
const due = `${over} and risk = ? and environment = ? and finished_at < ? and not ${kept}`;

interface Bucket {
  readonly risk: string;
  readonly environment: string;
  readonly rule: string;
  readonly keepMs: number;
  readonly until: number;
}

function bucketsOf(db: Database, policy: RetentionPolicy, now: number): readonly Bucket[] {
  return db
    .all(`select distinct risk, environment from runbook_runs where ${over}`)
    .flatMap((row) => {
      const [risk, environment] = [String(row.risk), String(row.environment)];
      const { name, keepMs } = ruleFor(policy, risk, environment);
      return keepMs === null
        ? []
        : [{ risk, environment, rule: name, keepMs, until: now - keepMs }];
    });
}

/** What would expire now, and what would if nothing held it. */
export function dueRuns(
  db: Database,
  policy: RetentionPolicy,
  now: number,
): readonly (ExpiredRuns & { readonly held: number })[] {
  const count = (also: string, { risk, environment, until }: Bucket): number =>
    Number(
      db.get(
        `select count(*) as n from runbook_runs where ${due} and ${also}`,
        risk,
        environment,
        until,
      )?.n,
    );
  return bucketsOf(db, policy, now).map((bucket) => {
    const { rule, keepMs, until } = bucket;
    return { rule, keepMs, until, count: count(`not ${held}`, bucket), held: count(held, bucket) };
  });
}

/** Only inside a transaction. At most `limit` of them. */
export function expireRuns(
  db: Database,
  policy: RetentionPolicy,
  now: number,
  limit: number,
): readonly ExpiredRuns[] {
  let left = limit;
  return bucketsOf(db, policy, now).map(({ risk, environment, rule, keepMs, until }) => {
    const rows = db.all(
      `select id, state from runbook_runs where ${due} and not ${held} order by finished_at limit ?`,
      risk,
      environment,
      until,
      left,
    );
    left -= rows.length;
    for (const { id, state } of rows) {
      db.write(
        'run payload expires',
        `update runbook_runs set arguments = null, state = ?, salt = null, payloads_expired_at = ?,
          revision = revision + 1 where id = ?`,
        JSON.stringify(withoutPayload(JSON.parse(String(state)) as RunbookState)),
        now,
        String(id),
      );
    }
    return { rule, keepMs, until, count: rows.length };
  });
}
