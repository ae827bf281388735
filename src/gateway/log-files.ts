/** What faces ask of the verifiable log. In: a caller. Out: files as they were published. */
import type { Caller } from '../core/principal.ts';

/** The verifiable log, as files that tools not written here can read. For auditors (policy: readAudit). */
export interface LogDesk {
  /** The log's origin and its verifier key, as Go's note.NewVerifier takes it. For everybody: it is no secret. */
  key(caller: Caller): Promise<{ readonly origin: string; readonly verifier: string }>;
  /** A signed checkpoint over everything that is on record now. Throws AUDIT_UNAVAILABLE. */
  checkpoint(caller: Caller): Promise<string>;
  /** The newest checkpoint that a witness has cosigned; null where there is none. */
  witnessed(caller: Caller): Promise<string | null>;
  /** A tile or bundle by its path below `tile/`; throws REQUEST_NOT_FOUND. */
  tile(caller: Caller, path: string): Promise<Uint8Array>;
}
