/**
 * What expires, expires: asked for, and by itself. In: the policy of this moment. Out: payloads that are gone, on record.
 * Never: a transaction that others have to wait long for. A crash between two batches leaves the rest to the next look.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { payloadsExpired } from '../audit/entries.ts';
import type { Expired } from '../core/retention.ts';
import type { House } from './house.ts';
import type { PruneReport } from './retention.ts';

/** Executions in one transaction, and how long others have their turn before the next one (milliseconds). */
const batch = 200;
const pauseMs = 20;

/**
 * `by` is who asked for it; null where nobody did. `purged`: nothing of what expired earlier is left in the log. Ends
 * early where the gateway stops.
 */
export async function expireAll(
  house: House,
  by: string | null,
  purged = false,
): Promise<PruneReport> {
  const { retention } = house.store;
  // One moment for all of it: every batch says the same `until`.
  const now = house.clock.now();
  const found = new Map<string, Expired>();
  for (;;) {
    const policy = house.generations.current.settings.retention;
    const { expired, more } = retention.expire(policy, now, batch, (each) =>
      payloadsExpired(now, by, each),
    );
    for (const each of expired) {
      const key = `${each.what} ${each.rule}`;
      found.set(key, { ...each, count: each.count + (found.get(key)?.count ?? 0) });
    }
    if (!more || house.state.shuttingDown) break;
    await sleep(pauseMs);
  }
  const clean = purged && found.size === 0;
  return { expired: [...found.values()], purged: clean || retention.purge() };
}

/** Of the looks that a gateway which stays takes by itself, one in so many goes through the records. */
const everyLooks = 10;

/** To be called every minute or so. The first time it also cuts off what an earlier process left in the log. */
export function expiryOfPayloads(house: House): () => Promise<void> {
  let looks = 0;
  let purged = false;
  return async () => {
    looks += 1;
    if ((looks - 1) % everyLooks !== 0) return;
    const { retention } = house.generations.current.settings;
    if (retention.every((rule) => rule.keepMs === null && rule.outputMs === null)) return;
    ({ purged } = await expireAll(house, null, purged));
  };
}
