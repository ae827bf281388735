/** Who asks. A principal comes from a credential or from the operating system, never from what a caller says. */

export type PrincipalKind = 'person' | 'agent';

/** `id` is unique within a gateway; `onBehalfOf` comes from the credential only. */
export interface Principal {
  readonly id: string;
  readonly kind: PrincipalKind;
  readonly roles: readonly string[];
  readonly onBehalfOf: string | null;
}

/** The way in, and what the client on it called itself (recorded, never trusted). */
export interface Caller {
  readonly principal: Principal;
  readonly face: Face;
  readonly client: string | null;
}
export type Face = 'mcp-stdio' | 'mcp-http' | 'rest' | 'cli';

/**
 * `gateway`: the gateway runs apart from whoever asks, as far as it can know.
 * `same-user`: whoever asks could act as the gateway's user, so no promise binds them.
 */
export type Trust = 'gateway' | 'same-user';

/** The user who started this process, in local mode, or who holds `local.token`. */
export function localUser(): Principal {
  return Object.freeze({
    id: 'local',
    kind: 'person',
    roles: Object.freeze(['administrator', 'auditor']),
    onBehalfOf: null,
  });
}
