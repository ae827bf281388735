/**
 * The keys of an OpenID provider, found by its own metadata. In: its issuer. Out: the key that a token names. Never: a key
 * that came over plain HTTP from another host, keys older than ten minutes, or more requests than one every few seconds
 * because strangers send tokens.
 */
import {
  type CryptoKey,
  createRemoteJWKSet,
  customFetch,
  type FlattenedJWSInput,
  type JWSHeaderParameters,
  type RemoteJWKSet,
} from 'jose';
import { ReeveError } from '../../core/errors.ts';

const timeoutMs = 5_000;
const largestDocument = 2 ** 20;
const metadataMs = 3_600_000;
const keysMs = 600_000;

/** The provider did not say, so nobody knows. Its code makes the answer a 503. */
export class ProviderUnavailable extends ReeveError {
  constructor(why: string, cause?: unknown) {
    super(
      'DEPENDENCY_UNAVAILABLE',
      `The identity provider cannot say whether this token is good: ${why}. Nothing was done; ask again in a moment.`,
      [],
      { cause },
    );
    this.name = 'ProviderUnavailable';
  }
}

export class Provider {
  readonly issuer: string;
  readonly #patienceMs: number;
  readonly #now: () => number;
  #keys: { readonly url: string; readonly set: RemoteJWKSet; readonly at: number } | null = null;
  #finding: Promise<RemoteJWKSet> | null = null;
  #failed: { readonly at: number; readonly why: string } | null = null;

  /**
   * `patienceMs` passes between two requests for what was not there or not known: a failure, a key that is new.
   * `now` is milliseconds on a clock that never goes back.
   */
  constructor(issuer: string, patienceMs = 5_000, now: () => number = () => performance.now()) {
    this.issuer = issuer;
    this.#patienceMs = patienceMs;
    this.#now = now;
  }

  /** As jose wants it. Throws jose's own errors for a key that is not there, ProviderUnavailable where nobody can tell. */
  async key(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const set = await this.#found();
    return set(header, token);
  }

  #found(): Promise<RemoteJWKSet> {
    const { url, set, at } = this.#keys ?? { url: null, set: null, at: 0 };
    if (set !== null && this.#now() - at < metadataMs) return Promise.resolve(set);
    this.#finding ??= this.#discover()
      .then((found) => {
        const kept = set !== null && found === url ? set : this.#keySet(found);
        this.#keys = { url: found, set: kept, at: this.#now() };
        return kept;
      })
      .catch((error: unknown) => {
        // Where keys are is asked anew each hour; what was known goes on holding, for its keys have their own age.
        if (set !== null) return set;
        throw error;
      })
      .finally(() => {
        this.#finding = null;
      });
    return this.#finding;
  }

  async #discover(): Promise<string> {
    const issuer = new URL(this.issuer);
    const path = issuer.pathname.replace(/\/$/, '');
    // OpenID Connect Discovery, then RFC 8414.
    const places = [
      `${issuer.origin}${path}/.well-known/openid-configuration`,
      `${issuer.origin}/.well-known/oauth-authorization-server${path}`,
    ];
    let metadata: Record<string, unknown> | null = null;
    for (const place of places) {
      const response = await this.#get(place, place === places.at(-1) ? [200] : [200, 404]);
      if (response.status !== 200) continue;
      metadata = (await response.json()) as Record<string, unknown> | null;
      break;
    }
    const { issuer: named, jwks_uri: keys } = metadata ?? {};
    if (named !== this.issuer)
      throw this.#failure('its metadata names another issuer than the configuration');
    if (typeof keys !== 'string' || !isSafe(keys))
      throw this.#failure('its metadata names no address of keys that is safe to use');
    return keys;
  }

  #keySet(url: string): RemoteJWKSet {
    return createRemoteJWKSet(new URL(url), {
      timeoutDuration: timeoutMs,
      cooldownDuration: this.#patienceMs,
      cacheMaxAge: keysMs,
      [customFetch]: (address) => this.#get(address, [200]),
    });
  }

  /** A JSON document, read whole and bounded. After a failure nothing is asked for a while: that is told at once again. */
  async #get(url: string, statuses: readonly number[]): Promise<Response> {
    const failed = this.#failed;
    if (failed !== null && this.#now() - failed.at < this.#patienceMs)
      throw new ProviderUnavailable(failed.why);
    try {
      const response = await fetch(url, {
        redirect: 'manual',
        headers: { Accept: 'application/json' },
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!statuses.includes(response.status)) {
        await response.body?.cancel();
        throw this.#failure(`it answers with status ${response.status}`);
      }
      const bytes = response.status === 200 ? await wholeOf(response) : new Uint8Array();
      if (bytes === null) throw this.#failure('its answer is too large');
      if (response.status === 200) JSON.parse(Buffer.from(bytes).toString('utf8'));
      this.#failed = null;
      return new Response(Buffer.from(bytes), { status: response.status });
    } catch (error) {
      if (error instanceof ProviderUnavailable) throw error;
      throw this.#failure(
        error instanceof SyntaxError ? 'its answer is no JSON' : 'it does not answer',
        error,
      );
    }
  }

  #failure(why: string, cause?: unknown): ProviderUnavailable {
    this.#failed = { at: this.#now(), why };
    return new ProviderUnavailable(why, cause);
  }
}

async function wholeOf(response: Response): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > largestDocument) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isSafe(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && /^(?:localhost|\[::1\]|127(?:\.\d+){3})$/.test(url.hostname);
}
