/**
 * The door of a shared gateway in the settings: TLS, trusted proxies, how fast one may ask. In: `tls:`, `proxy:` and `rate:` as
 * written. Out: files and networks that hold together. Never: a key that a command could read, or a proxy by a name that
 * somebody else could answer to.
 */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { z } from 'zod';
import type { Environment } from '../core/command.ts';
import { type RateSettings, rateDefaults, type TlsFiles } from '../core/settings.ts';
import type { Findings } from './diagnose.ts';
import { placementMessage, placementRemedy, placesOnTheWay, writableFrom } from './placement.ts';
import { shownBy } from './secret-sources.ts';
import type { proxySchema, rateSchema, tlsSchema } from './settings-door-schema.ts';
import { quote } from './words.ts';

export function readTls(
  written: z.infer<typeof tlsSchema> | undefined,
  environments: ReadonlyMap<string, Environment>,
  folder: string,
  findings: Findings,
): TlsFiles | null {
  if (written === undefined) return null;
  const certificate = resolve(folder, written.certificate);
  const key = resolve(folder, written.key);
  const where = writableFrom(certificate, [...environments.values()]);
  if (where !== null) {
    const message = placementMessage('the certificate', certificate, where);
    findings.error(['tls', 'certificate'], 'writable-by-commands', message, placementRemedy);
  }
  const shown = shownBy([key, ...placesOnTheWay(key)], environments.values(), []);
  if (shown !== null) {
    findings.error(
      ['tls', 'key'],
      'secret-in-sight',
      `the key's file ${key} lies in ${shown}: commands could read it`,
      'Keep it where no command sees it, readable for the gateway alone.',
    );
  }
  return { certificate, key };
}

export function readProxy(
  written: z.infer<typeof proxySchema> | undefined,
  findings: Findings,
): { readonly trusted: readonly string[] } {
  const trusted = written?.trusted ?? [];
  for (const [index, network] of trusted.entries()) {
    const problem = objectionTo(network);
    if (problem === null) continue;
    findings.error(
      ['proxy', 'trusted', index],
      'bad-value',
      `${quote(network)} ${problem}`,
      'Write an address or a network: 10.1.2.3, 10.0.0.0/8, "::1" or "fd00::/8".',
    );
  }
  return { trusted: [...new Set(trusted)] };
}

export function readRate(written: z.infer<typeof rateSchema> | undefined): RateSettings {
  return {
    perPrincipal: { ...rateDefaults.perPrincipal, ...written?.perPrincipal },
    recordedRefusals: { ...rateDefaults.recordedRefusals, ...written?.recordedRefusals },
  };
}

function objectionTo(network: string): string | null {
  const [address = '', prefix, ...rest] = network.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return 'is no address or network';
  if (prefix === undefined) return null;
  const most = family === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > most)
    return `has no prefix from 1 to ${most} after its slash`;
  // Everybody would be a proxy: nothing would be left of which the address is known.
  return Number(prefix) === 0
    ? 'is every address there is, so that anybody could pass for anybody'
    : null;
}
