/** The form of `tls:`, `proxy:` and `rate:` in the settings. No meaning here, only form. */
import { z } from 'zod';
import type { Pace } from '../core/buckets.ts';
import { rateDefaults } from '../core/settings.ts';
import { path } from './fields.ts';

export const tlsSchema = z.strictObject({
  certificate: path.describe('The certificate with its chain, PEM: certificate: tls/reeve.pem.'),
  key: path.describe(
    'Its key, PEM, without a passphrase; others must not read it: key: tls/reeve.key.',
  ),
});

export const proxySchema = z.strictObject({
  trusted: z
    .array(z.string().max(64), { error: 'must be a list of addresses and networks' })
    .min(1)
    .max(256)
    .describe(
      'Addresses and networks whose X-Forwarded-* count: trusted: [10.0.0.2, "fd00:1::/64"].',
    ),
});

/** `usual` is what holds where nothing is said. */
function pace(what: string, usual: Pace) {
  return z.strictObject({
    perSecond: z
      .number()
      .min(0.01)
      .max(100_000)
      .optional()
      .describe(`${what} a second over time: perSecond: 10. Default ${usual.perSecond}.`),
    burst: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe(`${what} at once before that: burst: 200. Default ${usual.burst}.`),
  });
}

export const rateSchema = z.strictObject({
  perPrincipal: pace('Calls', rateDefaults.perPrincipal)
    .optional()
    .describe(
      'Calls of each principal over REST and MCP: perPrincipal: { perSecond: 50, burst: 1000 }. Default: that of each.',
    ),
  recordedRefusals: pace('Refusals', rateDefaults.recordedRefusals)
    .optional()
    .describe(
      'Refusals of each principal that go on record one by one: recordedRefusals: { perSecond: 5, burst: 1000 }. Default: that of each.',
    ),
});
