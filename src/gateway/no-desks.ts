/** The desks of a gateway that keeps neither approvals nor credentials. Every question is refused in words. */
import { ReeveError } from '../core/errors.ts';
import type { AssuranceDesk } from './assurance.ts';
import type { ApprovalDesk, CredentialDesk, LogDesk } from './gateway.ts';
import type { RehearsalDesk } from './rehearsals.ts';
import type { RetentionDesk } from './retention.ts';

const nowhere = async (): Promise<never> => {
  throw new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    'This gateway keeps none of that. Ask a gateway that "reeve serve" runs.',
  );
};

export const noApprovals: ApprovalDesk = Object.freeze({
  list: nowhere,
  show: nowhere,
  challenge: nowhere,
  answer: nowhere,
  withdraw: nowhere,
});

export const noCredentials: CredentialDesk = Object.freeze({
  tokens: nowhere,
  createToken: nowhere,
  revokeToken: nowhere,
  passkeys: nowhere,
  revokePasskey: nowhere,
  createEnrolmentCode: nowhere,
  people: nowhere,
});

export const noLog: LogDesk = Object.freeze({
  key: nowhere,
  checkpoint: nowhere,
  witnessed: nowhere,
  tile: nowhere,
});

export const noAssurance: AssuranceDesk = Object.freeze({
  run: nowhere,
  list: nowhere,
  show: nowhere,
  waive: nowhere,
});

export const noRetention: RetentionDesk = Object.freeze({
  due: nowhere,
  prune: nowhere,
  holds: nowhere,
  placeHold: nowhere,
  releaseHold: nowhere,
  check: nowhere,
});

/** Copies are made where the workspace is: in the process of the gateway itself. */
export const noRehearsals: RehearsalDesk = Object.freeze({ prepare: nowhere, run: nowhere });
