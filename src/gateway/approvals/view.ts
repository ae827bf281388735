/** A request for approval as somebody sees it. In: what is on record, and who looks. Out: the view, or nothing. */
import { objectionTo, proofsFor } from '../../approvals/entitlement.ts';
import { standing } from '../../approvals/standing.ts';
import type { Dossier } from '../../core/approval.ts';
import { ReeveError } from '../../core/errors.ts';
import type { ApprovalState } from '../../core/people-ports.ts';
import { type Caller, hasScope } from '../../core/principal.ts';
import type { ApprovalView } from '../gateway.ts';
import type { House } from '../house.ts';
import { differencesOf } from './dossier.ts';

/** Throws REQUEST_NOT_FOUND, the same for one that does not exist and one that is not the caller's to see. */
export function stateInSight(house: House, caller: Caller, requestId: string): ApprovalState {
  const state = house.store.approvals.state(requestId);
  if (state === null || !inSight(house, caller, state)) {
    throw new ReeveError(
      'REQUEST_NOT_FOUND',
      'There is no request for approval of this id, or it is not yours to see.',
      [{ field: 'requestId', problem: 'not found' }],
    );
  }
  return state;
}

/** Who asked, whom the agent acts for, who may answer one of its stages, and who reads everybody's records. */
export function inSight(house: House, { principal }: Caller, { request }: ApprovalState): boolean {
  const requester = request.caller.principal;
  return (
    requester.id === principal.id ||
    (principal.kind === 'person' &&
      (requester.onBehalfOf === principal.id ||
        request.stages.some(({ role }) => principal.roles.includes(role)))) ||
    house.generations.current.policy.administer(principal, 'readAudit').allowed
  );
}

export function viewOf(house: House, caller: Caller, state: ApprovalState): ApprovalView {
  const { execution, request, answers } = state;
  const { settings } = house.generations.current;
  const risk = execution.risk ?? 'critical';
  const proofs = (role: string) => proofsFor(settings.approvals, role, risk);
  const awaits = execution.status === 'awaiting_approval';
  const stands = standing(request, answers);
  const open = awaits ? stands.open : null;
  const stage = open === null ? null : request.stages[open]!;
  const objection = stage === null ? null : objectionTo(request, stage, caller.principal, answers);
  const why = stage === null ? closedWhy(execution.status) : (objection?.message ?? null);
  const mayAnswer = stage !== null && objection === null && hasScope(caller, 'approve');
  return {
    requestId: request.requestId,
    status: execution.status,
    errorCode: execution.errorCode,
    errorMessage: execution.errorMessage,
    command: execution.command ?? '',
    environment: execution.environment ?? '',
    risk,
    requester: {
      principal: request.caller.principal.id,
      kind: request.caller.principal.kind,
      onBehalfOf: request.caller.principal.onBehalfOf,
      face: request.caller.face,
      client: request.caller.client,
    },
    trust: execution.trust,
    requestedAt: execution.requestedAt,
    expiresAt: request.expiresAt,
    startBy: request.startBy,
    digest: request.digest,
    stages: request.stages.map((each, index) => ({
      role: each.role,
      count: each.count,
      independent: each.independent,
      policy: each.policy,
      state: stateOf(stands.stages[index]!.state, awaits),
      proofs: proofs(each.role),
      answers: stands.stages[index]!.answers.map((a) => ({
        approver: a.approver,
        verdict: a.verdict,
        reason: a.reason,
        at: a.at,
        proof: a.proof.kind,
      })),
    })),
    openStage: open,
    mine: {
      mayAnswer,
      mayWithdraw: awaits && mayWithdraw(caller, state),
      why: mayAnswer ? null : (why ?? 'Your credential may not be used to answer approvals.'),
      proofs: stage === null ? [] : proofs(stage.role),
    },
    dossier: dossierLeft(state),
    differences: execution.payloadsExpiredAt === null ? differencesFrom(house, state) : null,
    identical: awaits ? identicalTo(house, caller, state) : [],
    page: house.page(`/approve/${request.requestId}`),
  };
}

/** What retention took says so where it would stand. */
function dossierLeft({ execution, request }: ApprovalState): Dossier {
  if (execution.payloadsExpiredAt === null) return request.dossier;
  const on = new Date(execution.payloadsExpiredAt).toISOString();
  return { expired: `expired by retention on ${on}` };
}

/** Whoever asked, or the person that the asking agent acts for. */
export function mayWithdraw({ principal }: Caller, { request }: ApprovalState): boolean {
  const requester = request.caller.principal;
  return (
    requester.id === principal.id ||
    (principal.kind === 'person' && requester.onBehalfOf === principal.id)
  );
}

function stateOf(
  state: 'granted' | 'open' | 'waiting' | 'rejected',
  awaits: boolean,
): 'granted' | 'open' | 'waiting' | 'rejected' {
  return state === 'open' && !awaits ? 'waiting' : state;
}

function closedWhy(status: string): string {
  return `It takes no answers any more: it is ${status}.`;
}

function differencesFrom(house: House, { execution, request }: ApprovalState) {
  if (execution.command === null || execution.environment === null) return null;
  const last = house.store.approvals.lastApproved(execution.command, execution.environment);
  if (last === null || last.requestId === request.requestId) return null;
  return { requestId: last.requestId, fields: differencesOf(last.dossier, request.dossier) };
}

function identicalTo(house: House, caller: Caller, { request }: ApprovalState): readonly string[] {
  return house.store.approvals
    .waiting()
    .filter(
      (other) =>
        other.request.requestId !== request.requestId &&
        other.request.digest === request.digest &&
        inSight(house, caller, other),
    )
    .map((other) => other.request.requestId);
}
