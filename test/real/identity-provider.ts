/**
 * A real OpenID provider (oidc-provider) on loopback, in this process: signs people in at once, as whoever the login hint
 * names, and issues JWT access tokens for the resource asked for. Tests can rotate its keys, take it away, and sign what
 * it never would.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JWTPayload, SignJWT } from 'jose';
import Provider, { type Configuration, type JWK } from 'oidc-provider';

const scopes = 'reeve:read reeve:run reeve:administer';
/** Of the client `ci`. */
export const clientSecret = 'a-secret-that-is-long-enough-for-a-test-of-clients';
const callback = 'http://127.0.0.1/callback';

export interface ProviderClient {
  readonly id: string;
  readonly secret?: string;
  readonly redirectUris?: readonly string[];
}

export interface IdentityProvider {
  readonly issuer: string;
  /** The key that signs now, and its id. */
  readonly key: KeyObject;
  readonly keyId: string;
  /** How often the keys were asked for. */
  readonly keysAsked: number;
  /** A program for itself: the client `ci`. */
  clientToken(resource: string, scope: string): Promise<string>;
  /** A program for a person who signs in: an authorization code with PKCE, by the public clients `assistant` or `other`. */
  personToken(client: string, subject: string, resource: string, scope: string): Promise<string>;
  /** A token with these claims over the usual ones (undefined leaves one out), signed with the provider's own key. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** New keys; the old ones are gone. */
  rotate(): void;
  /** Nobody listens any more, until `back`. */
  away(): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
}

/** `rolesOf` gives the claim `roles`, by subject or, for a program for itself, by client. */
export async function identityProvider(
  rolesOf: (id: string) => readonly string[] = () => [],
  clients: readonly ProviderClient[] = [],
): Promise<IdentityProvider> {
  let provider: Provider;
  let pair: { key: KeyObject; keyId: string };
  let asked = 0;
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.startsWith('/jwks')) asked += 1;
    if (request.url?.startsWith('/interaction/')) await signIn(provider, request, response);
    else await provider.callback()(request, response);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const renew = () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keyId = randomBytes(8).toString('hex');
    pair = { key: privateKey, keyId };
    const jwk = { ...privateKey.export({ format: 'jwk' }), kid: keyId, alg: 'RS256', use: 'sig' };
    provider = quietly(() => new Provider(issuer, configuration(jwk as JWK, rolesOf, clients)));
  };
  renew();
  const away = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };

  return {
    issuer,
    get key() {
      return pair.key;
    },
    get keyId() {
      return pair.keyId;
    },
    get keysAsked() {
      return asked;
    },
    clientToken: (resource, scope) =>
      tokenFrom(
        issuer,
        {
          grant_type: 'client_credentials',
          resource,
          scope,
        },
        `Basic ${Buffer.from(`ci:${clientSecret}`).toString('base64')}`,
      ),
    personToken: (client, subject, resource, scope) =>
      codeFlow(issuer, client, subject, resource, scope),
    sign: async (claims, header = {}) => {
      const now = Math.floor(Date.now() / 1_000);
      const usual = { iss: issuer, sub: 'ci', client_id: 'ci', iat: now, exp: now + 300 };
      const all = Object.entries({ ...usual, ...claims }).filter(([, v]) => v !== undefined);
      return new SignJWT(Object.fromEntries(all) as JWTPayload)
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: pair.keyId, ...header })
        .sign(pair.key);
    },
    rotate: renew,
    away,
    back: () => listen(port),
    close: away,
  };
}

function configuration(
  jwk: JWK,
  rolesOf: (id: string) => readonly string[],
  more: readonly ProviderClient[],
): Configuration {
  const publicClient = (id: string) => ({
    client_id: id,
    token_endpoint_auth_method: 'none' as const,
    application_type: 'native' as const,
    redirect_uris: [callback],
    grant_types: ['authorization_code'],
    response_types: ['code' as const],
  });
  const ttl = 300;
  return {
    jwks: { keys: [jwk] },
    scopes: ['openid', ...scopes.split(' ')],
    ttl: {
      ClientCredentials: ttl,
      AccessToken: ttl,
      AuthorizationCode: ttl,
      IdToken: ttl,
      Interaction: ttl,
      Grant: ttl,
      Session: ttl,
    },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    clients: [
      {
        client_id: 'ci',
        client_secret: clientSecret,
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
      publicClient('assistant'),
      publicClient('other'),
      ...more.map(({ id, secret, redirectUris }) => ({
        ...publicClient(id),
        application_type: 'web' as const,
        redirect_uris: [...(redirectUris ?? [])],
        ...(secret === undefined
          ? {}
          : {
              client_secret: secret,
              token_endpoint_auth_method: 'client_secret_basic' as const,
            }),
      })),
    ],
    pkce: { required: () => true },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
    extraTokenClaims: (_context, token) => {
      const { accountId, clientId } = token as { accountId?: string; clientId?: string };
      return { roles: [...rolesOf(accountId ?? clientId ?? '')] };
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, audience) => ({
          scope: scopes,
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: ttl,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  };
}

/** Whoever the login hint names has signed in just now, and grants what was asked for. */
async function signIn(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { params } = await provider.interactionDetails(request, response);
  const { login_hint, client_id, scope, resource } = params as Record<string, string>;
  const grant = new provider.Grant({ accountId: login_hint!, clientId: client_id! });
  grant.addOIDCScope(scope!);
  if (resource !== undefined) grant.addResourceScope(resource, scope!);
  const result = { login: { accountId: login_hint! }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function tokenFrom(
  issuer: string,
  fields: Record<string, string>,
  authorization?: string,
): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: authorization === undefined ? {} : { authorization },
    body: new URLSearchParams(fields),
  });
  const body = (await response.json()) as { access_token?: string };
  if (body.access_token === undefined) throw new Error(JSON.stringify(body));
  return body.access_token;
}

/** What a browser and a native program do together. */
async function codeFlow(
  issuer: string,
  client: string,
  subject: string,
  resource: string,
  scope: string,
): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: client,
    response_type: 'code',
    redirect_uri: callback,
    scope: `openid ${scope}`,
    resource,
    login_hint: subject,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const cookies = new Map<string, string>();
  let url = `${issuer}/auth?${query}`;
  for (let hops = 0; hops < 10 && !url.startsWith(callback); hops += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [name, ...value] = set.split(';')[0]!.split('=');
      cookies.set(name!, value.join('='));
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${response.status}: ${await response.text()}`);
    url = new URL(location, issuer).href;
  }
  const code = new URL(url).searchParams.get('code');
  if (code === null) throw new Error(`no code in ${url}`);
  return tokenFrom(issuer, {
    grant_type: 'authorization_code',
    client_id: client,
    code,
    code_verifier: verifier,
    redirect_uri: callback,
    resource,
  });
}

/** It tells on the console that it is no production. */
function quietly<T>(work: () => T): T {
  const { warn, info } = console;
  Object.assign(console, { warn: () => {}, info: () => {} });
  try {
    return work();
  } finally {
    Object.assign(console, { warn, info });
  }
}
