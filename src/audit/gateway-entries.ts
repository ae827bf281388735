/**
 * The entries that belong to no call: configuration, credentials, the freeze, the gateway's own coming and going.
 * In: what happened. Out: drafts for the store. Pure. Must never: hold a secret.
 */
import type { ApiToken } from '../core/credentials.ts';
import { type Diagnostic, formatDiagnostic } from '../core/diagnostic.ts';
import type { EntryDraft, EntryKind } from '../core/entry.ts';
import type { ErrorCode } from '../core/errors.ts';
import { deepFreeze, type JsonObject } from '../core/json.ts';
import { localUser, scopes } from '../core/principal.ts';
import type {
  EnrolmentCodeCreatedBody,
  FrozenBody,
  GatewayStartedBody,
  GatewayStoppedBody,
  GenerationLoadedBody,
  GenerationRefusedBody,
  PasskeyEnrolledBody,
  PasskeyRevokedBody,
  RefusalsLeftOutBody,
  TokenCreatedBody,
  TokenRevokedBody,
  UnauthenticatedBody,
} from './bodies.ts';
import type { StateRestoredBody, StateUpgradedBody } from './bodies-state.ts';
import { bounded, boundedItems, boundedTexts, bounds } from './bounds.ts';

/** `by` is who asked for it to be loaded. */
export function generationLoaded(
  at: number,
  by: string | null,
  generation: {
    readonly hash: string;
    readonly files: readonly { readonly file: string; readonly sha256: string }[];
  },
): EntryDraft {
  const { kept, leftOut } = boundedItems(
    generation.files.map(({ file, sha256 }) => ({ file: name(file), sha256: name(sha256) })),
    bounds.files,
  );
  const body: GenerationLoadedBody = {
    generation: name(generation.hash),
    files: kept,
    filesLeftOut: leftOut,
  };
  return draft('generation-loaded', at, by, body);
}

export function generationRefused(
  at: number,
  by: string | null,
  diagnostics: readonly Diagnostic[],
): EntryDraft {
  const problems = diagnostics.filter((d) => d.severity === 'error').map(formatDiagnostic);
  const body: GenerationRefusedBody = { problems: boundedTexts(problems, bounds.files) };
  return draft('generation-refused', at, by, body);
}

export function frozen(at: number, by: string, reason: string): EntryDraft {
  const body: FrozenBody = { reason: bounded(reason, bounds.message) };
  return draft('frozen', at, by, body);
}

export function unfrozen(at: number, by: string): EntryDraft {
  return draft('unfrozen', at, by, {});
}

/** A token by what it may do, or `local.token` by its name alone: the local user's, for everything. */
export function tokenCreated(
  at: number,
  by: string | null,
  token:
    | 'local.token'
    | Pick<
        ApiToken,
        'id' | 'name' | 'principal' | 'kind' | 'roles' | 'onBehalfOf' | 'scopes' | 'expiresAt'
      >,
): EntryDraft {
  const facts =
    token === 'local.token'
      ? {
          ...localUser(),
          id: null,
          name: token,
          principal: localUser().id,
          scopes,
          expiresAt: null,
        }
      : token;
  const body: TokenCreatedBody = {
    id: facts.id === null ? null : name(facts.id),
    name: name(facts.name),
    principal: name(facts.principal),
    kind: facts.kind,
    roles: boundedTexts(facts.roles, bounds.list),
    onBehalfOf: facts.onBehalfOf === null ? null : name(facts.onBehalfOf),
    scopes: [...facts.scopes],
    expiresAt: facts.expiresAt,
  };
  return draft('token-created', at, by, body);
}

export function tokenRevoked(
  at: number,
  by: string | null,
  token: { readonly id: string; readonly reason: string },
): EntryDraft {
  const body: TokenRevokedBody = {
    id: name(token.id),
    reason: bounded(token.reason, bounds.message),
  };
  return draft('token-revoked', at, by, body);
}

/** `expiresAt` is milliseconds since 1970. The code itself is never on record. */
export function enrolmentCodeCreated(
  at: number,
  by: string,
  person: string,
  expiresAt: number,
): EntryDraft {
  const body: EnrolmentCodeCreatedBody = { person: name(person), expiresAt };
  return draft('enrolment-code-created', at, by, body);
}

/** `by` is the person, who has shown a code or an earlier passkey. */
export function passkeyEnrolled(at: number, by: string, passkey: PasskeyEnrolledBody): EntryDraft {
  const body: PasskeyEnrolledBody = {
    person: name(passkey.person),
    credentialId: name(passkey.credentialId),
    name: name(passkey.name),
    via: passkey.via,
  };
  return draft('passkey-enrolled', at, by, body);
}

export function passkeyRevoked(at: number, by: string, passkey: PasskeyRevokedBody): EntryDraft {
  const body: PasskeyRevokedBody = {
    person: name(passkey.person),
    credentialId: name(passkey.credentialId),
  };
  return draft('passkey-revoked', at, by, body);
}

export function gatewayStarted(at: number, facts: GatewayStartedBody): EntryDraft {
  const body: GatewayStartedBody = {
    process: name(facts.process),
    trust: facts.trust,
    tier: name(facts.tier),
  };
  return draft('gateway-started', at, null, body);
}

export function gatewayStopped(at: number, process: string): EntryDraft {
  const body: GatewayStoppedBody = { process: name(process) };
  return draft('gateway-stopped', at, null, body);
}

export function unauthenticated(at: number, facts: UnauthenticatedBody): EntryDraft {
  const body: UnauthenticatedBody = {
    face: facts.face,
    problem: name(facts.problem),
    remote: facts.remote === null ? null : name(facts.remote),
    times: facts.times,
  };
  return draft('unauthenticated', at, null, body);
}

/** `since` is milliseconds since 1970. */
export function refusalsLeftOut(
  at: number,
  principal: string,
  left: { readonly since: number; readonly codes: readonly (readonly [ErrorCode, number])[] },
): EntryDraft {
  const body: RefusalsLeftOutBody = {
    count: left.codes.reduce((sum, [, count]) => sum + count, 0),
    since: left.since,
    codes: left.codes.map(([errorCode, count]) => ({ errorCode, count })),
  };
  return draft('refusals-left-out', at, principal, body);
}

/** `copy` is the name of the file in `backups` that holds what was there before. */
export function stateUpgraded(
  at: number,
  facts: { readonly from: number; readonly to: number; readonly copy: string },
): EntryDraft {
  const { from, to, copy } = facts;
  const body: StateUpgradedBody = { from, to, copy: name(copy) };
  return draft('state-upgraded', at, null, body);
}

/** The first entry after what a backup held. */
export function stateRestored(at: number, by: string, facts: StateRestoredBody): EntryDraft {
  const { takenAt, reeve, entries, log, goesOn, cancelled, unknown, paused } = facts;
  const body: StateRestoredBody = {
    takenAt,
    reeve: name(reeve),
    entries,
    log: log && { key: name(log.key), size: log.size, root: name(log.root) },
    goesOn,
    cancelled,
    unknown,
    paused,
  };
  return draft('state-restored', at, by, body);
}

const name = (text: string): string => bounded(text, bounds.name);

function draft(
  kind: EntryKind,
  at: number,
  principal: string | null,
  body: JsonObject,
): EntryDraft {
  return deepFreeze({
    kind,
    at,
    requestId: null,
    principal: principal === null ? null : name(principal),
    body,
  });
}
