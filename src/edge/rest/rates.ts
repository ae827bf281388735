/**
 * How fast one may ask: each principal for calls, each address without a valid token. In: who asks. Out: null, or
 * RATE_LIMITED with the time to wait. Never: one that uses up what another may ask.
 */
import { Buckets, type Pace } from '../../core/buckets.ts';
import { ReeveError } from '../../core/errors.ts';
import { type RateSettings, rateDefaults } from '../../core/settings.ts';
import { HttpRefusal } from './problems.ts';

/** Of one address without a valid token. Far more than a client that looks for its way in, far less than a flood. */
const strangerPace: Pace = Object.freeze({ perSecond: 20, burst: 1_000 });

/** What one asks by: a principal by its id, or an address. */
export type Limit = (key: string) => HttpRefusal | null;

/** `rate` gives the settings of this moment. */
export function principalLimit(
  rate: () => RateSettings = () => rateDefaults,
  now?: () => number,
): Limit {
  const buckets = new Buckets(() => rate().perPrincipal, now);
  return (principal) => {
    const wait = buckets.take(principal);
    if (wait === 0) return null;
    const { perSecond, burst } = rate().perPrincipal;
    return limited(
      wait,
      `Calls came faster than this gateway takes them from one principal: ${burst} at once, then ${perSecond} a second (rate in reeve.yaml). Nothing was started.`,
    );
  };
}

export function addressLimit(now?: () => number): Limit {
  const buckets = new Buckets(() => strangerPace, now);
  return (address) => {
    const wait = buckets.take(address);
    if (wait === 0) return null;
    return limited(wait, 'Too many requests without a valid token came from your address.');
  };
}

function limited(waitMs: number, why: string): HttpRefusal {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  const remedy = `Ask again in ${seconds} s, and more slowly.`;
  return new HttpRefusal(new ReeveError('RATE_LIMITED', `${why} ${remedy}`), {
    status: 429,
    remedy,
    headers: { 'Retry-After': String(seconds) },
  });
}
