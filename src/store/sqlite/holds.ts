/** Legal holds. In: criteria with a reason. Out: which stand. Must never: forget one that was released, or who did it. */

import { deepFreeze } from '../../core/json.ts';
import type { Hold } from '../../core/retention.ts';
import type { RetentionStore } from '../../core/retention-ports.ts';
import type { Database, Row } from './database.ts';
import { appendEntries } from './entries.ts';
import { taken } from './refusals.ts';

/** Of a row of `executions`: whether a hold that stands fits it. A person's agents are held with the person. */
export const held = `exists (select 1 from holds where released_at is null
  and (holds.request_id is null or holds.request_id = executions.request_id)
  and (holds.command is null or holds.command = executions.command)
  and (holds.principal is null or holds.principal in (executions.principal, executions.on_behalf_of))
  and (holds.environment is null or holds.environment = executions.environment)
  and (holds.since is null or executions.requested_at >= holds.since)
  and (holds.until is null or executions.requested_at < holds.until))`;

export function holdsOf(db: Database): Pick<RetentionStore, 'holds' | 'placeHold' | 'releaseHold'> {
  const find = (id: string): Hold | null => {
    const row = db.get('select * from holds where id = ?', id);
    return row === undefined ? null : readHold(row);
  };
  return {
    holds: () => db.read(() => db.all('select * from holds order by seq desc').map(readHold)),

    placeHold: (hold, entry) =>
      db.transaction(() => {
        if (find(hold.id) !== null) {
          throw taken(`There is a hold ${hold.id} already.`, 'Place one with another id.');
        }
        const { requestId, command, principal, environment, since, until } = hold.holds;
        db.write(
          'hold',
          `insert into holds (id, reason, placed_by, placed_at, request_id, command, principal, environment, since, until)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          hold.id,
          hold.reason,
          hold.placedBy,
          hold.placedAt,
          requestId,
          command,
          principal,
          environment,
          since,
          until,
        );
        appendEntries(db, [entry]);
      }),

    releaseHold: (id, by, at, entry) =>
      db.transaction(() => {
        const before = find(id);
        if (before === null) return null;
        if (before.releasedAt !== null) return before;
        const sql = 'update holds set released_by = ?, released_at = ? where id = ?';
        db.write('release', sql, by, at, id);
        appendEntries(db, [entry]);
        return find(id);
      }),
  };
}

function readHold(row: Row): Hold {
  const text = (value: unknown): string | null => (value === null ? null : String(value));
  const time = (value: unknown): number | null => (value === null ? null : Number(value));
  return deepFreeze({
    id: String(row.id),
    reason: String(row.reason),
    holds: {
      requestId: text(row.request_id),
      command: text(row.command),
      principal: text(row.principal),
      environment: text(row.environment),
      since: time(row.since),
      until: time(row.until),
    },
    placedBy: String(row.placed_by),
    placedAt: Number(row.placed_at),
    releasedBy: text(row.released_by),
    releasedAt: time(row.released_at),
  });
}
