/** What the desk of assurance takes and gives. No meaning here, only form. */
import type { AssuranceFilter } from '../core/assurance-ports.ts';
import type { AssuranceRecord, AssuranceStatus } from '../core/assurance-record.ts';
import type { JsonObject } from '../core/json.ts';
import type { Caller } from '../core/principal.ts';

/** `arguments` go over those that the command declares for it; null where there are none. */
export interface AssuranceRequest {
  readonly command: string;
  readonly environment: string | null;
  readonly arguments: JsonObject | null;
}

/** A record with what it counts for at this moment. `why`: why it is stale; empty where it is not. */
export interface AssuranceView extends AssuranceRecord {
  readonly status: AssuranceStatus;
  readonly stale: boolean;
  readonly why: readonly string[];
}

export interface AssuranceViews {
  readonly records: readonly AssuranceView[];
  readonly nextCursor: string | null;
}

/** `until` is milliseconds since 1970. */
export interface WaiverRequest {
  readonly reason: string;
  readonly until: number;
}

export interface AssuranceDesk {
  /**
   * Runs the command's own command line in one copy of the workspace and the tool in another, and keeps what they showed.
   * Throws what either run was refused with, INVALID_REQUEST where the command declares no assurance.
   */
  run(caller: Caller, request: AssuranceRequest): Promise<AssuranceView>;
  /** One's own, or everybody's for an auditor. */
  list(caller: Caller, filter: Omit<AssuranceFilter, 'tester'>): Promise<AssuranceViews>;
  /** Throws REQUEST_NOT_FOUND, the same for what is not there and what is somebody else's. */
  show(caller: Caller, id: string): Promise<AssuranceView>;
  /** By a person (policy: waiveAssurance). Throws CONFLICT on a record that passed. */
  waive(caller: Caller, id: string, request: WaiverRequest): Promise<AssuranceView>;
}
