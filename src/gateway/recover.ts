/**
 * What a gateway does about executions whose gateway is gone. In: open executions in the store. Out: every one of them
 * settled, or named as unproven. Never: touching one whose owner lives, or settling a run whose processes may still be there.
 */
import { lost } from '../audit/entries.ts';
import type { Execution, FinalStatus } from '../core/execution.ts';
import type { House } from './house.ts';

/** Settles what can be settled; answers the request ids that could not be proven to have ended. */
export async function recover(house: House): Promise<ReadonlySet<string>> {
  const unproven = new Set<string>();
  const alive = new Map<string, boolean>();
  for (const execution of house.store.open()) {
    const { owner, status } = execution;
    if (owner === house.liveness.self) continue;
    if (!alive.has(owner)) alive.set(owner, house.liveness.alive(owner));
    if (alive.get(owner)) continue;
    switch (status) {
      case 'queued':
        // The intent was never committed: no process can exist. Whoever asked is gone with the gateway that was asked.
        settle(
          house,
          execution,
          'cancelled',
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

/** Compare-and-set from the status that was read: of two gateways that recover at once, one wins. */
function settle(house: House, execution: Execution, to: FinalStatus, message: string): void {
  const at = house.clock.now();
  house.store.settle(
    execution.requestId,
    execution.status,
    to,
    at,
    'HOST_LOST',
    message,
    lost({
      ...execution,
      status: to,
      finishedAt: at,
      errorCode: 'HOST_LOST',
      errorMessage: message,
    }),
  );
}
