/** What the entries of assurance say. Pinned, like all bodies: auditors' tools read these names. */

/**
 * `assurance-recorded`: tool and command line were held to each other. `recordChecksum` is `sha256:` and the hash of the
 * canonical JSON of the record, which holds what they showed; of the request of the tool's run.
 */
export type AssuranceRecordedBody = {
  readonly record: string;
  readonly recordChecksum: string;
  readonly command: string;
  readonly tool: string;
  readonly environment: string;
  readonly verdict: 'pass' | 'fail';
  readonly differences: number;
  readonly approvalsVerified: boolean;
  readonly durationMs: number;
  readonly commandHash: string;
  readonly executableSha256: string;
  readonly policyHash: string;
  readonly runs: { readonly cli: string; readonly tool: string | null };
};

/** `assurance-waived`: the entry's principal lets a record that failed count until `until` (milliseconds since 1970). */
export type AssuranceWaivedBody = {
  readonly record: string;
  readonly recordChecksum: string;
  readonly command: string;
  readonly environment: string;
  readonly reason: string;
  readonly until: number;
};
