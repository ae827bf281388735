/** Everything the pipeline works with, wired once. Nothing in here decides. */

import type { VerifiableLog } from '../audit/log/log.ts';
import type { AssuranceRecord } from '../core/assurance-record.ts';
import type { Execution } from '../core/execution.ts';
import type { PasskeyVerifier } from '../core/people-ports.ts';
import type { Clock, Ids, Liveness, Queue, Store } from '../core/ports.ts';
import { type Caller, localUser, type Trust } from '../core/principal.ts';
import type { Tracing } from '../core/tracing.ts';
import type { Runner } from '../run/runner.ts';
import type { AssuranceRequest } from './assurance.ts';
import type { Generations } from './generation.ts';
import type { LiveRun } from './live.ts';

export interface House {
  readonly store: Store;
  readonly liveness: Liveness;
  readonly queue: Queue;
  readonly runner: Runner;
  readonly generations: Generations;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly trust: Trust;
  readonly log: VerifiableLog;
  /** Null where no passkey can be checked: publicUrl is not set. */
  readonly passkeys: PasskeyVerifier | null;
  /** The address of one of the pages for people, by its path; null where publicUrl is not set. */
  readonly page: (path: string) => string | null;
  /** Where copies of workspaces lie; left out where none are made. */
  readonly stateDir?: string;
  /** Executions of this process that are not finished, by request id. */
  readonly live: Map<string, LiveRun>;
  readonly state: {
    // The only mutable part of the house.
    shuttingDown: boolean;
    /** Outcomes that are not on record yet, because writing failed: while there are any, nothing new is taken. */
    unrecorded: number;
    /** Running executions of lost gateways whose processes could not be proven gone. */
    unproven: ReadonlySet<string>;
  };
  /** The newest checkpoint that a witness has cosigned, as a note; null where there is none. */
  readonly witnessed?: () => string | null;
  /** What is behind without keeping the gateway from its work, in words, one a line: for health. */
  readonly lagging?: () => readonly string[];
  /** Holds a tool to its command line and keeps what that showed; left out where nothing here can. */
  readonly assure?: (caller: Caller, request: AssuranceRequest) => Promise<AssuranceRecord>;
  /** Left out where nothing is traced. */
  readonly tracing?: Tracing;
  /** Told of every request that has ended, right after its end is on record. */
  readonly ended?: (execution: Execution) => void;
  /** Trouble that no caller waits for: told to the operator's log. */
  readonly report: (message: string, error?: unknown) => void;
}

/** Who the gateway is when it acts on its own (recovery, shutdown, SIGHUP). */
export const gatewayCaller: Caller = Object.freeze({
  principal: Object.freeze({ ...localUser(), id: 'gateway' }),
  face: 'cli',
  client: null,
});
