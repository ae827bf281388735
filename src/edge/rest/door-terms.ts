/** What holds at the door of a gateway, as it is configured at this moment. A generation is all of it. */
import { rateDefaults, type Settings } from '../../core/settings.ts';
import type { TlsPair } from '../../gateway/tls-pair.ts';

export interface DoorTerms {
  readonly tls: TlsPair | null;
  readonly settings: Pick<Settings, 'proxy' | 'rate'>;
}

export const openDoor: DoorTerms = Object.freeze({
  tls: null,
  settings: Object.freeze({ proxy: Object.freeze({ trusted: [] }), rate: rateDefaults }),
});
