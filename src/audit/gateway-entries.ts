/**
 * The entries that belong to no call: configuration, credentials, the freeze, the gateway's own coming and going.
 * In: what happened. Out: drafts for the store. Pure. Must never: hold a secret.
 */
import { type Diagnostic, formatDiagnostic } from '../core/diagnostic.ts';
import type { EntryDraft, EntryKind } from '../core/entry.ts';
import { deepFreeze, type JsonObject } from '../core/json.ts';
import type {
  FrozenBody,
  GatewayStartedBody,
  GatewayStoppedBody,
  GenerationLoadedBody,
  GenerationRefusedBody,
  TokenCreatedBody,
  UnauthenticatedBody,
} from './bodies.ts';
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

export function tokenCreated(at: number, by: string | null, token: string): EntryDraft {
  const body: TokenCreatedBody = { name: name(token) };
  return draft('token-created', at, by, body);
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
