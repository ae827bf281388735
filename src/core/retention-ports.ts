/** What the inner rooms ask of the outside about payloads: which expire, and what is held. */
import type { EntryDraft } from './entry.ts';
import type { Expired, Hold, RetentionPolicy } from './retention.ts';

/** What would expire now; `held`: as many more would, but for a hold. */
export interface Due extends Expired {
  readonly held: number;
}

/** What one transaction took; `more`: there may be more to take. */
export interface ExpiryBatch {
  readonly expired: readonly Expired[];
  readonly more: boolean;
}

/**
 * Payloads: arguments and their hash, argv, digest, working directory, salt and output of executions that have ended, and
 * the dossier and call of their requests for approval. Entries, answers and their proofs are none.
 */
export interface RetentionStore {
  /** By rule; counts all there is. `now` is milliseconds since 1970. */
  due(policy: RetentionPolicy, now: number): readonly Due[];
  /** Takes the payloads of at most `limit` executions in one transaction, oldest of each rule first, with an entry a rule. */
  expire(
    policy: RetentionPolicy,
    now: number,
    limit: number,
    entryFor: (expired: Expired) => EntryDraft,
  ): ExpiryBatch;
  /** Makes what was taken be gone from the write-ahead log, too. False while somebody still reads it: ask again later. */
  purge(): boolean;
  /** Newest first, released ones too. */
  holds(): readonly Hold[];
  /** Throws CONFLICT where the id is taken. */
  placeHold(hold: Hold, entry: EntryDraft): void;
  /** The hold as it is now, released before or not; null where there is none. */
  releaseHold(id: string, by: string, at: number, entry: EntryDraft): Hold | null;
}
