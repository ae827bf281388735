/** A request for approval, its stages and its people, as small as can be. */
import type { Answer, ApprovalRequest, Proof } from '../../../src/core/approval.ts';
import type { DecidedStage } from '../../../src/core/decision.ts';
import type { Execution } from '../../../src/core/execution.ts';
import type { ApprovalState } from '../../../src/core/people-ports.ts';
import type { Principal } from '../../../src/core/principal.ts';

export const digest = 'sha256:what-will-run';
export const token: Proof = { kind: 'token', tokenId: 'tok_1' };

export function person(id: string, ...roles: readonly string[]): Principal {
  return { id, kind: 'person', roles, onBehalfOf: null };
}

export function stage(role: string, count = 1, independent = true): DecidedStage {
  return { role, count, independent, policy: null };
}

export const agentOfAda: Principal = { id: 'bot', kind: 'agent', roles: [], onBehalfOf: 'ada' };

export function waiting(
  stages: readonly DecidedStage[],
  answers: readonly Answer[] = [],
  changes: { requester?: Principal; status?: Execution['status']; expiresAt?: number } = {},
): ApprovalState {
  const request: ApprovalRequest = {
    requestId: 'req_1',
    digest,
    stages,
    expiresAt: changes.expiresAt ?? 10_000,
    startBy: null,
    caller: { principal: changes.requester ?? agentOfAda, face: 'rest', client: null },
    call: {},
    dossier: {},
  };
  const execution: Execution = {
    requestId: 'req_1',
    status: changes.status ?? 'awaiting_approval',
    command: 'wipe',
    tool: 'wipe',
    environment: 'production',
    risk: 'high',
    principal: request.caller.principal.id,
    onBehalfOf: request.caller.principal.onBehalfOf,
    face: 'rest',
    client: null,
    trust: 'gateway',
    arguments: {},
    parametersHash: null,
    argv: ['/usr/bin/wipe'],
    digest,
    workingDirectory: '/workspace',
    timeoutMs: 1_000,
    policies: [],
    concurrencyKey: null,
    owner: 'gateway-1',
    fence: 1,
    requestedAt: 1_000,
    startedAt: null,
    finishedAt: null,
    exitCode: null,
    signal: null,
    errorCode: null,
    errorMessage: null,
    usage: null,
    sandbox: null,
    salt: null,
    outputExpiredAt: null,
    payloadsExpiredAt: null,
    rehearsal: null,
    step: null,
  };
  return { execution, request, answers };
}
