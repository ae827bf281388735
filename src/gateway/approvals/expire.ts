/**
 * Requests whose time is over. In: what awaits approval, two clocks. Out: those settled. Never: a request that lives on
 * because the clock was put back; time is also counted from when this process first saw it.
 */
import { settled } from '../../audit/entries.ts';
import type { Execution } from '../../core/execution.ts';
import type { House } from '../house.ts';
import { approvalSpan } from './approval-span.ts';

export function expiry(house: House): () => void {
  /** When it is over by the clock that never goes back. */
  const deadlines = new Map<string, number>();
  return () => {
    const now = house.clock.now();
    const monotonic = house.clock.monotonic();
    const waiting = house.store.approvals.waiting();
    const seen = new Set(waiting.map(({ request }) => request.requestId));
    for (const requestId of deadlines.keys()) if (!seen.has(requestId)) deadlines.delete(requestId);
    for (const { execution, request } of waiting) {
      const left = request.expiresAt - now;
      const deadline = deadlines.get(request.requestId) ?? monotonic + left;
      deadlines.set(request.requestId, Math.min(deadline, monotonic + left));
      if (left > 0 && monotonic < deadline) continue;
      close(house, execution, 'rejected', 'APPROVAL_EXPIRED', notInTime);
    }
  };
}

const notInTime =
  'The approvals did not come in time, so it is refused and nothing ran. Ask again if it is still wanted.';

/** Ends what awaits approval, with its entry. False if somebody else was first: then their word stands. */
export function close(
  house: House,
  execution: Execution,
  to: 'rejected' | 'cancelled',
  errorCode: 'APPROVAL_EXPIRED' | 'APPROVAL_WITHDRAWN' | 'COMMAND_CANCELLED',
  errorMessage: string,
): boolean {
  const at = Math.max(house.clock.now(), execution.requestedAt);
  const ended: Execution = { ...execution, status: to, finishedAt: at, errorCode, errorMessage };
  const ours = house.store.settle(
    execution.requestId,
    'awaiting_approval',
    to,
    at,
    errorCode,
    errorMessage,
    settled(ended),
  );
  if (ours) {
    const request = house.store.approvals.state(execution.requestId)?.request;
    approvalSpan(house, execution, request, { outcome: 'closed', errorCode });
    house.ended?.(ended);
  }
  return ours;
}
