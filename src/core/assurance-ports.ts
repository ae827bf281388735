/** What the inner rooms ask of the outside about assurance: records that are kept, and waivers of them. */
import type { AssuranceFacts, AssuranceRecord, AssuranceWaiver } from './assurance-record.ts';
import type { EntryDraft } from './entry.ts';

/** Newest first. `before` is the cursor of the page before. */
export interface AssuranceFilter {
  readonly command: string | null;
  readonly environment: string | null;
  /** Only what this principal had run. */
  readonly tester: string | null;
  readonly limit: number;
  readonly before: string | null;
}
export interface AssurancePage {
  readonly records: readonly AssuranceRecord[];
  readonly nextCursor: string | null;
}

/** Records and waivers are only ever added. Each is committed with its entry, or ReeveError AUDIT_UNAVAILABLE and nothing. */
export interface AssuranceStore {
  /** Throws CONFLICT where the id is taken. */
  keep(facts: AssuranceFacts, entry: EntryDraft): AssuranceRecord;
  /** The record with its waiver; null where there is no record of that id. */
  waive(id: string, waiver: AssuranceWaiver, entry: EntryDraft): AssuranceRecord | null;
  record(id: string): AssuranceRecord | null;
  /** The newest of a command in an environment. */
  newest(command: string, environment: string): AssuranceRecord | null;
  records(filter: AssuranceFilter): AssurancePage;
}
