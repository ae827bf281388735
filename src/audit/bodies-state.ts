/** What the entries say that tell of the state as a whole: a schema changed, a backup put back. Pinned: auditors' tools read these names. */

/** `state-upgraded`: a newer Reeve changed the schema; `copy` names the file that holds the database of before. */
export type StateUpgradedBody = {
  readonly from: number;
  readonly to: number;
  readonly copy: string;
};

/**
 * `state-restored`: what came before this entry was put back from a backup of `takenAt` (milliseconds since 1970), which held
 * `entries` entries; what was recorded after it is not here. `log` is the signed log of the backup (`key`: its verifier key),
 * null where it had none. `goesOn` is true where the log goes on under that key, false where a new one begins with this state.
 * The counts are of what was ended with it: awaiting or queued, running, and runs of runbooks that were paused.
 */
export type StateRestoredBody = {
  readonly takenAt: number;
  readonly reeve: string;
  readonly entries: number;
  readonly log: { readonly key: string; readonly size: number; readonly root: string } | null;
  readonly goesOn: boolean;
  readonly cancelled: number;
  readonly unknown: number;
  readonly paused: number;
};
