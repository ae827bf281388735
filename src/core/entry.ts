/**
 * Entries: the lines of the record. Each is committed in the transaction of the state change that it tells of.
 * The order of a run's entries: asked, decided, intent (before the process), outcome (before the answer).
 */
import type { JsonObject } from './json.ts';

/** Of what is written. 1 held plain SHA-256 of arguments, digest and output where 2 holds commitments; readers take both. */
export const entryVersion = 2;

/** Bytes that the text of an entry may have: the tile format of the verifiable log gives lengths 16 bits. */
export const maxEntryBytes = 65_535;

export const entryKinds = [
  'asked',
  'decided',
  'refused',
  'intent',
  'outcome',
  'lost',
  'cancel-asked',
  'generation-loaded',
  'generation-refused',
  'frozen',
  'unfrozen',
  'token-created',
  'token-revoked',
  'enrolment-code-created',
  'passkey-enrolled',
  'passkey-revoked',
  'approval-answered',
  'approval-refused',
  'approval-granted',
  'gateway-started',
  'gateway-stopped',
  'unauthenticated',
  'payloads-expired',
  'hold-placed',
  'hold-released',
  'assurance-recorded',
  'assurance-waived',
  'runbook-started',
  'runbook-step',
  'runbook-steered',
  'runbook-ended',
  'refusals-left-out',
  'state-upgraded',
  'state-restored',
] as const;
export type EntryKind = (typeof entryKinds)[number];

/** An entry before it is written: the store gives it its sequence number. `at` is milliseconds since 1970 (UTC). */
export interface EntryDraft {
  readonly kind: EntryKind;
  readonly at: number;
  readonly requestId: string | null;
  readonly principal: string | null;
  readonly body: JsonObject;
}

/** A written entry. `text` is its canonical JSON, exactly as stored: `{v, seq, kind, at, requestId, principal, body}`. */
export interface Entry extends EntryDraft {
  readonly seq: number;
  readonly text: string;
}
