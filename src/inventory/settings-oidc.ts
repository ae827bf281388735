/**
 * The identity provider in the settings. In: `identity:` as written. Out: a checked provider. Never: one reached without
 * TLS but on this very host, whose keys anybody on the way could swap, or a secret in a file that a command could read.
 */
import type { Environment } from '../core/command.ts';
import type { OidcSettings } from '../core/settings.ts';
import type { Findings } from './diagnose.ts';
import { placesOnTheWay } from './placement.ts';
import { shownBy } from './secret-sources.ts';
import { type IdentityFields, isLoopback, ownSecretOf } from './settings-identity.ts';
import type { Path } from './source.ts';
import { quote } from './words.ts';

/** Null where none is configured, or where it cannot be used, which the findings tell. */
export function readOidc(
  written: IdentityFields | undefined,
  environments: ReadonlyMap<string, Environment>,
  folder: string,
  findings: Findings,
): OidcSettings | null {
  const oidc = written?.oidc;
  if (oidc === undefined) return null;
  const at: Path = ['identity', 'oidc'];
  if (!isProvider(oidc.issuer)) {
    findings.error(
      [...at, 'issuer'],
      'bad-value',
      `${quote(oidc.issuer)} is no https address without user, query and fragment`,
      'Write it exactly as iss in its tokens: https://id.example.org. On loopback, http may do.',
    );
  }
  if (oidc.client !== undefined && oidc.client.id === oidc.audience) {
    findings.error(
      [...at, 'audience'],
      'bad-value',
      'audience is the id of the client, so that what people sign in with would pass for a token of a program',
      'Give the gateway an audience of its own, such as its address: https://reeve.example.org/mcp.',
    );
  }
  const { client } = oidc;
  const secret = client?.secret === undefined ? null : ownSecretOf(client.secret, folder);
  if (secret?.kind === 'file') {
    const places = [secret.path, ...placesOnTheWay(secret.path)];
    const shown = shownBy(places, environments.values(), []);
    if (shown !== null) {
      findings.error(
        [...at, 'client', 'secret', 'file'],
        'secret-in-sight',
        `the secret's file ${secret.path} lies in ${shown}: commands could read it`,
        'Keep it where no command sees it, readable for the gateway alone.',
      );
    }
  }
  return {
    issuer: oidc.issuer,
    audience: oidc.audience,
    rolesClaim: oidc.rolesClaim ?? 'roles',
    client: client === undefined ? null : { id: client.id, secret },
  };
}

/** https; http only where nobody stands between: on loopback. */
function isProvider(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  if (text.includes('?') || text.includes('#')) return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && isLoopback(url.hostname);
}
