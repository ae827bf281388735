/**
 * A gateway's coming and going, and the generation in force, on record. Never: a reason by itself not to run, because a
 * call that cannot be recorded is refused when it is made.
 */
import * as entries from '../audit/entries.ts';
import { gatewayCaller, type House } from './house.ts';

/** Puts a gateway's beginning and end on record, each once, and the generation where the record names another one. */
export function announcer(house: House): { begin(): void; end(): void } {
  let begun = false;
  const attempt = (what: string, write: () => void): boolean => {
    try {
      write();
      return true;
    } catch (error) {
      // Not fatal by itself: a call that cannot be recorded is refused when it is made.
      house.report(`the ${what} of the gateway could not be put on record`, error);
      return false;
    }
  };
  return {
    begin() {
      if (begun) return;
      const at = house.clock.now();
      const { hash, files } = house.generations.current;
      begun = attempt('start', () => {
        house.store.record([
          entries.gatewayStarted(at, {
            process: house.liveness.self,
            trust: house.trust,
            tier: house.runner.capabilities.tier,
          }),
          ...(house.store.value(generationName) === hash
            ? []
            : [entries.generationLoaded(at, gatewayCaller.principal.id, { hash, files })]),
        ]);
        rememberGeneration(house, hash);
      });
    },
    end() {
      if (!begun) return;
      attempt('stop', () =>
        house.store.record([entries.gatewayStopped(house.clock.now(), house.liveness.self)]),
      );
    },
  };
}

/** The store's name for the hash of the generation that the record named last. */
const generationName = 'generation';

export function rememberGeneration(house: House, hash: string): void {
  house.store.setValue(generationName, hash);
}
