/**
 * The desk of assurance. In: callers. Out: records with what they count for at this moment, and waivers that are on record.
 * Never: a waiver by a program, one without an end, or a look at what is somebody else's: differences show output and rows.
 */
import { assuranceWaived } from '../audit/entries.ts';
import type { AssuranceFilter } from '../core/assurance-ports.ts';
import type { AssuranceRecord } from '../core/assurance-record.ts';
import { ReeveError } from '../core/errors.ts';
import { type Caller, hasScope } from '../core/principal.ts';
import type { AssuranceDesk, AssuranceRequest, WaiverRequest } from './assurance.ts';
import { viewOf } from './assurance-standing.ts';
import type { House } from './house.ts';

/** Milliseconds that a waiver may last: whoever still wants it then says so again. */
export const longestWaiverMs = 366 * 86_400_000;

/** `assure` runs both sides; it is null where nothing here can. */
export function assuranceDesk(house: House): AssuranceDesk {
  const { assurance } = house.store;
  return Object.freeze({
    async run(caller: Caller, request: AssuranceRequest) {
      if (house.assure === undefined) {
        throw new ReeveError(
          'COMMAND_EXECUTION_FAILED',
          'This gateway cannot hold tool and command line to each other. Ask one that "reeve serve" runs.',
        );
      }
      return viewOf(house, await house.assure(caller, request));
    },

    async list(caller: Caller, filter: Omit<AssuranceFilter, 'tester'>) {
      const tester = readsAll(house, caller) ? null : caller.principal.id;
      const page = assurance.records({ ...filter, tester });
      const records = await Promise.all(page.records.map((record) => viewOf(house, record)));
      return { records, nextCursor: page.nextCursor };
    },

    async show(caller: Caller, id: string) {
      return viewOf(house, found(house, caller, id));
    },

    async waive(caller: Caller, id: string, request: WaiverRequest) {
      assertMayWaive(house, caller);
      const record = found(house, caller, id);
      const at = house.clock.now();
      assertWaivable(record, request, at);
      const waiver = {
        author: caller.principal.id,
        reason: request.reason,
        at,
        until: request.until,
      };
      const waived = assurance.waive(id, waiver, assuranceWaived(record, waiver));
      if (waived === null) throw notFound();
      return viewOf(house, waived);
    },
  });
}

function readsAll(house: House, { principal }: Caller): boolean {
  const { policy } = house.generations.current;
  return (['readAudit', 'waiveAssurance'] as const).some(
    (action) => policy.administer(principal, action).allowed,
  );
}

function found(house: House, caller: Caller, id: string): AssuranceRecord {
  const record = house.store.assurance.record(id);
  const mine =
    record !== null && (record.tester === caller.principal.id || readsAll(house, caller));
  if (!mine) throw notFound();
  return record;
}

function notFound(): ReeveError {
  return new ReeveError(
    'REQUEST_NOT_FOUND',
    'There is no assurance record of that id, or it is not yours to read. See reeve assure list.',
    [{ field: 'id', problem: 'not found' }],
  );
}

/** A person answers for it, and by a credential that may decide: not the agent whose tool it is about. */
function assertMayWaive(house: House, caller: Caller): void {
  const { principal } = caller;
  if (principal.kind !== 'person') {
    throw new ReeveError(
      'COMMAND_NOT_ALLOWED',
      'Only a person waives a record of assurance; programs cannot.',
    );
  }
  const { policy } = house.generations.current;
  if (hasScope(caller, 'administer') && policy.administer(principal, 'waiveAssurance').allowed)
    return;
  throw new ReeveError(
    'COMMAND_NOT_ALLOWED',
    'Policy does not permit you to waive records of assurance (waiveAssurance).',
  );
}

function assertWaivable(
  record: AssuranceRecord,
  { reason, until }: WaiverRequest,
  now: number,
): void {
  if (record.verdict === 'pass') {
    throw new ReeveError(
      'CONFLICT',
      `${record.id} passed, so there is nothing to waive. Where it is stale, run "reeve assure ${record.command} --env ${record.environment}".`,
    );
  }
  if (reason.trim() === '') throw invalid('reason', 'is blank', 'why the difference may stand');
  if (!Number.isSafeInteger(until) || until <= now) {
    throw invalid('until', 'is not after now', 'a later time');
  }
  if (until - now > longestWaiverMs) {
    throw invalid('until', 'is more than a year away', 'a time within a year');
  }
}

function invalid(field: string, problem: string, expected: string): ReeveError {
  const message = `${field} ${problem}; ${expected} is expected. Nothing was waived.`;
  return new ReeveError('INVALID_REQUEST', message, [{ field, problem, expected }]);
}
