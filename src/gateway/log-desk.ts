/** The verifiable log for whoever may read it. In: callers. Out: files as they were published. */
import { ReeveError } from '../core/errors.ts';
import type { Caller } from '../core/principal.ts';
import type { LogDesk } from './gateway.ts';
import type { House } from './house.ts';

export function logDesk(house: House): LogDesk {
  return {
    key: async () => ({ origin: house.log.origin, verifier: house.log.verifier }),
    checkpoint: async (caller) => {
      assertAuditor(house, caller);
      const { note } = await house.log.publish();
      const witnessed = house.witnessed?.() ?? null;
      // The same, with more signatures behind it.
      return witnessed?.startsWith(note) === true ? witnessed : note;
    },
    witnessed: async (caller) => {
      assertAuditor(house, caller);
      return house.witnessed?.() ?? null;
    },
    tile: async (caller, path) => {
      assertAuditor(house, caller);
      const tile = house.log.tile(path);
      if (tile !== null) return tile;
      throw new ReeveError(
        'REQUEST_NOT_FOUND',
        'There is no such tile in the log. Its checkpoint says how large the log is.',
        [{ field: 'path', problem: 'not found' }],
      );
    },
  };
}

/** Entries tell who asked for what: those of everybody are for who may read everybody's records. */
function assertAuditor(house: House, { principal }: Caller): void {
  if (house.generations.current.policy.administer(principal, 'readAudit').allowed) return;
  throw new ReeveError(
    'COMMAND_NOT_ALLOWED',
    'The log holds the records of everybody, and policy does not permit you to read those (readAudit).',
  );
}
