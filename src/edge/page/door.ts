/**
 * What the pages for people are made of, wired once: sessions, signing in, enrolling. In: the store's credentials, who is
 * who. Out: the steps that the routes take. WebAuthn and OpenID are loaded when somebody first signs in.
 */
import type { JsonObject } from '../../core/json.ts';
import type { People, Person } from '../../core/people.ts';
import type { CredentialStore } from '../../core/people-ports.ts';
import type { Clock } from '../../core/ports.ts';
import type { OidcSettings, WebhookSecret } from '../../core/settings.ts';
import type { Admission, EnrolmentOptions } from '../identity/passkeys-enrol.ts';
import { passkeyObstacle, relyingParty } from '../identity/passkeys-relying-party.ts';
import { Sessions } from '../identity/sessions.ts';
import type { SignedIn } from '../identity/sign-in.ts';
import type { ProviderSignIn } from '../identity/sign-in-provider.ts';
import { Tickets } from '../identity/sign-in-tickets.ts';

export interface PagesOptions {
  readonly publicUrl: string;
  readonly credentials: CredentialStore;
  /** Both as they are now. */
  readonly people: () => People;
  readonly oidc: () => OidcSettings | null;
  /** Throws ReeveError where the secret cannot be had. */
  readonly secretOf: (secret: WebhookSecret) => string;
  readonly clock: Clock;
}

/** `browser` is the value of the cookie that ties the steps of one sign-in together. */
export interface Pages {
  readonly publicUrl: string;
  readonly sessions: Sessions;
  /** Why no passkey works at this address; null where they do. */
  readonly passkeyObstacle: string | null;
  /** True where people may sign in at a provider. */
  hasProvider(): boolean;
  beginPasskey(browser: string): Promise<object>;
  finishPasskey(browser: string, assertion: JsonObject): Promise<SignedIn>;
  beginProvider(browser: string): Promise<URL>;
  finishProvider(browser: string, query: string): Promise<SignedIn>;
  beginEnrolment(
    browser: string,
    admission: Admission,
  ): Promise<{ readonly person: Person; readonly creation: object }>;
  finishEnrolment(
    browser: string,
    admission: Admission,
    given: { readonly name: string; readonly response: JsonObject },
  ): Promise<SignedIn>;
}

export function createPages(options: PagesOptions): Pages {
  const { publicUrl, credentials, people, oidc, secretOf, clock } = options;
  const party = relyingParty(publicUrl);
  const tickets = new Tickets(() => clock.monotonic());
  const passkeys: EnrolmentOptions = { credentials, people, party, tickets, clock };
  const sessions = new Sessions({
    publicUrl,
    people,
    credentials,
    issuer: () => oidc()?.issuer ?? null,
    clock,
  });
  let provider: Promise<ProviderSignIn> | null = null;
  const atProvider = (): Promise<ProviderSignIn> => {
    provider ??= import('../identity/sign-in-provider.ts').then(
      ({ ProviderSignIn }) =>
        new ProviderSignIn({
          oidc,
          secretOf,
          people,
          tickets,
          callback: `${publicUrl.replace(/\/+$/, '')}/session/callback`,
          now: () => clock.now(),
        }),
    );
    return provider;
  };
  return {
    publicUrl,
    sessions,
    passkeyObstacle: passkeyObstacle(publicUrl),
    hasProvider: () => oidc()?.client != null,
    async beginPasskey(browser) {
      const { beginPasskeySignIn } = await import('../identity/sign-in.ts');
      return beginPasskeySignIn(passkeys, browser);
    },
    async finishPasskey(browser, assertion) {
      const { finishPasskeySignIn } = await import('../identity/sign-in.ts');
      return finishPasskeySignIn(passkeys, browser, assertion);
    },
    beginProvider: async (browser) => (await atProvider()).begin(browser),
    finishProvider: async (browser, query) => (await atProvider()).finish(browser, query),
    async beginEnrolment(browser, admission) {
      const { beginEnrolment } = await import('../identity/passkeys-enrol.ts');
      return beginEnrolment(passkeys, browser, admission);
    },
    async finishEnrolment(browser, admission, given) {
      const { finishEnrolment } = await import('../identity/passkeys-enrol.ts');
      const passkey = await finishEnrolment(passkeys, browser, admission, given);
      const person = people().persons.get(passkey.person)!;
      return { person, signIn: { by: 'passkey', credentialId: passkey.credentialId } };
    },
  };
}
