/**
 * The desk of records. In: callers who look after them. Out: holds, and payloads that expire by the policy of this moment.
 * Never: a hold or an expiry that is not on record, a look at what is somebody else's.
 */
import { randomBytes } from 'node:crypto';
import { checkCommitments } from '../audit/check-commitments.ts';
import * as entries from '../audit/entries.ts';
import { ReeveError } from '../core/errors.ts';
import { type Caller, hasScope } from '../core/principal.ts';
import type { Hold } from '../core/retention.ts';
import type { House } from './house.ts';
import { expireAll } from './prune.ts';
import { readExecution } from './read.ts';
import type { HoldRequest, RetentionDesk } from './retention.ts';

export function retentionDesk(house: House): RetentionDesk {
  const { retention } = house.store;
  return Object.freeze({
    async due(caller: Caller) {
      assertKeeper(house, caller);
      return retention.due(policyOf(house), house.clock.now());
    },

    async prune(caller: Caller) {
      assertKeeper(house, caller);
      return expireAll(house, caller.principal.id);
    },

    async holds(caller: Caller) {
      assertKeeper(house, caller);
      return retention.holds();
    },

    async placeHold(caller: Caller, request: HoldRequest) {
      assertKeeper(house, caller);
      assertHoldable(house, request);
      const hold: Hold = Object.freeze({
        id: `hold_${randomBytes(8).toString('hex')}`,
        reason: request.reason,
        holds: Object.freeze({ ...request.holds }),
        placedBy: caller.principal.id,
        placedAt: house.clock.now(),
        releasedBy: null,
        releasedAt: null,
      });
      retention.placeHold(hold, entries.holdPlaced(hold));
      return hold;
    },

    async releaseHold(caller: Caller, id: string, reason: string) {
      assertKeeper(house, caller);
      const at = house.clock.now();
      const by = caller.principal.id;
      const entry = entries.holdReleased(at, by, { hold: id, reason });
      const released = retention.releaseHold(id, by, at, entry);
      if (released === null)
        throw notFound('There is no hold of that id. See reeve audit hold list.');
      return released;
    },

    async check(caller: Caller, requestId: string) {
      readExecution(house, caller, requestId);
      // What is on record, not what this process holds of a run that goes on.
      const execution = house.store.execution(requestId);
      const findings = checkCommitments(house.store, requestId);
      if (execution === null || findings === null) throw notFound('There is no such request.');
      const { outputExpiredAt, payloadsExpiredAt } = execution;
      return { requestId, outputExpiredAt, payloadsExpiredAt, findings };
    },
  });
}

function policyOf(house: House) {
  return house.generations.current.settings.retention;
}

function assertKeeper(house: House, caller: Caller): void {
  const { policy } = house.generations.current;
  const may =
    hasScope(caller, 'administer') && policy.administer(caller.principal, 'manageRecords').allowed;
  if (may) return;
  throw new ReeveError(
    'COMMAND_NOT_ALLOWED',
    'Policy does not permit you to look after records (manageRecords), which holds and prunes payloads.',
  );
}

function assertHoldable(house: House, { holds, reason }: HoldRequest): void {
  if (reason.trim() === '') throw invalid('reason', 'is blank', 'why it is held');
  if (Object.values(holds).every((value) => value === null)) {
    throw invalid('holds', 'names nothing', 'a request, command, principal, environment or time');
  }
  if (holds.since !== null && holds.until !== null && holds.since >= holds.until) {
    throw invalid('until', 'is not after since', 'a later time');
  }
  if (holds.requestId === null) return;
  const execution = house.store.execution(holds.requestId);
  if (execution === null) throw notFound('There is no such request, so nothing was held.');
  if (execution.payloadsExpiredAt === null) return;
  const on = new Date(execution.payloadsExpiredAt).toISOString();
  throw new ReeveError(
    'CONFLICT',
    `The payload of ${holds.requestId} expired by retention on ${on}: there is nothing left to hold. Its entries stay in any case.`,
  );
}

function invalid(field: string, problem: string, expected: string): ReeveError {
  const message = `${field} ${problem}; ${expected} is expected. Nothing was held.`;
  return new ReeveError('INVALID_REQUEST', message, [{ field, problem, expected }]);
}

function notFound(message: string): ReeveError {
  return new ReeveError('REQUEST_NOT_FOUND', message, [{ field: 'id', problem: 'not found' }]);
}
