/**
 * Webhooks in the settings. In: `webhooks:` as written. Out: endpoints with whole addresses. Never: an address that is
 * reached without TLS over a network, that holds a password, or a secret in a file that a command could read.
 */
import type { Environment } from '../core/command.ts';
import type { WebhookSettings } from '../core/settings.ts';
import type { Findings } from './diagnose.ts';
import { placesOnTheWay } from './placement.ts';
import { shownBy } from './secret-sources.ts';
import { isLoopback, ownSecretOf } from './settings-identity.ts';
import type { WebhookFields } from './settings-webhooks-schema.ts';
import { quote } from './words.ts';

export function readWebhooks(
  written: WebhookFields | undefined,
  environments: ReadonlyMap<string, Environment>,
  folder: string,
  findings: Findings,
): readonly WebhookSettings[] {
  const names = new Set<string>();
  return (written ?? []).map(({ name, url, secret, events }, index) => {
    const at = ['webhooks', index];
    if (names.has(name)) {
      findings.error(
        [...at, 'name'],
        'duplicate-name',
        `another webhook is called ${quote(name)}`,
        'Give each a name of its own: what has been sent is kept under it.',
      );
    }
    names.add(name);
    const problem = objectionTo(url);
    if (problem !== null) {
      findings.error(
        [...at, 'url'],
        'bad-value',
        problem,
        'Write it as https://chat.example.org/hooks/reeve. On loopback, http may do.',
      );
    }
    const source = ownSecretOf(secret, folder);
    if (source.kind === 'file') {
      const places = [source.path, ...placesOnTheWay(source.path)];
      const shown = shownBy(places, environments.values(), []);
      if (shown !== null) {
        findings.error(
          [...at, 'secret', 'file'],
          'secret-in-sight',
          `the secret's file ${source.path} lies in ${shown}: commands could read it`,
          'Keep it where no command sees it, readable for the gateway alone.',
        );
      }
    }
    return { name, url, secret: source, events: [...new Set(events)] };
  });
}

/** Without the address itself where it may hold a password. */
function objectionTo(text: string): string | null {
  const url = URL.parse(text);
  if (url === null) return `${quote(text)} is no address`;
  if (url.username !== '' || url.password !== '') {
    return 'the address holds a user or a password, which would stand in plain sight here';
  }
  if (text.includes('#')) return `${quote(text)} has a fragment, which is never sent`;
  if (url.protocol === 'https:') return null;
  if (url.protocol === 'http:') {
    return isLoopback(url.hostname)
      ? null
      : `${quote(text)} is not https, so that anybody on the way could read what is sent`;
  }
  return `${quote(text)} is not https`;
}
