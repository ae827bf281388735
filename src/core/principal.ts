/** Who asks. A principal comes from a credential or from the operating system, never from what a caller says. */

export type PrincipalKind = 'person' | 'agent';

/** `id` is unique within a gateway; `onBehalfOf` comes from the credential only. */
export interface Principal {
  readonly id: string;
  readonly kind: PrincipalKind;
  readonly roles: readonly string[];
  readonly onBehalfOf: string | null;
}

/** What a credential may be used for at all; policy decides on top of it. */
export const scopes = ['read', 'run', 'approve', 'administer'] as const;
export type Scope = (typeof scopes)[number];

/**
 * What a caller came with. `session`: a browser that signed in by passkey or at the identity provider. Times in
 * milliseconds since 1970.
 */
export type Credential =
  | { readonly kind: 'local-token' }
  | { readonly kind: 'api-token'; readonly tokenId: string; readonly scopes: readonly Scope[] }
  | {
      readonly kind: 'jwt';
      readonly issuer: string;
      /** Null where the program acts for nobody. */
      readonly subject: string | null;
      readonly client: string | null;
      /** What the token's own claim says, without the people file's. */
      readonly roles: readonly string[];
      readonly scopes: readonly Scope[];
      readonly expiresAt: number;
    }
  | {
      readonly kind: 'session';
      readonly by: 'passkey' | 'login';
      /** When the person proved who they are. */
      readonly at: number;
      /** Of the provider, for `login`. */
      readonly issuer: string | null;
      readonly subject: string | null;
    };

/**
 * The way in, and what the client on it called itself (recorded, never trusted). Without a credential it is the user of
 * the operating system, in local mode, or nobody.
 */
export interface Caller {
  readonly principal: Principal;
  readonly face: Face;
  readonly client: string | null;
  readonly credential?: Credential;
}
export type Face = 'mcp-stdio' | 'mcp-http' | 'rest' | 'cli' | 'web';

/**
 * `gateway`: the gateway runs apart from whoever asks, as far as it can know.
 * `same-user`: whoever asks could act as the gateway's user, so no promise binds them.
 */
export type Trust = 'gateway' | 'same-user';

/** True where the credential may be used for this. The local user's may be for everything. */
export function hasScope({ credential }: Pick<Caller, 'credential'>, scope: Scope): boolean {
  switch (credential?.kind) {
    case 'api-token':
    case 'jwt':
      return credential.scopes.includes(scope);
    case 'session':
      return scope === 'read' || scope === 'approve';
    case 'local-token':
    case undefined:
      return true;
  }
}

/** The user who started this process, in local mode, or who holds `local.token`. */
export function localUser(): Principal {
  return Object.freeze({
    id: 'local',
    kind: 'person',
    roles: Object.freeze(['administrator', 'auditor']),
    onBehalfOf: null,
  });
}
