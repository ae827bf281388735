/**
 * The grants of an execution that still count. In: its answers, the decision of this moment, and who is who now. Out:
 * grants for the permit. Never: one of somebody who has lost the role since, one for stages that are others by now.
 */
import type { Answer } from '../../core/approval.ts';
import type { Decision, Grant } from '../../core/decision.ts';
import { ReeveError } from '../../core/errors.ts';
import type { Execution } from '../../core/execution.ts';
import type { House } from '../house.ts';
import type { LiveRun } from '../live.ts';
import { rolesNow } from '../who.ts';

/**
 * Throws CONFLICT where other stages are demanded by now than were granted, APPROVAL_NOT_ALLOWED where one who granted
 * it may not any more, APPROVAL_EXPIRED where its start is overdue.
 */
export function grantsFor(
  house: House,
  execution: Execution,
  decision: Extract<Decision, { kind: 'needs-approval' }>,
): readonly Grant[] {
  const state = house.store.approvals.state(execution.requestId);
  if (state === null) {
    throw new ReeveError(
      'CONFLICT',
      'Approval is demanded by now, and was not when this was asked; nothing was started. Ask again, and it is collected.',
    );
  }
  const { request, answers } = state;
  if (isOverdue(house, house.live.get(execution.requestId), request.startBy ?? 0)) {
    throw new ReeveError(
      'APPROVAL_EXPIRED',
      'It was granted, but did not start within the time that approvals.startWithin gives; nothing was started. Ask again.',
    );
  }
  if (JSON.stringify(decision.stages) !== JSON.stringify(request.stages)) {
    throw new ReeveError(
      'CONFLICT',
      'Other approvals are demanded by now than were given: inventory or policy changed since. Nothing was started; ask again, and it is approved anew.',
    );
  }
  return answers
    .filter((answer) => answer.verdict === 'approve')
    .map((answer) => {
      assertStill(house, answer);
      const { requestId, stage, approver, digest } = answer;
      return { requestId, stage, approver, digest };
    });
}

function assertStill(house: House, { approver, role, proof }: Answer): void {
  const roles = rolesNow(house, approver, proof);
  if (roles?.includes(role)) return;
  throw new ReeveError(
    'APPROVAL_NOT_ALLOWED',
    `${approver}, who granted this as ${role}, ${roles === null ? 'is no longer known here' : 'does not hold that role any more'}, so the grant does not count; nothing was started. Ask again.`,
  );
}

/** By either clock: putting the one back that can be makes nothing start later. */
export function isOverdue(house: House, live: LiveRun | undefined, startBy: number): boolean {
  const deadline = live?.mustStartBy ?? Number.POSITIVE_INFINITY;
  return house.clock.now() > startBy || house.clock.monotonic() > deadline;
}
