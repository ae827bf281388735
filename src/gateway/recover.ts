/**
 * What a gateway does about executions whose gateway is gone. In: open executions in the store. Out: every one of them
 * settled, or named as unproven. Never: touching one whose owner lives, or settling a run whose processes may still be there.
 */
import { lost, settled } from '../audit/entries.ts';
import type { Execution } from '../core/execution.ts';
import { proceed } from './approvals/proceed.ts';
import { endOfOwn } from './conclude.ts';
import type { House } from './house.ts';

/** Settles what can be settled; answers the request ids that could not be proven to have ended. */
export async function recover(house: House): Promise<ReadonlySet<string>> {
  const unproven = new Set<string>();
  const alive = new Map<string, boolean>();
  for (const execution of house.store.open()) {
    const { owner, status } = execution;
    if (owner === house.liveness.self) {
      settleOwn(house, execution);
      continue;
    }
    if (!alive.has(owner)) alive.set(owner, house.liveness.alive(owner));
    if (alive.get(owner)) continue;
    switch (status) {
      case 'queued':
        if (takeOver(house, execution)) break;
        // The intent was never committed: no process can exist. Whoever asked is gone with the gateway that was asked.
        settle(
          house,
          execution,
          'cancelled',
          'HOST_LOST',
          'The gateway that took this request went away before it was started. Nothing ran; ask again if it is still wanted.',
        );
        break;
      case 'running':
        if (
          await house.runner.proveGone(execution.requestId, house.store.handle(execution.requestId))
        ) {
          settle(
            house,
            execution,
            'unknown',
            'HOST_LOST',
            'The gateway went away while this ran. Its processes are gone; what it had done by then is not known. Look at what it may have left before a person decides what next.',
          );
        } else {
          unproven.add(execution.requestId);
        }
        break;
      default:
        break;
    }
  }
  for (const requestId of unproven) {
    if (!house.state.unproven.has(requestId)) {
      house.report(
        `${requestId} was running when its gateway went away, and its processes cannot be proven gone; it stays "running" until they are`,
      );
    }
  }
  house.state.unproven = unproven;
  return unproven;
}

/**
 * What people have granted is not lost with the gateway that was to start it: no process can exist before the intent, so
 * the claim passes on, once. Only to a gateway that stays: what a passing one took, that one would soon have to cancel.
 * True where it needs no settling now.
 */
function takeOver(house: House, { requestId, owner, fence }: Execution): boolean {
  const state = house.store.approvals.state(requestId);
  if (state === null || house.clock.now() > (state.request.startBy ?? 0)) return false;
  if (house.trust !== 'gateway' || house.state.shuttingDown) return true;
  const ours = house.store.approvals.takeOver(requestId, { owner, fence }, house.liveness.self);
  if (ours !== null) proceed(house, { ...state, execution: ours });
  return true;
}

/** One of ours that this process no longer carries: it was given up before a process, and could not be settled then. */
function settleOwn(house: House, execution: Execution): void {
  if (house.live.has(execution.requestId)) return;
  switch (execution.status) {
    case 'queued':
    case 'running': {
      const { status, errorCode, errorMessage } = endOfOwn(execution.status);
      settle(house, execution, status, errorCode, errorMessage);
      break;
    }
    default:
      break;
  }
}

/** Compare-and-set from the status that was read: of two gateways that recover at once, one wins. */
function settle(
  house: House,
  execution: Execution,
  to: 'cancelled' | 'failed' | 'unknown',
  errorCode: 'HOST_LOST' | 'AUDIT_UNAVAILABLE',
  errorMessage: string,
): void {
  const at = house.clock.now();
  const ended: Execution = { ...execution, status: to, finishedAt: at, errorCode, errorMessage };
  const entry = to === 'unknown' ? lost(ended) : settled(ended);
  const { requestId, status } = execution;
  if (house.store.settle(requestId, status, to, at, errorCode, errorMessage, entry))
    house.ended?.(ended);
}
