/**
 * A request for approval, as it is put on record with its execution. In: what was decided, and for whom. Out: the
 * request. Never: more waiting requests of one principal than people can be expected to read.
 */
import type { ApprovalRequest } from '../../core/approval.ts';
import type { Command } from '../../core/command.ts';
import type { Decision } from '../../core/decision.ts';
import { ReeveError } from '../../core/errors.ts';
import type { Execution } from '../../core/execution.ts';
import type { JsonObject } from '../../core/json.ts';
import { deepFreeze } from '../../core/json.ts';
import type { Caller } from '../../core/principal.ts';
import type { TraceContext } from '../../core/tracing.ts';
import type { Generation } from '../generation.ts';
import type { House } from '../house.ts';
import type { Prepared } from '../prepare-again.ts';
import { dossierOf } from './dossier.ts';

export function approvalRequest(
  house: House,
  generation: Generation,
  caller: Caller,
  execution: Execution,
  command: Command,
  { request, invocation }: Prepared,
  decision: Extract<Decision, { kind: 'needs-approval' }>,
  trace: TraceContext | null = null,
): ApprovalRequest {
  const { approvals } = generation.settings;
  return deepFreeze({
    requestId: execution.requestId,
    digest: invocation.digest,
    stages: decision.stages.map((stage) => ({ ...stage })),
    expiresAt: execution.requestedAt + approvals.expireAfterMs,
    startBy: null,
    caller: JSON.parse(JSON.stringify(caller)) as Caller,
    call: JSON.parse(JSON.stringify(request)) as JsonObject,
    dossier: dossierOf(command, invocation, {
      policies: decision.policies,
      sandbox: house.runner.report(invocation),
    }),
    ...(trace === null ? {} : { trace }),
  });
}

/** Throws CONCURRENCY_LIMIT where as many of this principal's requests await approval as may. */
export function assertPatience(house: House, generation: Generation, principal: string): void {
  const most = generation.settings.approvals.waitingPerPrincipal;
  const waiting = house.store.approvals.waitingOf(principal);
  if (waiting < most) return;
  throw new ReeveError(
    'CONCURRENCY_LIMIT',
    `${waiting} of your requests await approval already, and at most ${most} may (approvals.waitingPerPrincipal). Wait for an answer, or withdraw one (reeve withdraw ID).`,
  );
}
