/** Credentials as they are kept: hashes and public keys, never a secret. Times in milliseconds since 1970. */
import type { PrincipalKind, Scope } from './principal.ts';

/** An API token. `id` is not secret and names it in lists and entries; `hash` is the hexadecimal SHA-256 of the token. */
export interface ApiToken {
  readonly id: string;
  readonly hash: string;
  /** What its owner calls it. */
  readonly name: string;
  readonly principal: string;
  readonly kind: PrincipalKind;
  /** Roles of the token itself, beside those of the people file. */
  readonly roles: readonly string[];
  readonly onBehalfOf: string | null;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

/** A passkey of a person. `credentialId`, `publicKey` (COSE) in base64url; `counter` as the authenticator last said. */
export interface Passkey {
  readonly credentialId: string;
  readonly person: string;
  readonly name: string;
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly createdAt: number;
  /** Who let it in: the administrator of the code, or the person by an earlier passkey. */
  readonly enrolledBy: string;
  readonly revokedAt: number | null;
}

/** A one-time code with which a person may enrol a passkey. `hash` is the hexadecimal SHA-256 of the code. */
export interface EnrolmentCode {
  readonly hash: string;
  readonly person: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
}
