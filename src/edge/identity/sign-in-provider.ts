/**
 * Signing in at an identity provider: authorization code with PKCE, nonce, and a state that one browser alone can bring
 * back. In: the settings, a browser. Out: who it is, and when the provider saw them. Never: a sign-in that the provider
 * remembered from before, a subject that the people file does not name, a token kept.
 */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  None,
} from 'openid-client';
import { ReeveError } from '../../core/errors.ts';
import { type People, personOf } from '../../core/people.ts';
import type { OidcSettings, WebhookSecret } from '../../core/settings.ts';
import type { SignedIn } from './sign-in.ts';
import { type Tickets, ticketMs } from './sign-in-tickets.ts';

export interface ProviderSignInOptions {
  /** As the settings are now. */
  readonly oidc: () => OidcSettings | null;
  /** Throws ReeveError where the secret cannot be had. */
  readonly secretOf: (secret: WebhookSecret) => string;
  readonly people: () => People;
  readonly tickets: Tickets;
  /** Where the provider sends the browser back to. */
  readonly callback: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const timeoutSeconds = 10;
const knownForMs = 3_600_000;
const patienceMs = 5_000;
/** How far the provider's clock may be from ours, in milliseconds. */
const skewMs = 60_000;

type Client = NonNullable<OidcSettings['client']>;

export class ProviderSignIn {
  readonly #options: ProviderSignInOptions;
  #known: {
    readonly key: string;
    readonly at: number;
    readonly configuration: Configuration;
  } | null = null;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ProviderSignInOptions) {
    this.#options = options;
  }

  /** The provider at which people may sign in, or null. */
  issuer(): string | null {
    const oidc = this.#options.oidc();
    return oidc?.client == null ? null : oidc.issuer;
  }

  /** Where to send the browser. Throws DEPENDENCY_UNAVAILABLE. */
  async begin(browser: string): Promise<URL> {
    const { tickets, callback } = this.#options;
    const { configuration } = await this.#client();
    const state = tickets.issue('login', browser);
    const verifier = tickets.derive('verifier', browser, state);
    return buildAuthorizationUrl(configuration, {
      redirect_uri: callback,
      response_type: 'code',
      scope: 'openid',
      state,
      nonce: tickets.derive('nonce', browser, state),
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      // The person is to show themselves now: what the provider remembers of them does not count.
      prompt: 'login',
      max_age: String(ticketMs / 1_000),
    });
  }

  /** `query` is what the provider sent the browser back with. Throws UNAUTHENTICATED, DEPENDENCY_UNAVAILABLE. */
  async finish(browser: string, query: string): Promise<SignedIn> {
    const { tickets, callback, people, now } = this.#options;
    const { configuration, issuer } = await this.#client();
    const url = new URL(callback);
    url.search = query;
    const states = url.searchParams.getAll('state');
    const state = states.length === 1 ? states[0]! : '';
    const ticket = tickets.read(state, 'login', browser);
    if (ticket === null || !tickets.spend(state)) {
      throw refused('late', 'it was begun in another browser, took too long, or came twice');
    }
    const claims = await this.#claims(configuration, url, browser, state);
    const authTime = claims.auth_time;
    const began = now() - tickets.age(ticket);
    if (typeof authTime !== 'number' || authTime * 1_000 < began - skewMs) {
      throw refused('stale', 'the provider does not say that you have signed in just now');
    }
    if (authTime * 1_000 > now() + skewMs) throw refused('stale', 'the provider’s clock is wrong');
    const person = personOf(people(), { issuer, subject: claims.sub });
    if (person === null || person.id === 'local') {
      throw refused(
        'unknown',
        'the people file does not know you by this subject. An operator adds it',
      );
    }
    const at = Math.min(authTime * 1_000, now());
    return { person, signIn: { by: 'login', issuer, subject: claims.sub, at } };
  }

  async #claims(configuration: Configuration, url: URL, browser: string, state: string) {
    const { tickets } = this.#options;
    try {
      const tokens = await authorizationCodeGrant(configuration, url, {
        expectedState: state,
        expectedNonce: tickets.derive('nonce', browser, state),
        pkceCodeVerifier: tickets.derive('verifier', browser, state),
        idTokenExpected: true,
        maxAge: ticketMs / 1_000,
      });
      const claims = tokens.claims();
      if (claims !== undefined) return claims;
    } catch (error) {
      throw refused('provider', 'the provider’s answer does not hold', error);
    }
    throw refused('provider', 'the provider names nobody');
  }

  async #client(): Promise<{ readonly configuration: Configuration; readonly issuer: string }> {
    const { now } = this.#options;
    const oidc = this.#options.oidc();
    if (oidc?.client == null) {
      throw new ReeveError(
        'REQUEST_NOT_FOUND',
        'Nobody signs in at a provider here: identity.oidc.client is not set in reeve.yaml.',
      );
    }
    const { issuer, client } = oidc;
    const key = JSON.stringify([issuer, client]);
    if (this.#known?.key === key && now() - this.#known.at < knownForMs)
      return { configuration: this.#known.configuration, issuer };
    if (Math.abs(now() - this.#failedAt) < patienceMs) throw unavailable();
    try {
      const configuration = await this.#discover(issuer, client);
      this.#known = { key, at: now(), configuration };
      return { configuration, issuer };
    } catch (error) {
      this.#failedAt = now();
      throw error instanceof ReeveError ? error : unavailable(error);
    }
  }

  async #discover(issuer: string, client: Client): Promise<Configuration> {
    const secret = client.secret === null ? null : this.#options.secretOf(client.secret);
    const execute = new URL(issuer).protocol === 'http:' ? [allowInsecureRequests] : [];
    const found = await discovery(new URL(issuer), client.id, undefined, None(), {
      timeout: timeoutSeconds,
      execute,
    });
    if (secret === null) return found;
    // The way of giving the secret that the provider says it takes; basic where it does not say (OpenID Connect Core, 9).
    const ways = found.serverMetadata().token_endpoint_auth_methods_supported;
    const post = ways !== undefined && !ways.includes('client_secret_basic');
    return discovery(
      new URL(issuer),
      client.id,
      undefined,
      post ? ClientSecretPost(secret) : ClientSecretBasic(secret),
      { timeout: timeoutSeconds, execute },
    );
  }
}

/** `reason` is what the page tells by: it has words for each. */
function refused(
  reason: 'late' | 'stale' | 'unknown' | 'provider',
  why: string,
  cause?: unknown,
): ReeveError {
  return new ReeveError(
    'UNAUTHENTICATED',
    `The sign-in at the provider is not taken: ${why}. Begin anew on the page of this gateway.`,
    [{ field: 'sign-in', problem: reason }],
    { cause },
  );
}

function unavailable(cause?: unknown): ReeveError {
  return new ReeveError(
    'DEPENDENCY_UNAVAILABLE',
    'The identity provider does not answer as an OpenID provider. Sign in with a passkey, or try again in a moment.',
    [],
    { cause },
  );
}
