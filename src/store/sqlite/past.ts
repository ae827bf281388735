/**
 * A database that was put back from a copy. In: its file, which nobody has open. Out: the same without what only meant
 * something in its own time. Must never: leave alive what may have been used up since: codes, challenges, wishes to cancel.
 */
import { DatabaseSync } from 'node:sqlite';
import { unavailable } from './failure.ts';

/** `told` is the number of the last entry that endpoints are told of no more; `stateId` a new name, null for the old one. */
export function forgetItsTime(
  file: string,
  { told, stateId }: { readonly told: number; readonly stateId: string | null },
): void {
  try {
    const db = new DatabaseSync(file, { timeout: 5_000 });
    try {
      db.exec('pragma trusted_schema = off; pragma synchronous = full; pragma secure_delete = on;');
      db.exec('begin immediate');
      db.exec('delete from challenges; delete from enrolment_codes;');
      db.exec("delete from named_values where name like 'cancel/%'");
      db.prepare("update named_values set value = ? where name like 'webhook:%'").run(
        JSON.stringify({ seq: told }),
      );
      if (stateId !== null) {
        // What was kept outside of the old log says nothing of the new one.
        db.exec("delete from named_values where name like 'checkpoint-kept/%'");
        db.prepare("update named_values set value = ? where name = 'state-id'").run(stateId);
      }
      db.exec('commit');
    } finally {
      db.close();
    }
  } catch (error) {
    throw unavailable('cannot be written', file, error);
  }
}
