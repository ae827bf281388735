/** Requests for approval and their answers, on SQLite. Not kept yet. */
import { ReeveError } from '../../core/errors.ts';
import type { ApprovalStore, CredentialStore } from '../../core/ports.ts';

const missing = (): never => {
  throw new ReeveError(
    'AUDIT_UNAVAILABLE',
    'This state cannot keep that yet; nothing was changed.',
  );
};
export const approvalsOf = (): ApprovalStore => ({
  state: () => null,
  waiting: () => [],
  page: () => ({ states: [], nextCursor: null }),
  waitingOf: () => 0,
  lastApproved: () => null,
  answer: missing,
  takeOver: () => null,
  putChallenge: missing,
  takeChallenge: () => null,
});
export const credentialsOf = (): CredentialStore => ({
  tokens: () => [],
  tokenByHash: () => null,
  token: () => null,
  addToken: missing,
  revokeToken: () => false,
  passkeys: () => [],
  passkey: () => null,
  addPasskey: missing,
  countPasskey: missing,
  revokePasskey: () => false,
  addEnrolmentCode: missing,
  enrolmentCode: () => null,
});
