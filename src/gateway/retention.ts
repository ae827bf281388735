/** What the desk of records takes and gives: holds, what expires, whether commitments hold. No meaning here, only form. */
import type { CommitmentFinding } from '../audit/check-commitments.ts';
import type { Caller } from '../core/principal.ts';
import type { Expired, Hold, HoldCriteria } from '../core/retention.ts';
import type { Due } from '../core/retention-ports.ts';

/** `purged`: the bytes are gone from the database's files, too; false while another process still reads them. */
export interface PruneReport {
  readonly expired: readonly Expired[];
  readonly purged: boolean;
}

export interface HoldRequest {
  /** At least one is not null; what expires is held where all of them fit. */
  readonly holds: HoldCriteria;
  readonly reason: string;
}

/** The findings, and when retention took what they are about; null where it has not. */
export interface CommitmentReport {
  readonly requestId: string;
  readonly outputExpiredAt: number | null;
  readonly payloadsExpiredAt: number | null;
  readonly findings: readonly CommitmentFinding[];
}

/** Retention, for those who look after records (policy: manageRecords); who reads a request may check it. */
export interface RetentionDesk {
  /** What would expire now. */
  due(caller: Caller): Promise<readonly Due[]>;
  /** Takes all of it, a batch at a time; each batch is on record. */
  prune(caller: Caller): Promise<PruneReport>;
  /** Newest first, released ones too. */
  holds(caller: Caller): Promise<readonly Hold[]>;
  /** Throws INVALID_REQUEST where nothing is named, REQUEST_NOT_FOUND and CONFLICT for a request that is not there, or gone. */
  placeHold(caller: Caller, request: HoldRequest): Promise<Hold>;
  /** Fine where it was released before. Throws REQUEST_NOT_FOUND. */
  releaseHold(caller: Caller, id: string, reason: string): Promise<Hold>;
  /** Throws REQUEST_NOT_FOUND, the same for what is not there and what is somebody else's. */
  check(caller: Caller, requestId: string): Promise<CommitmentReport>;
}
