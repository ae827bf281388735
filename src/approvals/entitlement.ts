/**
 * Who may answer a stage. In: a request, a stage, a person as he is at this moment. Out: null, or why not. Pure.
 * Never: whoever asked; whoever the asking agent acts for, unless the stage says so; a program; a second vote.
 */
import type { Answer, ApprovalRequest, ProofKind } from '../core/approval.ts';
import type { Risk } from '../core/command.ts';
import type { DecidedStage } from '../core/decision.ts';
import { ReeveError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import type { ApprovalSettings } from '../core/settings.ts';

/** What speaks against this person for the whole request, whichever stage it is about; null where nothing does. */
export function strangerTo(request: ApprovalRequest, approver: Principal): ReeveError | null {
  const requester = request.caller.principal;
  if (approver.kind !== 'person' || approver.onBehalfOf !== null) {
    return notAllowed(
      'An approval is given by a person, and this credential is a program’s. Have a person answer who holds the role of the stage.',
    );
  }
  if (approver.id === requester.id) {
    return notAllowed(
      'Nobody approves what he has asked for himself. Somebody else has to answer.',
    );
  }
  return null;
}

/** What speaks against this person at this stage; null where nothing does. */
export function objectionTo(
  request: ApprovalRequest,
  stage: DecidedStage,
  approver: Principal,
  earlier: readonly Answer[],
): ReeveError | null {
  const stranger = strangerTo(request, approver);
  if (stranger !== null) return stranger;
  if (stage.independent && approver.id === request.caller.principal.onBehalfOf) {
    return notAllowed(
      'The agent that asks acts for you, so your answer would be its own. Somebody else who holds the role has to answer.',
    );
  }
  if (!approver.roles.includes(stage.role)) {
    return notAllowed(
      `This stage is answered by somebody with the role ${stage.role}, which you do not hold. An operator gives roles in the people file.`,
    );
  }
  if (earlier.some((a) => a.approver === approver.id)) {
    return new ReeveError(
      'CONFLICT',
      'You have answered this request already: one person has one vote. Somebody else has to answer what is still open.',
    );
  }
  return null;
}

/** Proofs that are taken for a stage. A sign-in alone is none for what is of high or critical risk. */
export function proofsFor(
  settings: Pick<ApprovalSettings, 'proofs' | 'defaultProofs'>,
  role: string,
  risk: Risk,
): readonly ProofKind[] {
  const named = Object.hasOwn(settings.proofs, role) ? settings.proofs[role]! : null;
  return (named ?? settings.defaultProofs).filter(
    (kind) => kind !== 'login' || risk === 'low' || risk === 'medium',
  );
}

function notAllowed(message: string): ReeveError {
  return new ReeveError('APPROVAL_NOT_ALLOWED', message);
}
